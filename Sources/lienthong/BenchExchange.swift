internal import Exchange
internal import Glibc
internal import HTTP
internal import Hub
internal import JSON
internal import Synchronization
internal import Transport

/// exchange: a steady rate of letters, each followed until its recipient has acknowledged it.
enum BenchExchange {
    static let recipient = "H31.7"

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let count = settings.rate * settings.seconds
        let size = settings.sizeBytes ?? 50 << 10
        guard count * size <= 4 << 30 else {
            throw CommandFailure(.usage, "rate × seconds × size vượt 4 GiB")
        }
        let letters = try BenchLetters(world.folder, bytes: size, recipients: [recipient])
            .make(count, terminal)
        return try measure(world, settings, letters)
    }

    static func measure(
        _ world: BenchWorld, _ settings: BenchSettings, _ letters: [[UInt8]]
    ) throws -> BenchResult {
        let flow = try ExchangeFlow(world, letters: letters.count, pacing: settings.rate)
        let (daemonBefore, clientBefore) = (
            try ProcessUsage(world.hub.process.identifier), try ProcessUsage(getpid())
        )
        let began = MonotonicClock.microseconds
        flow.send(letters)
        let latencies = try flow.finish(secondsMax: 60)
        let seconds = Double(MonotonicClock.microseconds - began) / 1_000_000
        let (daemon, client) = (try ProcessUsage(world.hub.process.identifier), try ProcessUsage(getpid()))
        let done = Double(max(1, latencies.count))
        return BenchResult(
            scenario: "exchange",
            conditions: "\(letters[0].count) byte, \(settings.algorithm), nhịp \(settings.rate)/s",
            letters: latencies.count, ratePerSecond: Double(latencies.count) / seconds,
            latency: .init(microseconds: latencies),
            daemonCPUSecondsPerLetter: (daemon.cpuSeconds - daemonBefore.cpuSeconds) / done,
            clientCPUSecondsPerLetter: (client.cpuSeconds - clientBefore.cpuSeconds) / done,
            residentMiB: daemon.peakResidentMiB)
    }
}

/// Letters on their way from one agency's software to the other's acknowledgement.
final class ExchangeFlow: Sendable {
    private static let pollers = 8

    private let total: Int
    private let ratePerSecond: Int
    private let sender: ConnectionPool
    private let recipient: ConnectionPool
    private let starts = Mutex<[String: Int]>([:])
    private let latencies = Mutex<[Int]>([])
    private let failure = Mutex<String?>(nil)
    private let isOver = Atomic<Bool>(false)
    private let ended = CountingSemaphore()

    init(
        _ world: BenchWorld, letters: Int, pacing ratePerSecond: Int, from agency: String = BenchWorld.sender
    ) throws {
        total = letters
        self.ratePerSecond = ratePerSecond
        sender = try ConnectionPool(world, agency: agency, connections: 64)
        recipient = try ConnectionPool(
            world, agency: BenchExchange.recipient, connections: Self.pollers + 64)
        sender.warmUp()
        recipient.warmUp()
        for _ in 0..<Self.pollers { poll() }
    }

    /// Begins to send all of them, one after the other at that rate.
    func send(_ letters: [[UInt8]]) {
        let began = MonotonicClock.microseconds
        for (index, letter) in letters.enumerated() {
            // The letter's place in time, not when a connection happens to be free: a late hub shows as
            // latency.
            let due = began + index * 1_000_000 / ratePerSecond
            let wait = due - MonotonicClock.microseconds
            if wait > 0 { usleep(UInt32(wait)) }
            send(letter, due: due)
        }
    }

    private func send(_ letter: [UInt8], due: Int) {
        starts.withLock { $0[BenchLetterName.of(letter)] = due }
        sender.send(.letter(letter)) { [self] result in
            if case .success((201, _)) = result { return }
            fail("\(result)")
        }
    }

    /// Waits until all are acknowledged; latencies in microseconds.
    func finish(secondsMax: Int) throws -> [Int] {
        let isWhole = ended.wait(milliseconds: secondsMax * 1000)
        isOver.store(true, ordering: .relaxed)
        sender.stop()
        recipient.stop()
        if let failure = failure.withLock({ $0 }) {
            throw CommandFailure(.refused, "máy khách đo tải dừng: \(failure.prefix(300))")
        }
        guard isWhole else { throw CommandFailure(.refused, "không phải văn bản nào cũng được xác nhận") }
        return latencies.withLock { $0 }
    }

    private func poll() {
        guard !isOver.load(ordering: .relaxed) else { return }
        let request = ClientRequest(method: "GET", target: "/v1/inbox?wait=30&limit=10&lease=60")
        recipient.send(request) { [self] result in
            guard case .success((200, let body)) = result, let inbox = try? JSONReader.read(body) else {
                return fail("\(result)")
            }
            for delivery in inbox["deliveries"]?.array ?? [] { acknowledge(delivery) }
            poll()
        }
    }

    private func acknowledge(_ delivery: JSONValue) {
        let lease = "{\"lease\":\"\(delivery["lease"]?.string ?? "")\"}"
        let name = delivery["documentId"]?.string ?? ""
        let request = ClientRequest(
            method: "POST", target: "/v1/deliveries/\(delivery["deliveryId"]?.string ?? "")/acknowledge",
            fields: ["Content-Type": "application/json"], body: .bytes(Array(lease.utf8)))
        recipient.send(request) { [self] result in
            guard case .success((200, _)) = result else { return fail("\(result)") }
            let now = MonotonicClock.microseconds
            guard let start = starts.withLock({ $0.removeValue(forKey: name) }) else { return }
            let count = latencies.withLock { latencies in
                latencies.append(now - start)
                return latencies.count
            }
            if count == total { ended.signal() }
        }
    }

    private func fail(_ reason: String) {
        guard !isOver.exchange(true, ordering: .relaxed) else { return }
        failure.withLock { $0 = $0 ?? reason }
        ended.signal()
    }
}

/// The DocumentId of a letter that this program wrote.
enum BenchLetterName {
    static func of(_ letter: [UInt8]) -> String {
        let head = String(decoding: letter.prefix(4096), as: UTF8.self)
        guard let start = head.firstRange(of: "DocumentId>")?.upperBound else { return "" }
        return String(head[start...].prefix { $0 != "<" })
    }
}

/// Runs `body` on `count` threads and waits for all; the first failure is thrown.
func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let ended = CountingSemaphore()
    let failure = Mutex<CommandFailure?>(nil)
    for number in 0..<count {
        Thread.start(named: "bench") {
            do {
                try body(number)
            } catch {
                failure.withLock { $0 = $0 ?? CommandFailure(.refused, "máy khách đo tải dừng: \(error)") }
            }
            ended.signal()
        }
    }
    for _ in 0..<count { ended.wait() }
    if let failure = failure.withLock({ $0 }) { throw failure }
}
