internal import Exchange
internal import Glibc
internal import Hub
internal import Synchronization
internal import Transport

/// idle: ten thousand offices wait in long polls. What they cost in memory, and what the letters of others
/// cost beside them.
enum BenchIdle {
    private static let pollsAtOnce = 200
    /// Nothing is sent to it.
    private static let waiting = "H37.14"

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        // This process holds a descriptor for each poll, and so does the hub.
        let pollCount = settings.polls
        guard OpenFileLimit.raise() > pollCount + 1024 else {
            throw CommandFailure(.refused, "cần \(pollCount + 1024) tệp mở (ulimit -n)")
        }
        let world = try BenchWorld(settings)
        defer { world.end() }
        let size = settings.sizeBytes ?? 50 << 10
        let maker = try BenchLetters(world.folder, bytes: size, recipients: ["H31.7"])
        let count = BenchAccept.count(settings, size) / 2
        let letters = try maker.make(2 * count, terminal)
        let without = try BenchAccept.measure(world, settings, Array(letters[..<count]))
        let before = try ProcessUsage(world.hub.process.identifier)
        terminal.tell("mở \(pollCount) kết nối chờ …")
        let polls = try IdlePolls(world, agency: waiting)
        // Not all at once: a hub gives each handshake ten seconds.
        for first in stride(from: 0, to: pollCount, by: pollsAtOnce) {
            try polls.open(min(pollsAtOnce, pollCount - first), world)
        }
        let opened = try ProcessUsage(world.hub.process.identifier)
        let quiet = 5
        sleep(UInt32(quiet))
        let waited = try ProcessUsage(world.hub.process.identifier)
        var result = try BenchAccept.measure(world, settings, Array(letters[count...]))
        result.scenario = "idle"
        result.conditions = "\(pollCount) kết nối chờ, " + result.conditions
        result.residentMiB = opened.residentMiB
        result.others = [
            ("residentBeforeMiB", before.residentMiB, "MiB"),
            ("rateWithoutPolls", without.ratePerSecond ?? 0, "/s"),
            ("daemonCPUSecondsPerLetterWithoutPolls", without.daemonCPUSecondsPerLetter ?? 0, "s"),
            ("idleCPUShare", (waited.cpuSeconds - opened.cpuSeconds) / Double(quiet), ""),
        ]
        polls.stop()
        return result
    }
}

/// Long polls that are made anew as they run out.
private final class IdlePolls: Sendable {
    private let pool: ConnectionPool
    private let count = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)
    private let failures = Atomic<Int>(0)

    init(_ world: BenchWorld, agency: String) throws {
        pool = try ConnectionPool(world, agency: agency, connections: 0)
    }

    private func poll() {
        guard !isOver.load(ordering: .relaxed) else { return }
        pool.send(ClientRequest(method: "GET", target: "/v1/inbox?wait=60")) { [self] result in
            guard case .success((200, _)) = result else {
                failures.wrappingAdd(1, ordering: .relaxed)
                return
            }
            poll()
        }
    }

    /// Returns when so many more wait at the hub.
    func open(_ more: Int, _ world: BenchWorld) throws {
        let wanted = count.wrappingAdd(more, ordering: .relaxed).newValue
        try pool.add(more)
        for _ in 0..<more { poll() }
        for _ in 0..<3000 {
            if try world.counter("lienthong_long_polls_waiting") >= Double(wanted) { return }
            guard failures.load(ordering: .relaxed) == 0 else { break }
            usleep(10_000)
        }
        throw CommandFailure(.refused, "không mở được \(wanted) kết nối chờ")
    }

    func stop() {
        isOver.store(true, ordering: .relaxed)
        pool.stop()
    }
}
