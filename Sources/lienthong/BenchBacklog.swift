internal import Exchange
internal import Glibc
internal import HTTP
internal import OpenSSL
internal import Storage
internal import Transport

/// backlog: a hub that has stored 1,000,000 letters beside an empty one: start, accept, exchange.
///
/// Both hubs take turns: a disk has better and worse minutes, and one after the other would compare those.
enum BenchBacklog {
    private static let letterCount = 1_000_000
    private static let batch = 500
    private static let agencies = 1000
    private static let rounds = 4

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let empty = try BenchWorld(settings, extraAgencies: agencies)
        defer { empty.end() }
        let full = try BenchWorld(settings, extraAgencies: agencies)
        defer { full.end() }
        try full.restart {
            try fill("\(full.folder)/data", letterCount, terminal) { BenchWorld.recipient($0 % agencies) }
        }
        let started = full.startSeconds
        let size = settings.sizeBytes ?? 50 << 10
        let (count, steady) = (BenchAccept.count(settings, size) / 2, settings.rate * settings.seconds)
        var emptyTurns = try Turns(empty, settings, size, count, steady, terminal)
        var fullTurns = try Turns(full, settings, size, count, steady, terminal)
        for round in 0..<rounds {
            try emptyTurns.take(round)
            try fullTurns.take(round)
        }
        var result = try fullTurns.accepted()
        let other = try emptyTurns.accepted()
        let (exchange, emptyExchange) = (try fullTurns.exchange(), try emptyTurns.exchange())
        result.scenario = "backlog"
        result.conditions = "\(letterCount) văn bản đã lưu, " + result.conditions
        result.others = [
            ("startSeconds", started, "s"),
            ("rateOfEmptyHub", other.ratePerSecond ?? 0, "/s"),
            ("daemonCPUSecondsPerLetterOfEmptyHub", other.daemonCPUSecondsPerLetter ?? 0, "s"),
            ("bytesWrittenPerLetterOfEmptyHub", other.bytesWrittenPerLetter ?? 0, "byte"),
            ("exchangeP50Milliseconds", exchange.latency?.p50 ?? 0, "ms"),
            ("exchangeP50MillisecondsOfEmptyHub", emptyExchange.latency?.p50 ?? 0, "ms"),
        ]
        return result
    }

    /// One hub's part of the measurement.
    private struct Turns {
        private let world: BenchWorld
        private let settings: BenchSettings
        private let letters: [[UInt8]]
        private let steady: Int
        private let perRound: Int
        private var results: [BenchResult] = []

        init(
            _ world: BenchWorld, _ settings: BenchSettings, _ size: Int, _ count: Int, _ steady: Int,
            _ terminal: Terminal
        ) throws {
            self.world = world
            self.settings = settings
            self.steady = steady
            perRound = count / rounds
            letters = try BenchLetters(world.folder, bytes: size, recipients: [BenchExchange.recipient])
                .make(steady + perRound * rounds, terminal)
        }

        mutating func take(_ round: Int) throws {
            let first = steady + round * perRound
            results.append(
                try BenchAccept.measure(world, settings, Array(letters[first..<first + perRound])))
        }

        /// The round whose rate is in the middle, with the rate of all of them together.
        func accepted() throws -> BenchResult {
            let sorted = results.sorted { ($0.ratePerSecond ?? 0) < ($1.ratePerSecond ?? 0) }
            var result = sorted[sorted.count / 2]
            let seconds = results.reduce(0) { $0 + Double($1.letters) / ($1.ratePerSecond ?? 1) }
            result.letters = results.reduce(0) { $0 + $1.letters }
            result.ratePerSecond = Double(result.letters) / seconds
            return result
        }

        /// What was accepted before is taken out of the inbox first: an exchange would wait behind it.
        func exchange() throws -> BenchResult {
            try drain(world)
            return try BenchExchange.measure(world, settings, Array(letters[..<steady]))
        }
    }

    /// Through the real store, as the hub would, but without network and signatures: small letters, each to
    /// the inbox that `recipient` names.
    static func fill(
        _ data: String, _ letterCount: Int, _ terminal: Terminal, recipient: (Int) -> String
    ) throws {
        let store = try Store(directory: data)
        let bar = terminal.progress("lưu \(letterCount) văn bản", total: Int64(letterCount))
        let payload = SecureRandom.bytes(200)
        for first in stride(from: 0, to: letterCount, by: batch) {
            let changes = (first..<min(first + batch, letterCount)).map {
                Change.accept(letter($0, payload, to: recipient($0)))
            }
            let at = Instant(milliseconds: 1_700_000_000_000 + Int64(first))
            for result in try store.commit(changes, at: at, signed: nil) { _ = try result.get() }
            bar.advance(to: Int64(first + batch))
        }
        bar.finish()
        // Else what is left to write would be written while somebody is measured.
        sync()
    }

    private static func letter(_ number: Int, _ payload: [UInt8], to recipient: String) -> NewDocument {
        let name = "\(BenchWorld.sender),2025/01/01,\(number)/BACKLOG"
        var bytes = payload
        bytes.append(contentsOf: name.utf8)
        let sha256 = SHA256.hash(bytes)
        return NewDocument(
            key: DocumentKey(truncating: sha256), kind: .letter, sender: AgencyCode(BenchWorld.sender),
            documentID: ExactString(name), code: "\(number)/BACKLOG", businessType: 0, subject: "V/v đo tải",
            priority: .normal, promulgationDate: "2025/01/01", dueDate: nil,
            recipients: [AgencyCode(recipient)], payload: .memory(bytes),
            byteCount: Int64(bytes.count), sha256: sha256, detachedSignature: nil,
            indication: "TOTAL-PASSED", verdict: Array("{}".utf8), signerSHA256: nil,
            requestID: "0000000000000000", status: nil)
    }

    private static func drain(_ world: BenchWorld) throws {
        let client = try world.client(BenchExchange.recipient)
        while true {
            let reply = try client.send(
                "GET", "/v1/inbox?limit=100&lease=43200", fields: [:], body: .none)
            guard reply.head.status == 200 else {
                throw HubRefusal(status: reply.head.status, body: reply.bytes)
            }
            if reply.bytes.count < 64 { return }
        }
    }
}
