internal import Exchange
internal import Synchronization

/// Judges revocation from CRLs at hand, for any time, past ones included.
///
/// Not by OpenSSL's CRL_CHECK, which knows no third answer and calls a CRL that was made after the time in
/// question "not yet valid": a letter of last year could then be judged only by a CRL of last year.
final class RevocationChecker: Sendable {
    /// For a CRL without nextUpdate: how long after thisUpdate its silence still means something.
    static let ageSecondsMax: Int64 = 7 * 86_400

    private struct SignedBy: Hashable {
        let list: Digest256
        let issuer: Digest256
    }

    /// By issuer name, newest first.
    private let lists: [[UInt8]: [CertificateList]]
    /// A CRL may have megabytes: its signature is verified once for each issuer.
    private let signatures = Mutex<GenerationalCache<SignedBy, Bool>>(GenerationalCache(count: 4096))

    init(_ lists: [CertificateList]) {
        var byIssuer: [[UInt8]: [CertificateList]] = [:]
        for list in lists { byIssuer[list.issuerDER, default: []].append(list) }
        self.lists = byIssuer.mapValues { $0.sorted { $0.thisUpdate > $1.thisUpdate } }
    }

    struct Answer {
        let status: RevocationStatus
        /// Times for which the answer holds; nil where it must not be kept.
        let holds: ClosedRange<Instant>?
    }

    /// - Parameter issuer: the certificate above in the chain.
    func status(of certificate: Certificate, issuer: Certificate, at time: Instant) -> Answer {
        guard let candidates = lists[certificate.issuerDER] else {
            let cause: RevocationStatus.Cause = certificate.namesRevocationSource ? .noData : .noSource
            return Answer(status: .unknown(cause), holds: Instant.distantPast...Instant.distantFuture)
        }
        var cause = RevocationStatus.Cause.noData
        for (index, list) in candidates.enumerated() where list.covers(certificate) {
            guard isSigned(list, by: issuer) else {
                cause = .notAuthentic
                continue
            }
            let last = list.nextUpdate ?? list.thisUpdate.adding(seconds: Self.ageSecondsMax)
            guard time <= last else {
                if cause != .notAuthentic { cause = .stale }
                continue
            }
            let entry = list.entry(for: certificate)
            // Issuers drop expired certificates: after that, silence says nothing.
            if entry == nil, list.thisUpdate > certificate.notAfter { continue }
            return answer(
                entry, from: list, at: time, until: last, mayKeep: index == 0)
        }
        return Answer(status: .unknown(cause), holds: nil)
    }

    private func answer(
        _ entry: CertificateList.Entry?, from list: CertificateList, at time: Instant, until last: Instant,
        mayKeep: Bool
    ) -> Answer {
        let good = RevocationStatus.good(source: list.sha256, thisUpdate: list.thisUpdate)
        guard let entry else {
            return Answer(status: good, holds: mayKeep ? Instant.distantPast...last : nil)
        }
        guard time >= entry.date else {
            let end = min(last, entry.date.adding(milliseconds: -1))
            return Answer(status: good, holds: mayKeep ? Instant.distantPast...end : nil)
        }
        let status: RevocationStatus =
            entry.reason == .certificateHold
            ? .unknown(.onHold) : .revoked(at: entry.date, reason: entry.reason, source: list.sha256)
        return Answer(status: status, holds: mayKeep && entry.date <= last ? entry.date...last : nil)
    }

    private func isSigned(_ list: CertificateList, by issuer: Certificate) -> Bool {
        let key = SignedBy(list: list.sha256, issuer: issuer.sha256)
        if let known = signatures.withLock({ $0.value(for: key) }) { return known }
        let isSigned = list.isSigned(by: issuer)
        signatures.withLock { $0.insert(isSigned, for: key) }
        return isSigned
    }
}

extension Instant {
    static let distantPast = Instant(milliseconds: .min)
    static let distantFuture = Instant(milliseconds: .max)
}
