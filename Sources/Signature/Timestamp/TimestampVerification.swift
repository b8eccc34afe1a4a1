internal import Exchange
internal import OpenSSL

/// What a timestamp turned out to be worth, and what that rests on.
struct TimestampJudgement {
    let report: TimestampReport
    /// Those of its reasons that count against it, and so against the signature that it stands in.
    let failures: [SignatureReason]
    let evidence: [EvidenceItem]
}

/// What came along with a signature and may help to judge its timestamps.
struct TimestampSurroundings {
    var certificates: [Certificate] = []
    var embedded = RevocationData.none
    /// By then the token existed, beyond doubt: the receipt's time, or that of a valid timestamp over it.
    let provenTime: Instant
}

/// A token in a signature.
struct SignatureStamp {
    let token: [UInt8]
    /// Digest of what it must have been made over; nil where that cannot be had.
    let stamped: (TimestampToken) -> [UInt8]?
}

extension SignatureVerifier {
    /// Judges a signature's timestamps, archive timestamps first: what they cover is proven to be as old as
    /// they are.
    func checkTimestamps(
        archive: [SignatureStamp], signature: [SignatureStamp], _ certificates: [Certificate],
        _ embedded: RevocationData, _ times: inout SigningTimes, _ draft: inout ReportDraft
    ) {
        let now = TimestampSurroundings(
            certificates: certificates, embedded: embedded, provenTime: times.receipt)
        for stamp in archive {
            times.take(judge(token: stamp.token, .archive, over: stamp.stamped, now), &draft)
        }
        let proven = TimestampSurroundings(
            certificates: certificates, embedded: embedded, provenTime: times.best)
        for stamp in signature {
            times.take(judge(token: stamp.token, .signature, over: stamp.stamped, proven), &draft)
        }
    }

    /// How much an authority's clock may be ahead of ours, or of another authority's.
    package static let clockSkewSeconds: Int64 = 300

    /// Judges a token at its own genTime: RFC 3161, EN 319 102-1 section 5.4.
    ///
    /// - Parameter stamped: digest of what it must have been made over; nil where that cannot be had.
    func judge(
        token der: [UInt8], _ kind: TimestampReport.Kind, over stamped: (TimestampToken) -> [UInt8]?,
        _ surroundings: TimestampSurroundings
    ) -> TimestampJudgement {
        var draft = ReportDraft(.documentTimestamp)
        var genTime: Instant?
        do {
            let token = try TimestampToken(der)
            genTime = token.genTime
            draft.rest(on: [EvidenceItem(.timestamp, der)])
            check(token, over: stamped(token), surroundings, &draft)
        } catch {
            draft.fail(error)
        }
        let report = TimestampReport(
            kind: kind, genTime: genTime, tsa: draft.signer.map(SignatureReport.Signer.init),
            indication: draft.indication, reasons: draft.failures + draft.remarks)
        return TimestampJudgement(report: report, failures: draft.failures, evidence: draft.evidence)
    }

    /// Judges a document timestamp of a PDF (`ETSI.RFC3161`).
    ///
    /// - Parameter contentDigest: of the bytes that its ByteRange names.
    func judge(
        documentTimestamp der: [UInt8], contentDigest: (DigestAlgorithm) -> [UInt8]?,
        _ surroundings: TimestampSurroundings
    ) -> TimestampJudgement {
        judge(token: der, .document, over: { contentDigest($0.imprintDigest) }, surroundings)
    }

    private func check(
        _ token: TimestampToken, over stamped: [UInt8]?, _ surroundings: TimestampSurroundings,
        _ draft: inout ReportDraft
    ) {
        let message = token.message
        for digest in [token.imprintDigest, message.digest] where !algorithms.digests.contains(digest) {
            draft.fail(SignatureReason(.timestampAlgorithm, digest.rawValue))
        }
        if let objection = algorithms.objection(to: message.algorithm) {
            draft.fail(SignatureReason(.timestampAlgorithm, objection.code.rawValue))
        }
        if stamped != token.imprint { draft.fail(SignatureReason(.timestampImprint)) }
        if message.content.map({ Digester.hash($0, message.digest) }) != message.attributes.messageDigest {
            draft.fail(SignatureReason(.timestampSignature, "message-digest"))
        }
        if surroundings.provenTime.adding(seconds: Self.clockSkewSeconds) < token.genTime {
            draft.fail(SignatureReason(.timestampOrder, token.genTime.rfc3339))
        }
        guard let own = parse(message.certificates + message.unsigned.certificates, &draft) else { return }
        let offered = own + surroundings.certificates
        guard let authority = (offered + trust.intermediates).first(where: message.names) else {
            return draft.fail(SignatureReason(.timestampCertificateMissing))
        }
        draft.signer = authority
        checkIdentifier(message.attributes, names: authority, &draft)
        if let objection = algorithms.objection(to: authority.publicKey.kind, for: message.algorithm) {
            draft.fail(SignatureReason(.timestampAlgorithm, objection.code.rawValue))
        }
        if !authority.publicKey.verifies(message.signature, over: message.signedBytes, message.algorithm) {
            draft.fail(SignatureReason(.timestampSignature))
        }
        if token.genTime < authority.notBefore {
            draft.fail(SignatureReason(.timestampNotYetValid, authority.notBefore.rfc3339))
        } else if token.genTime >= authority.notAfter {
            draft.fail(SignatureReason(.timestampExpired, authority.notAfter.rfc3339))
        } else {
            var surroundings = surroundings
            surroundings.certificates = offered
            surroundings.embedded = embedded(message, with: surroundings.embedded, &draft)
            checkChain(of: authority, at: token.genTime, surroundings, &draft)
        }
    }

    /// RFC 5816: the authority names its certificate under its signature, by SHA-1 in the older attribute.
    /// Most authorities still write that one, and it is taken: the hash only tells which certificate is
    /// meant, and a second certificate with the same SHA-1 is beyond anybody's means, a collision between
    /// two chosen ones being hindered by the issuer's random serial numbers.
    private func checkIdentifier(
        _ attributes: CMSSignedAttributes, names authority: Certificate, _ draft: inout ReportDraft
    ) {
        let identifiers = [attributes.signingCertificate, attributes.signingCertificateV1].compactMap(\.self)
        if identifiers.isEmpty || !identifiers.allSatisfy({ $0.names(authority) }) {
            draft.fail(SignatureReason(.timestampCertificateMismatch))
        }
    }

    /// Revocation data in the message and beside it.
    func embedded(
        _ message: CMSMessage, with other: RevocationData, _ draft: inout ReportDraft
    ) -> RevocationData {
        var values = message.revocation
        do {
            try values.add(message.unsigned.revocation)
            if let archival = message.attributes.revocationInfoArchival {
                try values.take(revocationInfoArchival: archival)
            }
        } catch {
            draft.remark(SignatureReason(.embeddedDataUnreadable))
        }
        return parse(values, with: other, &draft)
    }

    func parse(
        _ values: RevocationValues, with other: RevocationData, _ draft: inout ReportDraft
    ) -> RevocationData {
        guard !values.isEmpty else { return other }
        let (data, unreadable) = values.parsed()
        if unreadable > 0 { draft.remark(SignatureReason(.embeddedDataUnreadable, "\(unreadable)")) }
        return RevocationData(
            lists: other.lists + data.lists, responses: other.responses + data.responses)
    }

    private func checkChain(
        of authority: Certificate, at genTime: Instant, _ surroundings: TimestampSurroundings,
        _ draft: inout ReportDraft
    ) {
        func validate(at time: Instant) -> ChainResult {
            trust.validate(
                authority, untrusted: surroundings.certificates.filter { $0 !== authority },
                purpose: .timeStamping, at: time, embedded: surroundings.embedded)
        }
        let result = validate(at: genTime)
        draft.rest(on: EvidenceItem.all(of: result))
        if let failure = result.failure { return draft.fail(Self.reason(ofTimestamp: failure)) }
        for (depth, status) in result.revocation.enumerated() {
            switch status {
            case .good: break
            case .revoked(let date, let reason, _):
                draft.fail(SignatureReason(.timestampRevoked, "\(date.rfc3339) (\(reason))"))
            case .unknown(.noSource):
                let reason = SignatureReason(.revocationNotPublished, "TSA, depth \(depth)")
                if algorithms.requiresRevocationSource { draft.fail(reason) } else { draft.remark(reason) }
            case .unknown(let cause):
                draft.fail(SignatureReason(.timestampRevocationUnknown, cause.rawValue))
            }
        }
        let end = result.chain.map(\.notAfter).min() ?? genTime
        checkCompromise(
            validate(at: min(surroundings.provenTime, end.adding(milliseconds: -1))), &draft)
    }

    /// RFC 3161 section 4: whoever has the authority's key writes any genTime that he likes, so one from
    /// before the revocation means nothing unless the token is known to be that old.
    private func checkCompromise(_ later: ChainResult, _ draft: inout ReportDraft) {
        guard later.failure == nil else { return }
        for status in later.revocation {
            guard case .revoked(let date, let reason, _) = status,
                [.keyCompromise, .authorityCompromise, .attributeAuthorityCompromise].contains(reason)
            else { continue }
            if !draft.failures.contains(where: { $0.code == .timestampRevoked }) {
                draft.fail(SignatureReason(.timestampCompromised, date.rfc3339))
            }
        }
    }

    private static func reason(ofTimestamp failure: ChainFailure) -> SignatureReason {
        let code: SignatureReasonCode =
            switch failure.code {
            case .noPath: .timestampUntrusted
            case .keyUsage, .extendedKeyUsage: .timestampKeyUsage
            default: .timestampChain
            }
        return SignatureReason(code, failure.detail)
    }
}

extension EvidenceItem {
    /// The chain, and the data that the answers on its revocation rest on.
    static func all(of result: ChainResult) -> [EvidenceItem] {
        result.chain.map { EvidenceItem($0) }
            + result.evidence.lists.map { EvidenceItem(.crl, $0.der, $0.sha256) }
            + result.evidence.responses.map { EvidenceItem(.ocsp, $0.der, $0.sha256) }
    }
}
