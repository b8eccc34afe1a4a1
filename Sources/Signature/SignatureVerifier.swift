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
            return verify(document, at: time)
        }
    }

    private func verify(_ document: XMLSignatureEvidence.SignedDocument, at time: Instant) -> SignatureReport
    {
        var draft = ReportDraft(document.properties == nil ? .xmlDSig : .xades)
        draft.bestSigningTime = time
        draft.coverage = "whole document without its signature"
        draft.algorithm = document.algorithm.description
        draft.signingTime = document.properties?.signingTime
        let times = SigningTimes(receipt: time)
        draft.apply(algorithms.ruling(on: document.algorithm, at: times.best))
        draft.apply(algorithms.ruling(on: document.digestAlgorithm, at: times.best))
        if document.expectedDigest != document.actualDigest { draft.fail(SignatureReason(.digestMismatch)) }
        if let properties = document.properties {
            draft.apply(algorithms.ruling(on: properties.digestAlgorithm, at: times.best))
            if properties.expectedDigest != properties.actualDigest {
                draft.fail(SignatureReason(.digestMismatch))
            }
        }
        guard let offered = parse(document.certificates, &draft) else { return draft.report() }
        guard let signer = offered.first(where: { !$0.isAuthority }) ?? offered.first else {
            draft.fail(SignatureReason(.certificateMissing))
            return draft.report()
        }
        if let properties = document.properties {
            draft.level = .b
            check(properties, names: signer, &draft)
        }
        checkSignature(
            document.value, over: document.signedInfo, by: signer, document.algorithm, &draft)
        checkChain(of: signer, untrusted: offered, embedded: .none, at: times, &draft)
        return draft.report()
    }

    private func check(
        _ properties: XMLSignatureEvidence.SignedDocument.Properties, names signer: Certificate,
        _ draft: inout ReportDraft
    ) {
        if properties.hasTimestamp { draft.fail(SignatureReason(.timestampMalformed)) }
        guard let named = properties.signingCertificate else {
            return draft.fail(SignatureReason(.signingCertificateMissing))
        }
        if Digester.hash(signer.der, named.algorithm) != named.digest {
            draft.fail(SignatureReason(.signingCertificateMismatch))
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
        if let objection = algorithms.objection(to: signer.publicKey.kind, for: algorithm) {
            draft.fail(objection)
            if objection.code == .keyMismatch { return }
        }
        if !signer.publicKey.verifies(value, over: message, algorithm) {
            draft.fail(SignatureReason(.signatureMismatch))
        }
    }
}
