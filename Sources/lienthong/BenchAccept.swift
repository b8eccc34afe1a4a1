internal import Exchange
internal import Glibc
internal import HTTP
internal import Hub
internal import Synchronization
internal import Transport

/// accept: closed loop, every connection sends the next letter as soon as it has the receipt of the last.
enum BenchAccept {
    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let size = settings.sizeBytes ?? 50 << 10
        // At most a gibibyte of letters in memory, and no more than the seconds can use.
        let count = max(64, min(settings.seconds * 4000, (1 << 30) / size))
        let letters = try BenchLetters(world.folder, bytes: size, recipients: ["H31.7"]).make(count, terminal)
        let floor = try BenchFloor(world.folder, letters: letters).lettersPerSecond()
        let load = try AcceptLoad(world, letters: letters, connections: settings.connections)
        let (daemonBefore, clientBefore) = (
            try ProcessUsage(world.hub.process.identifier), try ProcessUsage(getpid())
        )
        let batchesBefore = try world.counter("lienthong_batches_total")
        let diskBefore = ProcessUsage.bytesOnDisk("\(world.folder)/data")
        let began = BenchClock.microseconds
        let latencies = try load.run(microseconds: settings.seconds * 1_000_000)
        let seconds = Double(BenchClock.microseconds - began) / 1_000_000
        let (daemon, client) = (try ProcessUsage(world.hub.process.identifier), try ProcessUsage(getpid()))
        let accepted = Double(max(1, latencies.count))
        return BenchResult(
            scenario: "accept",
            conditions: "\(letters[0].count) byte, \(settings.algorithm), \(settings.connections) kết nối, "
                + "\(Int(seconds.rounded())) s",
            letters: latencies.count, ratePerSecond: Double(latencies.count) / seconds,
            latency: .init(microseconds: latencies), floorPerSecond: floor,
            daemonCPUSecondsPerLetter: (daemon.cpuSeconds - daemonBefore.cpuSeconds) / accepted,
            clientCPUSecondsPerLetter: (client.cpuSeconds - clientBefore.cpuSeconds) / accepted,
            // One for the payload log, one for the database's write-ahead log.
            fsyncsPerLetter: (try world.counter("lienthong_batches_total") - batchesBefore) * 2 / accepted,
            residentMiB: daemon.peakResidentMiB,
            bytesOnDiskPerLetter: (ProcessUsage.bytesOnDisk("\(world.folder)/data") - diskBefore) / accepted)
    }
}

/// Connections on one reactor, each with one letter in flight.
private final class AcceptLoad: Sendable {
    private let letters: [[UInt8]]
    private let client: HTTPClient
    private let connections: [ClientConnection]
    private let next = Atomic<Int>(0)
    private let deadline = Atomic<Int>(0)
    private let latencies = Mutex<[Int]>([])
    private let failure = Mutex<String?>(nil)
    private let laneEnded = CountingSemaphore()

    init(_ world: BenchWorld, letters: [[UInt8]], connections count: Int) throws {
        self.letters = letters
        client = try HTTPClient(reactors: 1, tls: try world.access.tls(BenchWorld.sender))
        let (host, port) = try world.hub.hostAndPort()
        connections = try (0..<count).map { [client] _ in try client.connect(host: host, port: port) }
        // Handshakes are not what is measured.
        for connection in connections {
            connection.send(
                ClientRequest(method: "GET", target: "/v1/outbox?limit=1"), to: Lane(self, connection))
        }
        for _ in connections { laneEnded.wait() }
        try throwFailure()
    }

    /// Latencies in microseconds.
    func run(microseconds: Int) throws -> [Int] {
        deadline.store(BenchClock.microseconds + microseconds, ordering: .relaxed)
        for connection in connections { Lane(self, connection).sendNext() }
        for _ in connections { laneEnded.wait() }
        client.stop()
        try throwFailure()
        return latencies.withLock { $0 }
    }

    private func throwFailure() throws {
        if let reason = failure.withLock({ $0 }) {
            throw CommandFailure(.refused, "máy khách đo tải dừng: \(reason)")
        }
    }

    /// One connection's loop; lives on the reactor, held by the request in flight.
    private final class Lane: ResponseReceiver {
        private let load: AcceptLoad
        private let connection: ClientConnection
        private var started = 0
        private var status = 0

        init(_ load: AcceptLoad, _ connection: ClientConnection) {
            self.load = load
            self.connection = connection
        }

        func sendNext() {
            let index = load.next.wrappingAdd(1, ordering: .relaxed).oldValue
            started = BenchClock.microseconds
            guard index < load.letters.count, started < load.deadline.load(ordering: .relaxed) else {
                load.laneEnded.signal()
                return
            }
            connection.send(
                ClientRequest(
                    method: "POST", target: "/v1/documents", fields: ["Content-Type": "application/xml"],
                    body: .bytes(load.letters[index])), to: self)
        }

        func sent(_ byteCount: Int64) {}
        func head(_ head: ResponseHead) { status = head.status }
        func body(_ bytes: Span<UInt8>) {}

        func end() {
            switch status {
            case 201:
                let took = BenchClock.microseconds - started
                load.latencies.withLock { $0.append(took) }
                sendNext()
            case 200: load.laneEnded.signal()
            default: fail("HTTP \(status)")
            }
        }

        func failed(_ error: ClientError) { fail("\(error)") }

        private func fail(_ reason: String) {
            load.failure.withLock { $0 = $0 ?? reason }
            load.laneEnded.signal()
        }
    }
}
