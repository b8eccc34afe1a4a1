internal import Exchange
internal import HTTP
internal import JSON
internal import Transport

/// directory: a country's agencies imported as an operator does it, from CSV and from JSON5, and then looked
/// up over the API as clerks do.
enum BenchDirectory {
    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let country = BenchCountry(count: settings.agencies)
        terminal.tell("nhập \(settings.agencies) cơ quan từ CSV …")
        let csv = try imported(country.csv, "country.csv", settings, terminal) { world, path in
            // Most days little changed: the whole file again writes nothing.
            (again: try importFile(path, world), searches: [Int](), page: 0.0)
        }
        terminal.tell("nhập \(settings.agencies) cơ quan từ JSON5, rồi tra cứu …")
        let json5 = try imported(country.json5, "country.json5", settings, terminal) { world, path in
            let (searches, page) = try search(country, world, seconds: settings.seconds)
            return (again: 0.0, searches: searches, page: page)
        }
        var result = BenchResult(
            scenario: "directory",
            conditions: "\(settings.agencies) cơ quan bốn cấp; tra cứu qua TLS, một kết nối",
            letters: 0)
        result.latency = BenchResult.Latency(microseconds: json5.found.searches)
        result.residentMiB = json5.residentMiB
        result.others = [
            ("agencies", Double(settings.agencies), ""),
            ("searches", Double(json5.found.searches.count), ""),
            ("importCSVSeconds", csv.seconds, "s"), ("importJSON5Seconds", json5.seconds, "s"),
            ("importUnchangedSeconds", csv.found.again, "s"), ("pageMilliseconds", json5.found.page, "ms"),
            ("residentBeforeMiB", json5.residentBeforeMiB, "MiB"),
            ("peakResidentMiB", json5.peakResidentMiB, "MiB"),
            ("startSeconds", json5.startSeconds, "s"),
        ]
        return result
    }

    private struct Imported<Found> {
        let seconds: Double
        let residentBeforeMiB: Double
        let residentMiB: Double
        let peakResidentMiB: Double
        /// From starting the process until it answers, with the country in its database.
        let startSeconds: Double
        let found: Found
    }

    private static func imported<Found>(
        _ bytes: [UInt8], _ name: String, _ settings: BenchSettings, _ terminal: Terminal,
        then body: (BenchWorld, String) throws -> Found
    ) throws -> Imported<Found> {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let path = "\(world.folder)/\(name)"
        try OutputFile.write(bytes, to: path)
        let before = try ProcessUsage(world.hub.process.identifier)
        let seconds = try importFile(path, world)
        let found = try body(world, path)
        let after = try ProcessUsage(world.hub.process.identifier)
        try world.restart {}
        return Imported(
            seconds: seconds, residentBeforeMiB: before.residentMiB, residentMiB: after.residentMiB,
            peakResidentMiB: after.peakResidentMiB, startSeconds: world.startSeconds, found: found)
    }

    /// The operator's command, from starting it to its end; seconds.
    private static func importFile(_ path: String, _ world: BenchWorld) throws -> Double {
        let folder = world.folder
        let began = MonotonicClock.microseconds
        let command = try ChildProcess(
            "\(ChildProcess.programFolder)/lienthong",
            [
                "agency", "import", path, "--hub", world.hub.url, "--cert", "\(folder)/operator.pem", "--key",
                "\(folder)/operator.key", "--ca", "\(folder)/root.pem",
            ], errors: "\(folder)/import.log")
        guard command.wait() == 0 else {
            let log = (try? InputFile.read("\(folder)/import.log")) ?? []
            throw CommandFailure(.refused, "nhập không xong: \(String(decoding: log, as: UTF8.self))")
        }
        return Double(MonotonicClock.microseconds - began) / 1_000_000
    }

    /// Microseconds of each search, and milliseconds of the first thousand agencies in one answer.
    private static func search(
        _ country: BenchCountry, _ world: BenchWorld, seconds: Int
    ) throws -> (searches: [Int], page: Double) {
        let client = try world.client(BenchWorld.sender)
        // Neighbouring numbers are of one level: steps of a prime go through all of them.
        let step = 7919
        var microseconds: [Int] = []
        let end = MonotonicClock.microseconds + seconds * 1_000_000
        var round = 0
        while round < 8 || MonotonicClock.microseconds < end {
            for question in country.questions(round * step) {
                let began = MonotonicClock.microseconds
                let reply = try client.send("GET", "/v1/agencies?limit=20&q=\(question.text.asPathSegment)")
                microseconds.append(MonotonicClock.microseconds - began)
                guard reply.head.status == 200 else {
                    throw HubRefusal(status: reply.head.status, body: reply.bytes)
                }
                guard let expected = question.expected else { continue }
                let codes = (try JSONReader.read(reply.bytes)["agencies"]?.array ?? []).compactMap {
                    $0["code"]?.string
                }
                guard codes.contains(where: { ExactString($0) == expected }) else {
                    throw CommandFailure(.refused, "tra \"\(question.text)\" không thấy \(expected)")
                }
            }
            round += 1
        }
        let began = MonotonicClock.microseconds
        _ = try client.send("GET", "/v1/agencies?limit=1000")
        return (microseconds, Double(MonotonicClock.microseconds - began) / 1000)
    }
}
