internal import Exchange
internal import OpenSSL

extension SignatureVerifier {
    /// Chain and revocation of the signer, as they were at `time`.
    func checkChain(
        of signer: Certificate, untrusted: [Certificate], at time: Instant, _ draft: inout ReportDraft
    ) {
        let result = trust.validate(signer, untrusted: untrusted.filter { $0 !== signer }, at: time)
        draft.chain = result.chain
        draft.rest(on: result.chain.map { EvidenceItem($0) })
        if let failure = result.failure {
            return draft.fail(Self.reason(for: failure, of: signer, at: time))
        }
        draft.revocation = SignatureReport.Revocation(result.signerRevocation)
        for (depth, status) in result.revocation.enumerated() {
            judge(status, depth: depth, &draft)
        }
    }

    private func judge(_ status: RevocationStatus, depth: Int, _ draft: inout ReportDraft) {
        switch status {
        case .good: break
        case .revoked(let date, let reason, _):
            let code: SignatureReasonCode = depth == 0 ? .certificateRevoked : .authorityRevoked
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
