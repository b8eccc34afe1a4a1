package import AuditLog
internal import Database
package import Exchange
internal import Files

package struct StoreOptions: Sendable {
    /// Leases of one delivery before it is given up.
    package var attemptsMax = 10
    /// How long a letter waits before it goes ahead of newer ones of the next higher priority; 0 for never.
    package var agingSeconds: Int64 = 14_400
    /// Deliveries of one sender that may wait for their recipients; 0 for no bound.
    package var deliveriesWaitingMax: Int64 = 0
    /// Go on with a database that is older than the payload log. An operator's decision, written into the
    /// log: whoever holds a checkpoint of the lost part will find two histories.
    package var rollsForward = false
    /// A segment of the payload log is full from here on, in bytes.
    package var segmentBytesMax: Int64 = 1 << 30
    /// Disk space is reserved for the payload log in steps of this size.
    package var preallocationBytes: Int64 = 32 << 20
    /// WAL pages (4 KiB) after which a commit copies them into the database file. Everybody waits for that,
    /// so it is little and often: 64 MiB at once held all letters up for 30 to 60 ms.
    package var checkpointPages = 2_000
    /// Above this size of the write-ahead log commits wait a moment for readers, to begin it anew.
    package var walBytesMax: Int64 = 256 << 20

    package init() {}

    /// Where a delivery stands in its inbox: by the time at which it came, and so much later for each step of
    /// priority. A number that never changes, so that the order is an index's and costs nothing.
    func place(_ priority: Priority, at: Instant) -> Int64 {
        // Ten years, where nothing ages: longer than anything waits.
        let step = agingSeconds > 0 ? agingSeconds : 315_360_000
        return at.adding(seconds: Int64(priority.rank) * step).milliseconds
    }
}

/// The only writer of a data directory: stores, logs and routes in one commit, or does none of these.
///
/// Owned by one thread at a time, which the compiler watches: not Sendable, on purpose.
///
/// Life of a batch: BEGIN, every change in turn (rows, log entries, places in the payload log), the payload
/// bytes after a header that names the old and the new tree, fdatasync, COMMIT. A crash before COMMIT leaves
/// payload bytes that nobody names; a crash after it leaves a tree that nobody has signed yet.
package final class Store {
    package let directory: String
    /// The committed tree: what may be signed.
    package private(set) var tree: TreeState
    /// Where large payloads go as they arrive.
    package let spools: SpoolDirectory

    let options: StoreOptions
    let connection: SQLiteConnection
    let agencies: AgencyTable
    let documents: DocumentTable
    let deliveries: DeliveryTable
    let entries: LogTable
    let evidence: EvidenceTable
    let verdicts: VerdictTable
    let webhooks: WebhookTable
    let actions: ActionTable
    let watch: WatchTable
    let reads: LogReads
    private let state: StateTable
    private let payloads: PayloadLog
    private let view: TreeView
    private let lock: File
    private var wal: WriteAheadLog
    /// Whether the write-ahead log has been looked at since the last commit.
    private var isLogShort = false
    private var frontier: TreeFrontier
    private var counts: DeliveryCounts
    private var quota: WaitingQuota?
    private var nextDocument: Int64
    private var nextDelivery: Int64
    /// The hour of the last kept checkpoint, since 1970.
    private var keptHour: Int64
    /// When the last batch was, by the hub's clock.
    private var committedAt: Instant?
    /// What an operator told us to leave behind; the next batch logs it.
    private var rolledForwardFrom: TreeState?
    /// What is here came out of a backup, and nothing has been committed since.
    private var isRestored: Bool
    /// After a fatal error nothing is tried again: what failed may have happened.
    private var failure: StorageError?

    /// Opens the directory, or makes it, and finds out whether the database and the payload log belong
    /// together.
    ///
    /// - Throws: `alreadyOpen`, `newerSchema`, `damaged`, `treeWentBack`, `cannotOpen`, `diskFull`,
    ///   `ioFailure`.
    package init(directory path: String, options: StoreOptions = StoreOptions()) throws(StorageError) {
        let directory = DataDirectory(path: path)
        self.directory = path
        self.options = options
        lock = try directory.takeLock()
        let opened = try OpenedDatabase(directory, options)
        connection = opened.connection
        state = opened.state
        agencies = try mapping { () throws(DatabaseError) in try AgencyTable(opened.connection) }
        documents = try mapping { () throws(DatabaseError) in try DocumentTable(opened.connection) }
        deliveries = try mapping { () throws(DatabaseError) in try DeliveryTable(opened.connection) }
        entries = try mapping { () throws(DatabaseError) in try LogTable(opened.connection) }
        evidence = try mapping { () throws(DatabaseError) in try EvidenceTable(opened.connection) }
        verdicts = try mapping { () throws(DatabaseError) in try VerdictTable(opened.connection) }
        actions = try mapping { () throws(DatabaseError) in try ActionTable(opened.connection) }
        watch = try mapping { () throws(DatabaseError) in try WatchTable(opened.connection) }
        webhooks = try mapping { () throws(DatabaseError) in try WebhookTable(opened.connection) }
        reads = opened.reads
        tree = opened.tree
        frontier = opened.frontier
        counts = opened.values.counts
        quota = try mapping { () throws(DatabaseError) in
            try WaitingQuota(opened.connection, max: options.deliveriesWaitingMax)
        }
        nextDocument = documents.firstFreeID
        nextDelivery = deliveries.firstFreeID
        keptHour = try mapping { () throws(DatabaseError) in try opened.state.keptHour() }
        committedAt = try mapping { () throws(DatabaseError) in try opened.state.checkpointedAt() }
        view = TreeView(frontier)
        let recovered = try opened.recover(directory, rollsForward: options.rollsForward)
        rolledForwardFrom = recovered.leftBehind
        isRestored = recovered.isRestored
        payloads = try mappingFiles { () throws(FileError) in
            try PayloadLog(
                directory, at: recovered.position,
                sizes: PayloadLog.Sizes(
                    segmentMax: options.segmentBytesMax, preallocation: options.preallocationBytes))
        }
        spools = SpoolDirectory(directory: directory)
        wal = WriteAheadLog(
            path: directory.database + "-wal", pagesMax: options.checkpointPages,
            bytesMax: options.walBytesMax)
    }

    /// Files made durable by this process: the payload log's and SQLite's.
    package static var synchronizations: Int64 { File.synchronizations + SQLiteConnection.synchronizations }

    deinit { close() }

    /// Writes the end of the payload log; nothing is committed after it. Twice is harmless.
    package func close() {
        // A store that failed does not know its tree; one that was not closed is found out by recovery.
        guard failure == nil else { return }
        try? payloads.close(tree)
        failure = StorageError(.other, "the store is closed")
    }

    /// Gives back what is held of the database; the next commits read it again.
    package func releaseMemory() {
        connection.releaseMemory()
    }

    /// Copies the write-ahead log into the database where it has grown long. The next `commit` does it where
    /// nobody has called this: who calls it after the answers of a batch spares those in it the wait.
    ///
    /// - Throws: `ioFailure`: the store is dead, end the process.
    package func keepLogShort() throws(StorageError) {
        if let failure { throw failure }
        guard !isLogShort else { return }
        do throws(DatabaseError) {
            try wal.keepShort(connection)
            isLogShort = true
        } catch {
            let failed = StorageError(error)
            failure = failed
            throw failed
        }
    }

    /// Readers that see every batch from its COMMIT on and share this store's cache of the tree.
    ///
    /// - Parameter connections: how many may read at the same time.
    package func makeReader(connections: Int = 4) throws(StorageError) -> StoreReader {
        try StoreReader(directory: DataDirectory(path: directory), view: view, connections: connections)
    }

    /// What the writer's statements cost so far, as SQLite counts it.
    package var databaseWork: (steps: Int, runs: Int, scanned: Int, sorted: Int) {
        let work = connection.work
        return (work.steps, work.runs, work.scanned, work.sorted)
    }

    /// Makes the changes durable, all of them or none. The results are in the order of the changes.
    ///
    /// - Parameters:
    ///   - at: by the hub's clock.
    ///   - signed: the checkpoint of the tree as it is now, to be stored with this batch; nil where
    ///     that is done.
    /// - Throws: `diskFull`: nothing happened, try again later. `commitUnknown` and every other fatal error:
    ///   the
    ///   store is dead, end the process.
    package func commit(
        _ changes: [Change], at: Instant, signed: SignedCheckpoint?
    ) throws(StorageError) -> [Result<Outcome, Rejection>] {
        precondition(signed.map { $0.size == tree.size } ?? true, "a checkpoint is of the tree as it is now")
        try keepLogShort()
        var batch = try mappingFiles { () throws(FileError) in
            Batch(
                at: at, base: tree, frontier: frontier, payload: try payloads.beginBatch(), counts: counts,
                quota: quota,
                nextDocument: nextDocument, nextDelivery: nextDelivery)
        }
        var isWritten = false
        do throws(StorageError) {
            var results = try mapping { () throws(DatabaseError) in
                try connection.begin()
                try followClock(to: at)
                if let signed { try store(signed, at: at) }
                if let signed = rolledForwardFrom {
                    try append(.logRolledForward(signed: signed, found: tree), to: &batch)
                }
                var results: [Result<Outcome, Rejection>] = []
                results.reserveCapacity(changes.count)
                for change in changes { results.append(try apply(change, &batch)) }
                try webhooks.note(changes, results, at: at)
                return results
            }
            let reached = batch.frontier.size > tree.size ? batch.frontier.state : tree
            // Moved records change the payload log, and nobody's story.
            let hasPayload = reached.size > tree.size || !batch.payload.isEmpty
            try mapping { () throws(DatabaseError) in try finish(batch, reached, hasPayload) }
            if hasPayload {
                isWritten = true
                try mappingFiles { () throws(FileError) in
                    try payloads.write(batch.payload, BatchHeader(base: tree, intended: reached))
                }
            }
            try mapping { () throws(DatabaseError) in try connection.commit() }
            if hasPayload { payloads.adopt(batch.payload) }
            adopt(batch, reached, signed, at)
            Self.setTreeSize(reached.size, in: &results)
            return results
        } catch {
            throw abandon(batch, isWritten, error)
        }
    }

    /// A clock that was set back must not make leases longer than what was asked for.
    private func followClock(to at: Instant) throws(DatabaseError) {
        guard let committedAt, at.milliseconds < committedAt.milliseconds - Self.clockSlackMilliseconds else {
            return
        }
        try deliveries.shortenLeases(milliseconds: committedAt.milliseconds - at.milliseconds)
    }

    /// Time servers correct by less than this.
    private static let clockSlackMilliseconds: Int64 = 1000

    private func store(_ signed: SignedCheckpoint, at: Instant) throws(DatabaseError) {
        let quoted = signed.size > 0 ? try reads.treeSize(accepting: signed.size - 1) == signed.size : false
        try entries.insert(signed, at: at, isKept: quoted || Self.hour(at) != keptHour)
    }

    private static func hour(_ at: Instant) -> Int64 { at.milliseconds / 3_600_000 }

    /// The rows that end a batch.
    private func finish(
        _ batch: Batch, _ reached: TreeState, _ hasPayload: Bool
    ) throws(DatabaseError) {
        if batch.hasAccepted { try entries.insertBatch(first: batch.base.size, size: reached.size) }
        guard hasPayload || batch.counts != counts else { return }
        let position = hasPayload ? batch.payload.position : payloads.position
        try state.update(StateTable.Values(tree: reached, position: position, counts: batch.counts))
    }

    /// After COMMIT only: memory follows the database, never the other way.
    private func adopt(_ batch: Batch, _ reached: TreeState, _ signed: SignedCheckpoint?, _ at: Instant) {
        isLogShort = false
        if signed != nil { keptHour = Self.hour(at) }
        committedAt = at
        rolledForwardFrom = nil
        if isRestored {
            // The log has it now. Where this fails, the next start asks again.
            try? RestoreMark.remove(DataDirectory(path: directory))
            isRestored = false
        }
        counts = batch.counts
        quota = batch.quota
        nextDocument = batch.nextDocument
        nextDelivery = batch.nextDelivery
        guard reached.size > tree.size else { return }
        frontier = batch.frontier
        tree = reached
        view.advance(to: tree, frontier, completed: batch.completed)
    }

    private func abandon(_ batch: Batch, _ isWritten: Bool, _ error: StorageError) -> StorageError {
        connection.rollback()
        agencies.forget()
        evidence.forget()
        webhooks.forget()
        guard !error.isFatal else {
            failure = error
            return error
        }
        if isWritten {
            do {
                try payloads.undo(batch.payload)
            } catch {
                failure = StorageError(.ioFailure, "the payload log cannot be taken back: \(error)")
            }
        }
        return failure ?? error
    }

    /// A batch's last leaf is known only when all of its changes were made.
    private static func setTreeSize(_ size: Int64, in results: inout [Result<Outcome, Rejection>]) {
        for index in results.indices {
            guard case .success(.accepted(var acceptance)) = results[index],
                acceptance.treeSize == Batch.pendingTreeSize
            else { continue }
            acceptance.treeSize = size
            results[index] = .success(.accepted(acceptance))
        }
    }
}
