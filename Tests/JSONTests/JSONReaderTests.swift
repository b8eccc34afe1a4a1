import JSON
import Testing

private func read(_ text: String, _ dialect: JSONReader.Dialect = .strict) throws -> JSONValue {
    try JSONReader.read(Array(text.utf8), dialect: dialect)
}

@Suite struct `The JSON reader` {
    @Test func `reads what it should and knows the lines`() throws {
        let value = try read("{\"a\": [1, -2, true, null, \"x\\u00e9\\ud83d\\ude00\"],\n\"b\": 1.5}")
        #expect(value["a"]?.array?.count == 5)
        #expect(value["a"]?.array?[4].string == "xé😀")
        #expect(value["b"]?.line == 2)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "+1", "1.", ".5", "'a'", "\"\\x\"", "\"\\ud800\"",
        "nul",
        "1 2", "{\"a\":1,\"a\":2}", "// c\n1", "\"\n\"", "NaN", "1_0", "1.e40", "1e", "1e+", "-", "0x1p3",
        "1.5.2", "\"\\u+123\"",
    ])
    func `refuses what is not RFC 8259`(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try read(text) }
    }

    @Test func `reads JSON5 as people write it`() throws {
        let value = try read("// hub\n{ code: 'H37', /* two\nlines */ list: [0x10, 2,], }", .json5)
        #expect(value["code"]?.string == "H37")
        #expect(value["list"]?.line == 3)
        #expect(value["list"]?.array?.first?.integer == 16)
    }

    @Test(arguments: ["1.e40", "0x-5", "0x", "1_000", "+1", ".5"])
    func `takes no other spellings of numbers in JSON5`(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try read(text, .json5) }
    }

    @Test func `is bounded in depth`() {
        let deep = String(repeating: "[", count: 10_000)
        #expect(throws: JSONSyntaxError.self) { try read(deep) }
    }
}

@Suite struct `The JSON writer` {
    @Test func `writes what the reader reads`() throws {
        let bytes = JSONWriter.object { writer in
            writer.member("text", "a\"\\\n\u{1}é")
            writer.name("list")
            writer.array([1, 2]) { $0.integer($1) }
            writer.member("flag", true)
        }
        let value = try JSONReader.read(bytes)
        #expect(value["text"]?.string == "a\"\\\n\u{1}é")
        #expect(value["list"]?.array?.count == 2)
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\"list\":[1,2],\"flag\":true}"))
    }
}
