internal import Exchange

/// Judges revocation from the CRLs and OCSP responses at hand, for any time, past ones included.
///
/// Not by OpenSSL's CRL_CHECK, which knows no third answer and calls a CRL that was made after the time in
/// question "not yet valid": a letter of last year could then be judged only by a CRL of last year. Nor by
/// OCSP_check_validity, which knows no time but now.
final class RevocationChecker: Sendable {
    /// Without nextUpdate: how long after thisUpdate "good" still means something.
    static let listAgeSecondsMax: Int64 = 7 * 86_400
    static let responseAgeSecondsMax: Int64 = 86_400

    struct Question {
        let certificate: Certificate
        /// The certificate above in the chain.
        let issuer: Certificate
        let time: Instant
        /// Came with the signature; judged like what is configured.
        let embedded: RevocationIndex?
        /// May be a responder's certificate that a response does not bring.
        let offered: [Certificate]
    }

    /// What was found while looking for statements.
    private struct Findings {
        var statements: [RevocationStatement] = []
        /// Why something at hand does not count; the first one is told.
        var obstacle: RevocationStatus.Cause?
        var isNamed = false
    }

    private let configured: RevocationIndex
    private let now: @Sendable () -> Instant
    private let seals = SealChecker()

    init(_ data: RevocationData, now: @escaping @Sendable () -> Instant) {
        configured = RevocationIndex(data)
        self.now = now
    }

    func status(_ question: Question) -> RevocationAnswer {
        var findings = Findings()
        searchLists(question, &findings)
        searchResponses(question, &findings)
        if !findings.isNamed {
            let isPublished = question.certificate.namesRevocationSource
            return RevocationAnswer(
                status: .unknown(isPublished ? .noData : .noSource), items: [],
                holds: Instant.distantPast...Instant.distantFuture)
        }
        let now = now()
        let answer = RevocationAnswer(
            findings.statements, at: question.time, now: now, otherwise: findings.obstacle ?? .noData)
        guard configured.awaitsTime(now) else { return answer }
        return RevocationAnswer(status: answer.status, items: answer.items, holds: nil)
    }

    /// Configured first: what is at hand twice counts as configured.
    private func sources(_ question: Question) -> [(index: RevocationIndex, isEmbedded: Bool)] {
        [(configured, false)] + (question.embedded.map { [($0, true)] } ?? [])
    }

    // MARK: CRLs

    private func searchLists(_ question: Question, _ findings: inout Findings) {
        for (index, isEmbedded) in sources(question) {
            guard let lists = index.lists[question.certificate.issuerDER] else { continue }
            findings.isNamed = true
            for list in lists where !isEmbedded || !configured.contains(list.sha256) {
                let coverage = list.coverage(of: question.certificate)
                guard coverage != .none else { continue }
                guard seals.isSealed(list, by: question.issuer) else {
                    findings.obstacle = findings.obstacle ?? .notAuthentic
                    continue
                }
                let found = Self.statement(
                    of: list, about: question.certificate, coverage, isEmbedded: isEmbedded)
                if let found { findings.statements.append(found) }
            }
        }
    }

    /// Nil where the list's silence about the certificate says nothing.
    private static func statement(
        of list: CertificateList, about certificate: Certificate, _ coverage: CertificateList.Coverage,
        isEmbedded: Bool
    ) -> RevocationStatement? {
        let entry = list.entry(for: certificate)
        if entry == nil {
            guard coverage == .full else { return nil }
            // Issuers drop expired certificates, unless they say that they don't.
            let keepsFrom = list.expiredKeptFrom ?? .distantFuture
            if list.thisUpdate > certificate.notAfter, keepsFrom > certificate.notAfter { return nil }
        }
        return RevocationStatement(
            verdict: entry.map { .revoked(at: $0.date, reason: $0.reason) } ?? .good,
            source: RevocationSource(
                kind: .crl, sha256: list.sha256, thisUpdate: list.thisUpdate, nextUpdate: list.nextUpdate,
                isEmbedded: isEmbedded),
            last: list.nextUpdate ?? list.thisUpdate.adding(seconds: listAgeSecondsMax),
            items: [.list(list)])
    }

    // MARK: OCSP

    private func searchResponses(_ question: Question, _ findings: inout Findings) {
        var identifiers: [OCSPCertificateID.Hash: OCSPCertificateID] = [:]
        for (index, isEmbedded) in sources(question) {
            for found in index.statements[question.certificate.serial] ?? [] {
                if isEmbedded, configured.contains(found.response.sha256) { continue }
                let hash = found.statement.certificate.hash
                let own =
                    identifiers[hash]
                    ?? OCSPCertificateID(question.certificate, issuer: question.issuer, hash: hash)
                identifiers[hash] = own
                guard found.statement.certificate == own else { continue }
                findings.isNamed = true
                switch judge(found, question) {
                case .success(let items):
                    let statement = Self.statement(
                        found, about: question.certificate, resting: items, isEmbedded: isEmbedded)
                    if let statement { findings.statements.append(statement) }
                case .failure(let obstacle):
                    findings.obstacle = findings.obstacle ?? obstacle.cause
                }
            }
        }
    }

    private struct Obstacle: Error {
        let cause: RevocationStatus.Cause
    }

    /// What the response's authority rests on beside itself.
    private func judge(
        _ found: RevocationIndex.Statement, _ question: Question
    ) -> Result<[RevocationItem], Obstacle> {
        let response = found.response
        // Nobody knows today what will be true tomorrow.
        guard !found.statement.thisUpdate.isBeyond(response.producedAt) else {
            return .failure(Obstacle(cause: .notYetValid))
        }
        switch OCSPAuthority(of: response, issuer: question.issuer, offered: question.offered, seals) {
        case nil: return .failure(Obstacle(cause: .notAuthentic))
        case .issuer: return .success([])
        case .delegate(let responder):
            guard let items = trust(responder, question, at: response.producedAt) else {
                return .failure(Obstacle(cause: .responderUnknown))
            }
            return .success(items)
        }
    }

    /// Nil where the responder's own certificate was revoked, or may have been.
    ///
    /// Judged by CRLs only: a responder does not vouch for itself. With ocsp-nocheck nothing need be at hand,
    /// but what is at hand counts. Once the key is in other hands no date in a response means anything, so a
    /// revocation for such a reason counts for all times.
    private func trust(
        _ responder: Certificate, _ question: Question, at producedAt: Instant
    ) -> [RevocationItem]? {
        var findings = Findings()
        let own = Question(
            certificate: responder, issuer: question.issuer, time: producedAt, embedded: question.embedded,
            offered: [])
        searchLists(own, &findings)
        for statement in findings.statements {
            guard let (date, reason) = statement.permanentRevocation else { continue }
            if date <= producedAt || !reason.leavesKeyAlone { return nil }
        }
        let answer = RevocationAnswer(findings.statements, at: producedAt, now: now(), otherwise: .noData)
        switch answer.status {
        case .good: return answer.items
        case .unknown(let cause): return responder.hasOCSPNoCheck && cause != .onHold ? [] : nil
        case .revoked: return nil
        }
    }

    /// Nil where what the responder says of an expired certificate says nothing.
    private static func statement(
        _ found: RevocationIndex.Statement, about certificate: Certificate,
        resting items: [RevocationItem], isEmbedded: Bool
    ) -> RevocationStatement? {
        let statement = found.statement
        let verdict: RevocationStatement.Verdict =
            switch statement.status {
            case .good: .good
            case .revoked(let date, let reason): .revoked(at: date, reason: reason)
            case .unknown: .unknown
            }
        let keepsFrom = statement.archiveCutoff ?? .distantFuture
        if statement.thisUpdate > certificate.notAfter, keepsFrom > certificate.notAfter {
            guard case .revoked = verdict else { return nil }
        }
        return RevocationStatement(
            verdict: verdict,
            source: RevocationSource(
                kind: .ocsp, sha256: found.response.sha256, thisUpdate: statement.thisUpdate,
                nextUpdate: statement.nextUpdate, isEmbedded: isEmbedded),
            last: statement.nextUpdate ?? statement.thisUpdate.adding(seconds: responseAgeSecondsMax),
            items: [.response(found.response)] + items)
    }
}

extension RevocationReason {
    /// The certificate ended, nothing happened to its key.
    fileprivate var leavesKeyAlone: Bool {
        switch self {
        case .affiliationChanged, .superseded, .cessationOfOperation: true
        case .unspecified, .keyCompromise, .authorityCompromise, .certificateHold, .removeFromCRL,
            .privilegeWithdrawn, .attributeAuthorityCompromise:
            false
        }
    }
}
