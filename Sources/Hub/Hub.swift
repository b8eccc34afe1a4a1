package import AuditLog
package import Exchange
internal import Files
package import OpenSSL
package import Signature
package import Storage
internal import Synchronization
package import Trust

package struct HubOptions: Sendable {
    package var letterBytesMax: Int64 = 2 << 30
    package var leaseSecondsDefault = 300
    package var leaseSecondsMax = 43_200
    /// Letters are refused while the data directory has less room than this, in bytes.
    package var diskFreeBytesMin: Int64 = 256 << 20
    /// Threads for reads that block.
    package var workerThreads = 4
    package var sequencer = Sequencer.Limits()
    /// The hub's own code, which its notices come from.
    package var hubCode: AgencyCode = "HUB"
    /// As people know it; stands in what the hub writes.
    package var hubName = "Trục liên thông văn bản"
    package var policy = HubPolicy()
    package var uploads = Uploads.Limits()
    /// What letters on their way in may hold in memory, bytes; one agency's a quarter of it.
    package var readingBytesMax = 512 << 20
    /// Letters of one agency that may be on their way in at a time.
    package var submissionsPerAgencyMax = 1024
    /// Letters of one agency that are read and judged at a time while others send, too.
    package var lettersInWorkMax = 3
    /// Long polls of one agency that may wait.
    package var pollsPerAgencyMax = 100
    /// Nil where nobody is asked what time it is.
    package var timestampAuthority: TimestampAuthority?
    package var retention = RetentionPolicy()
    package var webhooks = WebhookOptions()
    package var rates = RateLimits.Limits()
    /// Opens the secrets of agencies' software; nil where no face asks for any.
    package var secretsKey: SealingKey?

    package init() {}
}

/// The hub: what its faces call. Wires the rooms together and owns the order of starting and stopping.
package final class Hub: Sendable {
    package static let version = "0.1.0"

    package let options: HubOptions
    package let intake: Intake
    package let inboxes: Inboxes
    package let uploads: Uploads
    package let receipts: ReceiptIssuer
    package let reader: StoreReader
    package let signer: CheckpointSigner
    package let metrics: Metrics
    package let rates: RateLimits
    package let turns: LetterTurns
    package let reports = ReportGate()
    /// Who is told over an open connection what comes in.
    package let streams = EventStreams()
    /// Writes statuses in a recipient's place.
    package let hubStatus: HubStatus
    package let alerts: Alerts
    package let log: any EventLog
    package let clock: Clock
    /// Nil where no face asks for any.
    package let sharedSecrets: SharedSecrets?
    private let sequencer: Sequencer
    private let workers: Workers
    private let expiry: Expiry
    private let review: Review
    private let timestamping: Timestamping?
    private let compaction: Compaction
    private let retention: Retention
    private let pusher: WebhookPusher
    private let diskSpace: DiskSpace
    private let currentDirectory: Mutex<Directory>
    private let currentPolicy: Mutex<HubPolicy>
    private let isStopping = Atomic<Bool>(false)

    /// Takes `store` for itself: from now on only the sequencer's thread writes.
    ///
    /// - Parameters:
    ///   - signers: told who signed what comes in.
    ///   - onFatal: the hub must not go on; the daemon ends and starts anew.
    package init(
        store: sending Store, reader: StoreReader, signer: CheckpointSigner, verifier: SignatureVerifier,
        signers: SeenSigners = SeenSigners(), options: HubOptions, log: any EventLog, clock: Clock = .system,
        onFatal: @escaping @Sendable (StorageError) -> Void
    ) throws(StorageError) {
        self.options = options
        self.reader = reader
        self.signer = signer
        self.log = log
        self.clock = clock
        metrics = Metrics()
        sharedSecrets = try options.secretsKey.map { key throws(StorageError) in
            try SharedSecrets(key: key, reader: reader)
        }
        hubStatus = HubStatus(hub: options.hubCode, name: options.hubName)
        alerts = Alerts(metrics: metrics, log: log)
        rates = RateLimits(options.rates, clock: clock)
        turns = LetterTurns(inWorkMax: options.lettersInWorkMax, clock: clock)
        diskSpace = DiskSpace(path: store.directory, bytesMin: options.diskFreeBytesMin)
        let spools = store.spools
        let rules = JudgingRules(verifier, sha1Until: options.policy.sha1Until)
        workers = Workers(
            threads: options.workerThreads, partyMax: options.workerThreads / 2, waitingMax: 20_000)
        sequencer = Sequencer(limits: options.sequencer, clock: clock, metrics: metrics, signer: signer)
        inboxes = Inboxes(
            sequencer: sequencer, metrics: metrics, waitingPerAgencyMax: options.pollsPerAgencyMax)
        receipts = ReceiptIssuer(reader: reader, signer: signer)
        intake = Intake(
            spools: spools, sequencer: sequencer, inboxes: inboxes, issuer: receipts, workers: workers,
            metrics: metrics, clock: clock, bytesMax: options.letterBytesMax, rules: rules,
            policy: options.policy, signers: signers, hubStatus: hubStatus, reader: reader,
            memory: MemoryBudget(
                bytesMax: options.readingBytesMax, lettersPerAgencyMax: options.submissionsPerAgencyMax))
        review = Review(
            rules: rules, reader: reader, sequencer: sequencer, inboxes: inboxes, metrics: metrics, log: log,
            clock: clock, hubCode: options.hubCode, calendar: options.policy.rules.calendar)
        let (sequencer, metrics) = (sequencer, metrics)
        timestamping = options.timestampAuthority.map {
            Timestamping(
                authority: $0, reader: reader, sequencer: sequencer, metrics: metrics, log: log, clock: clock)
        }
        currentPolicy = Mutex(options.policy)
        do throws(FileError) {
            uploads = try Uploads(
                folder: store.directory + "/uploads", limits: options.uploads, clock: clock,
                bytesMax: options.letterBytesMax)
        } catch {
            throw StorageError(.cannotOpen, "\(error)")
        }
        compaction = Compaction(
            compactor: Compactor(reader: reader, spools: spools), sequencer: sequencer, metrics: metrics,
            log: log)
        pusher = WebhookPusher(
            options: options.webhooks, reader: reader, sequencer: sequencer, inboxes: inboxes,
            metrics: metrics, log: log, clock: clock, hub: options.hubCode)
        retention = Retention(
            policy: options.retention, reader: reader, sequencer: sequencer, compaction: compaction,
            metrics: metrics, log: log, clock: clock)
        expiry = Expiry(
            sequencer: sequencer, inboxes: inboxes, uploads: uploads, turns: turns, alerts: alerts,
            metrics: metrics, log: log)
        currentDirectory = Mutex(Directory(try reader.directory()))
        try sequencer.start(
            store, observer: { [streams] in streams.note($0, $1, at: $2) }, onFatal: onFatal)
        record(.started(version: Hub.version))
        startUpkeep()
    }

    private func startUpkeep() {
        if let count = sharedSecrets?.unreadableCount, count > 0 {
            log.write(.error, "vxp_secrets_unreadable", [("count", .number(Int64(count)))])
        }
        expiry.start()
        review.start()
        timestamping?.start()
        compaction.start()
        retention.start()
        pusher.start()
    }

    /// Takes a new trust list or algorithm policy: for letters that come from now on, and for those that are
    /// in and about which it may say something new.
    package func replaceVerifier(_ verifier: SignatureVerifier) {
        let rules = JudgingRules(verifier, sha1Until: policy.sha1Until)
        intake.replaceRules(rules)
        review.rulesChanged(rules)
    }

    /// Who is who at this moment.
    package var directory: Directory { currentDirectory.withLock { $0 } }

    package var policy: HubPolicy { currentPolicy.withLock { $0 } }

    package func replacePolicy(_ policy: HubPolicy) {
        currentPolicy.withLock { $0 = policy }
        intake.replacePolicy(policy)
        review.replaceCalendar(policy.rules.calendar)
    }

    /// How long letters are kept, from now on.
    package func replaceRetention(_ policy: RetentionPolicy) { retention.replace(policy) }

    /// Why the hub is not ready for letters; empty where it is. For `/readyz`.
    package var unreadyReasons: [String] {
        var reasons: [String] = []
        if isStopping.load(ordering: .relaxed) { reasons.append("stopping") }
        if !diskSpace.isEnough { reasons.append("disk_full") }
        return reasons
    }

    /// Refuses work that could not be kept.
    ///
    /// - Parameter byteCount: of an upload that is to come, beside those that have begun.
    package func requireRoom(for byteCount: Int64 = 0) throws(Rejection) {
        if isStopping.load(ordering: .relaxed) {
            throw Rejection(.stopping, "Trục đang dừng để bảo trì.", remedy: .retry(afterSeconds: 5))
        }
        try requireRoomStill()
        if byteCount > 0, !diskSpace.isEnough(for: byteCount + uploads.awaitedBytes) { throw .storageFull }
    }

    /// For what was begun already: while the hub stops it may be ended.
    package func requireRoomStill() throws(Rejection) {
        if !diskSpace.isEnough { throw .storageFull }
    }

    /// Runs what blocks (reads of the database) off the reactors.
    ///
    /// - Parameter party: whose turn it takes: the `Peer.party` of who asked.
    /// - Returns: false where too much waits; answer 503.
    package func runBlocking(for party: Int, _ job: @escaping @Sendable () -> Void) -> Bool {
        workers.run(for: party, job)
    }

    /// The newest signed tree head of the audit log.
    package var checkpoint: SignedCheckpoint? { sequencer.checkpoint }

    // MARK: Deliveries

    package typealias DeliveryAnswer = @Sendable (Result<Outcome, Rejection>) -> Void

    package func acknowledge(
        _ delivery: Int64, by recipient: AgencyCode, token: LeaseToken, _ answer: @escaping DeliveryAnswer
    ) {
        submit(.acknowledge(delivery: delivery, recipient: recipient, token: token)) { [metrics] result in
            if case .success = result { metrics.deliveriesAcknowledged.add() }
            answer(result)
        }
    }

    package func release(
        _ delivery: Int64, by recipient: AgencyCode, token: LeaseToken, reason: String?,
        _ answer: @escaping DeliveryAnswer
    ) {
        let change = Change.release(delivery: delivery, recipient: recipient, token: token, reason: reason)
        submit(change) { [metrics, inboxes] result in
            if case .success = result {
                metrics.deliveriesReleased.add()
                inboxes.deliveriesArrived(for: [recipient])
            }
            answer(result)
        }
    }

    package func extend(
        _ delivery: Int64, by recipient: AgencyCode, token: LeaseToken, seconds: Int,
        _ answer: @escaping DeliveryAnswer
    ) {
        submit(
            .extend(delivery: delivery, recipient: recipient, token: token, seconds: seconds), answer)
    }

    /// Takes a letter's bytes away for good, and tells the log; the disk has them back some minutes later.
    package func purge(_ document: DocumentKey, _ answer: @escaping DeliveryAnswer) {
        submit(.purge(document)) { [compaction] result in
            if case .success = result { compaction.look() }
            answer(result)
        }
    }

    /// What a recipient's software says of a delivery that it saw in a list and holds no lease of.
    package func conclude(
        _ delivery: Int64, by recipient: AgencyCode, _ conclusion: Conclusion,
        _ answer: @escaping DeliveryAnswer
    ) {
        submit(.conclude(delivery: delivery, recipient: recipient, conclusion)) { [metrics] result in
            switch result {
            case .success(.acknowledged): metrics.deliveriesAcknowledged.add()
            case .success(.released): metrics.deliveriesDead.add()
            default: break
            }
            answer(result)
        }
    }

    /// Puts a delivery that was given up back into its recipient's inbox.
    package func requeue(_ delivery: Int64, _ answer: @escaping DeliveryAnswer) {
        submit(.requeue(delivery: delivery)) { [inboxes] result in
            if case .success(.requeued(let recipient)) = result {
                inboxes.deliveriesArrived(for: [recipient])
            }
            answer(result)
        }
    }

    package func changeWebhook(_ change: WebhookChange, _ answer: @escaping DeliveryAnswer) {
        submit(.webhook(change)) { [pusher] result in
            pusher.look()
            answer(result)
        }
    }

    // MARK: Directory

    /// Makes a change of the directory durable and logged, then takes the new directory into use.
    package func changeDirectory(_ change: Change, _ answer: @escaping DeliveryAnswer) {
        submit(change) { [self] result in
            guard case .success = result else { return answer(result) }
            // Reading 100,000 agencies takes a while: not on the sequencer's thread.
            let isTaken = workers.run { [self] in
                do throws(StorageError) {
                    try reloadDirectory()
                    answer(result)
                } catch {
                    answer(.failure(Rejection(storage: error)))
                }
            }
            if !isTaken { answer(.failure(.overloaded)) }
        }
    }

    package func reloadDirectory() throws(StorageError) {
        let snapshot = Directory(try reader.directory())
        currentDirectory.withLock { $0 = snapshot }
    }

    /// Keeps the whole of certificates that the directory has by their SHA-256.
    package func keep(_ certificates: [Certificate]) {
        submit(.keepCertificates(certificates)) { _ in }
    }

    /// Writes an event of the hub's own life into the audit log.
    package func record(_ event: HubEvent) {
        submit(.event(event)) { _ in }
    }

    /// False once the hub is stopping: what takes long is not to be begun, or to be ended.
    package var mayReport: Bool { !isStopping.load(ordering: .relaxed) }

    // MARK: Stopping

    /// New letters are refused, long polls end; what is in flight goes on.
    package func beginStopping() {
        isStopping.store(true, ordering: .relaxed)
        inboxes.endAll()
    }

    /// After the faces are closed: commits what is left and ends the threads.
    package func stop() {
        expiry.stop()
        review.stop()
        timestamping?.stop()
        retention.stop()
        pusher.stop()
        compaction.stop()
        record(.stopped)
        workers.stop()
        sequencer.stop()
    }

    package var gauges: [Metrics.Gauge] {
        [
            Metrics.Gauge(
                "changes_waiting", "Changes that wait for the next commit.", Int64(sequencer.waiting)),
            Metrics.Gauge(
                "long_polls_waiting", "Recipients that wait for deliveries.", Int64(inboxes.waitingPolls)),
            Metrics.Gauge("event_streams_open", "Connections for events.", Int64(streams.count)),
            Metrics.Gauge(
                "letters_waiting", "Letters that wait for their sender's turn.", Int64(turns.waiting)),
            Metrics.Gauge("uploads_open", "Uploads that are not whole yet.", Int64(uploads.openCount)),
            Metrics.Gauge("agencies", "Agencies in the directory.", Int64(directory.agencies.count)),
            Metrics.Gauge("syncs", "Syncs of files and directories since the start.", Store.synchronizations),
            Metrics.Gauge("disk_free_bytes", "Room in the data directory.", diskSpace.bytesFree),
        ]
    }

    func submit(_ change: Change, _ answer: @escaping DeliveryAnswer) {
        let isTaken = sequencer.submit(change) { result, _ in answer(result) }
        if !isTaken { answer(.failure(.overloaded)) }
    }
}
