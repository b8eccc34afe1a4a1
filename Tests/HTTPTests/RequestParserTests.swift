import HTTP
import Testing

@Suite struct `A request parser` {
    @Test func `reads requests, bodies and pipelined requests`() {
        let transcript = EventTranscript.requests(
            "\r\nPOST /v1/documents?a=1&b=x+y HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\nhello"
                + "GET /inbox HTTP/1.1\r\nhost: hub\r\nX-A:\t v \t\r\n\r\n"
                + "POST / HTTP/1.1\r\nHost: [::1]:8443\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "3;a=\"b\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
                + "GET /old HTTP/1.0\r\n\r\n")
        #expect(transcript.error == nil)
        #expect(transcript.heads.count == 4)
        #expect(transcript.heads[1] == "GET [\"inbox\"] [] 1.1 host=hub X-A=v")
        #expect(transcript.bodies == ["hello", "abc0123456789"])
        #expect(transcript.endCount == 4)
    }

    static let host = "Host: h\r\n"

    /// Each breaks one rule; named for the report.
    static let refused: [(rule: String, status: Int, text: String)] = [
        (
            "Content-Length with Transfer-Encoding", 400,
            "POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        (
            "Transfer-Encoding with Content-Length", 400,
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
        ),
        (
            "repeated Content-Length, same", 400,
            "POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\nContent-Length: 3\r\n\r\n"
        ),
        (
            "repeated Content-Length, other", 400,
            "POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\ncontent-length: 4\r\n\r\n"
        ),
        ("Content-Length as a list", 400, "POST / HTTP/1.1\r\n\(host)Content-Length: 3, 3\r\n\r\n"),
        ("signed Content-Length", 400, "POST / HTTP/1.1\r\n\(host)Content-Length: +3\r\n\r\n"),
        ("negative Content-Length", 400, "POST / HTTP/1.1\r\n\(host)Content-Length: -3\r\n\r\n"),
        ("hexadecimal Content-Length", 400, "POST / HTTP/1.1\r\n\(host)Content-Length: 0x3\r\n\r\n"),
        ("empty Content-Length", 400, "POST / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n"),
        ("Content-Length with a space inside", 400, "POST / HTTP/1.1\r\n\(host)Content-Length: 3 3\r\n\r\n"),
        (
            "Content-Length beyond 64 bits", 400,
            "POST / HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999999\r\n\r\n"
        ),
        ("Content-Length with other digits", 400, "POST / HTTP/1.1\r\n\(host)Content-Length: ٣\r\n\r\n"),
        ("body too large", 413, "POST / HTTP/1.1\r\n\(host)Content-Length: 99999999999\r\n\r\n"),
        (
            "Transfer-Encoding twice", 400,
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        ("chunked, chunked", 400, "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n"),
        ("gzip, chunked", 400, "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n"),
        ("unknown coding", 501, "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n"),
        ("identity", 501, "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: identity\r\n\r\n"),
        ("empty coding", 400, "POST / HTTP/1.1\r\n\(host)Transfer-Encoding:\r\n\r\n"),
        (
            "vertical tab in the coding", 400,
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \u{B}chunked\r\n\r\n"
        ),
        ("Transfer-Encoding in 1.0", 400, "POST / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n"),
        ("space before the colon", 400, "POST / HTTP/1.1\r\n\(host)Content-Length : 3\r\n\r\nabc"),
        ("tab before the colon", 400, "POST / HTTP/1.1\r\n\(host)Transfer-Encoding\t: chunked\r\n\r\n"),
        ("folded line", 400, "GET / HTTP/1.1\r\n\(host)X: a\r\n b\r\n\r\n"),
        ("folded first line", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
        ("bare LF after the request line", 400, "GET / HTTP/1.1\nHost: h\r\n\r\n"),
        ("bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: h\n\r\n"),
        ("bare LF at the end", 400, "GET / HTTP/1.1\r\nHost: h\r\n\n"),
        ("bare CR in a value", 400, "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"),
        ("CR CR LF", 400, "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n"),
        ("NUL in a value", 400, "GET / HTTP/1.1\r\n\(host)X: a\0b\r\n\r\n"),
        ("DEL in a value", 400, "GET / HTTP/1.1\r\n\(host)X: \u{7F}\r\n\r\n"),
        ("no colon", 400, "GET / HTTP/1.1\r\n\(host)X\r\n\r\n"),
        ("empty name", 400, "GET / HTTP/1.1\r\n\(host): x\r\n\r\n"),
        ("name that is no token", 400, "GET / HTTP/1.1\r\n\(host)X(a): x\r\n\r\n"),
        ("no Host", 400, "GET / HTTP/1.1\r\nX: y\r\n\r\n"),
        ("two Hosts", 400, "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"),
        ("two Hosts in 1.0", 400, "GET / HTTP/1.0\r\nHost: h\r\nHost: g\r\n\r\n"),
        ("Host with a path", 400, "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n"),
        ("Host with a comma-free space", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ("absolute form", 400, "GET http://h/ HTTP/1.1\r\n\(host)\r\n"),
        ("asterisk form", 400, "OPTIONS * HTTP/1.1\r\n\(host)\r\n"),
        ("authority form", 400, "CONNECT h:1 HTTP/1.1\r\n\(host)\r\n"),
        ("two spaces", 400, "GET  / HTTP/1.1\r\n\(host)\r\n"),
        ("space in the target", 400, "GET /a b HTTP/1.1\r\n\(host)\r\n"),
        ("tab for a space", 400, "GET\t/ HTTP/1.1\r\n\(host)\r\n"),
        ("space at the end of the line", 400, "GET / HTTP/1.1 \r\n\(host)\r\n"),
        ("method that is no token", 400, "G(T / HTTP/1.1\r\n\(host)\r\n"),
        ("no version", 400, "GET /\r\n\(host)\r\n"),
        ("lower-case version", 400, "GET / http/1.1\r\n\(host)\r\n"),
        ("two-digit version", 400, "GET / HTTP/1.10\r\n\(host)\r\n"),
        ("version 2", 505, "GET / HTTP/2.0\r\n\(host)\r\n"),
        ("version 1.2", 505, "GET / HTTP/1.2\r\n\(host)\r\n"),
        ("HTTP/2 preface", 505, "PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("unknown expectation", 417, "GET / HTTP/1.1\r\n\(host)Expect: the-moon\r\n\r\n"),
        ("two empty lines before", 400, "\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n"),
        ("raw bytes beyond ASCII in the target", 400, "GET /é HTTP/1.1\r\n\(host)\r\n"),
    ]

    @Test(arguments: refused.indices)
    func `refuses what two readers could read in two ways`(_ index: Int) {
        let vector = Self.refused[index]
        let whole = EventTranscript.requests(vector.text)
        #expect(whole.error == vector.status, "\(vector.rule)")
        let single = EventTranscript.requests(Array(vector.text.utf8).map { [$0] })
        #expect(single.error == vector.status, "\(vector.rule), byte by byte")
        #expect(whole.heads.isEmpty, "\(vector.rule)")
    }

    static let badChunks = [
        "5\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", ";a\r\nhello\r\n", "G\r\n",
        "5;\0\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\n", "0000000000000005\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n bad\r\n\r\n",
        "5\r\nhello\r\n0\r\nno colon\r\n\r\n", "5\r\rhello\r\n0\r\n\r\n",
        "5;" + String(repeating: "e", count: 300) + "\r\nhello\r\n0\r\n\r\n",
    ]

    @Test(arguments: badChunks)
    func `refuses bad chunks with 400`(_ body: String) {
        let text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body
        #expect(EventTranscript.requests(text).error == 400)
        #expect(EventTranscript.requests(Array(text.utf8).map { [$0] }).error == 400)
    }

    @Test func `bounds line, count, size and body`() {
        var limits = MessageLimits()
        limits.targetBytesMax = 20
        limits.headerBytesMax = 100
        limits.headerCountMax = 3
        limits.bodyBytesMax = 4
        func status(_ text: String) -> [Int?] {
            let bytes = Array(text.utf8)
            return [
                EventTranscript.requests(text, limits: limits).error,
                EventTranscript.requests(bytes.map { [$0] }, limits: limits).error,
            ]
        }
        #expect(
            status("GET /" + String(repeating: "a", count: 19) + " HTTP/1.1\r\nHost: h\r\n\r\n") == [
                nil, nil,
            ])
        #expect(
            status("GET /" + String(repeating: "a", count: 20) + " HTTP/1.1\r\nHost: h\r\n\r\n") == [
                414, 414,
            ])
        #expect(status("GET /" + String(repeating: "a", count: 2000)) == [414, 414])
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nB: b\r\n\r\n") == [nil, nil])
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nB: b\r\nC: c\r\n\r\n") == [431, 431])
        #expect(
            status("GET / HTTP/1.1\r\nHost: h\r\nA: " + String(repeating: "b", count: 200)) == [431, 431])
        #expect(
            status("GET / HTTP/1.1\r\nHost: h\r\nA: " + String(repeating: "b", count: 90) + "\r\n\r\n") == [
                431, 431,
            ])
        let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(status(chunked + "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n") == [nil, nil])
        #expect(status(chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") == [413, 413])
        #expect(status(chunked + "0\r\nA: " + String(repeating: "b", count: 200)) == [431, 431])
    }

    @Test func `reads the same whatever the pieces, for 3,000 mutated streams`() {
        var random = SeededGenerator(state: 7)
        let seed = Array(
            ("POST /v1/documents/12%2FUB?a=%20b HTTP/1.1\r\nHost: hub:1\r\n"
                + "Content-Length: 7\r\nX: é\r\n\r\n0123456"
                + "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
                + "4;x=y\r\nWiki\r\nb\r\npedia in he\r\n0\r\nT: 1\r\n\r\nGET /end HTTP/1.0\r\n\r\n").utf8)
        let poison: [UInt8] = [
            0, 0x0A, 0x0D, 0x20, 0x09, 0x3A, 0x2F, 0x25, 0x30, 0x39, 0x41, 0x7F, 0x80, 0xFF, 0x3B,
        ]
        var refusedCount = 0
        for _ in 0..<3000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = poison.randomElement(using: &random)!
                case 1: bytes.insert(poison.randomElement(using: &random)!, at: index)
                default: bytes.remove(at: index)
                }
            }
            let whole = EventTranscript.requests([bytes])
            let single = EventTranscript.requests(bytes.map { [$0] })
            let pieces = EventTranscript.requests(random.pieces(of: bytes, longest: 40))
            #expect(whole == single)
            #expect(whole == pieces)
            if whole.error != nil { refusedCount += 1 }
        }
        #expect(refusedCount > 1000)
    }

    @Test func `tells who waits for 100 and who keeps alive`() throws {
        func head(_ text: String) throws -> RequestHead? {
            var parser = RequestParser()
            var position = 0
            guard case .head(let head) = try parser.next(Array(text.utf8).span, at: &position) else {
                return nil
            }
            return head
        }
        let waits = try head(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n")
        #expect(waits?.expectsContinue == true)
        #expect(waits?.contentLength == 1)
        let empty = try head(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n")
        #expect(empty?.expectsContinue == false)
        let old = try head("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        #expect(old?.expectsContinue == false)
        #expect(KeepAlive.isWanted(by: [:], minorVersion: 1))
        #expect(!KeepAlive.isWanted(by: [:], minorVersion: 0))
        #expect(KeepAlive.isWanted(by: ["Connection": "Keep-Alive"], minorVersion: 0))
        #expect(!KeepAlive.isWanted(by: ["Connection": "keep-alive, Close"], minorVersion: 1))
    }
}

@Suite struct `A request target` {
    @Test func `is split before it is decoded`() throws {
        let target = try RequestTarget(
            "/v1/documents/12%2FUBND-H%C3%A0%20N%E1%BB%99i/content?q=a%26b=c&q=x+y%2B&&z")
        #expect(target.segments == ["v1", "documents", "12/UBND-Hà Nội", "content"])
        #expect(target.query.map(\.name) == ["q", "q", "z"])
        #expect(target.query.map(\.value) == ["a&b=c", "x y+", ""])
        #expect(target.value(of: "q") == "a&b=c")
        #expect(target.value(of: "none") == nil)
        #expect(target.path == "/v1/documents/12%2FUBND-H%C3%A0%20N%E1%BB%99i/content")
        #expect(try RequestTarget("/").segments == [])
        #expect(try RequestTarget("/a//b/").segments == ["a", "", "b", ""])
        #expect(try RequestTarget("/a+b").segments == ["a+b"])
    }

    @Test(arguments: [
        "", "a", "*", "http://h/", "/%", "/%4", "/%4g", "/%00", "/%0a", "/%7F", "/%FF", "/%C0%AF",
        "/%ED%A0%80",
        "/a#b", "/a b", "/é", "/../etc", "/a/..", "/a/.", "/%2e%2E/x", "/a/%2e", "/a\\b", "/<x>", "/?q=%",
        "/?q=%0d",
        "/?%FF=a", "/a\r\n", "/\0",
    ])
    func `is refused where it is malformed or unsafe`(_ text: String) {
        #expect(throws: ProtocolError.self) { try RequestTarget(text) }
    }
}
