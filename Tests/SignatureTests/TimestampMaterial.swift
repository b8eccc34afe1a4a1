import Exchange
import OpenSSL

func attribute(_ type: [UInt8], _ value: [UInt8]) -> [UInt8] { tlv(0x30, type + tlv(0x31, value)) }

/// An RFC 3161 authority below the same root as the signers, and tokens by rules that each test can bend.
struct TimestampAuthority {
    let issuer: CertificateIssuer
    let certificate: Certificate
    let key: PrivateKey

    static let usage = ("extendedKeyUsage", "critical,timeStamping")

    init(
        _ name: String = "Timestamping CA", below root: CertificateIssuer,
        _ change: (inout CertificateProfile) -> Void = { _ in }
    ) throws {
        issuer = try root.intermediate(
            made(name, days: 3650).asAuthority(), key: try .generate(.ec(.p256)))
        key = try .generate(.ec(.p256))
        var profile = made("TSA", days: 3650)
        profile.keyUsage = [.digitalSignature]
        profile.extensions = [Self.usage]
        change(&profile)
        certificate = try issuer.issue(profile, to: try key.publicKey())
    }

    func token(
        over stamped: [UInt8], at time: Instant, _ change: (inout TokenDraft) -> Void = { _ in }
    ) throws -> [UInt8] {
        var draft = TokenDraft(self, over: stamped, at: time)
        change(&draft)
        return try draft.bytes()
    }
}

struct TokenDraft {
    static let contentType = tlv(0x06, CMSDraft.pkcs + [0x09, 0x10, 0x01, 0x04])
    static let signingCertificateV1 = tlv(0x06, CMSDraft.pkcs + [0x09, 0x10, 0x02, 0x0C])
    static let hashIndexType = oid(0x04, 0x00, 0x81, 0x95, 0x32, 0x01, 0x05)

    var message: CMSDraft
    var imprintAlgorithm = CMSDraft.sha256
    var imprint: [UInt8]
    var genTime: [UInt8]
    /// After the nonce.
    var more: [UInt8] = []
    /// Whether the signed digest is that of the content that is written.
    var changesContent = false

    init(_ authority: TimestampAuthority, over stamped: [UInt8], at time: Instant) {
        message = CMSDraft(authority.certificate, authority.key)
        message.version = 3
        message.innerType = Self.contentType
        message.certificates.append(authority.issuer.certificate)
        imprint = SHA256.hash(stamped).bytes
        genTime = Array(time.rfc3339.prefix(19).utf8.filter { (0x30...0x39).contains($0) }) + [0x5A]
    }

    var info: [UInt8] {
        tlv(
            0x30,
            tlv(0x02, [1]) + oid(0x2A, 0x03) + tlv(0x30, imprintAlgorithm + tlv(0x04, imprint))
                + tlv(0x02, [0x07]) + tlv(0x18, genTime) + tlv(0x02, [0x11]) + more)
    }

    func bytes() throws -> [UInt8] {
        var message = message
        let content = info
        if message.attributes.count >= 2 {
            message.attributes[0].values = [message.innerType]
            message.attributes[1].values = [tlv(0x04, SHA256.hash(content).bytes)]
        }
        message.innerContent = changesContent ? content + [] : content
        if changesContent { message.innerContent?[content.count - 1] ^= 1 }
        return try message.bytes()
    }
}

/// A CAdES signature, and what is put around it.
extension CMSDraft {
    static let archiveTimestamp = oid(0x04, 0x00, 0x8D, 0x45, 0x02, 0x04)
    static let certificateValues = tlv(0x06, pkcs + [0x09, 0x10, 0x02, 0x17])
    static let revocationValues = tlv(0x06, pkcs + [0x09, 0x10, 0x02, 0x18])

    /// Fixes the signature, so that what comes later can be made over it.
    mutating func sign() throws {
        signature = try signedValue
    }

    mutating func stamp(
        by authority: TimestampAuthority, at time: Instant, _ change: (inout TokenDraft) -> Void = { _ in }
    ) throws {
        try sign()
        let token = try authority.token(over: try signedValue, at: time, change)
        unsigned.append(attribute(Self.timestamp, token))
    }

    /// archive-time-stamp-v3 over all that is there now, EN 319 122-1 section 5.5.3.
    mutating func archive(
        by authority: TimestampAuthority, at time: Instant, _ change: (inout TokenDraft) -> Void = { _ in }
    ) throws {
        func hashes(_ parts: [[UInt8]]) -> [UInt8] {
            tlv(0x30, parts.map { tlv(0x04, SHA256.hash($0).bytes) }.reduce([], +))
        }
        let entries = unsigned.map { whole in
            // SEQUENCE { OID, SET { value } }: each has one value, and lengths of at most two bytes.
            let body = Self.content(of: whole)
            let type = Array(body.prefix(2 + Int(body[1])))
            return type + Self.content(of: Array(body.dropFirst(type.count)))
        }
        let index = tlv(
            0x30,
            Self.sha256 + hashes(certificates.map(\.der)) + hashes(revocationItems) + hashes(entries))
        let stamped =
            Self.data + SHA256.hash(content).bytes + signerFields(try signedValue) + index
        let token = try authority.token(over: stamped, at: time) { token in
            token.message.unsigned = [attribute(TokenDraft.hashIndexType, index)]
            change(&token)
        }
        unsigned.append(attribute(Self.archiveTimestamp, token))
    }

    private static func content(of element: [UInt8]) -> [UInt8] {
        let count = element[1] < 0x80 ? 2 : 2 + Int(element[1] & 0x7F)
        return Array(element.dropFirst(count))
    }
}
