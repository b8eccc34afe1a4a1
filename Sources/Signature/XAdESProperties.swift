internal import Exchange
internal import OpenSSL
internal import XML

/// XAdES QualifyingProperties, ETSI EN 319 132-1, as far as a baseline B signature has them.
struct XAdESProperties {
    struct CertificateDigest: Sendable {
        let algorithm: DigestAlgorithm
        let digest: [UInt8]
    }

    /// Digest of SignedProperties as it stands, by the Reference's rules.
    let digest: [UInt8]
    let signingTime: Instant?
    /// The certificate that the signer named; nil where he named none.
    let signingCertificate: CertificateDigest?
    /// There is a timestamp among the unsigned properties.
    let hasTimestamp: Bool

    init(
        _ element: XMLElement, signature: XMLElement, identifier: ExactString, reference: XMLReference
    ) throws(SignatureReason) {
        guard element.holdsOnlyElements, let signed = element.elements.first,
            signed.isNamed("SignedProperties", in: Namespace.xades), signed.attribute("Id") == identifier,
            let target = element.attribute("Target"), let own = signature.attribute("Id"),
            target == ExactString("#" + own.string)
        else { throw SignatureReason(.propertiesMismatch) }
        let others = element.elements.dropFirst()
        guard others.count <= 1, others.allSatisfy({ $0.isNamed("UnsignedProperties", in: Namespace.xades) })
        else {
            throw SignatureReason(.objectForbidden, others.first?.start.name.local.string ?? "")
        }
        digest = Digester.hash(signed.canonical(reference.form), reference.algorithm)
        hasTimestamp = others.contains(where: Self.holdsTimestamp)
        guard let properties = signed.first("SignedSignatureProperties", in: Namespace.xades) else {
            signingTime = nil
            signingCertificate = nil
            return
        }
        let time = properties.first("SigningTime", in: Namespace.xades)?.trimmedText
        signingTime = time.flatMap { Instant(rfc3339: $0) }
        let named =
            properties.first("SigningCertificateV2", in: Namespace.xades)
            ?? properties.first("SigningCertificate", in: Namespace.xades)
        signingCertificate = try named.map(Self.certificateDigest)
    }

    /// The first Cert is the signer's; others may name the chain.
    private static func certificateDigest(_ element: XMLElement) throws(SignatureReason) -> CertificateDigest
    {
        guard let certificate = element.first("Cert", in: Namespace.xades),
            let digest = certificate.first("CertDigest", in: Namespace.xades),
            let method = digest.first("DigestMethod", in: Namespace.signature),
            let value = digest.first("DigestValue", in: Namespace.signature)?.text, value.count <= 1024
        else { throw SignatureReason(.signatureStructure, "SigningCertificate") }
        let algorithm = try XMLReference.digest(method)
        guard let bytes = Base64.decode(value, ignoringWhiteSpace: true) else {
            throw SignatureReason(.signatureEncoding, "CertDigest")
        }
        return CertificateDigest(algorithm: algorithm, digest: bytes)
    }

    private static func holdsTimestamp(_ element: XMLElement) -> Bool {
        var rest = [element]
        while let next = rest.popLast() {
            if next.start.name.local.string.hasSuffix("TimeStamp") { return true }
            rest += next.elements
        }
        return false
    }
}
