internal import Exchange
internal import Files
internal import HTTP
internal import JSON
internal import Transport

/// broadcast: one letter to 3,500 recipients.
enum BenchBroadcast {
    private static let recipientCount = 3500

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings, extraAgencies: recipientCount)
        defer { world.end() }
        let recipients = (0..<recipientCount).map(BenchWorld.recipient)
        let size = settings.sizeBytes ?? 50 << 10
        let letters = try BenchLetters(world.folder, bytes: size, recipients: recipients).make(5, terminal)
        let client = try world.client(BenchWorld.sender)
        var commits: [Int] = []
        var visible: [Int] = []
        for letter in letters {
            let began = MonotonicClock.microseconds
            let reply = try client.send(
                "POST", "/v1/documents", fields: ["Content-Type": "application/xml"], body: .bytes(letter))
            guard reply.head.status == 201 else {
                throw HubRefusal(status: reply.head.status, body: reply.bytes)
            }
            commits.append(MonotonicClock.microseconds - began)
            let key = try JSONReader.read(reply.bytes)["documentKey"]?.string ?? ""
            let trail = try client.send("GET", "/v1/documents/\(key)", fields: [:], body: .none)
            let queued = try JSONReader.read(trail.bytes)["deliveries"]?.array?.filter {
                $0["state"]?.string == "queued"
            }
            guard queued?.count == recipientCount else {
                throw CommandFailure(.refused, "không đủ lượt giao")
            }
            visible.append(MonotonicClock.microseconds - began)
        }
        let daemon = try ProcessUsage(world.hub.process.identifier)
        return BenchResult(
            scenario: "broadcast", conditions: "\(recipientCount) nơi nhận, \(settings.algorithm)",
            letters: letters.count, latency: .init(microseconds: commits),
            residentMiB: daemon.peakResidentMiB,
            others: [("allInboxesSeconds", Double(visible.max() ?? 0) / 1_000_000, "s")])
    }
}

/// large: one very large letter in and out.
enum BenchLarge {
    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings)
        defer { world.end() }
        let size = settings.sizeBytes ?? 1 << 30
        terminal.tell("soạn và ký \(size) byte …")
        let letter = try BenchLetters(world.folder, bytes: size, recipients: ["H31.7"]).write(0)
        let bytes = try InputFile.size(letter)
        let floor = try BenchFloor.copyAndHash(letter, to: "\(world.folder)/copy")
        let client = try world.client(BenchWorld.sender)
        let began = MonotonicClock.microseconds
        let reply = try client.send(
            "POST", "/v1/documents", fields: ["Content-Type": "application/xml"],
            body: .file(letter))
        guard reply.head.status == 201 else { throw HubRefusal(status: reply.head.status, body: reply.bytes) }
        let uploaded = MonotonicClock.microseconds
        let key = try JSONReader.read(reply.bytes)["documentKey"]?.string ?? ""
        let file = try File("\(world.folder)/received", .createNew)
        _ = try client.download(
            "/v1/documents/\(key)/content", to: FileDescriptor(try file.duplicateDescriptor()))
        guard try file.size() == bytes else { throw CommandFailure(.refused, "tải về thiếu byte") }
        let downloaded = MonotonicClock.microseconds
        let daemon = try ProcessUsage(world.hub.process.identifier)
        return BenchResult(
            scenario: "large", conditions: "\(bytes) byte, \(settings.algorithm)", letters: 1,
            residentMiB: daemon.peakResidentMiB,
            others: [
                ("uploadSeconds", Double(uploaded - began) / 1_000_000, "s"),
                ("downloadSeconds", Double(downloaded - uploaded) / 1_000_000, "s"),
                ("copyAndHashSeconds", floor, "s"),
            ])
    }
}
