import Exchange
import Foundation
import HTTP
import Synchronization
import Testing

@testable import Transport

@Suite struct `A fetch` {
    private func refusal(_ body: () throws(ClientError) -> Fetch.Answer) -> String {
        do {
            return "\(try body().head.status)"
        } catch {
            return "\(error)"
        }
    }

    /// What becomes of a GET that is answered so.
    private func outcome(
        secondsMax: Double = 20, bytesMax: Int = 1000,
        _ script: @escaping @Sendable (ScriptedPeer) -> Void
    ) throws -> String {
        let server = try ScriptedServer { _, peer in script(peer) }
        let url = try HTTPURL(server.url)
        let fetch = try Fetch(tls: nil)
        return refusal { () throws(ClientError) in
            try fetch.get(url, limits: .init(secondsMax: secondsMax, bytesMax: bytesMax))
        }
    }

    @Test func `gets and posts over plain HTTP`() throws {
        let running = try RunningServer()
        let fetch = try Fetch(tls: nil)
        let got = try fetch.get(HTTPURL("http://\(running.address)/crl/a.crl?x=1"))
        #expect(got.head.status == 200 && got.bytes == Array("/crl/a.crl?x=1".utf8))
        let posted = try fetch.post([1, 2, 3], type: "x/y", to: HTTPURL("http://\(running.address)/echo"))
        #expect(posted.bytes == [1, 2, 3])
        #expect(running.server.statistics.connectionsAccepted == 2)
    }

    @Test func `gets over TLS from a server that its anchors vouch for, and from no other`() throws {
        let running = try RunningServer(tls: TestPKI.shared.server("server", .none))
        let url = try HTTPURL("https://\(running.address)/x")
        #expect(try Fetch(tls: TestPKI.shared.client(nil)).get(url).bytes == Array("/x".utf8))
        let stranger = try Fetch(tls: TestPKI.shared.client(nil, anchors: "other-ca"))
        #expect(refusal { () throws(ClientError) in try stranger.get(url) }.hasPrefix("TLS: "))
        let plain = try Fetch(tls: nil)
        #expect(
            refusal { () throws(ClientError) in try plain.get(url) }
                == "invalid request: https needs the server's anchors")
    }

    @Test func `says who it asks without the usual port, and sends what it is told to`() throws {
        let heads = Mutex<[String]>([])
        let server = try ScriptedServer { head, peer in
            heads.withLock { $0.append(head) }
            peer.send("HTTP/1.1 304 Not Modified\r\n\r\n")
        }
        let answer = try Fetch(tls: nil).get(HTTPURL(server.url), fields: ["If-None-Match": "\"v1\""])
        #expect(answer.head.status == 304 && answer.bytes.isEmpty)
        let head = try #require(heads.withLock { $0.first })
        #expect(head == "GET / HTTP/1.1\r\nHost: \(server.address)\r\nIf-None-Match: \"v1\"\r\n\r\n")
        #expect(try HTTPURL("http://ca.vn:80/").authority == "ca.vn")
    }

    @Test func `follows no redirect`() throws {
        let asked = Mutex(0)
        let result = try outcome { peer in
            asked.withLock { $0 += 1 }
            peer.send("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
        }
        #expect(result == "302" && asked.withLock { $0 } == 1)
    }

    @Test func `hands an error status over`() throws {
        #expect(
            try outcome { $0.send("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno") }
                == "500")
    }

    @Test func `ends with a server that takes too much time, however it spends it`() throws {
        let late = "no answer in time"
        #expect(try outcome(secondsMax: 0.05) { _ = $0.hasClosed(milliseconds: 20_000) } == late)
        let drips: @Sendable (ScriptedPeer) -> Void = { peer in
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
            while peer.send("x"), !peer.hasClosed(milliseconds: 2) {}
        }
        #expect(try outcome(secondsMax: 0.1, drips) == late)
        let headDrips: @Sendable (ScriptedPeer) -> Void = { peer in
            peer.send("HTTP/1.1 200 OK\r\nX: ")
            while peer.send("x"), !peer.hasClosed(milliseconds: 2) {}
        }
        #expect(try outcome(secondsMax: 0.1, headDrips) == late)
    }

    @Test func `ends with an answer that is too large, announced or not`() throws {
        let large = "the response is too large"
        #expect(
            try outcome { peer in
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx")
                _ = peer.hasClosed(milliseconds: 20_000)
            } == large)
        let piece = "190\r\n" + String(repeating: "x", count: 400) + "\r\n"
        #expect(
            try outcome { peer in
                peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while peer.send(piece) {}
            } == large)
        #expect(
            try outcome { peer in
                peer.send("HTTP/1.1 200 OK\r\n\r\n")
                while peer.send(piece) {}
            } == large)
    }

    @Test(arguments: [
        "\u{16}\u{3}\u{1}garbage\r\n", "HTTP/1.1 200 OK\nX: y\n\n", "HTTP/1.1 99 No\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
    ])
    func `ends with garbage`(_ answer: String) throws {
        let result = try outcome { peer in
            peer.send(answer)
            _ = peer.hasClosed(milliseconds: 20_000)
        }
        #expect(result.hasPrefix("malformed response: "))
    }

    @Test func `takes a cut answer for none`() throws {
        #expect(
            try outcome { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") }
                .hasPrefix("connection lost: "))
        #expect(try outcome { _ in }.hasPrefix("connection lost: "))
    }

    @Test func `tells that nobody is there`() throws {
        // Bound, so that nobody else gets the port, but not listening.
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        #expect(SocketAddress("127.0.0.1:0")!.withSocketAddress { bind(descriptor, $0, $1) } == 0)
        let address = try #require(SocketAddress.bound(to: descriptor))
        let fetch = try Fetch(tls: nil)
        let url = try HTTPURL("http://\(address)/")
        #expect(refusal { () throws(ClientError) in try fetch.get(url) }.hasPrefix("cannot connect: "))
    }
}

@Suite struct `A URL to fetch from` {
    @Test(arguments: [
        ("http://CA.Example.vn", "http://ca.example.vn/"),
        ("HTTPS://ca.example.vn:443/a?b", "https://ca.example.vn/a?b"),
        ("http://ca.example.vn:443/a", "http://ca.example.vn:443/a"),
        ("http://ca.example.vn?x=/../", "http://ca.example.vn/?x=/../"),
        ("http://[2001:DB8::0:1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://10.0.0.1/c%20d.crl", "http://10.0.0.1/c%20d.crl"),
    ])
    func `has one spelling`(_ text: String, _ spelling: String) throws {
        #expect(try HTTPURL(text).description == spelling)
    }

    @Test(arguments: [
        "", "ca.vn/x", "ftp://ca.vn/", "ldap://ca.vn/cn=x", "http:/ca.vn", "http://", "http:///x",
        "http://user@ca.vn/", "http://ca.vn@evil.vn/", "http://ca.vn:0/", "http://ca.vn:65536/",
        "http://ca.vn:+80/", "http://ca.vn:/", "http://[::1", "http://[::1]x/", "http://[1.2.3.4]/",
        "http://ca.vn/a#b", "http://ca.vn/a b", "http://ca.vn/đ", "http://đ.vn/", "http://ca.vn/a\\b",
        "http://ca.vn/crl/../x", "http://ca.vn/crl/%2E%2e/x", "http://ca.vn/./x", "http://ca.vn/a%2Fb",
        "http://ca.vn/a%5cb", "http://ca.vn/\r\nX: y", "http://ca.vn/%0d%0a", "http://ca.vn/%zz",
        "http://ca.vn/" + String(repeating: "a", count: 2048),
    ])
    func `is refused in any other form`(_ text: String) {
        #expect(throws: ClientError.self) { try HTTPURL(text) }
    }

    @Test func `is allowed by host or by prefix`() throws {
        let list = try URLAllowList(["crl.example.vn", "http://ca.vn:8080/crl", "https://tsa.vn/"])
        func allows(_ text: String) throws -> Bool { list.allows(try HTTPURL(text)) }
        for text in [
            "http://crl.example.vn/a", "https://CRL.example.vn/b?c", "http://ca.vn:8080/crl",
            "http://ca.vn:8080/crl/x", "http://ca.vn:8080/crl?x", "https://tsa.vn/any/thing",
        ] { #expect(try allows(text), "\(text)") }
        for text in [
            "http://crl.example.vn:8080/a", "http://x.crl.example.vn/", "http://crl.example.vn.evil.vn/",
            "http://ca.vn:8080/crl-other", "http://ca.vn:8080/", "http://ca.vn/crl", "https://ca.vn:8080/crl",
            "http://tsa.vn/",
        ] { #expect(try !allows(text), "\(text)") }
        #expect(try URLAllowList([]).isEmpty && !URLAllowList([]).allows(HTTPURL("http://ca.vn/")))
        #expect(throws: ClientError.self) { try URLAllowList(["crl.example.vn/path"]) }
        #expect(throws: ClientError.self) { try URLAllowList(["crl.example.vn:8080"]) }
    }
}
