/// Base 64 (RFC 4648 section 4) piece by piece, without line breaks: some receivers take none.
struct Base64StreamEncoder {
    /// Two characters for each twelve bits, in the order in which memory holds them.
    private static let pairs: [UInt16] = {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return (0..<4096).map { bits in
            UInt16(littleEndian: UInt16(alphabet[bits >> 6]) | UInt16(alphabet[bits & 63]) << 8)
        }
    }()

    /// Up to two bytes that wait for their group's third.
    private var waiting: [UInt8] = []

    /// The characters of all whole groups so far.
    mutating func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        let missing = waiting.isEmpty ? 0 : min(3 - waiting.count, bytes.count)
        for index in 0..<missing { waiting.append(bytes[index]) }
        var output: [UInt8] = []
        if waiting.count == 3 {
            output = Self.encodeGroups(waiting.span)
            waiting = []
        }
        let groups = (bytes.count - missing) / 3
        let rest = missing + groups * 3
        let body = Self.encodeGroups(bytes.extracting(missing..<rest))
        for index in rest..<bytes.count { waiting.append(bytes[index]) }
        return output.isEmpty ? body : output + body
    }

    /// The last group with its padding; the encoder is as new afterwards.
    mutating func finish() -> [UInt8] {
        guard !waiting.isEmpty else { return [] }
        let padding = 3 - waiting.count
        let group = Self.encodeGroups((waiting + [UInt8](repeating: 0, count: padding)).span)
        waiting = []
        return Array(group.dropLast(padding)) + [UInt8](repeating: 0x3D, count: padding)
    }

    /// `bytes` in whole groups of three.
    private static func encodeGroups(_ bytes: Span<UInt8>) -> [UInt8] {
        let groups = bytes.count / 3
        return unsafe [UInt8](unsafeUninitializedCapacity: groups * 4) { output, count in
            unsafe bytes.withUnsafeBufferPointer { input in
                unsafe pairs.withUnsafeBufferPointer { pairs in
                    let target = UnsafeMutableRawBufferPointer(output)
                    var from = 0
                    var to = 0
                    while to < groups * 4 {
                        let bits =
                            unsafe Int(input[from]) << 16 | Int(input[from + 1]) << 8 | Int(input[from + 2])
                        unsafe target.storeBytes(of: pairs[bits >> 12], toByteOffset: to, as: UInt16.self)
                        unsafe target.storeBytes(
                            of: pairs[bits & 4095], toByteOffset: to + 2, as: UInt16.self)
                        from += 3
                        to += 4
                    }
                }
            }
            count = groups * 4
        }
    }
}
