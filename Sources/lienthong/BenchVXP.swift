internal import Exchange
internal import Glibc
internal import HTTP
internal import JSON
internal import OpenSSL
internal import Storage
internal import Transport

/// vxp: 500 installations of existing agency software ask every 30 seconds what waits, each time over a new
/// connection with a full handshake; and what one page costs for an office with 100,000 letters waiting.
enum BenchVXP {
    private static let installations = 500
    private static let intervalSeconds = 30
    private static let waiting = 100_000
    private static let batch = 500
    private static let pages = 40
    private static let busy = "H31.7"

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let world = try BenchWorld(settings, extraAgencies: installations)
        defer { world.end() }
        try world.restart { try fill("\(world.folder)/data", terminal) }
        let address = world.hub.vxp
        func office(_ code: String) throws -> (String, String) { (code, try issue(code, world)) }
        let busyOffice = try office(busy)
        let offices = try (0..<installations).map { try office(BenchWorld.recipient($0)) }

        func client(_ office: (code: String, secret: String)) throws -> VXPOfficeClient {
            try VXPOfficeClient(
                address: address, anchor: "\(world.folder)/root.pem", systemID: office.code,
                secret: office.secret)
        }
        let long = try list(try client(busyOffice), "edoc")
        let other = try list(try client(busyOffice), "status")
        let short = try list(try client(offices[0]), "edoc")

        let seconds = max(settings.seconds, intervalSeconds)
        let count = seconds * installations / intervalSeconds
        terminal.tell("\(installations) phần mềm hỏi trong \(seconds) giây …")
        let before = try ProcessUsage(world.hub.process.identifier)
        let began = MonotonicClock.microseconds
        var latencies: [Int] = []
        for number in 0..<count {
            let due = began + number * intervalSeconds * 1_000_000 / installations
            let wait = due - MonotonicClock.microseconds
            if wait > 0 { usleep(UInt32(wait)) }
            let started = MonotonicClock.microseconds
            // Its own client, because a fresh process resumes no session.
            _ = try client(offices[number % installations]).list("edoc")
            latencies.append(MonotonicClock.microseconds - started)
        }
        let elapsed = Double(MonotonicClock.microseconds - began) / 1_000_000
        let after = try ProcessUsage(world.hub.process.identifier)
        return BenchResult(
            scenario: "vxp",
            conditions: "\(installations) phần mềm, \(intervalSeconds) giây một lần, bắt tay TLS đầy đủ; "
                + "\(waiting) văn bản chờ một nơi",
            letters: count, ratePerSecond: Double(count) / elapsed,
            latency: .init(microseconds: latencies), residentMiB: after.residentMiB,
            others: [
                ("daemonCPUShareOfOneCore", (after.cpuSeconds - before.cpuSeconds) / elapsed, ""),
                ("listMilliseconds100000Waiting", long, "ms"),
                ("listMillisecondsOtherKind", other, "ms"),
                ("listMillisecondsEmpty", short, "ms"),
            ])
    }

    /// The median of some lists.
    private static func list(_ client: VXPOfficeClient, _ type: String) throws -> Double {
        var times: [Int] = []
        for _ in 0..<pages {
            let started = MonotonicClock.microseconds
            _ = try client.list(type)
            times.append(MonotonicClock.microseconds - started)
        }
        return Double(times.sorted()[pages / 2]) / 1000
    }

    private static func issue(_ code: String, _ world: BenchWorld) throws -> String {
        let tls = try TLSContext(
            clientAnchors: ["\(world.folder)/root.pem"], certificate: "\(world.folder)/operator.pem",
            key: "\(world.folder)/operator.key")
        let client = try BlockingClient(url: world.hub.url, tls: tls, timeoutSeconds: 60)
        let reply = try client.send("POST", "/v1/agencies/\(code)/vxp-secrets")
        guard reply.head.status == 201, let secret = try JSONReader.read(reply.bytes)["secret"]?.string else {
            throw HubRefusal(status: reply.head.status, body: reply.bytes)
        }
        return secret
    }

    /// Through the real store, as the hub would, but without network and signatures.
    private static func fill(_ data: String, _ terminal: Terminal) throws {
        let store = try Store(directory: data)
        let bar = terminal.progress("lưu \(waiting) văn bản", total: Int64(waiting))
        for first in stride(from: 0, to: waiting, by: batch) {
            let changes = (first..<first + batch).map { Change.accept(letter($0)) }
            let at = Instant(milliseconds: 1_700_000_000_000 + Int64(first))
            for result in try store.commit(changes, at: at, signed: nil) { _ = try result.get() }
            bar.advance(to: Int64(first + batch))
        }
        bar.finish()
    }

    private static func letter(_ number: Int) -> NewDocument {
        let name = "\(BenchWorld.sender),2025/01/01,\(number)/VXP"
        let bytes = Array(name.utf8)
        let sha256 = SHA256.hash(bytes)
        return NewDocument(
            key: DocumentKey(truncating: sha256), kind: .letter, sender: AgencyCode(BenchWorld.sender),
            documentID: ExactString(name), code: "\(number)/VXP", businessType: 0, subject: "V/v đo tải",
            priority: .normal, promulgationDate: "2025/01/01", dueDate: nil,
            recipients: [AgencyCode(busy)], payload: .memory(bytes), byteCount: Int64(bytes.count),
            sha256: sha256, detachedSignature: nil, indication: "TOTAL-PASSED", verdict: Array("{}".utf8),
            signerSHA256: nil, requestID: "0000000000000000", status: nil)
    }
}
