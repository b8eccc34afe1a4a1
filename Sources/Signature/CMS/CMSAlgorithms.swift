internal import OpenSSL

/// Algorithm identifiers of CMS (RFC 5754, RFC 4056, RFC 5480), parameters included.
enum CMSAlgorithms {
    /// An AlgorithmIdentifier: `SEQUENCE { OID, parameters? }`.
    struct Identifier: Equatable {
        let object: [UInt8]
        /// The parameters' whole DER; empty where absent.
        let parameters: [UInt8]

        var hasNoParameters: Bool { parameters.isEmpty }
        var hasNullParameters: Bool { parameters == [DERReader.Tag.null, 0] }
    }

    static func read(_ reader: inout DERReader) throws(DERReader.Fault) -> Identifier {
        var inner = try reader.sequence()
        let object = try inner.objectIdentifier()
        guard !inner.isAtEnd else { return Identifier(object: object, parameters: []) }
        let parameters = try inner.next()
        try inner.finish()
        return Identifier(object: object, parameters: inner.slice(parameters.whole))
    }

    /// RFC 5754 section 2: parameters absent, or NULL as older software writes.
    static func digest(_ identifier: Identifier) throws(SignatureReason) -> DigestAlgorithm {
        guard let digest = digest(named: identifier.object) else {
            throw SignatureReason(.digestForbidden, CMSObject.dotted(identifier.object))
        }
        guard identifier.hasNoParameters || identifier.hasNullParameters else {
            throw SignatureReason(.algorithmParameters, digest.rawValue)
        }
        return digest
    }

    private static func digest(named object: [UInt8]) -> DigestAlgorithm? {
        switch object {
        case CMSObject.sha1: .sha1
        case CMSObject.sha256: .sha256
        case CMSObject.sha384: .sha384
        case CMSObject.sha512: .sha512
        default: nil
        }
    }

    /// - Parameter digest: what digestAlgorithm says; the signature algorithm must not say anything else.
    static func signature(
        _ identifier: Identifier, digest: DigestAlgorithm
    ) throws(SignatureReason) -> SignatureAlgorithm {
        let name = CMSObject.dotted(identifier.object)
        switch identifier.object {
        case CMSObject.rsaEncryption:
            guard identifier.hasNullParameters else { throw SignatureReason(.algorithmParameters, name) }
            return .rsaPKCS1(digest)
        case CMSObject.rsaSHA1, CMSObject.rsaSHA256, CMSObject.rsaSHA384, CMSObject.rsaSHA512:
            guard identifier.hasNullParameters else { throw SignatureReason(.algorithmParameters, name) }
            return .rsaPKCS1(try same(digest, rsaDigests[identifier.object]))
        case CMSObject.ecdsaSHA1, CMSObject.ecdsaSHA256, CMSObject.ecdsaSHA384, CMSObject.ecdsaSHA512:
            guard identifier.hasNoParameters else { throw SignatureReason(.algorithmParameters, name) }
            return .ecdsa(try same(digest, ecdsaDigests[identifier.object]), .der)
        case CMSObject.rsaPSS:
            let parameters = try pss(identifier.parameters)
            _ = try same(digest, parameters.digest)
            return .rsaPSS(digest, saltByteCount: parameters.salt)
        default:
            throw SignatureReason(.algorithmForbidden, name)
        }
    }

    private static let rsaDigests: [[UInt8]: DigestAlgorithm] = [
        CMSObject.rsaSHA1: .sha1, CMSObject.rsaSHA256: .sha256, CMSObject.rsaSHA384: .sha384,
        CMSObject.rsaSHA512: .sha512,
    ]
    private static let ecdsaDigests: [[UInt8]: DigestAlgorithm] = [
        CMSObject.ecdsaSHA1: .sha1, CMSObject.ecdsaSHA256: .sha256, CMSObject.ecdsaSHA384: .sha384,
        CMSObject.ecdsaSHA512: .sha512,
    ]

    private static func same(
        _ digest: DigestAlgorithm, _ other: DigestAlgorithm?
    ) throws(SignatureReason) -> DigestAlgorithm {
        guard digest == other else {
            // Whatever a policy allows, it is not a mixture with SHA-1.
            if digest == .sha1 { throw SignatureReason(.digestForbidden, digest.rawValue) }
            if other == .sha1 { throw SignatureReason(.algorithmForbidden, DigestAlgorithm.sha1.rawValue) }
            throw SignatureReason(.cmsAlgorithmsDiffer, "\(digest.rawValue), \(other?.rawValue ?? "?")")
        }
        return digest
    }

    /// RSASSA-PSS-params, RFC 4055 section 3.1. Hash and mask must be stated, since the defaults mean SHA-1;
    /// a salt of 20 bytes is the default and so absent from DER.
    private static func pss(_ der: [UInt8]) throws(SignatureReason) -> (digest: DigestAlgorithm, salt: Int) {
        do {
            var outer = DERReader(der)
            var reader = try outer.sequence()
            var hash = try reader.sequence(DERReader.Tag.context(0))
            let digest = try CMSAlgorithms.digest(try read(&hash))
            try hash.finish()
            var mask = try reader.sequence(DERReader.Tag.context(1))
            let generation = try read(&mask)
            try mask.finish()
            var inner = DERReader(generation.parameters)
            let maskDigest = try CMSAlgorithms.digest(try read(&inner))
            var count = 20
            if let explicit = try reader.optional(DERReader.Tag.context(2)) {
                var salt = reader.inside(explicit)
                count = try salt.integer()
                try salt.finish()
            }
            // A trailer field of 1 is the default and so absent from DER.
            try reader.finish()
            guard generation.object == CMSObject.maskGeneration1, maskDigest == digest, count <= 512 else {
                throw SignatureReason(.algorithmParameters, "RSASSA-PSS")
            }
            return (digest, count)
        } catch let reason as SignatureReason {
            throw reason
        } catch {
            throw SignatureReason(.algorithmParameters, "RSASSA-PSS")
        }
    }
}
