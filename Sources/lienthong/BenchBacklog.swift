internal import Exchange
internal import HTTP
internal import OpenSSL
internal import Storage
internal import Transport

/// backlog: a hub that has stored 1,000,000 letters, against an empty one: start, accept, exchange.
enum BenchBacklog {
    private static let letterCount = 1_000_000
    private static let batch = 500
    private static let agencies = 1000

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings, extraAgencies: agencies)
        defer { world.end() }
        let size = settings.sizeBytes ?? 50 << 10
        let (count, steady) = (BenchAccept.count(settings, size) / 2, settings.rate * settings.seconds)
        let letters = try BenchLetters(world.folder, bytes: size, recipients: [BenchExchange.recipient])
            .make(2 * count + 2 * steady, terminal)
        // Exchanged first, so that the recipient's inbox is empty while the rest is accepted.
        let emptyExchange = try BenchExchange.measure(world, settings, Array(letters[..<steady]))
        let empty = try BenchAccept.measure(world, settings, Array(letters[2 * steady..<2 * steady + count]))
        try world.restart {
            try fill("\(world.folder)/data", letterCount, terminal) { BenchWorld.recipient($0 % agencies) }
        }
        let started = world.startSeconds
        let full = try BenchAccept.measure(world, settings, Array(letters[(2 * steady + count)...]))
        try drain(world)
        let exchange = try BenchExchange.measure(world, settings, Array(letters[steady..<2 * steady]))
        var result = full
        result.scenario = "backlog"
        result.conditions = "\(letterCount) văn bản đã lưu, " + full.conditions
        result.others = [
            ("startSeconds", started, "s"),
            ("rateOfEmptyHub", empty.ratePerSecond ?? 0, "/s"),
            ("daemonCPUSecondsPerLetterOfEmptyHub", empty.daemonCPUSecondsPerLetter ?? 0, "s"),
            ("exchangeP50Milliseconds", exchange.latency?.p50 ?? 0, "ms"),
            ("exchangeP50MillisecondsOfEmptyHub", emptyExchange.latency?.p50 ?? 0, "ms"),
        ]
        return result
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

    /// Takes what the accepted letters left in the recipient's inbox: an exchange would wait behind it.
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
