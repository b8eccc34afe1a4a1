internal import Exchange
internal import OpenSSL

extension SignatureVerifier {
    /// Judges an XML-DSig or XAdES signature whose structure has been checked.
    func judge(_ document: XMLSignatureEvidence.SignedDocument, at time: Instant) -> ReportDraft {
        let properties = document.properties
        var draft = ReportDraft(properties == nil ? .xmlDSig : .xades)
        draft.level = properties == nil ? nil : .b
        draft.coverage = "whole document without its signature"
        draft.algorithm = document.algorithm.description
        draft.signingTime = properties?.signingTime
        draft.bestSigningTime = time
        guard let own = parse(document.certificates, &draft),
            let offered = parse(properties?.certificates ?? [], &draft).map({ own + $0 })
        else { return draft }
        let embedded = parse(properties?.revocation ?? RevocationValues(), with: .none, &draft)
        var times = SigningTimes(receipt: time)
        if let properties { checkTimestamps(of: properties, offered, embedded, &times, &draft) }
        draft.bestSigningTime = times.best
        draft.apply(algorithms.ruling(on: document.algorithm, at: times.best))
        draft.apply(algorithms.ruling(on: document.digestAlgorithm, at: times.best))
        if document.expectedDigest != document.actualDigest { draft.fail(SignatureReason(.digestMismatch)) }
        guard let signer = own.first(where: { !$0.isAuthority }) ?? own.first else {
            draft.fail(SignatureReason(.certificateMissing))
            return draft
        }
        if let properties { check(properties, names: signer, times, &draft) }
        checkSignature(
            document.value, over: document.signedInfo, by: signer, document.algorithm, &draft)
        checkChain(of: signer, untrusted: offered, embedded: embedded, at: times, &draft)
        return draft
    }

    private func checkTimestamps(
        of properties: XMLSignatureEvidence.SignedDocument.Properties, _ certificates: [Certificate],
        _ embedded: RevocationData, _ times: inout SigningTimes, _ draft: inout ReportDraft
    ) {
        func stamps(_ found: [XMLSignatureEvidence.SignedDocument.Stamp]) -> [SignatureStamp] {
            found.map { stamp in SignatureStamp(token: stamp.token) { _ in stamp.digest } }
        }
        checkTimestamps(
            archive: stamps(properties.archiveTimestamps), signature: stamps(properties.signatureTimestamps),
            certificates, embedded, &times, &draft)
        guard times.isProven else { return }
        draft.level = embedded.isEmpty ? .t : properties.isWholeArchived ? .lta : .lt
    }

    private func check(
        _ properties: XMLSignatureEvidence.SignedDocument.Properties, names signer: Certificate,
        _ times: SigningTimes, _ draft: inout ReportDraft
    ) {
        draft.apply(algorithms.ruling(on: properties.digestAlgorithm, at: times.best))
        if properties.expectedDigest != properties.actualDigest {
            draft.fail(SignatureReason(.digestMismatch))
        }
        guard let named = properties.signingCertificate else {
            return draft.fail(SignatureReason(.signingCertificateMissing))
        }
        draft.apply(algorithms.ruling(on: named.algorithm, at: times.best))
        if !named.names(signer) { draft.fail(SignatureReason(.signingCertificateMismatch)) }
    }
}
