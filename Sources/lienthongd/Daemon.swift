internal import API
internal import AuditLog
internal import Exchange
internal import Files
internal import Glibc
internal import HTTP
internal import Hub
internal import JSON
internal import OpenSSL
internal import Signature
internal import Storage
internal import Synchronization
internal import Transport
internal import Trust
internal import VXP

/// The order of starting and stopping: store, hub, faces; and back.
final class Daemon {
    /// SIGTERM to exit, at most.
    private static let drainSecondsMax = 8.0

    private let configuration: Configuration
    private let log = LogWriter()
    private let hub: Hub
    private let trust: TrustUpkeep
    private let server: Server
    private let apiAddress: SocketAddress
    private let vxpAddress: SocketAddress?
    private let stopping: CountingSemaphore
    private let failure: Failure

    /// Why the daemon must end by itself; set once, from any thread.
    private final class Failure: Sendable {
        let error = Mutex<StorageError?>(nil)
    }

    init(_ configuration: Configuration, _ material: Material, rollsForward: Bool) throws {
        self.configuration = configuration
        OpenFileLimit.raise()
        Heap.keepFreedMemory()
        stopping = CountingSemaphore()
        failure = Failure()
        try Files.Directory.create(configuration.dataDirectory)
        let signer = CheckpointSigner(
            origin: configuration.log.origin,
            key: try NoteSigner(
                name: configuration.log.origin, key: try Material.logKey(configuration.log.key)))
        let signers = SeenSigners()
        let trust = try Self.openTrust(configuration, material, signers, log)
        self.trust = trust
        hub = try Self.openHub(
            configuration, material, signer, trust.verifier, signers, rollsForward, log
        ) {
            [stopping, failure, log] error in
            log.write(.error, "fatal", [("cause", .text(error.message))])
            failure.error.withLock { $0 = error }
            stopping.signal()
        }
        server = try Server(reactors: configuration.limits.reactors ?? Server.coreCount)
        apiAddress = try server.listen(
            ListenerConfiguration(
                address: configuration.apiAddress, tls: material.serverTLS,
                limits: Self.limits(configuration.limits)),
            handler: Routes(hub: hub, logIsPublic: configuration.log.isPublic))
        let operations = try server.listen(
            ListenerConfiguration(
                address: configuration.operationsAddress, tls: nil, limits: ConnectionLimits()),
            handler: OperationsHandler(hub: hub, warnings: { trust.warnings.map(\.text) }) { [server] in
                Self.gauges(server.statistics) + trust.gauges
            })
        vxpAddress = try Self.listenForVXP(configuration, material, server, hub)
        try server.start()
        trust.start(hub)
        let reload = Reload(
            configuration, server: server, api: apiAddress, vxp: vxpAddress, hub: hub, trust: trust, log: log)
        try Signals.handle { [stopping] signal in
            switch signal {
            case .terminate, .interrupt: stopping.signal()
            case .hangUp: reload.perform()
            }
        }
        try publishAddresses(operations)
    }

    /// Serves until a signal or a fatal error; returns the exit code.
    func run() -> Int32 {
        log.write(
            .info, "ready",
            [
                ("address", .text(apiAddress.description)),
                ("agencies", .number(Int64(hub.directory.agencies.count))),
            ])
        stopping.wait()
        if failure.error.withLock({ $0 != nil }) {
            // What is on disk is the truth now, not what this process believes.
            return 70
        }
        log.write(.info, "stopping", [])
        hub.beginStopping()
        let allEnded = server.drain(secondsMax: Self.drainSecondsMax)
        trust.stop()
        hub.stop()
        log.write(.info, "stopped", [("cutOff", .number(allEnded ? 0 : 1))])
        return 0
    }

    private static func openTrust(
        _ configuration: Configuration, _ material: Material, _ signers: SeenSigners, _ log: LogWriter
    ) throws -> TrustUpkeep {
        do {
            return try TrustUpkeep(configuration, material, signers, log)
        } catch {
            throw MaterialError(description: "danh sách tin cậy (trust) không dùng được: \(error)")
        }
    }

    private static func openHub(
        _ configuration: Configuration, _ material: Material, _ signer: CheckpointSigner,
        _ verifier: SignatureVerifier, _ signers: SeenSigners, _ rollsForward: Bool,
        _ log: LogWriter, onFatal: @escaping @Sendable (StorageError) -> Void
    ) throws -> Hub {
        var storeOptions = StoreOptions()
        storeOptions.attemptsMax = configuration.leases.attemptsMax
        storeOptions.rollsForward = rollsForward
        storeOptions.agingSeconds = configuration.agingSeconds
        storeOptions.deliveriesWaitingMax = configuration.limits.agencyDeliveriesWaitingMax
        let store = try Store(directory: configuration.dataDirectory, options: storeOptions)
        let reader = try store.makeReader()
        if let directory = material.directory, try reader.directory().isEmpty {
            _ = try store.commit(
                [
                    .putAgencies(directory.agencies, retire: .others), .putPrincipals(directory.principals),
                    .keepCertificates(material.directoryCertificates),
                ],
                at: Clock.system.now(), signed: nil)
        }
        var options = HubOptions()
        options.letterBytesMax = configuration.limits.letterBytesMax
        options.leaseSecondsDefault = configuration.leases.secondsDefault
        options.leaseSecondsMax = configuration.leases.secondsMax
        options.policy = configuration.policy.hub
        options.diskFreeBytesMin = configuration.limits.diskFreeBytesMin
        options.uploads.secondsMax = configuration.limits.uploadSecondsMax
        options.uploads.perAgencyMax = configuration.limits.uploadsPerAgencyMax
        options.pollsPerAgencyMax = configuration.limits.agencyPollsMax
        options.lettersInWorkMax = configuration.limits.agencyLettersInWorkMax ?? Server.coreCount + 1
        options.readingBytesMax = configuration.limits.readingBytesMax
        options.submissionsPerAgencyMax = configuration.limits.agencySubmissionsMax
        options.hubCode = AgencyCode(configuration.hubCode)
        options.hubName = configuration.hubName
        options.timestampAuthority = try configuration.timestamp.map {
            try TimestampAuthority($0, crls: configuration.trust.paths.lists)
        }
        options.retention = configuration.retention
        options.webhooks.perAgencyMax = configuration.webhooks.perAgencyMax
        options.webhooks.failingSecondsMax = configuration.webhooks.failingSecondsMax
        options.webhooks.pushSecondsMax = configuration.webhooks.pushSecondsMax
        if configuration.webhooks.isEnabled {
            options.webhooks.sender = try WebhookSender(configuration.webhooks)
        }
        options.secretsKey = try configuration.vxp.map { try Material.secretsKey($0.key) }
        options.rates.requestsPerSecondMax = configuration.limits.agencyRequestsPerSecondMax
        options.rates.bytesPerSecondMax = configuration.limits.agencyBytesPerSecondMax
        return try Hub(
            store: store, reader: reader, signer: signer, verifier: verifier, signers: signers,
            options: options,
            log: log,
            onFatal: onFatal)
    }

    /// Nil where that front is closed.
    private static func listenForVXP(
        _ configuration: Configuration, _ material: Material, _ server: Server, _ hub: Hub
    ) throws -> SocketAddress? {
        guard let vxp = configuration.vxp else { return nil }
        var limits = limits(configuration.limits)
        // Its clients use no connection twice, and some leave each of them open.
        limits.keepsConnections = false
        // Recipients stand in a header, twice.
        limits.headerBytesMax = 256 << 10
        // Larger than what the intake takes: a letter that is too large is read and then refused, since a
        // client that is cut off sends it again.
        limits.bodyBytesMax = 2 * configuration.limits.letterBytesMax + (1 << 20)
        return try server.listen(
            ListenerConfiguration(address: vxp.address, tls: material.vxpTLS, limits: limits),
            handler: VXPFront(hub: hub))
    }

    private static func limits(_ configured: Configuration.Limits) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.connectionsMax = configured.connectionsMax
        limits.connectionsPerAddressMax = configured.connectionsPerAddressMax
        limits.handshakeSecondsMax = Double(configured.handshakeSecondsMax)
        limits.headerSecondsMax = Double(configured.headerSecondsMax)
        limits.idleSecondsMax = Double(configured.idleSecondsMax)
        limits.bodyBytesPerSecondMin = Int64(configured.bodyBytesPerSecondMin)
        // The intake bounds the letter itself and says so; a form adds a little around it.
        limits.bodyBytesMax = configured.letterBytesMax + (1 << 20)
        return limits
    }

    private static func gauges(_ statistics: ServerStatistics) -> [Metrics.Gauge] {
        [
            Metrics.Gauge("connections_open", "Connections now.", Int64(statistics.connectionsOpen)),
            Metrics.Gauge(
                "connections_accepted", "Connections since the start.",
                Int64(statistics.connectionsAccepted)),
            Metrics.Gauge(
                "connections_refused", "Turned away by a cap.", Int64(statistics.connectionsRefused)),
            Metrics.Gauge(
                "handshakes_failed", "TLS handshakes that failed.", Int64(statistics.handshakesFailed)),
            Metrics.Gauge("sessions_resumed", "TLS sessions resumed.", Int64(statistics.sessionsResumed)),
            Metrics.Gauge("requests", "Requests since the start.", Int64(statistics.requests)),
            Metrics.Gauge(
                "requests_malformed", "Requests that were not HTTP.", Int64(statistics.requestsMalformed)),
            Metrics.Gauge(
                "connection_timeouts", "Connections cut off as too slow.", Int64(statistics.timeouts)),
        ]
    }

    /// Tells the real ports to whoever waits for the file; written whole or not at all.
    private func publishAddresses(_ operations: SocketAddress) throws {
        let json = JSONWriter.object { writer in
            writer.member("api", apiAddress.description)
            writer.member("operations", operations.description)
            if let vxpAddress { writer.member("vxp", vxpAddress.description) }
            writer.member("pid", getpid())
        }
        // Made anew at every start: a failed sync after it is seen must not end a hub that serves already.
        try Files.Directory.replace(
            configuration.dataDirectory + "/addresses.json", with: json + [0x0A], durably: false)
    }
}
