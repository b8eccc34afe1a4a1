internal import Exchange
internal import Glibc
internal import HTTP
internal import Hub
internal import Synchronization
internal import Transport

/// fairness: what an ordinary agency notices of the others. Its letters, at a steady rate, are followed until
/// their recipient has acknowledged them: first with nobody else there, then beside each of the disturbers.
enum BenchFairness {
    private static let ordinary = "H37.14"
    private static let burdened = "H31.45.2"
    private static let rate = 50
    private static let slowReaders = 16

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let count = rate * settings.seconds
        let letters = try BenchLetters(
            world.folder, bytes: 50 << 10, from: ordinary, recipients: [BenchExchange.recipient]
        ).make(7 * count, terminal)
        var (rest, alone) = (letters[...], [Int]())
        func next(_ count: Int) -> [[UInt8]] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        // Before each disturber anew: a disk has better and worse minutes.
        func measureAlone() throws { alone += try measure(world, next(count / 2)) }
        let large = try largeLetter(world, settings, terminal)
        // A gigabyte on its way to the disk would be measured instead of the hub.
        sync()

        try measureAlone()
        let flood = try besideFlood(world, settings, next(count), terminal)
        try measureAlone()
        let besideLarge = try beside(Repetition.sending(world, large), world, next(count))
        try measureAlone()
        let slow = try beside(try SlowReading(world, large, slowReaders), world, next(count))
        try measureAlone()
        // The hub is stopped for filling its inbox: last, since its caches are cold then.
        try world.restart {
            try BenchBacklog.fill("\(world.folder)/data", settings.waiting, terminal) { _ in burdened }
        }
        sleep(1)
        let waiting = try measure(world, next(count))
        let backlog = try beside(Repetition.draining(world, burdened), world, next(count))
        guard let latency = BenchResult.Latency(microseconds: alone) else {
            throw CommandFailure(.refused, "không đo được văn bản nào")
        }
        var others: [(name: String, value: Double, unit: String)] = []
        for (name, microseconds) in [
            ("Flood", flood.latencies), ("Large", besideLarge), ("SlowReaders", slow), ("Waiting", waiting),
            ("Backlog", backlog),
        ] {
            guard let beside = BenchResult.Latency(microseconds: microseconds) else { continue }
            others.append(("p50MillisecondsBeside\(name)", beside.p50, "ms"))
            others.append(("p99MillisecondsBeside\(name)", beside.p99, "ms"))
            others.append(("timesAloneBeside\(name)", beside.p99 / latency.p99, ""))
        }
        others.append(("floodPerSecond", flood.rate, "/s"))
        return BenchResult(
            scenario: "fairness",
            conditions:
                "\(letters[0].count) byte, \(rate)/s, \(settings.connections) kết nối của nơi gửi kia, "
                + "\(settings.waiting) văn bản chờ, \(slowReaders) nơi đọc chậm",
            letters: letters.count, latency: latency, others: others)
    }

    /// In microseconds.
    private static func measure(_ world: BenchWorld, _ letters: [[UInt8]]) throws -> [Int] {
        let flow = try ExchangeFlow(world, letters: letters.count, pacing: rate, from: ordinary)
        flow.send(letters)
        return try flow.finish(secondsMax: 60)
    }

    private static func beside(
        _ disturber: any Disturber, _ world: BenchWorld, _ letters: [[UInt8]]
    ) throws -> [Int] {
        disturber.start()
        // Caches are filled first: a hub that has just started is another question.
        sleep(1)
        let latencies = try measure(world, letters)
        try disturber.stop()
        return latencies
    }

    /// Another agency sends as fast as it can.
    private static func besideFlood(
        _ world: BenchWorld, _ settings: BenchSettings, _ letters: [[UInt8]], _ terminal: Terminal
    ) throws -> (latencies: [Int], rate: Double) {
        let flood = try BenchLetters(world.folder, bytes: 50 << 10, recipients: [burdened])
            .make(min(settings.seconds * 3500, (1 << 30) / (50 << 10)), terminal)
        let load = try AcceptLoad(world, letters: flood, connections: settings.connections)
        let sending = Flood(load)
        let began = MonotonicClock.microseconds
        sending.start(microseconds: settings.seconds * 1_000_000)
        let latencies = try measure(world, letters)
        let accepted = try sending.wait()
        let seconds = Double(MonotonicClock.microseconds - began) / 1_000_000
        return (latencies, Double(accepted) / seconds)
    }

    private static func largeLetter(
        _ world: BenchWorld, _ settings: BenchSettings, _ terminal: Terminal
    ) throws -> String {
        let size = settings.sizeBytes ?? 1 << 30
        terminal.tell("soạn và ký \(size) byte …")
        return try BenchLetters(world.folder, bytes: size, recipients: [burdened]).write(0)
    }
}

/// Somebody who asks much of the hub while others want little.
private protocol Disturber: Sendable {
    func start()
    /// - Throws: what went wrong meanwhile.
    func stop() throws
}

/// A closed loop of letters beside what is measured.
private final class Flood: Sendable {
    private let load: AcceptLoad
    private let ended = CountingSemaphore()
    private let result = Mutex<Result<Int, CommandFailure>>(.success(0))

    init(_ load: AcceptLoad) { self.load = load }

    func start(microseconds: Int) {
        Thread.start(named: "flood") { [self] in
            let found = Result { try load.run(microseconds: microseconds).count }
                .mapError { CommandFailure(.refused, "\($0)") }
            result.withLock { $0 = found }
            ended.signal()
        }
    }

    /// How many were accepted.
    func wait() throws -> Int {
        ended.wait()
        return try result.withLock { try $0.get() }
    }
}

/// Does the same again and again, on a thread of its own, until it is stopped.
private final class Repetition: Disturber {
    private let body: @Sendable () throws -> Void
    private let isOver = Atomic<Bool>(false)
    private let ended = CountingSemaphore()
    private let failure = Mutex<CommandFailure?>(nil)

    init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }

    /// One very large letter after the other; from the second on they are resends, and are read to their end
    /// too.
    static func sending(_ world: BenchWorld, _ letter: String) -> Repetition {
        let access = world.access
        return Repetition {
            let reply = try access.client(BenchWorld.sender).send(
                "POST", "/v1/documents", fields: ["Content-Type": "application/xml"], body: .file(letter))
            guard [200, 201].contains(reply.head.status) else {
                throw HubRefusal(status: reply.head.status, body: reply.bytes)
            }
        }
    }

    /// A recipient with very many letters waiting takes its inbox page by page, as fast as it can.
    static func draining(_ world: BenchWorld, _ agency: String) -> Repetition {
        let access = world.access
        return Repetition {
            let client = try access.client(agency)
            for _ in 0..<64 {
                let reply = try client.send("GET", "/v1/inbox?limit=100&lease=600", fields: [:], body: .none)
                guard reply.head.status == 200 else {
                    throw HubRefusal(status: reply.head.status, body: reply.bytes)
                }
            }
        }
    }

    func start() {
        Thread.start(named: "disturber") { [self] in
            do {
                while !isOver.load(ordering: .relaxed) { try body() }
            } catch {
                failure.withLock { $0 = CommandFailure(.refused, "tải gây nhiễu dừng: \(error)") }
            }
            ended.signal()
        }
    }

    func stop() throws {
        isOver.store(true, ordering: .relaxed)
        ended.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}

/// Recipients that take a large letter in at a trickle: each piece that arrives makes them sleep.
private final class SlowReading: Disturber {
    private let client: HTTPClient
    private let connections: [ClientConnection]
    private let target: String

    init(_ world: BenchWorld, _ letter: String, _ count: Int) throws {
        let reply = try world.client(BenchWorld.sender).send(
            "POST", "/v1/documents", fields: ["Content-Type": "application/xml"], body: .file(letter))
        guard let receipt = reply.head.fields["Location"] else {
            throw HubRefusal(status: reply.head.status, body: reply.bytes)
        }
        target = receipt + "/content"
        client = try HTTPClient(reactors: 1, tls: try world.access.tls(BenchWorld.sender))
        let (host, port) = try world.hub.hostAndPort()
        connections = try (0..<count).map { [client] _ in try client.connect(host: host, port: port) }
    }

    func start() {
        for connection in connections {
            connection.send(
                ClientRequest(method: "GET", target: target), stallSecondsMax: 120, to: Trickle())
        }
    }

    func stop() throws { client.stop() }

    private final class Trickle: ResponseReceiver {
        func sent(_ byteCount: Int64) {}
        func head(_ head: ResponseHead) {}
        /// Holds up the client's reactor, and with it all of these readers: that is what they are for.
        func body(_ bytes: Span<UInt8>) { usleep(5000) }
        func end() {}
        func failed(_ error: ClientError) {}
    }
}
