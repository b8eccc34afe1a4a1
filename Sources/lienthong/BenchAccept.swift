internal import Exchange
internal import Glibc

/// accept: signed letters over TLS with client certificates, the receipt in the reply.
enum BenchAccept {
    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let size = settings.sizeBytes ?? 50 << 10
        let letters = try BenchLetters(world.folder, bytes: size, recipients: ["H31.7"])
            .make(count(settings, size), terminal)
        let floor = try BenchFloor(world.folder, letters: letters).lettersPerSecond()
        var result = try measure(world, settings, letters)
        result.floorPerSecond = floor
        return result
    }

    /// At most a gibibyte of letters in memory, and no more than the seconds can use.
    static func count(_ settings: BenchSettings, _ size: Int) -> Int {
        max(64, min(settings.seconds * 4000, (1 << 30) / size))
    }

    static func measure(
        _ world: BenchWorld, _ settings: BenchSettings, _ letters: [[UInt8]]
    ) throws -> BenchResult {
        let load = try AcceptLoad(world, letters: letters, connections: settings.connections)
        let (daemonBefore, clientBefore) = (
            try ProcessUsage(world.hub.process.identifier), try ProcessUsage(getpid())
        )
        let syncsBefore = try world.counter("lienthong_syncs")
        let diskBefore = ProcessUsage.bytesOnDisk("\(world.folder)/data")
        let began = MonotonicClock.microseconds
        let latencies = try load.run(microseconds: settings.seconds * 1_000_000)
        let seconds = Double(MonotonicClock.microseconds - began) / 1_000_000
        let (daemon, client) = (try ProcessUsage(world.hub.process.identifier), try ProcessUsage(getpid()))
        let accepted = Double(max(1, latencies.count))
        return BenchResult(
            scenario: "accept",
            conditions: "\(letters[0].count) byte, \(settings.algorithm), \(settings.connections) kết nối, "
                + "\(Int(seconds.rounded())) s",
            letters: latencies.count, ratePerSecond: Double(latencies.count) / seconds,
            latency: .init(microseconds: latencies),
            daemonCPUSecondsPerLetter: (daemon.cpuSeconds - daemonBefore.cpuSeconds) / accepted,
            clientCPUSecondsPerLetter: (client.cpuSeconds - clientBefore.cpuSeconds) / accepted,
            fsyncsPerLetter: (try world.counter("lienthong_syncs") - syncsBefore) / accepted,
            residentMiB: daemon.peakResidentMiB,
            bytesOnDiskPerLetter: (ProcessUsage.bytesOnDisk("\(world.folder)/data") - diskBefore) / accepted,
            bytesWrittenPerLetter: (daemon.writtenBytes - daemonBefore.writtenBytes) / accepted)
    }
}
