internal import Exchange
internal import OpenSSL

extension SignatureVerifier {
    /// Chain and revocation of the signer, as they were at the best signing time.
    func checkChain(
        of signer: Certificate, untrusted: [Certificate], embedded: RevocationData, at times: SigningTimes,
        _ draft: inout ReportDraft
    ) {
        let result = trust.validate(
            signer, untrusted: untrusted.filter { $0 !== signer }, at: times.best, embedded: embedded)
        draft.chain = result.chain
        draft.rest(on: EvidenceItem.all(of: result))
        if let failure = result.failure {
            let reason = Self.reason(for: failure, of: signer, at: times.best)
            // EN 319 102-1 section 5.5.4: a timestamp that may turn out to be good leaves the answer open.
            let isOpen =
                reason.code == .certificateExpired
                && times.mayLie(in: signer.notBefore..<signer.notAfter)
            return draft.fail(isOpen ? SignatureReason(.certificateExpiredNoProof) : reason)
        }
        draft.revocation = SignatureReport.Revocation(result.signerRevocation)
        for (depth, status) in result.revocation.enumerated() {
            judge(status, depth: depth, times, &draft)
        }
    }

    private func judge(
        _ status: RevocationStatus, depth: Int, _ times: SigningTimes, _ draft: inout ReportDraft
    ) {
        switch status {
        case .good: break
        case .revoked(let date, let reason, _):
            let code: SignatureReasonCode =
                if depth > 0 {
                    .authorityRevoked
                } else if times.mayPrecede(date) {
                    .certificateRevokedNoProof
                } else {
                    .certificateRevoked
                }
            draft.fail(SignatureReason(code, "\(date.rfc3339) (\(reason))"))
        case .unknown(.noSource):
            let reason = SignatureReason(.revocationNotPublished, depth == 0 ? "" : "depth \(depth)")
            if algorithms.requiresRevocationSource { draft.fail(reason) } else { draft.remark(reason) }
        case .unknown(let cause):
            draft.fail(SignatureReason(.revocationUnknown, cause.rawValue))
        }
    }

    private static func reason(
        for failure: ChainFailure, of signer: Certificate, at time: Instant
    ) -> SignatureReason {
        // Where several certificates are out of their time, the signer's is what a person wants to hear of.
        let ownValidity: SignatureReasonCode =
            time < signer.notBefore
            ? .certificateNotYetValid : time >= signer.notAfter ? .certificateExpired : .chainExpired
        let code: SignatureReasonCode =
            switch failure.code {
            case .noPath: .chainNotFound
            case .badSignature: .chainSignature
            case .expired, .notYetValid: ownValidity
            case .weakAlgorithm: .chainWeak
            case .constraint: .chainConstraint
            case .keyUsage: .keyUsage
            case .extendedKeyUsage: .extendedKeyUsage
            case .internalError: .chainInternal
            }
        return SignatureReason(code, failure.detail)
    }
}

extension SignatureReport.Revocation {
    init(_ status: RevocationStatus) {
        switch status {
        case .good(let source):
            self.init(
                status: .good, source: source.kind.rawValue, evidence: source.sha256,
                thisUpdate: source.thisUpdate, revokedAt: nil, cause: nil)
        case .revoked(let date, let reason, let source):
            self.init(
                status: .revoked, source: source.kind.rawValue, evidence: source.sha256, thisUpdate: nil,
                revokedAt: date, cause: "\(reason)")
        case .unknown(let cause):
            self.init(
                status: .unknown, source: nil, evidence: nil, thisUpdate: nil, revokedAt: nil,
                cause: cause.rawValue)
        }
    }
}
