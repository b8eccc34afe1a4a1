import Exchange
import OpenSSL
import Signature

/// A CMS message by rules that each test can bend, with a signature that fits what was bent.
struct CMSDraft {
    let key: PrivateKey
    let certificate: Certificate
    var version: UInt8 = 1
    var content = Array("Nội dung".utf8)
    var digestIdentifier = CMSDraft.sha256
    var signatureIdentifier = tlv(0x30, oid(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02))
    var algorithm = SignatureAlgorithm.ecdsa(.sha256, .der)
    /// Object and values of each signed attribute.
    var attributes: [(type: [UInt8], values: [[UInt8]])]
    var isSorted = true
    var hasAttributes = true
    var unsigned: [[UInt8]] = []
    var innerContent: [UInt8]?
    var innerType = CMSDraft.data
    var certificates: [Certificate]
    /// The `crls` field's items.
    var revocationItems: [[UInt8]] = []
    var signerName: [UInt8]?
    var signerCount = 1
    /// Written in place of the signature that fits.
    var signature: [UInt8]?

    static let sha256 = tlv(0x30, oid(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01))
    static let sha1 = tlv(0x30, oid(0x2B, 0x0E, 0x03, 0x02, 0x1A))
    static let pkcs: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01]
    static let data = tlv(0x06, pkcs + [0x07, 0x01])
    static let contentType = tlv(0x06, pkcs + [0x09, 0x03])
    static let messageDigest = tlv(0x06, pkcs + [0x09, 0x04])
    static let signingTime = tlv(0x06, pkcs + [0x09, 0x05])
    static let signingCertificate = tlv(0x06, pkcs + [0x09, 0x10, 0x02, 0x2F])
    static let timestamp = tlv(0x06, pkcs + [0x09, 0x10, 0x02, 0x0E])

    init(_ authority: Authority) {
        self.init(authority.signer, authority.key)
    }

    init(_ certificate: Certificate, _ key: PrivateKey) {
        self.certificate = certificate
        self.key = key
        certificates = [certificate]
        attributes = [
            (Self.contentType, [Self.data]), (Self.messageDigest, [tlv(0x04, SHA256.hash(content).bytes)]),
            (Self.signingCertificate, [Self.names(certificate)]),
        ]
    }

    static func names(_ certificate: Certificate) -> [UInt8] {
        tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, certificate.sha256.bytes))))
    }

    var encodedAttributes: [[UInt8]] {
        let encoded = attributes.map { tlv(0x30, $0.type + tlv(0x31, $0.values.reduce([], +))) }
        return isSorted ? encoded.sorted { $0.lexicographicallyPrecedes($1) } : encoded
    }

    var signedValue: [UInt8] {
        get throws {
            try signature
                ?? key.sign(hasAttributes ? tlv(0x31, encodedAttributes.reduce([], +)) : content, algorithm)
        }
    }

    /// SignerInfo's fields from its version to its signature.
    func signerFields(_ value: [UInt8]) -> [UInt8] {
        let signed = encodedAttributes.reduce([], +)
        let serial = tlv(0x02, (certificate.serial[0] >= 0x80 ? [0] : []) + certificate.serial)
        let name = signerName ?? tlv(0x30, certificate.issuerDER + serial)
        return tlv(0x02, [1]) + name + digestIdentifier + (hasAttributes ? tlv(0xA0, signed) : [])
            + signatureIdentifier + tlv(0x04, value)
    }

    func bytes() throws -> [UInt8] {
        let signer = tlv(
            0x30,
            signerFields(try signedValue)
                + (unsigned.isEmpty ? [] : tlv(0xA1, unsigned.reduce([], +))))
        let encapsulated = tlv(0x30, innerType + (innerContent.map { tlv(0xA0, tlv(0x04, $0)) } ?? []))
        let signers = Array(repeating: signer, count: signerCount).reduce([], +)
        let body =
            tlv(0x02, [version]) + tlv(0x31, digestIdentifier) + encapsulated
            + (certificates.isEmpty ? [] : tlv(0xA0, certificates.map(\.der).reduce([], +)))
            + (revocationItems.isEmpty ? [] : tlv(0xA1, revocationItems.reduce([], +)))
            + tlv(0x31, signers)
        return tlv(0x30, tlv(0x06, Self.pkcs + [0x07, 0x02]) + tlv(0xA0, tlv(0x30, body)))
    }
}

func tlv(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    switch content.count {
    case 0..<0x80: [tag, UInt8(content.count)] + content
    case 0x80..<0x100: [tag, 0x81, UInt8(content.count)] + content
    default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
    }
}

func oid(_ bytes: UInt8...) -> [UInt8] { tlv(0x06, bytes) }
