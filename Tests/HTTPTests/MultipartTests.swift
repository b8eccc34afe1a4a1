import HTTP
import Testing

@Suite struct `A multipart parser` {
    struct Part: Equatable {
        var head: PartHead
        var bytes: [UInt8] = []
    }

    static func read(
        _ pieces: [[UInt8]], boundary: String, limits: MultipartLimits = MultipartLimits()
    ) throws -> [Part] {
        var parser = try MultipartParser(
            contentType: "multipart/form-data; boundary=\"\(boundary)\"", limits: limits)
        var parts: [Part] = []
        var isOpen = false
        for piece in pieces {
            var position = 0
            while let event = try parser.next(piece.span, at: &position) {
                switch event {
                case .part(let head):
                    #expect(!isOpen)
                    isOpen = true
                    parts.append(Part(head: head))
                case .body(let range): parts[parts.count - 1].bytes += piece[range]
                case .heldBody(let bytes): parts[parts.count - 1].bytes += bytes
                case .partEnd: isOpen = false
                case .end: #expect(!isOpen)
                }
            }
            #expect(position == piece.count)
        }
        try parser.finish()
        return parts
    }

    static func form(_ bodies: [[UInt8]], boundary: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, body) in bodies.enumerated() {
            bytes += Array(
                ("--\(boundary)\r\nContent-Disposition: form-data; name=\"p\(index)\"; filename=\"f.xml\"\r\n"
                    + "Content-Type: Application/XML\r\n\r\n").utf8)
            bytes += body + [0x0D, 0x0A]
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    @Test func `gives back each part, whatever the pieces and however its bytes mimic the delimiter`() throws
    {
        var random = SeededGenerator(state: 11)
        for round in 0..<400 {
            let boundary = ["x", "--", "aab", "----WebKitFormBoundary7MA4"][round % 4]
            let delimiter = Array("\r\n--\(boundary)".utf8)
            let bodies = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                var body: [UInt8] = []
                for _ in 0..<Int.random(in: 0...12, using: &random) {
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: body += delimiter.prefix(Int.random(in: 1..<delimiter.count, using: &random))
                    case 1: body += [0x0D, 0x0D, 0x0A, 0x2D]
                    case 2: body += (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
                    default: body += Array(repeating: 0x0D, count: 3)
                    }
                }
                return body.contains(delimiter) ? [] : body
            }
            let bytes = Self.form(bodies, boundary: boundary)
            let whole = try Self.read([bytes], boundary: boundary)
            let single = try Self.read(bytes.map { [$0] }, boundary: boundary)
            let pieces = try Self.read(random.pieces(of: bytes, longest: 17), boundary: boundary)
            #expect(whole.map(\.bytes) == bodies)
            #expect(whole == single)
            #expect(whole == pieces)
            #expect(whole[0].head == single[0].head)
            #expect(whole[0].head.name == "p0")
            #expect(whole[0].head.contentType == "application/xml")
        }
    }

    static let head = "Content-Disposition: form-data; name=\"a\"\r\n\r\n"

    @Test(arguments: [
        "", "--b", "--b\r\n", "--b\r\n\(head)body", "--b\r\n\(head)body\r\n--b", "--b\r\n\(head)body\r\n--b-",
        "preamble\r\n--b\r\n\(head)body\r\n--b--", "--b \r\n\(head)body\r\n--b--",
        "--b\n\(head)body\r\n--b--",
        "--b\r\n\(head)body\r\n--bx\r\n--b--", "--b\r\n\(head)body\r\n--b--epilogue",
        "--b\r\n\(head)body\r\n--b--\r\n\r\n",
        "--b\r\nContent-Type: text/plain\r\n\r\nbody\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nbody\r\n--b--",
        "--b\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\nbody\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nbody\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n"
            + "Content-Disposition: form-data; name=\"b\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n"
            + "Content-Transfer-Encoding: base64\r\n\r\nx\r\n--b--",
        "--b\r\nX: " + String(repeating: "y", count: 10_000) + "\r\n\(head)x\r\n--b--",
        String(repeating: "--b\r\n\(head)x\r\n", count: 17) + "--b--",
    ])
    func `refuses broken forms`(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(throws: ProtocolError.self) { try Self.read([bytes], boundary: "b") }
        #expect(throws: ProtocolError.self) { try Self.read(bytes.map { [$0] }, boundary: "b") }
    }

    @Test func `wants a boundary that RFC 2046 allows`() throws {
        for type in [
            "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=\"a\u{D}\"",
            "multipart/form-data; boundary=" + String(repeating: "a", count: 71),
            "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=\"a",
        ] {
            #expect(throws: ProtocolError.self) { try MultipartParser(contentType: type) }
        }
        for type in [nil, "application/xml", "multipart/mixed; boundary=a", ""] {
            do {
                _ = try MultipartParser(contentType: type)
                Issue.record("accepted \(type ?? "nothing")")
            } catch {
                #expect(error.status == 415)
            }
        }
        _ = try MultipartParser(
            contentType: "Multipart/Form-Data; charset=utf-8; Boundary=\"aB'()+_,-./:=? x\"")
    }

    @Test func `reads quoted parameters with escapes and Vietnamese names`() {
        let value = ParameterizedValue("form-data; name=\"a\\\"b\"; filename=\"Công văn\\\\.xml\"")
        #expect(value?["name"] == "a\"b")
        #expect(value?["filename"] == "Công văn\\.xml")
        #expect(value?.value == "form-data")
    }
}

extension Array where Element == UInt8 {
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        return (0...count - other.count).contains { Array(self[$0..<$0 + other.count]) == other }
    }
}
