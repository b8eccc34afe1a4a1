/// What stands outside of the signature: timestamps over it, and the material to judge it by later. Anybody
/// may have put it there, so every kind is known by name and everything else is refused.
struct CMSUnsignedAttributes {
    static let timestampsMax = 8
    /// Counter-signatures and references to evidence, which are counted and not read.
    static let unreadMax = 16

    private(set) var signatureTimestamps: [[UInt8]] = []
    private(set) var archiveTimestamps: [[UInt8]] = []
    /// ats-hash-index-v3, whole.
    private(set) var hashIndex: [UInt8]?
    private(set) var certificates: [[UInt8]] = []
    private(set) var revocation = RevocationValues()
    /// Object identifiers of what neither proves nor disproves anything about this signature.
    private(set) var unread: [[UInt8]] = []
    /// Object identifiers of timestamps of kinds that are not judged.
    private(set) var foreignTimestamps: [[UInt8]] = []
    /// DER of the type followed by that of one value: what an index of hashes is about.
    private(set) var entries: [[UInt8]] = []

    init(_ signer: inout DERReader, as profile: CMSProfile) throws {
        guard let set = try signer.optional(DERReader.Tag.context(1)) else { return }
        var reader = signer.inside(set)
        while !reader.isAtEnd {
            var attribute = try reader.sequence()
            let type = attribute.slice(try attribute.next(DERReader.Tag.objectIdentifier).whole)
            var values = try attribute.sequence(DERReader.Tag.set)
            try attribute.finish()
            guard !values.isAtEnd else { throw SignatureReason(.cmsAttributeValues) }
            while !values.isAtEnd {
                let value = values.slice(try values.next().whole)
                guard !entries.contains(type + value) else { throw SignatureReason(.cmsAttributeRepeated) }
                entries.append(type + value)
                try take(Array(type.dropFirst(2)), value, as: profile)
            }
        }
    }

    private mutating func take(_ object: [UInt8], _ value: [UInt8], as profile: CMSProfile) throws {
        let isToken = if case .timestamp = profile { true } else { false }
        switch object {
        case CMSObject.signatureTimestamp where !isToken: signatureTimestamps.append(value)
        case CMSObject.archiveTimestamp where !isToken: archiveTimestamps.append(value)
        case CMSObject.hashIndex where isToken:
            guard hashIndex == nil else { throw SignatureReason(.cmsAttributeRepeated) }
            hashIndex = value
        case CMSObject.certificateValues:
            var outer = DERReader(value)
            var list = try outer.sequence()
            while !list.isAtEnd {
                guard certificates.count < CMSMessage.certificatesMax else {
                    throw SignatureReason(.tooManyCertificates)
                }
                certificates.append(list.slice(try list.next(DERReader.Tag.sequence).whole))
            }
        case CMSObject.revocationValues: try revocation.take(revocationValues: value)
        case _ where !isToken && CMSObject.unread.contains(object):
            guard unread.count < Self.unreadMax else {
                throw SignatureReason(.cmsUnsignedAttribute, "\(CMSObject.dotted(object)), too many")
            }
            unread.append(object)
        case _ where !isToken && CMSObject.foreignTimestamps.contains(object):
            foreignTimestamps.append(object)
        default: throw SignatureReason(.cmsUnsignedAttribute, CMSObject.dotted(object))
        }
        let timestamps = signatureTimestamps.count + archiveTimestamps.count + foreignTimestamps.count
        guard timestamps <= Self.timestampsMax else { throw SignatureReason(.tooManyTimestamps) }
    }
}
