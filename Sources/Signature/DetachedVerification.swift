package import Exchange
package import OpenSSL

extension SignatureVerifier {
    /// Judges a detached CMS signature at `time`.
    ///
    /// - Parameters:
    ///   - contentDigest: digest of the exact bytes that were signed; nil where the caller cannot give that
    ///     one.
    ///   - registered: certificates to look for the signer's in, should the message not carry it.
    package func verify(
        cms: [UInt8], contentDigest: (DigestAlgorithm) -> [UInt8]?, registered: [Certificate] = [],
        at time: Instant
    ) -> SignatureReport {
        var draft = ReportDraft(.cms)
        let message: CMSMessage
        do {
            message = try CMSMessage(cms)
        } catch {
            draft.fail(error)
            return draft.report()
        }
        if message.attributes.signingCertificate != nil {
            draft.format = .cades
            draft.level = .b
        }
        draft.bestSigningTime = time
        draft.coverage = "detached content"
        draft.algorithm = message.algorithm.description
        draft.signingTime = message.attributes.signingTime
        if message.hasTimestamp { draft.fail(SignatureReason(.timestampNotVerified)) }
        if let objection = algorithms.objection(to: message.algorithm) { draft.fail(objection) }
        if contentDigest(message.digest) != message.attributes.messageDigest {
            draft.fail(SignatureReason(.digestMismatch))
        }
        guard let offered = parse(message.certificates, &draft) else { return draft.report() }
        guard let signer = (offered + registered).first(where: message.names) else {
            draft.fail(SignatureReason(.certificateMissing))
            return draft.report()
        }
        if let named = message.attributes.signingCertificate {
            if !named.names(signer) { draft.fail(SignatureReason(.signingCertificateMismatch)) }
        } else {
            draft.fail(SignatureReason(.signingCertificateMissing))
        }
        checkProtection(message, &draft)
        checkSignature(message.signature, over: message.signedBytes, by: signer, message.algorithm, &draft)
        checkChain(of: signer, untrusted: offered, at: time, &draft)
        return draft.report()
    }

    /// RFC 6211: where the signer stated the algorithms under his signature, the message must not state
    /// others.
    private func checkProtection(_ message: CMSMessage, _ draft: inout ReportDraft) {
        guard let der = message.attributes.protection else { return }
        do {
            var outer = DERReader(der)
            var reader = try outer.sequence()
            let digest = try CMSAlgorithms.digest(try CMSAlgorithms.read(&reader))
            var signature = try reader.sequence(DERReader.Tag.context(1))
            let object = try signature.objectIdentifier()
            let parameters = signature.isAtEnd ? [] : signature.slice(try signature.next().whole)
            let algorithm = try CMSAlgorithms.signature(
                CMSAlgorithms.Identifier(object: object, parameters: parameters), digest: digest)
            if digest == message.digest, algorithm == message.algorithm { return }
        } catch {}
        draft.fail(SignatureReason(.cmsAlgorithmsDiffer))
    }
}
