internal import Exchange
internal import OpenSSL

/// An RFC 3161 token: a SignedData around a TSTInfo, both in DER. Reading verifies no signature.
struct TimestampToken {
    let message: CMSMessage
    let imprintDigest: DigestAlgorithm
    let imprint: [UInt8]
    let genTime: Instant

    init(_ der: [UInt8]) throws(SignatureReason) {
        do {
            message = try CMSMessage(der, as: .timestamp)
            guard let content = message.content else { throw SignatureReason(.timestampMalformed) }
            try CMSMessage.checkEncoding(content)
            var outer = DERReader(content)
            var reader = try outer.sequence()
            guard try reader.integer() == 1 else { throw SignatureReason(.timestampMalformed, "version") }
            // Under which policy the authority stamps is its own affair; it is trusted by its chain.
            _ = try reader.objectIdentifier()
            var stamped = try reader.sequence()
            imprintDigest = try CMSAlgorithms.digest(try CMSAlgorithms.read(&stamped))
            imprint = try stamped.octetString()
            try stamped.finish()
            _ = try reader.next(DERReader.Tag.integer)
            genTime = try Self.time(reader.slice(try reader.next(DERReader.Tag.generalizedTime).content))
            // Accuracy, ordering, nonce and the authority's name: the first two say how authorities compare,
            // the nonce was for the one who asked, and the name is the certificate's.
            for tag in [
                DERReader.Tag.sequence, DERReader.Tag.boolean, DERReader.Tag.integer,
                DERReader.Tag.context(0),
            ] { _ = try reader.optional(tag) }
            if let extensions = try reader.optional(DERReader.Tag.context(1)) {
                try Self.checkExtensions(reader.inside(extensions))
            }
            try reader.finish()
        } catch let reason as SignatureReason {
            throw Self.ofTimestamp(reason)
        } catch {
            throw SignatureReason(.timestampMalformed)
        }
    }

    /// What is wrong with a message is told in a timestamp's terms, lest it be taken for the signer's.
    private static func ofTimestamp(_ reason: SignatureReason) -> SignatureReason {
        switch reason.code {
        case .timestampMalformed: reason
        case .cmsManySigners: SignatureReason(.timestampManySigners)
        case .digestForbidden, .algorithmForbidden, .algorithmParameters:
            SignatureReason(.timestampAlgorithm, reason.code.rawValue)
        default: SignatureReason(.timestampMalformed, reason.code.rawValue)
        }
    }

    /// RFC 3161 section 2.4.2: `YYYYMMDDhhmmss[.s…]Z`, a fraction without zeros at its end.
    private static func time(_ text: [UInt8]) throws -> Instant {
        var digits = text.dropLast()
        guard text.last == 0x5A, digits.count >= 14 else {
            throw SignatureReason(.timestampMalformed, "genTime")
        }
        var milliseconds = 0
        if digits.count > 14 {
            let fraction = digits.dropFirst(15)
            guard digits[digits.startIndex + 14] == 0x2E, (1...9).contains(fraction.count),
                fraction.last != 0x30,
                fraction.allSatisfy({ (0x30...0x39).contains($0) })
            else { throw SignatureReason(.timestampMalformed, "genTime") }
            for place in 0..<3 {
                let digit = place < fraction.count ? Int(fraction[fraction.startIndex + place] - 0x30) : 0
                milliseconds = milliseconds * 10 + digit
            }
            digits = digits.prefix(14)
        }
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw SignatureReason(.timestampMalformed, "genTime")
        }
        func number(_ start: Int, _ count: Int) -> Int {
            digits[start..<start + count].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard
            let instant = Instant(
                year: number(0, 4), month: number(4, 2), day: number(6, 2), hour: number(8, 2),
                minute: number(10, 2), second: number(12, 2), millisecond: milliseconds)
        else { throw SignatureReason(.timestampMalformed, "genTime") }
        return instant
    }

    /// None is known to us, so a critical one cannot be passed over.
    private static func checkExtensions(_ reader: DERReader) throws {
        var reader = reader
        while !reader.isAtEnd {
            var item = try reader.sequence()
            _ = try item.objectIdentifier()
            if let flag = try item.optional(DERReader.Tag.boolean), item.slice(flag.content) != [0] {
                throw SignatureReason(.timestampMalformed, "critical extension")
            }
            _ = try item.octetString()
            try item.finish()
        }
    }
}
