package import Exchange
package import OpenSSL

/// Judges signatures against one trust list. Immutable; a new list makes a new verifier.
package final class SignatureVerifier: Sendable {
    package let trust: TrustStore
    package let algorithms: AlgorithmPolicy
    let certificates: CertificateCache

    /// - Parameter certificates: parsed certificates outlive a trust list, so a new verifier may take over
    ///   the cache.
    package init(
        trust: TrustStore, algorithms: AlgorithmPolicy, certificates: CertificateCache = CertificateCache()
    ) {
        self.trust = trust
        self.algorithms = algorithms
        self.certificates = certificates
    }

    /// The same with an exception for one agency; caches are shared.
    package func tolerating(sha1Until: Instant) -> SignatureVerifier {
        var algorithms = algorithms
        algorithms.sha1Until = sha1Until
        return SignatureVerifier(trust: trust, algorithms: algorithms, certificates: certificates)
    }

    /// Judges a letter's own signature at `time`: the receipt's, as long as no timestamp says otherwise.
    package func verify(_ evidence: XMLSignatureEvidence, at time: Instant) -> SignatureReport {
        switch evidence.content {
        case .unsigned(let reason):
            var draft = ReportDraft(.none)
            draft.fail(reason)
            return draft.report()
        case .refused(let reasons):
            var draft = ReportDraft(.xmlDSig)
            for reason in reasons { draft.fail(reason) }
            return draft.report()
        case .signed(let document):
            return judge(document, at: time).report()
        }
    }

    /// Nil, with the reason noted, where one of them cannot be read.
    func parse(_ encoded: [[UInt8]], _ draft: inout ReportDraft) -> [Certificate]? {
        var parsed: [Certificate] = []
        for der in encoded {
            guard let certificate = try? certificates.certificate(der: der) else {
                draft.fail(SignatureReason(.certificateUnreadable))
                return nil
            }
            parsed.append(certificate)
        }
        return parsed
    }

    /// Key and signature value; what is signed has been compared by then.
    func checkSignature(
        _ value: [UInt8], over message: [UInt8], by signer: Certificate, _ algorithm: SignatureAlgorithm,
        _ draft: inout ReportDraft
    ) {
        draft.signer = signer
        draft.role = SignerRole.of(signer)
        if let objection = algorithms.objection(to: signer.publicKey.kind, for: algorithm) {
            draft.fail(objection)
            if objection.code == .keyMismatch { return }
        }
        if !signer.publicKey.verifies(value, over: message, algorithm) {
            draft.fail(SignatureReason(.signatureMismatch))
        }
    }
}
