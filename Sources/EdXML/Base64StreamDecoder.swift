internal import CBytes

/// Base 64 after RFC 4648 section 4 as it comes in pieces, line breaks and blanks between characters allowed
/// (RFC 2045), everything else strict: padded, nothing after the padding, unused bits zero, so that a file
/// has one spelling only.
struct Base64StreamDecoder {
    /// Room that `decode` needs for `count` characters: it stores up to 8 bytes more than are meant.
    static func capacity(for count: Int) -> Int { (count / 4 + 2) * 3 + 8 }

    private var group: UInt32 = 0
    private var groupCount = 0
    private var padding = 0

    /// Nothing is left half.
    var isWhole: Bool { groupCount == 0 }

    /// - Returns: how many bytes were written to `output`; nil where `input` is not base 64.
    mutating func decode(
        _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableRawPointer
    ) -> Int? {
        let tables = unsafe DecodingTables.shared
        var index = 0
        var written = 0
        while index < input.count {
            if groupCount == 0, padding == 0, let base = input.baseAddress {
                // Thirty-two characters at a time, then four, until something other than the alphabet comes.
                let taken = unsafe lt_base64_decode(
                    base + index, input.count - index, (output + written).assumingMemoryBound(to: UInt8.self))
                index += taken
                written += taken / 4 * 3
                while index + 4 <= input.count {
                    let word =
                        unsafe tables[Int(base[index])] | tables[256 + Int(base[index + 1])]
                        | tables[512 + Int(base[index + 2])] | tables[768 + Int(base[index + 3])]
                    if word & DecodingTables.invalid != 0 { break }
                    unsafe output.storeBytes(of: word.littleEndian, toByteOffset: written, as: UInt32.self)
                    written += 3
                    index += 4
                }
                if index == input.count { break }
            }
            let character = unsafe input[index]
            index += 1
            if character == 0x20 || character == 0x0A || character == 0x0D || character == 0x09 { continue }
            guard let count = unsafe take(character, tables, into: output + written) else { return nil }
            written += count
        }
        return written
    }

    /// One character; the bytes of its group come out with the fourth.
    private mutating func take(
        _ character: UInt8, _ tables: UnsafePointer<UInt32>, into output: UnsafeMutableRawPointer
    ) -> Int? {
        if character == 0x3D {
            guard groupCount >= 2 else { return nil }
            padding += 1
            group <<= 6
        } else {
            // The fourth table holds the plain value in the third byte.
            let value = unsafe tables[768 + Int(character)]
            guard padding == 0, value & DecodingTables.invalid == 0 else { return nil }
            group = group << 6 | value >> 16
        }
        groupCount += 1
        guard groupCount == 4 else { return 0 }
        let unused: UInt32 = padding == 0 ? 0 : padding == 1 ? 0xFF : 0xFFFF
        guard group & unused == 0 else { return nil }
        let count = 3 - padding
        for place in 0..<count {
            let byte = UInt8(truncatingIfNeeded: group >> UInt32(16 - place * 8))
            unsafe output.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
        }
        group = 0
        groupCount = 0
        // After padding nothing may follow but blanks: no character fits into a group that begins full.
        if padding > 0 { padding = 4 }
        return count
    }
}

private enum DecodingTables {
    /// Set in a word where any of its characters is outside the alphabet.
    static let invalid: UInt32 = 0xFF00_0000

    /// Four tables of 256, one for each place in a group of four: the character's bits where they belong in
    /// the three bytes, as they lie in memory. Never freed; written once, so any thread may read it.
    nonisolated(unsafe) static let shared: UnsafePointer<UInt32> = {
        let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 1024)
        unsafe tables.initialize(repeating: invalid, count: 1024)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
        for (number, character) in alphabet.enumerated() {
            let value = UInt32(number)
            unsafe tables[Int(character)] = value << 2
            unsafe tables[256 + Int(character)] = value >> 4 | (value & 0x0F) << 12
            unsafe tables[512 + Int(character)] = (value >> 2) << 8 | (value & 0x03) << 22
            unsafe tables[768 + Int(character)] = value << 16
        }
        return unsafe UnsafePointer(tables)
    }()
}
