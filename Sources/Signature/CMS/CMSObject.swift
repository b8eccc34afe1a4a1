/// Object identifiers of CMS and of the algorithms in it, as the content bytes of their DER.
enum CMSObject {
    static let data: [UInt8] = encode(1, 2, 840, 113_549, 1, 7, 1)
    static let signedData: [UInt8] = encode(1, 2, 840, 113_549, 1, 7, 2)

    static let timestampInfo: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 16, 1, 4)

    // Revocation data in the crls field
    static let ocspResponse: [UInt8] = encode(1, 3, 6, 1, 5, 5, 7, 16, 2)
    static let basicOCSPResponse: [UInt8] = encode(1, 3, 6, 1, 5, 5, 7, 48, 1, 1)

    // Attributes
    static let contentType: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 3)
    static let messageDigest: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 4)
    static let signingTime: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 5)
    static let algorithmProtection: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 52)
    static let signingCertificate: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 16, 2, 12)
    static let signingCertificateV2: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 16, 2, 47)
    static let signatureTimestamp: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 16, 2, 14)

    static let certificateValues: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 16, 2, 23)
    static let revocationValues: [UInt8] = encode(1, 2, 840, 113_549, 1, 9, 16, 2, 24)
    static let archiveTimestamp: [UInt8] = encode(0, 4, 0, 1733, 2, 4)
    static let hashIndex: [UInt8] = encode(0, 4, 0, 19122, 1, 5)
    static let adobeRevocation: [UInt8] = encode(1, 2, 840, 113_583, 1, 1, 8)

    /// Unsigned attributes that say nothing about the signature which carries them: countersignature
    /// (RFC 5652 section 11.4), and references to certificates and revocation data (EN 319 122-1 annex A.1).
    static let unread: [[UInt8]] = [
        encode(1, 2, 840, 113_549, 1, 9, 6),
        encode(1, 2, 840, 113_549, 1, 9, 16, 2, 21), encode(1, 2, 840, 113_549, 1, 9, 16, 2, 22),
        encode(1, 2, 840, 113_549, 1, 9, 16, 2, 44), encode(1, 2, 840, 113_549, 1, 9, 16, 2, 45),
    ]
    /// CAdES-C-timestamp, time-stamped-certs-crls-references, archive-time-stamp in its first two versions
    /// (EN 319 122-1 annex A.1.5 and A.2.4, RFC 5126).
    static let foreignTimestamps: [[UInt8]] = [
        encode(1, 2, 840, 113_549, 1, 9, 16, 2, 25), encode(1, 2, 840, 113_549, 1, 9, 16, 2, 26),
        encode(1, 2, 840, 113_549, 1, 9, 16, 2, 27), encode(1, 2, 840, 113_549, 1, 9, 16, 2, 48),
    ]

    // Digests
    static let sha1: [UInt8] = encode(1, 3, 14, 3, 2, 26)
    static let sha256: [UInt8] = encode(2, 16, 840, 1, 101, 3, 4, 2, 1)
    static let sha384: [UInt8] = encode(2, 16, 840, 1, 101, 3, 4, 2, 2)
    static let sha512: [UInt8] = encode(2, 16, 840, 1, 101, 3, 4, 2, 3)

    // Signatures
    static let rsaEncryption: [UInt8] = encode(1, 2, 840, 113_549, 1, 1, 1)
    static let maskGeneration1: [UInt8] = encode(1, 2, 840, 113_549, 1, 1, 8)
    static let rsaPSS: [UInt8] = encode(1, 2, 840, 113_549, 1, 1, 10)
    static let rsaSHA256: [UInt8] = encode(1, 2, 840, 113_549, 1, 1, 11)
    static let rsaSHA384: [UInt8] = encode(1, 2, 840, 113_549, 1, 1, 12)
    static let rsaSHA512: [UInt8] = encode(1, 2, 840, 113_549, 1, 1, 13)
    static let rsaSHA1: [UInt8] = encode(1, 2, 840, 113_549, 1, 1, 5)
    static let ecdsaSHA1: [UInt8] = encode(1, 2, 840, 10_045, 4, 1)
    static let ecdsaSHA256: [UInt8] = encode(1, 2, 840, 10_045, 4, 3, 2)
    static let ecdsaSHA384: [UInt8] = encode(1, 2, 840, 10_045, 4, 3, 3)
    static let ecdsaSHA512: [UInt8] = encode(1, 2, 840, 10_045, 4, 3, 4)

    private static func encode(_ arcs: Int...) -> [UInt8] {
        var bytes = [UInt8(arcs[0] * 40 + arcs[1])]
        for arc in arcs.dropFirst(2) {
            var groups = [UInt8(arc & 0x7F)]
            var rest = arc >> 7
            while rest > 0 {
                groups.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
                rest >>= 7
            }
            bytes += groups
        }
        return bytes
    }

    /// `1.2.840.113549.1.7.2`, for messages; whatever the bytes are, never an error.
    static func dotted(_ bytes: [UInt8]) -> String {
        guard let first = bytes.first else { return "" }
        var text = "\(min(first / 40, 2)).\(Int(first) - Int(min(first / 40, 2)) * 40)"
        var arc: UInt64 = 0
        for byte in bytes.dropFirst().prefix(64) {
            arc = (arc & (UInt64.max >> 7)) << 7 | UInt64(byte & 0x7F)
            if byte & 0x80 == 0 {
                text += ".\(arc)"
                arc = 0
            }
        }
        return text
    }
}
