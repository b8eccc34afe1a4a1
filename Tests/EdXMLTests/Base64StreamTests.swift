import Testing

@testable import EdXML

@Suite struct `Base 64 in long runs` {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func decode(_ text: [UInt8]) -> [UInt8]? {
        let room = UnsafeMutableRawPointer.allocate(
            byteCount: Base64StreamDecoder.capacity(for: text.count), alignment: 16)
        defer { room.deallocate() }
        var decoder = Base64StreamDecoder()
        guard let count = text.withUnsafeBufferPointer({ decoder.decode($0, into: room) }), decoder.isWhole
        else { return nil }
        return Array(UnsafeRawBufferPointer(start: room, count: count))
    }

    /// By the definition: six bits for each character.
    private static func expected(_ text: [UInt8]) -> [UInt8] {
        var bits: UInt32 = 0
        var bytes: [UInt8] = []
        for (index, character) in text.enumerated() {
            bits = bits << 6 | UInt32(alphabet.firstIndex(of: character)!)
            if index % 4 == 3 {
                bytes += [UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
            }
        }
        return bytes
    }

    @Test func `is the same whichever way it is decoded`() {
        for length in stride(from: 0, through: 200, by: 4) {
            for shift in 0..<64 {
                let text = (0..<length).map { Self.alphabet[($0 * 7 + shift) % 64] }
                #expect(Self.decode(text) == Self.expected(text))
            }
        }
    }

    @Test func `is refused for one wrong character at any place`() {
        let text = (0..<128).map { Self.alphabet[$0 % 64] }
        for byte in UInt8.min...UInt8.max where !Self.alphabet.contains(byte) {
            // White space may stand anywhere; then the last group is not whole.
            for place in 0..<text.count - 2 {
                var wrong = text
                wrong[place] = byte
                #expect(Self.decode(wrong) == nil)
            }
        }
    }
}
