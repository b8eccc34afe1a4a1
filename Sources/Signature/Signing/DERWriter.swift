/// Writes ASN.1 in DER (X.690): definite lengths in their shortest form, sets in their order.
///
/// A value is its whole encoding, so values nest by concatenation.
enum DERWriter {
    static let null: [UInt8] = [0x05, 0x00]

    static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag] + length(content.count) + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] {
        value(0x30, parts.reduce([], +))
    }

    /// X.690 section 11.6: sorted by their encodings, without which the digest of signed attributes differs
    /// between writer and reader.
    static func set(of elements: [[UInt8]], tag: UInt8 = 0x31) -> [UInt8] {
        value(tag, elements.sorted { $0.lexicographicallyPrecedes($1) }.reduce([], +))
    }

    static func octets(_ bytes: [UInt8]) -> [UInt8] { value(0x04, bytes) }

    /// A number that is not negative, from its big-endian magnitude.
    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        var digits = Array(magnitude.drop { $0 == 0 })
        // The highest bit is the sign.
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return value(0x02, digits)
    }

    /// From its encoded arcs: `2A 86 48 …`.
    static func object(_ arcs: [UInt8]) -> [UInt8] { value(0x06, arcs) }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        var digits: [UInt8] = []
        var rest = count
        while rest > 0 {
            digits.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(digits.count)] + digits
    }
}
