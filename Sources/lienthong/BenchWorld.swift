internal import EdXML
internal import Exchange
internal import Files
internal import Glibc
internal import HTTP
internal import Hub
internal import JSON
internal import OpenSSL
internal import Signature
internal import Transport

/// A throw-away hub with its agencies, and letters signed beforehand.
final class BenchWorld {
    let folder: String
    private(set) var hub: LocalHub
    /// From starting the process until it answers.
    private(set) var startSeconds = 0.0

    static let sender = "H37.12"

    /// - Parameter extraAgencies: further recipients without software, for broadcasts.
    init(_ settings: BenchSettings, extraAgencies: Int = 0) throws {
        folder = try Self.makeFolder(settings)
        try Self.allowPolls(in: "\(folder)/hub.json5")
        if extraAgencies > 0 { try Self.addAgencies(extraAgencies, to: "\(folder)/agencies.json5") }
        hub = try LocalHub(folder: folder)
    }

    /// Ends the hub, lets `change` have the data directory, and starts it again.
    func restart(_ change: () throws -> Void) throws {
        guard hub.stop() == 0 else { throw CommandFailure(.refused, "lienthongd kết thúc không sạch") }
        try change()
        let began = MonotonicClock.microseconds
        hub = try LocalHub(folder: folder)
        startSeconds = Double(MonotonicClock.microseconds - began) / 1_000_000
    }

    /// Keys, certificates and a configuration, used for one measurement.
    static func makeFolder(_ settings: BenchSettings) throws -> String {
        let folder = "\(settings.folder)/lienthong-bench-\(try Environment.randomHex(4))"
        let made = try ChildProcess(
            "\(ChildProcess.programFolder)/lienthong",
            ["pki", "demo", folder, "--algorithm", settings.algorithm])
        guard made.wait() == 0 else { throw CommandFailure(.refused, "pki demo không chạy được") }
        return folder
    }

    /// Ten thousand polls of one agency stand for those of as many agencies.
    private static func allowPolls(in path: String) throws {
        let text = String(decoding: try InputFile.read(path), as: UTF8.self)
        guard let end = text.lastIndex(of: "}") else {
            throw CommandFailure(.refused, "cấu hình mẫu không như mong đợi")
        }
        let changed = text[..<end] + "limits: { agencyPollsMax: 1000000 },\n" + text[end...]
        try OutputFile.write(Array(String(changed).utf8), to: path)
    }

    /// What a measurement leaves behind is gigabytes.
    static func remove(_ folder: String) {
        _ = try? ChildProcess("/bin/rm", ["-r", folder]).wait()
    }

    /// The file's list ends in `]` before its principals; new rows go in front of the first agency.
    private static func addAgencies(_ count: Int, to path: String) throws {
        let text = String(decoding: try InputFile.read(path), as: UTF8.self)
        let rows = (0..<count).map { "{ code: \"\(recipient($0))\", name: \"UBND xã số \($0) (mẫu)\" }," }
        guard let list = text.firstRange(of: "["), text[..<list.lowerBound].contains("agencies") else {
            throw CommandFailure(.refused, "danh bạ mẫu không như mong đợi")
        }
        let changed =
            text[..<list.upperBound] + "\n" + rows.joined(separator: "\n") + text[list.upperBound...]
        try OutputFile.write(Array(changed.utf8), to: path)
    }

    static func recipient(_ number: Int) -> String { "H99.\(number + 1)" }

    func end() {
        _ = hub.stop()
        Self.remove(folder)
    }

    var access: BenchAccess { BenchAccess(folder: folder, url: hub.url) }

    func client(_ agency: String) throws -> BlockingClient {
        try access.client(agency)
    }

    /// One counter of the daemon's `/metrics`.
    func counter(_ name: String) throws -> Double {
        let client = try BlockingClient(url: "http://\(hub.operations)", tls: nil, timeoutSeconds: 10)
        let reply = try client.send("GET", "/metrics")
        for line in String(decoding: reply.bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return Double(words[1]) ?? 0 }
        }
        return 0
    }
}

/// How an agency's software reaches the hub; each thread makes its own connection.
struct BenchAccess: Sendable {
    let folder: String
    let url: String

    func client(_ agency: String) throws -> BlockingClient {
        try BlockingClient(url: url, tls: try tls(agency), timeoutSeconds: 120)
    }

    func tls(_ agency: String) throws -> TLSContext {
        try TLSContext(
            clientAnchors: ["\(folder)/root.pem"], certificate: "\(folder)/\(agency).tls.pem",
            key: "\(folder)/\(agency).tls.key")
    }
}

/// Makes letters that differ in their DocumentId, each signed for itself.
struct BenchLetters {
    private let draft: LetterDraft
    private let signer: XMLSigner
    private let folder: String
    private let sender: String

    /// - Parameter bytes: size of the finished letter, about.
    init(
        _ folder: String, bytes: Int, from sender: String = BenchWorld.sender, recipients: [String]
    ) throws {
        self.folder = folder
        self.sender = sender
        let attachment = "\(folder)/\(sender).attachment-\(bytes).pdf"
        try Self.writeRandom(max(64, (bytes - 6000) / 4 * 3), to: attachment)
        let date = Clock.system.now().edXMLDate
        var draft = LetterDraft(
            sender: OrganizationDraft(code: AgencyCode(sender), name: "Cơ quan gửi (mẫu)"),
            recipients: recipients.map {
                OrganizationDraft(code: AgencyCode($0), name: "Cơ quan nhận (mẫu)")
            },
            documentID: "", codeNumber: "1", codeNotation: "BENCH", place: "Hà Nội", promulgationDate: date,
            type: DocumentTypeDraft(name: "Công văn"), subject: "V/v đo tải", tracedAt: Clock.system.now(),
            attachments: [])
        draft.attachments = [AttachmentDraft(path: attachment, name: "1.pdf")]
        self.draft = draft
        let signing = try InputFile.read("\(folder)/\(sender).sign.pem")
        signer = XMLSigner(
            try SigningIdentity(
                certificate: try Certificate(pem: signing),
                key: try PrivateKey(pem: try InputFile.read("\(folder)/\(sender).sign.key")),
                chain: [try Certificate(pem: try InputFile.read("\(folder)/agency-ca.pem"))]))
    }

    /// Writes letter `number`, signed; its path.
    func write(_ number: Int) throws -> String {
        var draft = draft
        draft.documentID = ExactString("\(sender),\(draft.promulgationDate),\(number)/BENCH")
        let (unsigned, signed) = ("\(folder)/bench.unsigned", "\(folder)/bench.edxml")
        for path in [unsigned, signed] where Files.Directory.exists(path) { try Files.Directory.remove(path) }
        let plain = try File(unsigned, .createNew)
        try LetterWriter.write(draft, to: plain)
        try signer.sign(plain, to: try File(signed, .createNew))
        return signed
    }

    /// `count` letters in memory, signed on all cores beforehand so that the measurement holds no signing.
    func make(_ count: Int, _ terminal: Terminal) throws -> [[UInt8]] {
        let bar = terminal.progress("ký \(count) văn bản", total: Int64(count))
        var letters: [[UInt8]] = []
        letters.reserveCapacity(count)
        for number in 0..<count {
            letters.append(try InputFile.read(try write(number)))
            bar.advance(to: Int64(number + 1))
        }
        bar.finish()
        return letters
    }

    private static func writeRandom(_ count: Int, to path: String) throws {
        let file = try File(path, .createNew)
        let piece = SecureRandom.bytes(min(count, 1 << 20))
        var offset = 0
        while offset < count {
            let part = Array(piece.prefix(count - offset))
            try file.write(part, at: Int64(offset))
            offset += part.count
        }
    }
}

/// What processes used, from the kernel's own books.
struct ProcessUsage {
    let cpuSeconds: Double
    let residentMiB: Double
    let peakResidentMiB: Double
    /// Pages of files that it made dirty, whether or not they have reached the disk.
    let writtenBytes: Double

    init(_ process: pid_t) throws {
        let statistics = String(decoding: try Self.read("/proc/\(process)/stat"), as: UTF8.self)
        // The name in parentheses may hold spaces; fields are counted behind it.
        let fields = statistics.split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
        cpuSeconds = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        let status = String(decoding: try Self.read("/proc/\(process)/status"), as: UTF8.self)
        func mebibytes(_ name: String) -> Double {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
            let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
            return words.count > 1 ? (Double(words[1]) ?? 0) / 1024 : 0
        }
        residentMiB = mebibytes("VmRSS:")
        peakResidentMiB = mebibytes("VmHWM:")
        let books = String(decoding: try Self.read("/proc/\(process)/io"), as: UTF8.self)
        let written = books.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }
        writtenBytes = written?.split(separator: " ").last.flatMap { Double($0) } ?? 0
    }

    private static func read(_ path: String) throws -> [UInt8] {
        try File(path, .read).read(at: 0, count: 16 << 10)
    }

    static func bytesOnDisk(_ folder: String) -> Double {
        var total = 0.0
        for name in (try? Files.Directory.names(in: folder)) ?? [] {
            var state = stat()
            let path = "\(folder)/\(name)"
            guard unsafe lstat(path, &state) == 0 else { continue }
            total += state.st_mode & S_IFMT == S_IFDIR ? bytesOnDisk(path) : Double(state.st_blocks) * 512
        }
        return total
    }
}
