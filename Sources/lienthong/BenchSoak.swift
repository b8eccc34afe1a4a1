internal import Exchange
internal import Files
internal import Glibc
internal import HTTP
internal import JSON
internal import Synchronization
internal import Transport

/// soak: letters at a steady rate for a long time, and what grows meanwhile.
enum BenchSoak {
    private static let recipient = "H31.7"
    private static let pollers = 2
    private static let sampleSeconds = 10
    private static let bytes = 16 << 10

    /// One look at the daemon and its folder.
    struct Sample: Sendable {
        let seconds: Int
        let letters: Int
        let residentMiB: Double
        let descriptors: Int
        let walMiB: Double
        let databaseMiB: Double
        let payloadMiB: Double
    }

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let size = settings.sizeBytes ?? bytes
        let (sent, taken) = (Counter(), Counter())
        let access = world.access
        let process = world.hub.process.identifier
        let folder = world.folder
        let (rate, seconds) = (settings.rate, settings.seconds)
        let samples = Mutex<[Sample]>([])
        let isOver = Atomic<Bool>(false)
        let began = MonotonicClock.microseconds
        terminal.tell(Self.header)
        try concurrently(2 + pollers) { number in
            switch number {
            case 0:
                defer { isOver.store(true, ordering: .relaxed) }
                try send(folder, size, rate, seconds, try access.client(BenchWorld.sender), began, sent)
            case 1:
                while !isOver.load(ordering: .relaxed) {
                    let sample = try Self.sample(process, folder, began, sent.value)
                    samples.withLock { $0.append(sample) }
                    terminal.tell(line(sample))
                    for _ in 0..<sampleSeconds where !isOver.load(ordering: .relaxed) { sleep(1) }
                }
            default:
                try receive(try access.client(recipient), isOver, taken)
            }
        }
        if let path = settings.graph {
            try OutputFile.write(SoakGraph.svg(samples.withLock { $0 }), to: path)
        }
        let usage = try ProcessUsage(process)
        var result = BenchResult(
            scenario: "soak", conditions: "\(size) byte, \(settings.algorithm), nhịp \(rate)/s, \(seconds) s",
            letters: sent.value, ratePerSecond: Double(sent.value) / Double(seconds),
            residentMiB: usage.peakResidentMiB)
        result.others = growth(samples.withLock { $0 }) + [("received", Double(taken.value), "văn bản")]
        return result
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Signs as it goes: letters for an hour do not fit into memory.
    private static func send(
        _ folder: String, _ size: Int, _ rate: Int, _ seconds: Int, _ client: BlockingClient, _ began: Int,
        _ sent: Counter
    ) throws {
        let letters = try BenchLetters(folder, bytes: size, recipients: [recipient])
        for number in 0..<rate * seconds {
            let wait = began + number * 1_000_000 / rate - MonotonicClock.microseconds
            if wait > 0 { usleep(UInt32(wait)) }
            // Slower than asked for is a longer time, not a longer list.
            guard MonotonicClock.microseconds - began < seconds * 1_000_000 else { return }
            let letter = try InputFile.read(try letters.write(number))
            let reply = try client.send(
                "POST", "/v1/documents", fields: ["Content-Type": "application/xml"], body: .bytes(letter))
            guard reply.head.status == 201 else {
                throw HubRefusal(status: reply.head.status, body: reply.bytes)
            }
            sent.add()
        }
    }

    private static func receive(
        _ client: BlockingClient, _ isOver: borrowing Atomic<Bool>, _ taken: Counter
    ) throws {
        while !isOver.load(ordering: .relaxed) {
            let inbox = try JSONReader.read(
                try client.send("GET", "/v1/inbox?wait=1&limit=20&lease=60").bytes)
            for delivery in inbox["deliveries"]?.array ?? [] {
                let body = "{\"lease\":\"\(delivery["lease"]?.string ?? "")\"}"
                let settled = try client.send(
                    "POST", "/v1/deliveries/\(delivery["deliveryId"]?.string ?? "")/acknowledge",
                    fields: ["Content-Type": "application/json"], body: .bytes(Array(body.utf8)))
                guard settled.head.status == 200 else {
                    throw HubRefusal(status: settled.head.status, body: settled.bytes)
                }
                taken.add()
            }
        }
    }

    private static func sample(
        _ process: pid_t, _ folder: String, _ began: Int, _ letters: Int
    ) throws -> Sample {
        func mebibytes(_ name: String) -> Double {
            Double((try? File("\(folder)/data/\(name)", .read).size()) ?? 0) / 1_048_576
        }
        return Sample(
            seconds: (MonotonicClock.microseconds - began) / 1_000_000, letters: letters,
            residentMiB: try ProcessUsage(process).residentMiB,
            descriptors: try Files.Directory.names(in: "/proc/\(process)/fd").count,
            walMiB: mebibytes("hub.db-wal"), databaseMiB: mebibytes("hub.db"),
            payloadMiB: ProcessUsage.bytesOnDisk("\(folder)/data/payload") / 1_048_576)
    }

    private static let header =
        "   giây  văn bản  bộ nhớ MiB  tệp mở  WAL MiB  CSDL MiB  kho tệp MiB"

    private static func line(_ sample: Sample) -> String {
        let columns: [(String, Int)] = [
            ("\(sample.seconds)", 7), ("\(sample.letters)", 9), ("\(Int(sample.residentMiB.rounded()))", 12),
            ("\(sample.descriptors)", 8), ("\(Int(sample.walMiB.rounded()))", 9),
            ("\(Int(sample.databaseMiB.rounded()))", 10), ("\(Int(sample.payloadMiB.rounded()))", 13),
        ]
        return columns.map { text, width in
            String(repeating: " ", count: max(1, width - text.count)) + text
        }.joined()
    }

    /// From the second quarter on, when caches are full: what still grows then will not stop.
    private static func growth(_ samples: [Sample]) -> [(name: String, value: Double, unit: String)] {
        guard let last = samples.last, samples.count >= 4 else { return [] }
        let first = samples[samples.count / 4]
        return [
            ("residentGrowthMiB", last.residentMiB - first.residentMiB, "MiB"),
            ("descriptorsGrowth", Double(last.descriptors - first.descriptors), "tệp"),
            ("walPeakMiB", samples.map(\.walMiB).max() ?? 0, "MiB"),
        ]
    }
}

/// The samples as a picture that a browser shows.
enum SoakGraph {
    private static let (width, height, left) = (720.0, 110.0, 150.0)

    static func svg(_ samples: [BenchSoak.Sample]) -> [UInt8] {
        let rows: [(String, [Double])] = [
            ("văn bản", samples.map { Double($0.letters) }), ("bộ nhớ MiB", samples.map(\.residentMiB)),
            ("tệp mở", samples.map { Double($0.descriptors) }), ("WAL MiB", samples.map(\.walMiB)),
            ("CSDL MiB", samples.map(\.databaseMiB)), ("kho tệp MiB", samples.map(\.payloadMiB)),
        ]
        let seconds = samples.map { Double($0.seconds) }
        var text =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(left + width + 20)) "
            + "\(Int(height) * rows.count + 30)\" font-family=\"sans-serif\" font-size=\"12\">\n"
        for (index, row) in rows.enumerated() {
            text += graph(row.0, row.1, seconds, top: Double(index) * height + 10)
        }
        text +=
            "<text x=\"\(left)\" y=\"\(Int(height) * rows.count + 20)\">0 – \(samples.last?.seconds ?? 0) s"
        return Array((text + "</text>\n</svg>\n").utf8)
    }

    private static func graph(
        _ title: String, _ values: [Double], _ seconds: [Double], top: Double
    ) -> String {
        let (most, end) = (max(values.max() ?? 0, 1), max(seconds.last ?? 0, 1))
        let room = height - 30
        let points = zip(seconds, values).map { second, value in
            "\(round(left + second / end * width)),\(round(top + room - value / most * room))"
        }
        return """
            <text x="4" y="\(top + 14)">\(title)</text>
            <text x="4" y="\(top + 30)">tối đa \(Int(most.rounded()))</text>
            <path d="M\(left),\(top + room)h\(width)" stroke="#999"/>
            <polyline fill="none" stroke="#06c" points="\(points.joined(separator: " "))"/>

            """
    }
}
