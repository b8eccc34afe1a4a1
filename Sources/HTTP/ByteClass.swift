/// The sets of bytes that RFC 9110, 9112 and 3986 name, as one table of bits.
enum ByteClass {
    /// RFC 9110 section 5.6.2, `tchar`.
    static let token: UInt8 = 1
    /// What a field's value may hold: HTAB, SP, VCHAR and obs-text (RFC 9110 section 5.5).
    static let fieldValue: UInt8 = 2
    /// RFC 3986: `pchar`, "/" and "?"; "%" is checked with the two digits after it.
    static let target: UInt8 = 4
    /// RFC 3986 `host [":" port]`, IPv6 brackets included.
    static let host: UInt8 = 8

    private static let table: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 256)
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        for byte in letters { table[Int(byte)] |= token | target | host }
        for byte in Array("!#$%&'*+-.^_`|~".utf8) { table[Int(byte)] |= token }
        for byte in Array("-._~!$&'()*+,;=:@%/?".utf8) { table[Int(byte)] |= target }
        for byte in Array("-._~!$&'()*+,;=:%[]".utf8) { table[Int(byte)] |= host }
        for byte in 0x20...0xFF where byte != 0x7F { table[byte] |= fieldValue }
        table[0x09] |= fieldValue
        return table
    }()

    static func contains(_ byte: UInt8, in set: UInt8) -> Bool {
        table[Int(byte)] & set != 0
    }

    /// Whether each byte of `bytes[range]` belongs to `set`.
    static func all(_ bytes: Span<UInt8>, _ range: Range<Int>, in set: UInt8) -> Bool {
        let table = table.span
        var common = set
        for index in range { common &= table[Int(bytes[index])] }
        return common != 0
    }

    static func all(_ text: String, in set: UInt8) -> Bool {
        text.utf8.allSatisfy { contains($0, in: set) }
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
