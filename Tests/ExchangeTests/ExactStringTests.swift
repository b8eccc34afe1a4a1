import Exchange
import Testing

@Suite struct `An exact string` {
    @Test func `tells composed from decomposed and K from Kelvin`() {
        #expect(ExactString("\u{E9}") != ExactString("e\u{301}"))
        #expect(ExactString("K") != ExactString("\u{212A}"))
        #expect(Set([ExactString("\u{E9}"), ExactString("e\u{301}")]).count == 2)
    }

    @Test func `does not repair broken UTF-8`() {
        #expect(ExactString(utf8: [0x41, 0xFF]) == nil)
        #expect(ExactString(utf8: [0x41]) == "A")
    }
}

@Suite struct `Base 64` {
    @Test func `round-trips every length`() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }

    @Test(arguments: ["A", "AA", "AAA", "AA=A", "AB==", "AAB=", "AAAA=", "AA==AAAA", "A===", "AA A", "AA-_"])
    func `refuses other spellings`(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
