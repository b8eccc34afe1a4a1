import Exchange
import HTTP
import Testing

@Suite struct `A response parser` {
    static func read(_ text: String, to method: String = "GET") -> EventTranscript {
        let whole = EventTranscript.responses([Array(text.utf8)], to: method)
        #expect(whole == EventTranscript.responses(Array(text.utf8).map { [$0] }, to: method))
        return whole
    }

    @Test func `reads lengths, chunks, bodies until the end, and interim responses`() {
        let length = Self.read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(length.heads == ["200 true"])
        #expect(length.bodies == ["ok"])
        let chunked = Self.read(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n"
                + "Connection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        #expect(chunked.heads == ["interim 100", "201 false"])
        #expect(chunked.bodies == ["ok"])
        let untilClose = Self.read("HTTP/1.0 200 OK\r\n\r\neverything")
        #expect(untilClose.heads == ["200 false"])
        #expect(untilClose.bodies == ["everything"])
        #expect(untilClose.endCount == 1)
        let head = Self.read("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n", to: "HEAD")
        #expect(head.endCount == 1)
        #expect(Self.read("HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n").endCount == 1)
        #expect(Self.read("HTTP/1.1 204\r\n\r\n").endCount == 1)
    }

    @Test(arguments: [
        "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 101 Switch\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ncut", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "HTTP/1.1 200 \u{1B}[31m\r\n\r\n",
    ])
    func `refuses broken responses`(_ text: String) {
        #expect(Self.read(text).error != nil)
    }

    @Test func `does not follow endless interim responses`() {
        let text = String(repeating: "HTTP/1.1 103 Early\r\n\r\n", count: 100)
        #expect(Self.read(text).error == 400)
    }
}

@Suite struct `A writer` {
    @Test func `states the framing itself, once`() {
        let head = ResponseHead(
            status: 200,
            fields: ["Content-Length": "9", "Transfer-Encoding": "chunked", "Connection": "x", "A": "b"])
        var bytes: [UInt8] = []
        ResponseWriter.write(head, contentLength: 2, keepAlive: false, minorVersion: 1, into: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
    }

    @Test func `writes requests that its own parser reads back`() throws {
        var bytes: [UInt8] = []
        try RequestWriter.write(
            method: "POST", target: "/a%2Fb?c=d", host: "hub:1", fields: ["X": "y", "Host": "evil"],
            contentLength: 3,
            into: &bytes)
        let transcript = EventTranscript.requests([bytes, Array("abc".utf8)])
        #expect(
            transcript.heads == [
                "POST [\"a/b\"] [HTTP.RequestTarget.QueryItem(name: \"c\", value: \"d\")] 1.1 "
                    + "Host=hub:1 X=y Content-Length=3"
            ])
        #expect(transcript.bodies == ["abc"])
        #expect(throws: ProtocolError.self) {
            try RequestWriter.write(
                method: "GET", target: "/a\r\nX: y", host: "h", fields: [:], contentLength: nil, into: &bytes)
        }
        #expect(throws: ProtocolError.self) {
            try RequestWriter.write(
                method: "GET", target: "/", host: "h\r\nX: y", fields: [:], contentLength: nil, into: &bytes)
        }
    }

    @Test func `writes dates as RFC 9110 gives them`() {
        #expect(HTTPDate.format(Instant(seconds: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.format(Instant(seconds: 0)) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.format(Instant(seconds: 1_795_478_399)) == "Mon, 23 Nov 2026 23:59:59 GMT")
    }
}

@Suite struct `A byte range` {
    @Test(arguments: [
        ("bytes=0-9", ByteRange.part(0..<10)), ("bytes=5-", .part(5..<100)), ("bytes=-7", .part(93..<100)),
        ("Bytes=99-200", .part(99..<100)), ("bytes=-200", .part(0..<100)),
        ("bytes=0-99999999999999999999", .part(0..<100)),
        ("bytes=100-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=99999999999999999999-", .unsatisfiable),
        ("bytes=0-1,3-4", .whole), ("bytes=4-3", .whole), ("bytes=a-b", .whole), ("bytes=-", .whole),
        ("lines=1-2", .whole),
        ("bytes 0-1", .whole), ("", .whole), ("bytes=+1-2", .whole), ("bytes= 1-2", .whole),
    ])
    func `is read strictly`(_ text: String, _ range: ByteRange) {
        #expect(ByteRange(text, length: 100) == range)
    }

    @Test func `of nothing is the whole or unsatisfiable`() {
        #expect(ByteRange(nil, length: 100) == .whole)
        #expect(ByteRange("bytes=0-", length: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-5", length: 0) == .unsatisfiable)
        #expect(ByteRange.contentRange(0..<10, length: 100) == "bytes 0-9/100")
    }
}

@Suite struct `An entity tag` {
    @Test func `is compared weakly for If-None-Match and strongly for If-Range`() {
        #expect(EntityTag.isNamed(by: "\"a\", W/\"b\"", current: "\"b\""))
        #expect(EntityTag.isNamed(by: "*", current: "\"b\""))
        #expect(EntityTag.isNamed(by: "\"x,y\"", current: "\"x,y\""))
        #expect(!EntityTag.isNamed(by: "\"a\"", current: "\"b\""))
        #expect(!EntityTag.isNamed(by: nil, current: "\"b\""))
        #expect(EntityTag.allowsRange(ifRange: nil, current: "\"b\""))
        #expect(EntityTag.allowsRange(ifRange: "\"b\"", current: "\"b\""))
        #expect(!EntityTag.allowsRange(ifRange: "W/\"b\"", current: "\"b\""))
        #expect(!EntityTag.allowsRange(ifRange: "Sun, 06 Nov 1994 08:49:37 GMT", current: "\"b\""))
    }
}
