import Foundation
import JSON
import Synchronization
import Testing
import Transport

/// Callers that fail, and callers that mean harm, while others are served.
@Suite(.serialized) struct `A caller that misbehaves` {
    private func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            Thread.detachNewThread {
                // What a caller sees of a fault is fair; what the hub keeps is checked afterwards.
                try? body(number)
                group.leave()
            }
        }
        group.wait()
    }

    @Test func `sends one letter 64 times at once and gets one receipt`() throws {
        let world = try World()
        let callers = try Callers(world)
        try world.start()
        _ = try callers.letters.letter(0)
        let statuses = Mutex<[Int: Int]>([:])
        concurrently(64) { _ in
            let status = try callers.send(0, by: try callers.world.client(World.sender), mayFail: false)
            statuses.withLock { $0[status, default: 0] += 1 }
        }
        #expect(statuses.withLock { $0 } == [201: 1, 200: 63])
        try callers.settle()
        #expect(try callers.promises.check(world, callers.letters) == [])
    }

    @Test func `never hears the answer, sends again, and nothing is there twice`() throws {
        let world = try World()
        let callers = try Callers(world)
        try world.start()
        concurrently(4) { thread in
            for number in 0..<12 {
                let letter = try callers.letters.letter(thread * 12 + number)
                callers.promises.willSend(thread * 12 + number)
                // Gone before the answer can be there, at one moment or another.
                let patience = Double(number) * 0.002 + 0.001
                let client = try BlockingClient(
                    url: "https://\(callers.world.api)", tls: try callers.world.tls(World.sender),
                    timeoutSeconds: patience)
                _ = try? client.submit(letter)
            }
        }
        #expect(callers.promises.unanswered.count == 48)
        try callers.settle()
        #expect(callers.promises.accepted.count == 48)
        #expect(try callers.promises.check(world, callers.letters) == [])
    }

    @Test func `never acknowledges, and the delivery is dead and shown`() throws {
        let world = try World(settings: "leases: { attemptsMax: 2 },")
        let callers = try Callers(world)
        try world.start()
        try callers.send(0, by: try world.client(World.sender), mayFail: false)
        let client = try world.client(World.recipients[0])
        for attempt in 1...2 {
            // The poll waits until the lease before it has lapsed.
            let inbox = try JSONReader.read(try client.get("/v1/inbox?wait=30&lease=1").bytes)
            let delivery = try #require(inbox["deliveries"]?.array?.first)
            #expect(delivery["attempt"]?.integer == Int64(attempt))
        }
        let last = try JSONReader.read(try client.get("/v1/inbox?wait=3&lease=1").bytes)
        #expect(last["deliveries"]?.array?.isEmpty == true)
        let dead = try world.run(["dead-letters", "--json"], as: "operator")
        let text = String(decoding: dead.output, as: UTF8.self)
        #expect(dead.code == 0 && text.contains(World.recipients[0]))
        // The others got theirs.
        for recipient in World.recipients.dropFirst() {
            #expect(try callers.receive(recipient, try world.client(recipient), wait: 5) == 1)
        }
    }

    @Test func `says nothing, half of something, or nonsense, and the others do not notice`() throws {
        let world = try World(settings: "limits: { handshakeSecondsMax: 2, headerSecondsMax: 2 },")
        let callers = try Callers(world)
        try world.start()
        // A ClientHello that ends after its header; a request without an end; a header that never ends.
        let openings: [[UInt8]] = [
            [], [0x16, 0x03, 0x01], [UInt8](repeating: 0, count: 4096), Array("GET / HTTP/1.1\r\n".utf8),
            Array(("GET / HTTP/1.1\r\n" + String(repeating: "x-a: b\r\n", count: 20_000)).utf8),
            Array("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".utf8),
        ]
        var sockets: [RawSocket] = []
        for number in 0..<300 {
            for address in [world.api, world.operations] {
                let socket = try RawSocket(address)
                socket.send(openings[number % openings.count])
                sockets.append(socket)
            }
        }
        concurrently(4) { thread in
            let client = try callers.world.client(World.sender)
            for number in 0..<10 { try callers.send(thread * 10 + number, by: client, mayFail: false) }
        }
        #expect(callers.promises.accepted.count == 40)
        // None of them is kept for ever.
        for socket in sockets { socket.waitForEnd() }
        #expect(world.daemon?.isRunning == true)
        try callers.settle()
        #expect(try callers.promises.check(world, callers.letters) == [])
    }

    @Test func `goes on while certificates are read again`() throws {
        let world = try World()
        let callers = try Callers(world)
        try world.start()
        let isRunning = Atomic<Bool>(true)
        let group = DispatchGroup()
        for thread in 0..<3 {
            group.enter()
            Thread.detachNewThread {
                var number = thread
                while isRunning.load(ordering: .acquiring) {
                    // New connections, too: they use the new material.
                    guard let client = try? callers.world.client(World.sender) else { break }
                    for _ in 0..<3 {
                        do {
                            try callers.send(number, by: client, mayFail: false)
                        } catch {
                            callers.promises.find("letter \(number): \(error)")
                        }
                        number += 3
                    }
                }
                group.leave()
            }
        }
        let reloads = 20
        for _ in 0..<reloads {
            world.daemon?.signal(SIGHUP)
            try world.waitForLog("\"reloaded\"", more: 1)
        }
        isRunning.store(false, ordering: .releasing)
        group.wait()
        #expect(callers.promises.accepted.count > 10)
        try callers.settle()
        #expect(try callers.promises.check(world, callers.letters) == [])
    }

    @Test func `asks for more than its share and is told to wait, alone`() throws {
        let world = try World(
            settings: """
                limits: { agencyRequestsPerSecondMax: 5, agencyDeliveriesWaitingMax: 7 },
                """)
        let callers = try Callers(world)
        try world.start()
        let client = try world.client(World.sender)
        // Three deliveries each: the third letter would be the ninth.
        for number in 0..<2 { try callers.send(number, by: client, mayFail: false) }
        let refused = try client.send(
            "POST", "/v1/documents", fields: ["Content-Type": "application/xml"],
            body: .bytes(try callers.letters.letter(2)))
        #expect(refused.head.status == 429 && refused.head.fields["Retry-After"] == "300")
        #expect(try JSONReader.read(refused.bytes)["code"]?.string == "too_many_requests")
        // One that is in already is answered as ever.
        #expect(try callers.send(0, by: client, mayFail: false) == 200)
        var statuses: Set<Int> = []
        for _ in 0..<60 { statuses.insert(try client.get("/v1/outbox").status) }
        #expect(statuses == [200, 429])
        for recipient in World.recipients {
            #expect(try callers.receive(recipient, try world.client(recipient), wait: 5) == 2)
        }
    }
}

/// Bytes on a TCP connection, as somebody sends them who knows no HTTP.
private final class RawSocket {
    private let descriptor: Int32

    init(_ address: String) throws {
        let parts = address.split(separator: ":")
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = UInt16(parts[1])?.bigEndian ?? 0
        inet_pton(AF_INET, String(parts[0]), &target.sin_addr)
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Until the other side has closed.
    func waitForEnd() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
    }
}
