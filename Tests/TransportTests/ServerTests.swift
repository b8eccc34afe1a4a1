import Foundation
import HTTP
import OpenSSL
import Testing

@testable import Transport

/// A server on loopback for one test.
final class RunningServer {
    let server: Server
    let address: SocketAddress
    let handler: EchoHandler

    init(
        tls: TLSContext? = nil, limits: ConnectionLimits = ConnectionLimits(), file: FileDescriptor? = nil,
        reactors: Int = 2
    ) throws {
        server = try Server(reactors: reactors)
        handler = try EchoHandler(file: file)
        address = try server.listen(
            ListenerConfiguration(address: "127.0.0.1:0", tls: tls, limits: limits), handler: handler)
        try server.start()
    }

    deinit { server.drain(secondsMax: 0) }
}

@Suite struct `A server` {
    @Test func `answers one request after the other on one connection`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        for number in 0..<3 {
            socket.send("GET /n\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = socket.read(until: "/n\(number)")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("X-Request-ID: "))
            #expect(answer.contains("Date: "))
        }
        #expect(running.server.statistics.connectionsAccepted == 1)
        #expect(running.server.statistics.requests == 3)
    }

    @Test func `answers pipelined requests in their order`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        var requests = ""
        for number in 0..<200 {
            requests +=
                number % 3 == 0
                ? "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n"
                    + "<\(String(format: "%04d", number))>"
                : number % 3 == 1
                    ? "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
                    : "GET /<\(number)> HTTP/1.1\r\nHost: h\r\n\r\n"
        }
        requests = requests.replacingOccurrences(of: "/<", with: "/p").replacingOccurrences(
            of: "> HTTP", with: " HTTP")
        socket.send(requests)
        socket.closeSending()
        let answers = socket.readToEnd()
        #expect(answers.components(separatedBy: "HTTP/1.1 200 OK").count - 1 == 200)
        var rest = Substring(answers)
        for number in 0..<200 {
            let expected =
                number % 3 == 0
                ? "\r\n\r\n<\(String(format: "%04d", number))>"
                : number % 3 == 1 ? "\r\n\r\nlater" : "\r\n\r\n/p\(number)"
            guard let found = rest.range(of: expected) else {
                Issue.record("answer \(number) is missing or out of order")
                return
            }
            rest = rest[found.upperBound...]
        }
    }

    @Test func `sends 100 only to a handler that takes the body`() throws {
        let running = try RunningServer()
        let head = " HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        let taken = try PlainSocket(running.address)
        taken.send("POST /echo" + head)
        #expect(taken.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        taken.send("hello")
        #expect(taken.read(until: "hello").hasPrefix("HTTP/1.1 200 OK"))

        let refused = try PlainSocket(running.address)
        refused.send("POST /refuse" + head)
        let answer = refused.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden"))
        #expect(answer.contains("Connection: close"))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\n\n",
        "GET / HTTP/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
    ])
    func `refuses a broken request with 400 and closes`(_ request: String) throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        socket.send(request + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = socket.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request"))
        #expect(!answer.contains("/smuggled"))
        let identifier = try #require(answer.components(separatedBy: "X-Request-ID: ").last).prefix(16)
        #expect(answer.contains("\"requestId\":\"\(identifier)\""))
        #expect(answer.contains("Connection: close"))
    }

    @Test func `streams a body through a consumer that pauses`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        let body = [UInt8](repeating: 0x61, count: 3_000_000)
        socket.send("POST /pause HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n")
        socket.send(body)
        #expect(socket.read(until: "3000000").contains("\r\n\r\n3000000"))
    }

    @Test func `lets a client read an early refusal`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        socket.send("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n")
        socket.send([UInt8](repeating: 0x61, count: 3_000_000))
        let answer = socket.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 403"))
        #expect(answer.hasSuffix("refused"))
    }

    @Test func `keeps the connection where little of a refused body is left`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        socket.send("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        #expect(socket.read(until: "refused").contains("403"))
        socket.send("0123456789GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(socket.read(until: "/next").contains("/next"))
    }

    @Test func `answers a client that has closed its sending side`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        socket.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        socket.closeSending()
        #expect(socket.readToEnd().hasSuffix("hello"))
    }

    @Test func `tells a long poll that its client went away`() throws {
        let running = try RunningServer()
        do {
            let socket = try PlainSocket(running.address)
            socket.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(running.handler.signal.wait(milliseconds: 20_000))
        }
        #expect(running.handler.signal.wait(milliseconds: 20_000))
        #expect(running.handler.aborted.withLock { $0 } == 1)
    }

    @Test func `aborts the consumer of a body that is cut`() throws {
        let running = try RunningServer()
        do {
            let socket = try PlainSocket(running.address)
            socket.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello")
        }
        #expect(running.handler.signal.wait(milliseconds: 20_000))
        #expect(running.handler.consumersAborted.withLock { $0 } == 1)
    }

    @Test func `answers 500 for a handler that lost its exchange`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        socket.send("GET /lose HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(socket.read(until: "}").hasPrefix("HTTP/1.1 500"))
    }

    @Test func `gives HEAD the length without the body and 204 no length`() throws {
        let running = try RunningServer()
        let socket = try PlainSocket(running.address)
        socket.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\nGET /nothing HTTP/1.0\r\n\r\n")
        let answer = socket.readToEnd()
        #expect(answer.contains("Content-Length: 4\r\n"))
        #expect(!answer.contains("\r\n\r\n/abc"))
        let second = answer.components(separatedBy: "HTTP/1.1 204").last ?? ""
        #expect(!second.contains("Content-Length"))
        #expect(second.contains("Connection: close"))
    }

    @Test func `drains: long polls are told, new connections refused`() throws {
        let running = try RunningServer()
        let poll = try PlainSocket(running.address)
        poll.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        let idle = try PlainSocket(running.address)
        idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(idle.read(until: "/x").contains("/x"))
        #expect(running.handler.signal.wait(milliseconds: 20_000))
        #expect(running.server.drain(secondsMax: 20))
        let answer = poll.readToEnd()
        #expect(answer.hasSuffix("drained"))
        #expect(answer.contains("Connection: close"))
        #expect(idle.readToEnd() == "")
        #expect(throws: SystemError.self) { try PlainSocket(running.address) }
    }
}
