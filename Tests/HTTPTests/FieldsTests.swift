import HTTP
import Testing

@Suite struct `A header section` {
    @Test func `are found whatever their case and keep their order`() {
        var fields: Fields = ["Content-Type": "text/plain", "X-A": "1"]
        fields.append("x-a", "2")
        #expect(fields["CONTENT-TYPE"] == "text/plain")
        #expect(fields.values(of: "X-A") == ["1", "2"])
        #expect(fields.count(of: "x-A") == 2)
        fields.set("X-A", "3")
        #expect(fields.values(of: "x-a") == ["3"])
        var bytes: [UInt8] = []
        fields.write(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "Content-Type: text/plain\r\nX-A: 3\r\n")
    }

    @Test(arguments: ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\u{7F}"])
    func `do not take a value that would begin a new line`(_ value: String) {
        var fields = Fields()
        let isTaken = fields.append("X", value)
        #expect(!isTaken)
        #expect(fields.isEmpty)
    }

    @Test(arguments: ["", "a b", "a:", "a\r\n", "é"])
    func `do not take a name that is no token`(_ name: String) {
        var fields = Fields()
        let isTaken = fields.append(name, "x")
        #expect(!isTaken)
    }

    @Test func `find a token in a list`() {
        let fields: Fields = ["Connection": "Upgrade , CLOSE", "Connection": "x"]
        #expect(fields.contains("connection", token: "close"))
        #expect(fields.contains("connection", token: "X"))
        #expect(!fields.contains("connection", token: "clos"))
    }
}
