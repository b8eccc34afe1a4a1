internal import Exchange
internal import Glibc
internal import HTTP
internal import Hub
internal import JSON
internal import Synchronization
internal import Transport

/// exchange: a steady rate of letters, each followed until its recipient has acknowledged it.
enum BenchExchange {
    private static let recipient = "H31.7"
    private static let pollers = 8

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let count = settings.rate * settings.seconds
        let size = settings.sizeBytes ?? 50 << 10
        guard count * size <= 4 << 30 else {
            throw CommandFailure(.usage, "rate × seconds × size vượt 4 GiB")
        }
        let letters = try BenchLetters(world.folder, bytes: size, recipients: [recipient]).make(
            count, terminal)
        let starts = Mutex<[String: Int]>([:])
        let latencies = Mutex<[Int]>([])
        let next = Atomic<Int>(0)
        let access = world.access
        let daemonBefore = try ProcessUsage(world.hub.process.identifier)
        let began = BenchClock.microseconds
        let isOver = Atomic<Bool>(false)
        try concurrently(16 + pollers) { number in
            if number >= 16 {
                return try receive(try access.client(recipient), starts, latencies, isOver, count)
            }
            let sender = try access.client(BenchWorld.sender)
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { break }
                // The letter's place in time, not when a sender happens to be free: a late hub shows as
                // latency.
                let due = began + index * 1_000_000 / settings.rate
                let wait = due - BenchClock.microseconds
                if wait > 0 { usleep(UInt32(wait)) }
                let letter = letters[index]
                starts.withLock { $0[BenchLetterName.of(letter)] = due }
                let reply = try sender.send(
                    "POST", "/v1/documents", fields: ["Content-Type": "application/xml"], body: .bytes(letter)
                )
                guard reply.head.status == 201 else {
                    throw HubRefusal(status: reply.head.status, body: reply.bytes)
                }
            }
        }
        let seconds = Double(BenchClock.microseconds - began) / 1_000_000
        let done = latencies.withLock { $0 }
        let daemon = try ProcessUsage(world.hub.process.identifier)
        return BenchResult(
            scenario: "exchange", conditions: "\(size) byte, \(settings.algorithm), nhịp \(settings.rate)/s",
            letters: done.count, ratePerSecond: Double(done.count) / seconds,
            latency: .init(microseconds: done),
            daemonCPUSecondsPerLetter: (daemon.cpuSeconds - daemonBefore.cpuSeconds)
                / Double(max(1, done.count)),
            residentMiB: daemon.peakResidentMiB)
    }

    private static func receive(
        _ client: BlockingClient, _ starts: borrowing Mutex<[String: Int]>,
        _ latencies: borrowing Mutex<[Int]>,
        _ isOver: borrowing Atomic<Bool>, _ count: Int
    ) throws {
        while !isOver.load(ordering: .relaxed) {
            let reply = try client.send("GET", "/v1/inbox?wait=1&limit=1&lease=60", fields: [:], body: .none)
            let inbox = try JSONReader.read(reply.bytes)
            for delivery in inbox["deliveries"]?.array ?? [] {
                let body = "{\"lease\":\"\(delivery["lease"]?.string ?? "")\"}"
                let settled = try client.send(
                    "POST", "/v1/deliveries/\(delivery["deliveryId"]?.string ?? "")/acknowledge",
                    fields: ["Content-Type": "application/json"], body: .bytes(Array(body.utf8)))
                guard settled.head.status == 200 else {
                    throw HubRefusal(status: settled.head.status, body: settled.bytes)
                }
                let now = BenchClock.microseconds
                let start = starts.withLock { $0[delivery["documentId"]?.string ?? ""] }
                guard let start else { continue }
                let total = latencies.withLock { latencies in
                    latencies.append(now - start)
                    return latencies.count
                }
                if total == count { isOver.store(true, ordering: .relaxed) }
            }
        }
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
