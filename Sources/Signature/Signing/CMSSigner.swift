package import Exchange
package import OpenSSL

/// Makes detached CAdES-B signatures: CMS SignedData (RFC 5652) with the attributes of ETSI EN 319 122-1
/// section 6.3, DER throughout, without the content.
package struct CMSSigner: Sendable {
    private let identity: SigningIdentity

    package init(_ identity: SigningIdentity) {
        self.identity = identity
    }

    /// What the content is to be digested with.
    package var digest: DigestAlgorithm { identity.digest }

    /// - Parameters:
    ///   - contentDigest: of the exact bytes of the content, with `digest`.
    ///   - time: the claimed signing time; a verifier trusts its own clock. Nil in a PDF, which states it
    ///     elsewhere.
    /// - Returns: a ContentInfo in DER.
    package func sign(contentDigest: [UInt8], at time: Instant?) throws(OpenSSLError) -> [UInt8] {
        precondition(contentDigest.count == digest.byteCount, "a digest of another algorithm")
        var attributes = [
            Self.attribute(ObjectIdentifier.contentType, DERWriter.object(ObjectIdentifier.data)),
            Self.attribute(ObjectIdentifier.messageDigest, DERWriter.octets(contentDigest)),
            Self.attribute(ObjectIdentifier.signingCertificateV2, signingCertificate),
        ]
        if let time { attributes.append(Self.attribute(ObjectIdentifier.signingTime, Self.time(time))) }
        // Signed as a SET, written as [0] IMPLICIT: RFC 5652 section 5.4.
        let signature = try identity.key.sign(DERWriter.set(of: attributes), identity.algorithm)
        let signerInfo = DERWriter.sequence(
            DERWriter.integer([1]),
            DERWriter.sequence(
                identity.certificate.issuerDER, DERWriter.integer(identity.certificate.serial)),
            digestIdentifier,
            DERWriter.set(of: attributes, tag: 0xA0),
            signatureIdentifier,
            DERWriter.octets(signature))
        let certificates = ([identity.certificate] + identity.chain).map(\.der)
        let signedData = DERWriter.sequence(
            DERWriter.integer([1]),
            DERWriter.set(of: [digestIdentifier]),
            DERWriter.sequence(DERWriter.object(ObjectIdentifier.data)),
            DERWriter.set(of: certificates, tag: 0xA0),
            DERWriter.set(of: [signerInfo]))
        return DERWriter.sequence(
            DERWriter.object(ObjectIdentifier.signedData), DERWriter.value(0xA0, signedData))
    }

    private static func attribute(_ type: [UInt8], _ value: [UInt8]) -> [UInt8] {
        DERWriter.sequence(DERWriter.object(type), DERWriter.set(of: [value]))
    }

    /// RFC 5035 section 3: one ESSCertIDv2, the signer's, with its issuer and serial number. SHA-256 is the
    /// default and so must not be written.
    private var signingCertificate: [UInt8] {
        let certificate = identity.certificate
        let hash = DERWriter.octets(Digester.hash(certificate.der, digest))
        let issuer = DERWriter.sequence(DERWriter.value(0xA4, certificate.issuerDER))
        let issuerSerial = DERWriter.sequence(issuer, DERWriter.integer(certificate.serial))
        let named =
            digest == .sha256
            ? DERWriter.sequence(hash, issuerSerial)
            : DERWriter.sequence(digestIdentifier, hash, issuerSerial)
        return DERWriter.sequence(DERWriter.sequence(named))
    }

    /// RFC 5652 section 11.3: UTCTime until 2049, GeneralizedTime after.
    private static func time(_ instant: Instant) -> [UInt8] {
        let parts = instant.calendar(offsetMinutes: 0)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let tail =
            two(parts.month) + two(parts.day) + two(parts.hour) + two(parts.minute) + two(parts.second) + "Z"
        let century = two(parts.year / 100)
        let year = two(parts.year % 100)
        return (1950..<2050).contains(parts.year)
            ? DERWriter.value(0x17, Array((year + tail).utf8))
            : DERWriter.value(0x18, Array((century + year + tail).utf8))
    }

    /// RFC 5754 section 2: SHA-2 without parameters.
    private var digestIdentifier: [UInt8] {
        DERWriter.sequence(DERWriter.object(ObjectIdentifier.of(digest)))
    }

    private var signatureIdentifier: [UInt8] {
        switch identity.algorithm {
        case .rsaPKCS1(let digest):
            // RFC 5754 section 3.2: the parameters must be NULL, and present.
            DERWriter.sequence(DERWriter.object(ObjectIdentifier.rsa(with: digest)), DERWriter.null)
        case .rsaPSS(let digest, let saltByteCount):
            DERWriter.sequence(
                DERWriter.object(ObjectIdentifier.rsaPSS), Self.pssParameters(digest, saltByteCount))
        case .ecdsa(let digest, _):
            // RFC 5754 section 3.3: the parameters must be absent.
            DERWriter.sequence(DERWriter.object(ObjectIdentifier.ecdsa(with: digest)))
        case .ed25519: preconditionFailure("a signing identity has no Ed25519 key")
        }
    }

    /// RFC 4055 section 3.1; section 2.1 has NULL in the identifiers of these hashes.
    private static func pssParameters(_ digest: DigestAlgorithm, _ saltByteCount: Int) -> [UInt8] {
        let hash = DERWriter.sequence(DERWriter.object(ObjectIdentifier.of(digest)), DERWriter.null)
        let mask = DERWriter.sequence(DERWriter.object(ObjectIdentifier.mgf1), hash)
        return DERWriter.sequence(
            DERWriter.value(0xA0, hash), DERWriter.value(0xA1, mask),
            DERWriter.value(0xA2, DERWriter.integer([UInt8(saltByteCount)])))
    }
}

/// Encoded arcs.
private enum ObjectIdentifier {
    /// 1.2.840.113549.1
    private static let pkcs: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01]

    static let data = pkcs + [0x07, 0x01]
    static let signedData = pkcs + [0x07, 0x02]
    static let contentType = pkcs + [0x09, 0x03]
    static let messageDigest = pkcs + [0x09, 0x04]
    static let signingTime = pkcs + [0x09, 0x05]
    static let signingCertificateV2 = pkcs + [0x09, 0x10, 0x02, 0x2F]
    static let mgf1 = pkcs + [0x01, 0x08]
    static let rsaPSS = pkcs + [0x01, 0x0A]

    /// 2.16.840.1.101.3.4.2.x
    static func of(_ digest: DigestAlgorithm) -> [UInt8] {
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, place(of: digest)]
    }

    /// 1.2.840.113549.1.1.x
    static func rsa(with digest: DigestAlgorithm) -> [UInt8] { pkcs + [0x01, 0x0A + place(of: digest)] }

    /// 1.2.840.10045.4.3.x
    static func ecdsa(with digest: DigestAlgorithm) -> [UInt8] {
        [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x01 + place(of: digest)]
    }

    /// The three stand in one order in every arc.
    private static func place(of digest: DigestAlgorithm) -> UInt8 {
        switch digest {
        case .sha1: preconditionFailure("a signing identity has no SHA-1")
        case .sha256: 1
        case .sha384: 2
        case .sha512: 3
        }
    }
}
