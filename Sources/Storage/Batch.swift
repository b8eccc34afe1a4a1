internal import AuditLog
internal import Database
internal import Exchange

/// A commit in progress. A value: what it holds becomes the store's only after COMMIT.
struct Batch {
    /// Stands for the size that the tree will have when the batch is complete.
    static let pendingTreeSize: Int64 = -1

    let at: Instant
    let base: TreeState
    var frontier: TreeFrontier
    var payload: PayloadBatch
    var counts: DeliveryCounts
    var quota: WaitingQuota?
    var nextDocument: Int64
    var nextDelivery: Int64
    var completed: [TreeFrontier.CompleteTile] = []
    var hasAccepted = false

    init(
        at: Instant, base: TreeState, frontier: TreeFrontier, payload: PayloadBatch, counts: DeliveryCounts,
        quota: WaitingQuota?,
        nextDocument: Int64, nextDelivery: Int64
    ) {
        self.at = at
        self.base = base
        self.frontier = frontier
        self.payload = payload
        self.counts = counts
        self.quota = quota
        self.nextDocument = nextDocument
        self.nextDelivery = nextDelivery
    }
}

extension DeliveryCounts {
    mutating func move(_ old: DeliveryState, to new: DeliveryState) {
        add(-1, to: old)
        add(1, to: new)
    }

    mutating func add(_ count: Int64, to state: DeliveryState) {
        switch state {
        case .queued: queued += count
        case .leased: leased += count
        case .delivered: delivered += count
        case .dead: dead += count
        case .held: held += count
        case .withdrawn: withdrawn += count
        }
    }
}

extension Store {
    func apply(_ change: Change, _ batch: inout Batch) throws(DatabaseError) -> Result<Outcome, Rejection> {
        switch change {
        case .accept(let document): return try accept(document, &batch)
        case .refuse(let letter):
            let facts = RefusedFacts(
                caller: letter.caller, reason: letter.code, sha256: letter.sha256, requestID: letter.requestID
            )
            try append(.documentRefused(facts), to: &batch)
            return .success(.done)
        case .settle(let settlement): return try settle(settlement, &batch)
        case .keepTimestamp(let timestamp):
            try verdicts.insert(timestamp)
            return .success(.done)
        case .lease(let recipient, let limit, let seconds):
            return try lease(recipient, limit: limit, seconds: seconds, &batch)
        case .acknowledge(let id, let recipient, let token):
            return try acknowledge(id, recipient, token, &batch)
        case .release(let id, let recipient, let token, let reason):
            return try release(id, recipient, token, reason: reason, &batch)
        case .extend(let id, let recipient, let token, let seconds):
            return try extend(id, recipient, token, seconds: seconds, batch.at)
        case .conclude(let id, let recipient, let conclusion):
            return try conclude(id, recipient, conclusion, &batch)
        case .requeue(let id): return try requeue(id, &batch)
        case .expireLeases: return .success(.expired(try expireLeases(&batch)))
        case .raiseAlerts: return .success(.alerted(try watch.raise(at: batch.at, limit: Self.alertsMax)))
        case .putAgencies(let agencies, let retirement):
            return try putAgencies(agencies, retire: retirement, &batch)
        case .retireAgency(let code, let successor):
            return try retireAgency(code, successor: successor, &batch)
        case .bindCertificate(let agency, let use, let certificate):
            return try bind(certificate, use, to: agency, &batch)
        case .retireCertificate(let agency, let use, let certificate):
            return try unbind(certificate, use, from: agency, &batch)
        case .putPrincipals(let principals): return try putPrincipals(principals, &batch)
        case .keepCertificates(let certificates):
            try agencies.keep(certificates)
            return .success(.done)
        case .purge(let key): return try purge(key, &batch)
        case .custody(let change): return try custody(change, &batch)
        case .webhook(let change): return try webhook(change, &batch)
        case .compact(let segment): return try compact(segment, &batch)
        case .addSecret(let agency, let secret): return try add(secret, to: agency, &batch)
        case .removeSecret(let agency, let name): return try removeSecret(name, of: agency, &batch)
        case .putSourceAddresses(let agency, let blocks):
            return try putSourceAddresses(blocks, of: agency, &batch)
        case .event(let event):
            try append(Self.logEvent(event), to: &batch)
            return .success(.done)
        }
    }

    /// Of one call: the other changes of the batch wait for them.
    private static let alertsMax = 1000

    private static func logEvent(_ event: HubEvent) -> LogEvent {
        switch event {
        case .started(let version): .hubStarted(version: version)
        case .stopped: .hubStopped
        case .configurationChanged(let digest): .configurationChanged(digest: digest)
        case .policyChanged(let digest): .policyChanged(digest: digest)
        case .trustChanged(let digest): .trustChanged(digest: digest)
        }
    }

    /// Adds an entry to the tree.
    ///
    /// - Parameters:
    ///   - document: whose story it belongs to.
    ///   - previous: the story's last entry so far.
    /// - Returns: the entry's bytes; its index was the tree's size before.
    @discardableResult
    func append(
        _ event: LogEvent, document: Int64? = nil, delivery: Int64? = nil, previous: Int64? = nil,
        to batch: inout Batch
    ) throws(DatabaseError) -> [UInt8] {
        let entry: LogEntry
        do {
            entry = try LogEntry(event, at: batch.at, previous: previous)
        } catch {
            // Codes, digests and times of bounded length: only a mistake of ours makes it that long.
            throw DatabaseError(.other, action: "append to the log", message: error.description)
        }
        let leaf = batch.frontier.size
        try entries.insert(
            leaf: leaf, document: document, delivery: delivery, previous: previous, entry.bytes)
        for complete in batch.frontier.append(entry.leafHash) {
            try entries.insert(complete)
            batch.completed.append(complete)
        }
        return entry.bytes
    }

    /// Adds an entry to one document's story.
    func append(
        _ event: LogEvent, toStoryOf document: Int64, delivery: Int64?, _ batch: inout Batch
    ) throws(DatabaseError) {
        let previous = try entries.lastEntry(document: document)
        let leaf = batch.frontier.size
        try append(event, document: document, delivery: delivery, previous: previous, to: &batch)
        try entries.setLastEntry(document: document, leaf)
    }
}
