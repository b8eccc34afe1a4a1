internal import Exchange
internal import OpenSSL
internal import XML

/// XAdES QualifyingProperties, ETSI EN 319 132-1.
struct XAdESProperties {
    struct CertificateDigest: Sendable {
        let algorithm: DigestAlgorithm
        let digest: [UInt8]
        /// Magnitude, where stated.
        let serial: [UInt8]?
        /// Whole DER of the issuer's name, where stated in a form that can be compared.
        let issuer: [UInt8]?
    }

    /// Digest of SignedProperties as it stands, by the Reference's rules.
    let digest: [UInt8]
    let signingTime: Instant?
    /// The certificate that the signer named; nil where he named none.
    let signingCertificate: CertificateDigest?
    let signed: XMLElement
    let unsigned: XAdESUnsignedProperties

    init(
        _ element: XMLElement, signature: XMLElement, identifier: ExactString, reference: XMLReference
    ) throws(SignatureReason) {
        guard element.holdsOnlyElements, let signed = element.elements.first,
            signed.isNamed(.signedProperties), signed.attribute("Id") == identifier,
            let target = element.attribute("Target"), let own = signature.attribute("Id"),
            target == ExactString("#" + own.string)
        else { throw SignatureReason(.propertiesMismatch) }
        let others = element.elements.dropFirst()
        guard others.count <= 1, others.allSatisfy({ $0.isNamed(.unsignedProperties) })
        else {
            throw SignatureReason(.objectForbidden, others.first?.name.local.string ?? "")
        }
        digest = Digester.hash(signed.canonical(reference.form), reference.algorithm)
        self.signed = signed
        unsigned = try others.first.map(XAdESUnsignedProperties.init) ?? XAdESUnsignedProperties()
        guard let properties = signed.first(.signedSignatureProperties) else {
            signingTime = nil
            signingCertificate = nil
            return
        }
        let time = properties.first(.signingTime)?.trimmedText
        signingTime = time.flatMap { Instant(rfc3339: $0) }
        let named =
            properties.first(.signingCertificateV2)
            ?? properties.first(.signingCertificate)
        signingCertificate = try named.map(Self.certificateDigest)
    }

    /// The first Cert is the signer's; others may name the chain.
    private static func certificateDigest(_ element: XMLElement) throws(SignatureReason) -> CertificateDigest
    {
        guard let certificate = element.first(.cert),
            let digest = certificate.first(.certDigest),
            let method = digest.first(.digestMethod),
            let value = digest.first(.digestValue)?.text, value.count <= 1024
        else { throw SignatureReason(.signatureStructure, "SigningCertificate") }
        let algorithm = try XMLReference.digest(method)
        guard let bytes = Base64.decode(value, ignoringWhiteSpace: true) else {
            throw SignatureReason(.signatureEncoding, "CertDigest")
        }
        let (issuer, serial) = try issuerAndSerial(certificate)
        return CertificateDigest(algorithm: algorithm, digest: bytes, serial: serial, issuer: issuer)
    }

    /// IssuerSerialV2 is base64 of DER. The older IssuerSerial writes the name as text, in spellings that
    /// differ between programs: of that one the number counts alone, beside the digest.
    private static func issuerAndSerial(
        _ certificate: XMLElement
    ) throws(SignatureReason) -> (issuer: [UInt8]?, serial: [UInt8]?) {
        if let element = certificate.first(.issuerSerialV2) {
            guard let text = element.text, let der = Base64.decode(text, ignoringWhiteSpace: true),
                let named = try? CMSSignedAttributes.issuerAndSerial(der)
            else { throw SignatureReason(.signatureEncoding, "IssuerSerialV2") }
            return (named.issuer, named.serial)
        }
        if let element = certificate.first(.issuerSerial) {
            let number = element.first(.x509SerialNumber)?.trimmedText
            guard let number, let serial = magnitude(ofDecimal: number) else {
                throw SignatureReason(.signatureEncoding, "X509SerialNumber")
            }
            return (nil, serial)
        }
        return (nil, nil)
    }

    /// Big-endian, without leading zeros; nil for what is no number of at most 20 bytes.
    static func magnitude(ofDecimal text: String) -> [UInt8]? {
        guard !text.isEmpty, text.utf8.count <= 49, text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return nil
        }
        var magnitude: [UInt8] = []
        for digit in text.utf8 {
            var carry = Int(digit - 0x30)
            for index in magnitude.indices.reversed() {
                carry += Int(magnitude[index]) * 10
                magnitude[index] = UInt8(carry & 0xFF)
                carry >>= 8
            }
            if carry > 0 { magnitude.insert(UInt8(carry), at: 0) }
        }
        return magnitude
    }
}

extension XAdESProperties.CertificateDigest {
    func names(_ certificate: Certificate) -> Bool {
        // Known already for the hash that nearly everybody names.
        (algorithm == .sha256 ? certificate.sha256.bytes : Digester.hash(certificate.der, algorithm))
            == digest
            && (serial == nil || serial == Array(certificate.serial.drop { $0 == 0 }))
            && (issuer == nil || issuer == certificate.issuerDER)
    }
}
