import Foundation
import HTTP
import OpenSSL
import Testing

@testable import Transport

@Suite struct `A listener's limits` {
    private func limits(_ change: (inout ConnectionLimits) -> Void) -> ConnectionLimits {
        var limits = ConnectionLimits()
        change(&limits)
        return limits
    }

    @Test func `end a handshake that does not come`() throws {
        let running = try RunningServer(
            tls: TestPKI.shared.server(), limits: limits { $0.handshakeSecondsMax = 0.05 })
        #expect(try PlainSocket(running.address).readToEnd() == "")
        #expect(running.server.statistics.timeouts == 1)
    }

    @Test func `end a header section that comes too slowly with 408`() throws {
        let running = try RunningServer(limits: limits { $0.headerSecondsMax = 0.05 })
        let socket = try PlainSocket(running.address)
        socket.send("GET / HTTP/1.1\r\nHost: h\r\nX: ")
        #expect(socket.readToEnd().hasPrefix("HTTP/1.1 408 Request Timeout"))
        #expect(running.server.statistics.requests == 0)
    }

    @Test func `end a connection on which nothing is asked, without a word`() throws {
        let silent = try RunningServer(limits: limits { $0.headerSecondsMax = 0.05 })
        #expect(try PlainSocket(silent.address).readToEnd() == "")
        let idle = try RunningServer(limits: limits { $0.idleSecondsMax = 0.05 })
        let socket = try PlainSocket(idle.address)
        socket.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(socket.readToEnd().hasSuffix("/x"))
        #expect(idle.server.statistics.timeouts == 1)
    }

    @Test func `end a body below the lowest rate with 408 and tell its consumer`() throws {
        let running = try RunningServer(limits: limits { $0.rateSecondsWindow = 0.05 })
        let socket = try PlainSocket(running.address)
        socket.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nslow")
        #expect(socket.readToEnd().hasPrefix("HTTP/1.1 408"))
        #expect(running.handler.signal.wait(milliseconds: 20_000))
        #expect(running.handler.consumersAborted.withLock { $0 } == 1)
    }

    @Test func `end a response that nobody reads`() throws {
        let path = TestPKI.shared.path("unread-\(UUID().uuidString)")
        try Data(count: 40_000_000).write(to: URL(fileURLWithPath: path))
        let running = try RunningServer(
            limits: limits { $0.rateSecondsWindow = 0.1 }, file: FileDescriptor.open(reading: path))
        let socket = try PlainSocket(running.address)
        socket.send("GET /file HTTP/1.1\r\nHost: h\r\n\r\n")
        while running.server.statistics.timeouts == 0 { usleep(1000) }
        #expect(running.server.statistics.timeouts == 1)
    }

    @Test func `leave a long poll alone`() throws {
        let running = try RunningServer(
            limits: limits {
                $0.headerSecondsMax = 0.05
                $0.idleSecondsMax = 0.05
                $0.rateSecondsWindow = 0.05
            })
        let poll = try PlainSocket(running.address)
        poll.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(running.handler.signal.wait(milliseconds: 20_000))
        // Others run into every limit meanwhile.
        for _ in 0..<3 { #expect(try PlainSocket(running.address).readToEnd() == "") }
        let waiting = running.handler.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for exchange in waiting { exchange.respond(.text("at last")) }
        #expect(poll.readToEnd().hasSuffix("at last"))
    }

    @Test func `cap the connections of one address and of all`() throws {
        for change: (inout ConnectionLimits) -> Void in [
            { $0.connectionsPerAddressMax = 3 }, { $0.connectionsMax = 3 },
        ] {
            let running = try RunningServer(limits: limits(change))
            var sockets: [PlainSocket] = []
            for number in 0..<3 {
                let socket = try PlainSocket(running.address)
                socket.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(socket.read(until: "/\(number)").hasPrefix("HTTP/1.1 200"))
                sockets.append(socket)
            }
            #expect(try PlainSocket(running.address).readToEnd() == "")
            #expect(running.server.statistics.connectionsRefused == 1)
            sockets.removeLast()
            while running.server.statistics.connectionsOpen == 3 { usleep(1000) }
            let again = try PlainSocket(running.address)
            again.send("GET /again HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(again.read(until: "/again").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `answer header sections and bodies that are too large`() throws {
        let running = try RunningServer(
            limits: limits {
                $0.targetBytesMax = 100
                $0.headerBytesMax = 200
                $0.bodyBytesMax = 10
            })
        for (request, status) in [
            ("GET /" + String(repeating: "a", count: 500) + " HTTP/1.1\r\nHost: h\r\n\r\n", "414"),
            ("GET / HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "a", count: 500) + "\r\n\r\n", "431"),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n01234567890", "413"),
        ] {
            let socket = try PlainSocket(running.address)
            socket.send(request)
            #expect(socket.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    /// In a process of its own, where no other test's memory is counted.
    @Test func `hold 1,000 idle TLS connections in little memory and serve others meanwhile`() async {
        await #expect(processExitsWith: .success) {
            OpenFileLimit.raise()
            let pki = TestPKI.shared
            let running = try RunningServer(tls: pki.server())
            let client = try HTTPClient(tls: pki.client())
            var connections: [ClientConnection] = []
            // The first hundred warm up what is made once.
            for _ in 0..<100 { connections.append(try HTTPClientProbe.open(client, running.address)) }
            let bytesBefore = try residentBytes()
            for _ in 0..<900 { connections.append(try HTTPClientProbe.open(client, running.address)) }
            // Both ends live in this process.
            let held = try residentBytes() - bytesBefore
            #expect(held / 900 < 60 << 10, "\(held / 900) bytes for both ends of a connection")
            #expect(running.server.statistics.connectionsOpen == 1000)
            let other = try BlockingClient(
                url: "https://127.0.0.1:\(running.address.port)", tls: pki.client(), timeoutSeconds: 20)
            #expect(try other.send("GET", "/x").head.status == 200)
            for connection in connections { connection.close() }
            while running.server.statistics.connectionsOpen > 1 { usleep(1000) }
            client.stop()
        }
    }
}

/// What this process holds in memory.
private func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(fields[1]) ?? 0) * Int(getpagesize())
}

@Suite struct `A reactor's timers` {
    @Test func `fire in their order, and not once cancelled`() {
        var heap = TimerHeap()
        var random = SystemRandomNumberGenerator()
        let deadlines = (0..<2000).map { _ in Int64.random(in: 0..<1000, using: &random) }
        let fired = Recorder()
        var tokens: [TimerToken] = []
        for deadline in deadlines {
            let token = TimerToken { fired.add(deadline) }
            tokens.append(token)
            heap.insert(token, at: deadline)
            if tokens.count % 3 == 0 { tokens[tokens.count - 2].cancel() }
        }
        var now: Int64 = -1
        while !heap.isEmpty {
            now += 50
            while let token = heap.popDue(now) { token.fire() }
            #expect(fired.values.allSatisfy { $0 <= now })
        }
        let expected = deadlines.enumerated().filter { $0.offset % 3 != 1 || $0.offset == 1999 }.map(
            \.element)
        #expect(fired.values == expected.sorted())
    }

    @Test func `leave little behind when they are cancelled`() {
        var heap = TimerHeap()
        for number in 0..<100_000 {
            let token = TimerToken {}
            heap.insert(token, at: Int64(1_000_000 + number))
            token.cancel()
        }
        #expect(heap.count < 1000)
    }

    private final class Recorder: @unchecked Sendable {
        // Sendable because the test fires every timer on its own thread.
        var values: [Int64] = []
        func add(_ value: Int64) { values.append(value) }
    }
}

@Suite struct `A socket address` {
    @Test(arguments: ["127.0.0.1:80", "[::1]:8443", "0.0.0.0:0", "[2001:db8::1]:65535"])
    func `is written as it is read`(_ text: String) {
        #expect(SocketAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "127.0.0.1", "127.0.0.1:65536", "localhost:80", "127.0.0.1:-1", "1.2.3:80", "[::1]", ":80",
    ])
    func `is refused where it is not numeric`(_ text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test func `counts an IPv6 customer as one caller`() throws {
        let one = try #require(SocketAddress("[2001:db8:0:1::1]:1"))
        let two = try #require(SocketAddress("[2001:db8:0:1:ffff::2]:2"))
        let other = try #require(SocketAddress("[2001:db8:0:2::1]:1"))
        #expect(one.callerKey == two.callerKey)
        #expect(one.callerKey != other.callerKey)
    }
}
