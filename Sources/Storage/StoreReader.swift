internal import AuditLog
internal import Database
package import Exchange
internal import Files
internal import Synchronization

/// Reads a data directory from any thread. Every call blocks for as long as SQLite does.
package final class StoreReader: Sendable {
    /// Entries of one document's story that are looked at.
    private static let storyEntriesMax = 20_000

    let place: DataDirectory
    let view: TreeView
    /// False where a store in this process moves `view` on.
    private let followsAlone: Bool
    private let slots: [ReaderSlot]
    private let next = Atomic<Int>(0)
    /// Large payloads whose sums were found right.
    let soundPayloads = Mutex<Set<PayloadLocation>>([])

    init(directory: DataDirectory, view: TreeView, connections: Int) throws(StorageError) {
        place = directory
        self.view = view
        followsAlone = false
        slots = try Self.open(directory, connections)
    }

    /// For tools beside the hub, or without one. Sees new commits, and reads the tree anew when it grew.
    package init(directory path: String, connections: Int = 1) throws(StorageError) {
        place = DataDirectory(path: path)
        slots = try Self.open(place, connections)
        let slot = slots[0]
        let frontier = try mapping { () throws(DatabaseError) in
            try slot.use { reader throws(DatabaseError) in try Self.frontier(reader) }
        }
        view = TreeView(frontier)
        followsAlone = true
    }

    /// The tree as readers know it, read anew where another process may have made it grow to `size`.
    func snapshot(reaching size: Int64) throws(StorageError) -> TreeView.Snapshot {
        let snapshot = view.snapshot
        guard followsAlone, size > snapshot.state.size else { return snapshot }
        let frontier = try read { reader throws(DatabaseError) in try Self.frontier(reader) }
        view.advance(to: frontier.state, frontier, completed: [])
        return view.snapshot
    }

    private static func open(_ directory: DataDirectory, _ count: Int) throws(StorageError) -> [ReaderSlot] {
        precondition(count > 0)
        var slots: [ReaderSlot] = []
        for _ in 0..<count {
            slots.append(try mapping { () throws(DatabaseError) in try ReaderSlot(directory) })
        }
        return slots
    }

    private static func frontier(_ reader: ReaderConnection) throws(DatabaseError) -> TreeFrontier {
        try reader.reading { reader throws(DatabaseError) in
            let state = try reader.log.state() ?? .empty
            guard let frontier = try reader.log.frontier(size: state.size), frontier.root == state.root else {
                throw DatabaseError(
                    .damaged, action: "read the tree",
                    message: "entries and tiles do not give the stored root")
            }
            return frontier
        }
    }

    func read<Value>(
        _ body: (ReaderConnection) throws(DatabaseError) -> Value
    ) throws(StorageError) -> Value {
        try mapping { () throws(DatabaseError) in
            for slot in slots {
                if let value = try slot.useIfFree(body) { return value }
            }
            // All are busy: wait for one of them, in turn.
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            return try slots[(number & Int.max) % slots.count].use(body)
        }
    }

    // Documents

    package func document(_ key: DocumentKey) throws(StorageError) -> StoredDocument? {
        try read { reader throws(DatabaseError) in try reader.details(key)?.document }
    }

    /// Whether the agency has a copy of the document that was not withdrawn.
    package func isRecipient(_ agency: AgencyCode, of key: DocumentKey) throws(StorageError) -> Bool {
        try read { reader throws(DatabaseError) in try reader.isRecipient(agency, of: key) }
    }

    /// Letters by that DocumentId, whoever sent them, latest first, at most 100.
    package func documents(documentID: ExactString) throws(StorageError) -> [StoredDocument] {
        try read { reader throws(DatabaseError) in try reader.letters(documentID).map(\.document) }
    }

    package func document(sender: AgencyCode, documentID: ExactString) throws(StorageError) -> StoredDocument?
    {
        try documents(documentID: documentID).first { $0.summary.sender == sender }
    }

    package func trail(_ key: DocumentKey) throws(StorageError) -> Trail? {
        try read { reader throws(DatabaseError) in
            try reader.reading { reader throws(DatabaseError) -> Trail? in
                guard let details = try reader.details(key) else { return nil }
                let story = try reader.story(of: details.id, entriesMax: Self.storyEntriesMax)
                let requests = try reader.requests(details)
                let deliveries = try reader.deliveries(details).map { delivery in
                    TrailDelivery(
                        id: delivery.id, recipient: delivery.recipient, state: delivery.state,
                        attempt: delivery.attempt, leasedUntil: delivery.leasedUntil,
                        deliveredAt: delivery.deliveredAt, releaseReason: delivery.reason,
                        leafIndexes: story[delivery.id] ?? [], addressedTo: delivery.addressedTo,
                        recipientName: delivery.recipientName, progress: delivery.progress,
                        request: requests[delivery.id], withdrawnBy: delivery.withdrawnBy)
                }
                return Trail(
                    leafIndex: details.leaf, verdict: details.verdict, deliveries: deliveries,
                    statuses: try reader.statuses(letter: details.id),
                    laterVerdicts: try reader.verdicts.later(document: details.id),
                    hold: try reader.verdicts.hold(document: details.id),
                    evidence: try details.evidence.flatMap { set throws(DatabaseError) in
                        try reader.verdicts.evidence(set)
                    },
                    timestamp: try reader.verdicts.timestamp(covering: details.leaf),
                    relations: try reader.relations(details))
            }
        }
    }

    /// What waits for the recipient, in the order in which it would be leased.
    package func inbox(recipient: AgencyCode, limit: Int) throws(StorageError) -> [WaitingDelivery] {
        try read { reader throws(DatabaseError) in try reader.waiting(recipient, limit: limit) }
    }

    package func deliveryCounts() throws(StorageError) -> DeliveryCounts {
        try read { reader throws(DatabaseError) in try reader.deliveryCounts() }
    }

    /// What was answered when the document was accepted; `isReplay` is true.
    package func acceptance(_ key: DocumentKey) throws(StorageError) -> Acceptance? {
        try read { reader throws(DatabaseError) in
            guard let details = try reader.details(key) else { return nil }
            guard let entry = try reader.log.entry(details.leaf),
                let treeSize = try reader.log.treeSize(accepting: details.leaf)
            else {
                throw DatabaseError(
                    .damaged, action: "look up document \(key)", message: "entry \(details.leaf) is missing")
            }
            let summary = details.document.summary
            return Acceptance(
                key: key, kind: summary.kind, documentID: summary.documentID, sender: summary.sender,
                byteCount: summary.byteCount, sha256: summary.sha256, indication: details.document.indication,
                acceptedAt: summary.acceptedAt, leafIndex: details.leaf, treeSize: treeSize, entry: entry,
                deliveries: try reader.deliveries(details).map {
                    Acceptance.Delivery(id: $0.id, recipient: $0.recipient)
                }, isReplay: true, heldUntil: try reader.verdicts.hold(document: details.id)?.hold.until)
        }
    }

    /// What commits a document's subject to its log entry; nil where the document is unknown or the salt was
    /// erased.
    package func salt(_ key: DocumentKey) throws(StorageError) -> [UInt8]? {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare("SELECT salt FROM documents WHERE key = ?")
            select.bind(1, key.bytes)
            return try select.first { $0.optionalBytes(0) } ?? nil
        }
    }
}

/// One connection of the pool. A thread that finds all of them busy waits for one.
// Sendable because the connection is touched inside the lock only.
private final class ReaderSlot: @unchecked Sendable {
    private let connection: ReaderConnection
    private let lock = Mutex(())

    init(_ directory: DataDirectory) throws(DatabaseError) {
        connection = try ReaderConnection(directory)
    }

    func use<Value>(
        _ body: (ReaderConnection) throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> Value {
        var value: Value?
        try lock.withLock { _ throws(DatabaseError) in value = try body(connection) }
        guard let value else { preconditionFailure("the body ran") }
        return value
    }

    /// Nil where another thread has it.
    func useIfFree<Value>(
        _ body: (ReaderConnection) throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> Value? {
        var value: Value?
        _ = try lock.withLockIfAvailable { _ throws(DatabaseError) in value = try body(connection) }
        return value
    }
}
