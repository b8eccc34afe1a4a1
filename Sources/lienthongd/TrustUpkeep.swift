internal import Exchange
internal import Files
internal import Hub
internal import OpenSSL
internal import Signature
internal import Storage
internal import Synchronization
internal import Transport
internal import Trust

/// Keeps the hub's trust list up to date while it runs, and warns before something of it ends.
final class TrustUpkeep: Sendable {
    private static let stepMilliseconds = 1000
    private static let expiryCheckSeconds: Int64 = 3600

    private let desk: TrustDesk
    private let keeper: TrustKeeper
    private let signers: SeenSigners
    private let ends = Mutex(Ends())
    private let stopping = CountingSemaphore()
    private let ended = CountingSemaphore()

    private struct Ends {
        var watch = ExpiryWatch()
        var items: [ExpiringItem] = []
        var nextCheck = Instant(milliseconds: .min)
        var tlsCertificate: Certificate?
    }

    /// Reads the trust list. Nothing is fetched before `start`.
    init(_ configuration: Configuration, _ material: Material, _ signers: SeenSigners, _ log: LogWriter)
        throws
    {
        self.signers = signers
        let desk = TrustDesk(configuration.policy, log)
        self.desk = desk
        let cache = try RevocationCache(
            folder: configuration.dataDirectory + "/revocation", bytesMax: configuration.trust.fetch.bytesMax)
        let connections = try FetchConnections(material.fetchTLS)
        // Threads of their own: a server that hangs must not keep the hub's reads waiting.
        let workers = Workers(threads: FetchSchedule.runningMax, waitingMax: FetchSchedule.runningMax)
        desk.connections.withLock { $0 = connections }
        keeper = try TrustKeeper(
            material.trust, cache: cache, signers: signers,
            fetcher: { [desk] settings in
                guard !settings.isOff, let fetch = desk.connections.withLock({ $0?.fetch }) else {
                    return nil
                }
                return RevocationFetcher(fetch: fetch, settings: settings, now: Clock.system.now)
            },
            now: Clock.system.now, random: { Double.random(in: 0..<1) }, run: { workers.run($0) },
            tell: { [desk] in desk.take($0) })
        ends.withLock { $0.tlsCertificate = material.serverCertificate }
    }

    /// For the hub to begin with.
    var verifier: SignatureVerifier { desk.verifier(keeper.current) }

    func start(_ hub: Hub) {
        desk.hub.withLock { $0 = hub }
        noteRegistered(hub)
        Thread.start(named: "trust") { [self] in
            repeat {
                keeper.step()
                checkEnds(hub, Clock.system.now())
            } while !stopping.wait(milliseconds: Self.stepMilliseconds)
            ended.signal()
        }
    }

    /// What is being fetched is not waited for: nothing of it is half kept.
    func stop() {
        stopping.signal()
        ended.wait()
    }

    /// - Throws: where something cannot be used; then nothing has changed.
    func reload(_ configuration: Configuration, _ material: Material) throws {
        let connections = try FetchConnections(material.fetchTLS)
        try keeper.reload(material.trust)
        // The old ones end with what is in flight, which is asked again later.
        desk.connections.withLock { $0 = connections }
        desk.hub.withLock { $0 }?.replacePolicy(configuration.policy.hub)
        if desk.replacePolicy(configuration.policy) { desk.publish(keeper.current) }
        ends.withLock { ends in
            ends.tlsCertificate = material.serverCertificate
            ends.nextCheck = Instant(milliseconds: .min)
        }
    }

    var version: Digest256 { keeper.current.version }

    // MARK: ends

    /// What will end soon, for `/readyz`.
    var warnings: [ExpiryWarning] {
        ExpiryWatch.standing(ends.withLock { $0.items }, now: Clock.system.now())
    }

    private func checkEnds(_ hub: Hub, _ now: Instant) {
        let certificate: Certificate?? = ends.withLock { ends in
            guard now >= ends.nextCheck else { return nil }
            ends.nextCheck = now.adding(seconds: Self.expiryCheckSeconds)
            return .some(ends.tlsCertificate)
        }
        guard let tls = certificate else { return }
        let registered = registeredCertificates(hub)
        keepRegistered(hub, known: Set(registered.map(\.certificate.sha256)))
        var items = ExpiringItem.all(of: keeper.current)
        if let tls { items.append(ExpiringItem(.tls, tls, name: "tls")) }
        items += registered.map { ExpiringItem(.agency, $0.certificate, name: $0.agency.string) }
        let news = ends.withLock { ends in
            ends.items = items
            return ends.watch.news(items, now: now)
        }
        for warning in news { desk.tell(warning) }
    }

    private func registeredCertificates(_ hub: Hub) -> [(agency: AgencyCode, certificate: Certificate)] {
        let stored = (try? hub.reader.registeredCertificates()) ?? []
        return stored.compactMap { item in
            (try? Certificate(der: item.der)).map { (item.agency, $0) }
        }
    }

    /// So that responders are asked about registered signers before these sign.
    private func noteRegistered(_ hub: Hub) {
        let (trust, now) = (keeper.current, Clock.system.now())
        for registered in registeredCertificates(hub) {
            signers.note(trust.validate(registered.certificate, purpose: .any, at: now).chain)
        }
    }

    /// The directory knows certificates by their SHA-256; what signed a letter is known whole.
    private func keepRegistered(_ hub: Hub, known: Set<Digest256>) {
        let wanted = Set(hub.directory.agencies.flatMap(\.signingCertificates))
        let new = signers.all.map(\.certificate).filter {
            wanted.contains($0.sha256) && !known.contains($0.sha256)
        }
        if !new.isEmpty { hub.keep(new) }
    }

    // MARK: figures

    var gauges: [Metrics.Gauge] {
        let now = Clock.system.now()
        var ends: [ExpiringItem.Kind: Instant] = [:]
        for item in self.ends.withLock({ $0.items }) {
            ends[item.kind] = min(ends[item.kind] ?? item.endsAt, item.endsAt)
        }
        let figures = keeper.figures
        let age = figures.oldestSuccess.map { (now.milliseconds &- $0.milliseconds) / 1000 } ?? -1
        var gauges = [
            Metrics.Gauge("expiry_warnings", "Certificates and lists that end soon.", Int64(warnings.count)),
            Metrics.Gauge("revocation_sources", "Addresses that are fetched.", Int64(figures.sources)),
            Metrics.Gauge(
                "revocation_sources_failing", "Of them, those whose last attempt failed.",
                Int64(figures.failing)),
            Metrics.Gauge(
                "revocation_fetch_failures", "Failed attempts since the start.",
                Int64(clamping: figures.failures)),
            Metrics.Gauge(
                "revocation_fetch_age_seconds",
                "Since the source that was heard of longest ago; -1 where one never was.", age),
        ]
        for kind in ExpiringItem.Kind.allCases {
            guard let end = ends[kind] else { continue }
            gauges.append(
                Metrics.Gauge(
                    "seconds_to_expiry", "Until the next one of its kind ends.",
                    label: (name: "kind", value: kind.rawValue),
                    (end.milliseconds &- now.milliseconds) / 1000))
        }
        return gauges
    }
}

/// What is fetched with; made anew at a reload.
private struct FetchConnections: Sendable {
    let fetch: Fetch

    init(_ tls: TLSContext?) throws {
        fetch = try Fetch(tls: tls)
    }
}

/// Hands what the keeper finds to the hub, the audit log and the operator.
private final class TrustDesk: Sendable {
    let hub = Mutex<Hub?>(nil)
    let connections = Mutex<FetchConnections?>(nil)
    private let policy: Mutex<Configuration.Policy>
    private let certificates = CertificateCache()
    private let log: LogWriter

    init(_ policy: Configuration.Policy, _ log: LogWriter) {
        self.policy = Mutex(policy)
        self.log = log
    }

    func verifier(_ trust: TrustStore) -> SignatureVerifier {
        SignatureVerifier(
            trust: trust, algorithms: policy.withLock { $0.algorithms }, certificates: certificates)
    }

    /// True where algorithms are judged otherwise from now on.
    func replacePolicy(_ new: Configuration.Policy) -> Bool {
        policy.withLock { policy in
            defer { policy = new }
            return policy.algorithms != new.algorithms || policy.hub.sha1Until != new.hub.sha1Until
        }
    }

    func publish(_ trust: TrustStore) {
        hub.withLock { $0 }?.replaceVerifier(verifier(trust))
    }

    func take(_ event: TrustKeeper.Event) {
        switch event {
        case .changed(let trust, let cause):
            publish(trust)
            hub.withLock { $0 }?.record(.trustChanged(trust.version))
            log.write(
                .info, "trust_changed",
                [
                    ("trust", .text(trust.version.hex)), ("because", .text(cause.rawValue)),
                    ("anchors", .number(Int64(trust.anchors.count))),
                    ("intermediates", .number(Int64(trust.intermediates.count))),
                    ("crls", .number(Int64(trust.revocation.lists.count))),
                    ("ocsp", .number(Int64(trust.revocation.responses.count))),
                ])
        case .fetchFailed(let source, let failure):
            log.write(
                .warning, "fetch_failed",
                [
                    ("url", .text(source.url.description)), ("code", .text(failure.code)),
                    ("cause", .text(failure.description)),
                ])
        case .filesFailed(let detail):
            log.write(.error, "reload_failed", [("cause", .text(detail))])
        }
    }

    func tell(_ warning: ExpiryWarning) {
        log.write(
            warning.hasEnded ? .error : .warning, warning.hasEnded ? "expired" : "expires_soon",
            [
                ("kind", .text(warning.item.kind.rawValue)), ("name", .text(warning.item.name)),
                ("sha256", .text(warning.item.sha256.hex)), ("endsAt", .text(warning.item.endsAt.rfc3339)),
                ("daysLeft", .number(warning.daysLeft)),
            ])
    }
}
