internal import Exchange
internal import Files
internal import Hub
internal import JSON
internal import OpenSSL

/// `hub.json5`, checked. Every key is explained in `Config/hub.json5`.
struct Configuration: Sendable, Hashable {
    struct Log: Sendable, Hashable {
        let origin: String
        let key: String
        let isPublic: Bool
    }

    struct Limits: Sendable, Hashable {
        let letterBytesMax: Int64
        let connectionsMax: Int
        let connectionsPerAddressMax: Int
        let handshakeSecondsMax: Int
        let headerSecondsMax: Int
        let idleSecondsMax: Int
        let bodyBytesPerSecondMin: Int
        let reactors: Int?
        let diskFreeBytesMin: Int64
        let uploadSecondsMax: Int64
        let uploadsPerAgencyMax: Int
        let agencyRequestsPerSecondMax: Int64
        let agencyBytesPerSecondMax: Int64
        let agencyDeliveriesWaitingMax: Int64
        let agencyPollsMax: Int
        /// Nil for one more than there are cores.
        let agencyLettersInWorkMax: Int?
        let readingBytesMax: Int
        let agencySubmissionsMax: Int
    }

    struct Leases: Sendable, Hashable {
        let secondsDefault: Int
        let secondsMax: Int
        let attemptsMax: Int
    }

    struct Timestamp: Sendable, Hashable {
        let url: String
        let anchors: [String]
        let tlsAnchors: [String]
        let intervalSeconds: Int
    }

    /// The front for existing agency software.
    struct VXP: Sendable, Hashable {
        let address: String
        /// Of what seals the agencies' secrets.
        let key: String
        /// False behind a proxy on the same machine.
        let usesTLS: Bool
    }

    let file: String
    /// Of the file's bytes.
    let digest: Digest256
    let hubCode: String
    let hubName: String
    let dataDirectory: String
    let apiAddress: String
    let operationsAddress: String
    let tlsCertificate: String
    let tlsKey: String
    let clientAnchors: [String]
    let trust: Trust
    let log: Log
    let directoryFile: String?
    let policy: Policy
    let limits: Limits
    let leases: Leases
    /// See `StoreOptions`.
    let agingSeconds: Int64
    /// Nil where that front is closed.
    let vxp: VXP?
    /// Nil where no authority is asked.
    let timestamp: Timestamp?
    let retention: RetentionPolicy
    let webhooks: Webhooks

    init(file: String, bytes: [UInt8]) throws(ConfigurationError) {
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes, dialect: .json5)
        } catch {
            throw ConfigurationError(file: file, line: error.line, detail: error.message)
        }
        self.file = file
        digest = SHA256.hash(bytes)
        func absolute(_ path: String) -> String { Files.Directory.resolve(path, beside: file) }

        let root = try ConfigurationSection(file: file, root: value)
        let hub = try root.section("hub")
        hubCode = try hub.text("code")
        hubName = try hub.text("name")
        try hub.finish()
        dataDirectory = absolute(try root.text("dataDirectory"))
        let listen = try root.section("listen")
        apiAddress = try listen.text("api")
        operationsAddress = try listen.optionalText("operations") ?? "127.0.0.1:0"
        let vxpAddress = try listen.optionalText("vxp")
        try listen.finish()
        vxp = try Self.vxp(try root.section("vxp"), vxpAddress, absolute, dataDirectory)
        let tls = try root.section("tls")
        tlsCertificate = absolute(try tls.text("certificate"))
        tlsKey = absolute(try tls.text("key"))
        clientAnchors = try tls.texts("clientAnchors").map(absolute)
        if clientAnchors.isEmpty { throw tls.error("clientAnchors", "cần ít nhất một tệp chứng thư gốc") }
        try tls.finish()
        trust = try Trust(try root.section("trust"), absolute)
        let log = try root.section("log")
        self.log = Log(
            origin: try Self.origin(log), key: absolute(try log.optionalText("key") ?? "log.key"),
            isPublic: try log.boolean("public", default: false))
        try log.finish()
        directoryFile = try root.optionalText("directory").map(absolute)
        let rules = try root.section("rules")
        agingSeconds = try rules.integer("agingSeconds", in: 0...31_536_000, default: 14_400)
        policy = try Policy(try root.section("policy"), rules: try ExchangeRules(rules))
        limits = try Self.limits(try root.section("limits"))
        leases = try Self.leases(try root.section("leases"))
        webhooks = try Webhooks(try root.section("webhooks"), absolute)
        retention = try Self.retention(try root.section("retention"))
        timestamp = try Self.timestamp(try root.section("timestamp"), absolute)
        try root.finish()
    }

    private static func timestamp(
        _ section: ConfigurationSection, _ absolute: (String) -> String
    ) throws(ConfigurationError) -> Timestamp? {
        let url = try section.optionalText("url")
        let (anchors, tlsAnchors) = (try section.texts("anchors"), try section.texts("tlsAnchors"))
        let interval = try section.integer("intervalSeconds", in: 1...86_400, default: 60)
        try section.finish()
        guard let url else { return nil }
        if anchors.isEmpty { throw section.error("anchors", "cần ít nhất một tệp chứng thư gốc của TSA") }
        return Timestamp(
            url: url, anchors: anchors.map(absolute), tlsAnchors: tlsAnchors.map(absolute),
            intervalSeconds: Int(interval))
    }

    private static func vxp(
        _ section: ConfigurationSection, _ address: String?, _ absolute: (String) -> String,
        _ dataDirectory: String
    ) throws(ConfigurationError) -> VXP? {
        let key = absolute(try section.optionalText("key") ?? "vxp.key")
        let usesTLS = try section.boolean("tls", default: true)
        try section.finish()
        guard let address else { return nil }
        // Beside what it seals it would be in every backup of it.
        if key.hasPrefix(dataDirectory + "/") {
            throw section.error("key", "phải nằm ngoài dataDirectory, nếu không bản sao lưu mở được bí mật")
        }
        if !usesTLS, !["127.0.0.1:", "[::1]:", "localhost:"].contains(where: { address.hasPrefix($0) }) {
            throw section.error("tls", "chỉ được tắt khi listen.vxp là địa chỉ loopback (sau proxy cùng máy)")
        }
        return VXP(address: address, key: key, usesTLS: usesTLS)
    }

    /// False where a setting differs that only a restart takes into use.
    func differsOnlyInWhatReloads(from other: Configuration) -> Bool {
        hubCode == other.hubCode && hubName == other.hubName && dataDirectory == other.dataDirectory
            && apiAddress == other.apiAddress && operationsAddress == other.operationsAddress
            && log == other.log && limits == other.limits && timestamp == other.timestamp
            && leases == other.leases && webhooks == other.webhooks && agingSeconds == other.agingSeconds
            && vxp == other.vxp
    }

    private static func origin(_ log: ConfigurationSection) throws(ConfigurationError) -> String {
        let origin = try log.text("origin")
        let isValid = origin.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2B }
        guard isValid, origin.utf8.count <= 255 else {
            throw log.error(
                "origin", "chỉ gồm ký tự ASCII thấy được, không có dấu cách hay dấu +, nhiều nhất 255")
        }
        return origin
    }

    private static func limits(_ section: ConfigurationSection) throws(ConfigurationError) -> Limits {
        let reactors = try section.integer("reactors", in: 0...256, default: 0)
        let lettersInWork = try section.integer("agencyLettersInWorkMax", in: 0...4096, default: 0)
        let limits = Limits(
            letterBytesMax: try section.integer("letterBytesMax", in: 1024...(8 << 30), default: 2 << 30),
            connectionsMax: Int(try section.integer("connectionsMax", in: 1...1_000_000, default: 20_000)),
            connectionsPerAddressMax: Int(
                try section.integer("connectionsPerAddressMax", in: 1...1_000_000, default: 20_000)),
            handshakeSecondsMax: Int(try section.integer("handshakeSecondsMax", in: 1...300, default: 10)),
            headerSecondsMax: Int(try section.integer("headerSecondsMax", in: 1...300, default: 15)),
            idleSecondsMax: Int(try section.integer("idleSecondsMax", in: 1...3600, default: 120)),
            bodyBytesPerSecondMin: Int(
                try section.integer("bodyBytesPerSecondMin", in: 0...1_000_000, default: 1024)),
            reactors: reactors == 0 ? nil : Int(reactors),
            diskFreeBytesMin: try section.integer("diskFreeBytesMin", in: 0...(1 << 50), default: 256 << 20),
            uploadSecondsMax: try section.integer("uploadSecondsMax", in: 60...31_536_000, default: 86_400),
            uploadsPerAgencyMax: Int(try section.integer("uploadsPerAgencyMax", in: 1...10_000, default: 16)),
            agencyRequestsPerSecondMax: try section.integer(
                "agencyRequestsPerSecondMax", in: 0...1_000_000, default: 0),
            agencyBytesPerSecondMax: try section.integer(
                "agencyBytesPerSecondMax", in: 0...(1 << 40), default: 0),
            agencyDeliveriesWaitingMax: try section.integer(
                "agencyDeliveriesWaitingMax", in: 0...(1 << 40), default: 0),
            agencyPollsMax: Int(try section.integer("agencyPollsMax", in: 1...1_000_000, default: 100)),
            agencyLettersInWorkMax: lettersInWork == 0 ? nil : Int(lettersInWork),
            readingBytesMax: Int(
                try section.integer("readingBytesMax", in: (128 << 20)...(1 << 40), default: 512 << 20)),
            agencySubmissionsMax: Int(
                try section.integer("agencySubmissionsMax", in: 1...1_000_000, default: 1024)))
        try section.finish()
        return limits
    }

    private static func leases(_ section: ConfigurationSection) throws(ConfigurationError) -> Leases {
        let secondsMax = Int(try section.integer("secondsMax", in: 1...43_200, default: 43_200))
        let leases = Leases(
            secondsDefault: Int(
                try section.integer(
                    "secondsDefault", in: 1...Int64(secondsMax), default: Int64(min(300, secondsMax)))),
            secondsMax: secondsMax,
            attemptsMax: Int(try section.integer("attemptsMax", in: 1...1000, default: 10)))
        try section.finish()
        return leases
    }
}
