internal import CBytes

/// Base 64 after RFC 4648 section 4, whole values only: keys, hashes, signatures, tokens.
/// Attachments are decoded as a stream in the EdXML target.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (index, character) in alphabet.enumerated() { table[Int(character)] = UInt8(index) }
        return table
    }()

    /// Padded, without line breaks.
    package static func encode(_ bytes: [UInt8]) -> String {
        unsafe String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text in
            let alphabet = alphabet.span
            var index = 0
            var filled = 0
            while index < bytes.count {
                let left = bytes.count - index
                let group =
                    UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                    | (left > 2 ? UInt32(bytes[index + 2]) : 0)
                unsafe text[filled] = alphabet[Int(group >> 18)]
                unsafe text[filled + 1] = alphabet[Int(group >> 12 & 63)]
                unsafe text[filled + 2] = left > 1 ? alphabet[Int(group >> 6 & 63)] : 0x3D
                unsafe text[filled + 3] = left > 2 ? alphabet[Int(group & 63)] : 0x3D
                index += 3
                filled += 4
            }
            return filled
        }
    }

    /// Strict: padded to a multiple of four, zero trailing bits, so that a value has one spelling only.
    ///
    /// - Parameter ignoringWhiteSpace: XML and PEM break lines; a signed note does not.
    package static func decode(_ text: some Sequence<UInt8>, ignoringWhiteSpace: Bool = false) -> [UInt8]? {
        decode(Array(text).span, ignoringWhiteSpace: ignoringWhiteSpace)
    }

    package static func decode(_ text: [UInt8], ignoringWhiteSpace: Bool = false) -> [UInt8]? {
        decode(text.span, ignoringWhiteSpace: ignoringWhiteSpace)
    }

    /// Over a span and not any sequence: certificates in signatures come this way, one iterator call for each
    /// byte took longer than parsing the letter around them.
    package static func decode(_ text: Span<UInt8>, ignoringWhiteSpace: Bool = false) -> [UInt8]? {
        var isWhole = true
        let room = text.count / 4 * 3 + 3 + 8
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { bytes, count in
            let decoded = unsafe text.withUnsafeBufferPointer { text in
                unsafe decode(text, ignoringWhiteSpace, into: bytes)
            }
            isWhole = decoded != nil
            count = decoded ?? 0
        }
        return isWhole ? bytes : nil
    }

    /// - Parameter bytes: room for three bytes for each four characters, and eleven more: whole vectors are
    ///   stored.
    /// - Returns: how many were written; nil where `text` is not base 64.
    private static func decode(
        _ text: UnsafeBufferPointer<UInt8>, _ ignoringWhiteSpace: Bool,
        into bytes: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        guard let source = text.baseAddress, let target = bytes.baseAddress else { return 0 }
        let values = values.span
        var written = 0
        var group: UInt32 = 0
        var count = 0
        var padding = 0
        var index = 0
        while index < text.count {
            // Many groups at once, then one by one; what is odd in any way goes the careful way below.
            if count == 0, padding == 0 {
                let taken = unsafe lt_base64_decode(source + index, text.count - index, target + written)
                index += taken
                written += taken / 4 * 3
            }
            while count == 0, padding == 0, index + 4 <= text.count {
                let (first, second, third, fourth) = unsafe (
                    values[Int(text[index])], values[Int(text[index + 1])], values[Int(text[index + 2])],
                    values[Int(text[index + 3])]
                )
                if (first | second | third | fourth) & 0xC0 != 0 { break }
                unsafe bytes[written] = first << 2 | second >> 4
                unsafe bytes[written + 1] = second << 4 | third >> 2
                unsafe bytes[written + 2] = third << 6 | fourth
                written += 3
                index += 4
            }
            if index == text.count { break }
            let character = unsafe text[index]
            index += 1
            let value = values[Int(character)]
            if value != 0xFF {
                guard padding == 0 else { return nil }
                group = group << 6 | UInt32(value)
            } else if character == 0x3D {
                padding += 1
                group <<= 6
            } else if ignoringWhiteSpace, isWhiteSpace(character) {
                continue
            } else {
                return nil
            }
            count += 1
            guard count == 4 else { continue }
            guard padding <= 2 else { return nil }
            if padding == 2, group & 0xFFFF != 0 { return nil }
            if padding == 1, group & 0xFF != 0 { return nil }
            for place in 0..<(3 - padding) {
                unsafe bytes[written] = UInt8(truncatingIfNeeded: group >> UInt32(16 - place * 8))
                written += 1
            }
            group = 0
            count = 0
            if padding > 0 { padding = 3 }  // nothing may follow padding
        }
        return count == 0 ? written : nil
    }

    private static func isWhiteSpace(_ character: UInt8) -> Bool {
        character == 0x20 || character == 0x09 || character == 0x0A || character == 0x0D
    }

    package static func decode(_ text: String, ignoringWhiteSpace: Bool = false) -> [UInt8]? {
        decode(Array(text.utf8), ignoringWhiteSpace: ignoringWhiteSpace)
    }
}
