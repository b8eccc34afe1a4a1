internal import Exchange
internal import OpenSSL

/// The signed attributes of a CAdES baseline signature (ETSI EN 319 122-1), each once, with one value,
/// sorted.
struct CMSSignedAttributes {
    struct CertificateIdentifier {
        let algorithm: DigestAlgorithm
        let digest: [UInt8]
        /// Whole DER of the issuer's directory name and the serial number's magnitude, where stated.
        let issuerAndSerial: (issuer: [UInt8], serial: [UInt8])?
    }

    let messageDigest: [UInt8]
    let signingTime: Instant?
    /// signing-certificate-v2; nil where absent.
    let signingCertificate: CertificateIdentifier?
    /// signing-certificate, RFC 2634: the same with SHA-1.
    let signingCertificateV1: CertificateIdentifier?
    /// adbe-revocationInfoArchival, whole.
    let revocationInfoArchival: [UInt8]?
    /// Digest and signature algorithm of RFC 6211's attribute, where present.
    let protection: [UInt8]?

    init(_ reader: DERReader, contentType: [UInt8]) throws {
        let values = try Self.values(reader)
        guard let type = values[CMSObject.contentType], let digest = values[CMSObject.messageDigest]
        else {
            throw SignatureReason(
                values[CMSObject.contentType] == nil ? .cmsContentType : .cmsDigestMissing)
        }
        var typeReader = DERReader(type)
        guard try typeReader.objectIdentifier() == contentType else {
            throw SignatureReason(.cmsContentType)
        }
        var digestReader = DERReader(digest)
        messageDigest = try digestReader.octetString()
        signingTime = try values[CMSObject.signingTime].map(Self.time)
        signingCertificate = try values[CMSObject.signingCertificateV2].map { der in
            try Self.certificate(der, isV2: true)
        }
        signingCertificateV1 = try values[CMSObject.signingCertificate].map { der in
            try Self.certificate(der, isV2: false)
        }
        revocationInfoArchival = values[CMSObject.adobeRevocation]
        protection = values[CMSObject.algorithmProtection]
    }

    /// The one value of each attribute, by its object identifier.
    private static func values(_ reader: DERReader) throws -> [[UInt8]: [UInt8]] {
        var reader = reader
        var values: [[UInt8]: [UInt8]] = [:]
        var previous: [UInt8] = []
        while !reader.isAtEnd {
            let element = try reader.next(DERReader.Tag.sequence)
            let encoded = reader.slice(element.whole)
            // X.690 section 11.6. OpenSSL sorts before it verifies, so it takes any order for the signed one.
            guard !encoded.lexicographicallyPrecedes(previous) else {
                throw SignatureReason(.cmsAttributesUnsorted)
            }
            previous = encoded
            var attribute = reader.inside(element)
            let object = try attribute.objectIdentifier()
            var set = try attribute.sequence(DERReader.Tag.set)
            try attribute.finish()
            guard !set.isAtEnd else { throw SignatureReason(.cmsAttributeValues) }
            let value = try set.next()
            guard set.isAtEnd else { throw SignatureReason(.cmsAttributeValues) }
            guard values.updateValue(set.slice(value.whole), forKey: object) == nil else {
                throw SignatureReason(.cmsAttributeRepeated)
            }
        }
        guard !values.isEmpty else { throw SignatureReason(.cmsAttributesMissing) }
        return values
    }

    /// UTCTime or GeneralizedTime, in seconds and in UTC as RFC 5652 section 11.3 wants it.
    private static func time(_ der: [UInt8]) throws -> Instant {
        var reader = DERReader(der)
        let element = try reader.next()
        var text = reader.slice(element.content)
        switch element.tag {
        case DERReader.Tag.utcTime:
            guard text.count == 13 else { throw SignatureReason(.cmsAttributeValues) }
            // RFC 5280 section 4.1.2.5.1: 50 and above are of the twentieth century.
            text = Array((text[0] >= 0x35 ? "19" : "20").utf8) + text
        case DERReader.Tag.generalizedTime:
            guard text.count == 15 else { throw SignatureReason(.cmsAttributeValues) }
        default: throw SignatureReason(.cmsAttributeValues)
        }
        let digits = text.dropLast()
        guard text.last == 0x5A, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw SignatureReason(.cmsAttributeValues)
        }
        func number(_ start: Int, _ count: Int) -> Int {
            digits[start..<start + count].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard
            let instant = Instant(
                year: number(0, 4), month: number(4, 2), day: number(6, 2), hour: number(8, 2),
                minute: number(10, 2), second: number(12, 2))
        else { throw SignatureReason(.cmsAttributeValues) }
        return instant
    }

    /// SigningCertificate and SigningCertificateV2, RFC 5035: the first identifier is the signer's.
    private static func certificate(_ der: [UInt8], isV2: Bool) throws -> CertificateIdentifier {
        var outer = DERReader(der)
        var value = try outer.sequence()
        var list = try value.sequence()
        var first = try list.sequence()
        var algorithm: DigestAlgorithm = isV2 ? .sha256 : .sha1
        if isV2, first.nextTag == DERReader.Tag.sequence {
            algorithm = try CMSAlgorithms.digest(try CMSAlgorithms.read(&first))
        }
        let digest = try first.octetString()
        guard !first.isAtEnd else {
            return CertificateIdentifier(algorithm: algorithm, digest: digest, issuerAndSerial: nil)
        }
        let issuerSerial = try first.next(DERReader.Tag.sequence)
        try first.finish()
        return CertificateIdentifier(
            algorithm: algorithm, digest: digest,
            issuerAndSerial: try issuerAndSerial(first.slice(issuerSerial.whole)))
    }

    /// IssuerSerial, RFC 5035 section 4: one directory name, and the number's magnitude.
    static func issuerAndSerial(_ der: [UInt8]) throws -> (issuer: [UInt8], serial: [UInt8]) {
        var outer = DERReader(der)
        var reader = try outer.sequence()
        try outer.finish()
        var names = try reader.sequence()
        var directory = try names.sequence(DERReader.Tag.context(4))
        let issuer = directory.slice(try directory.next(DERReader.Tag.sequence).whole)
        let serial = reader.slice(try reader.next(DERReader.Tag.integer).content)
        try reader.finish()
        return (issuer, Array(serial.drop { $0 == 0 }))
    }
}

extension CMSSignedAttributes.CertificateIdentifier {
    /// Whether the identifier names `certificate`, by its digest and, where stated, by issuer and serial
    /// number.
    func names(_ certificate: Certificate) -> Bool {
        guard Digester.hash(certificate.der, algorithm) == digest else { return false }
        guard let issuerAndSerial else { return true }
        return issuerAndSerial.issuer == certificate.issuerDER
            && issuerAndSerial.serial == Array(certificate.serial.drop { $0 == 0 })
    }
}
