package import Exchange
package import Files

/// What became of one change.
package enum Outcome: Sendable {
    case accepted(Acceptance)
    case leased([LeasedDelivery])
    case acknowledged
    case released(isDead: Bool)
    case requeued(recipient: AgencyCode)
    case extended(until: Instant)
    case expired([ExpiredDelivery])
    case alerted([UrgentAlert])
    /// Those whose inboxes got something.
    case settled([AgencyCode])
    case purged(Bool)
    /// Its number.
    case webhook(Int64)
    case done
}

/// That a document is stored, in the log and routed. The same again for every replay, but for `isReplay`.
package struct Acceptance: Sendable {
    package struct Delivery: Sendable, Equatable {
        package let id: Int64
        package let recipient: AgencyCode

        package init(id: Int64, recipient: AgencyCode) {
            self.id = id
            self.recipient = recipient
        }
    }

    package var key: DocumentKey
    package var kind: DocumentKind
    package var documentID: ExactString
    package var sender: AgencyCode
    package var byteCount: Int64
    package var sha256: Digest256
    package var indication: String
    package var acceptedAt: Instant
    package var leafIndex: Int64
    /// The log's size when the batch that accepted it was committed: the checkpoint that the receipt quotes.
    package var treeSize: Int64
    /// The log entry, byte for byte.
    package var entry: [UInt8]
    /// By delivery number.
    package var deliveries: [Delivery]
    package var isReplay: Bool
    /// Where its deliveries waited, or still wait, for an answer about revocation.
    package var heldUntil: Instant?
    /// Whose inboxes got something else with it. Not of a replay.
    package var woken: [AgencyCode] = []

    package var recipients: [AgencyCode] { deliveries.map(\.recipient) }
}

/// What a list shows of a document.
package struct DocumentSummary: Sendable {
    package var key: DocumentKey
    package var kind: DocumentKind
    package var documentID: ExactString
    package var sender: AgencyCode
    package var subject: String
    package var priority: Priority
    package var byteCount: Int64
    package var sha256: Digest256
    package var acceptedAt: Instant
    package var hasDetachedSignature: Bool
}

package struct LeasedDelivery: Sendable {
    package let id: Int64
    package let token: LeaseToken
    package let leasedUntil: Instant
    /// 1 for the first.
    package let attempt: Int
    package let document: DocumentSummary
}

package struct ExpiredDelivery: Sendable, Equatable {
    package let id: Int64
    package let recipient: AgencyCode
    /// True where the attempts are used up.
    package let isDead: Bool

    package init(id: Int64, recipient: AgencyCode, isDead: Bool) {
        self.id = id
        self.recipient = recipient
        self.isDead = isDead
    }
}

// What readers give

/// A delivery that waits, seen without a lease.
package struct WaitingDelivery: Sendable {
    package let id: Int64
    package let state: DeliveryState
    package let attempt: Int
    package let document: DocumentSummary
}

package struct StoredDocument: Sendable {
    package let summary: DocumentSummary
    package let code: String
    package let businessType: Int
    package let promulgationDate: String
    package let dueDate: String?
    package let payload: PayloadLocation
    package let indication: String
    package let signerSHA256: Digest256?
    /// Whose software sent it, where that was not the sender's own.
    package let caller: AgencyCode?
    /// Its recipients do not have it, and may not see it: it is held, or its hold ended in a refusal.
    package let isWithheld: Bool
}

extension StoredDocument {
    /// Its bytes are gone for good; all else is there.
    package var isPurged: Bool { payload.segment == 0 }
}

/// One document's story.
package struct Trail: Sendable {
    package let leafIndex: Int64
    /// JSON.
    package let verdict: [UInt8]
    package let deliveries: [TrailDelivery]
    /// In the order in which they came.
    package let statuses: [TrailStatus]
    /// Those after the first, oldest first.
    package let laterVerdicts: [TrailVerdict]
    package let hold: TrailHold?
    package let evidence: TrailEvidence?
    /// The first that covers the document's entry.
    package let timestamp: CheckpointTimestamp?
    package let relations: [TrailRelation]
}

/// A letter judged again.
package struct TrailVerdict: Sendable {
    package let at: Instant
    package let indication: String
    /// JSON.
    package let verdict: [UInt8]
    package let leafIndex: Int64
    package let evidence: TrailEvidence?
}

package struct TrailHold: Sendable {
    package let hold: Hold
    /// Nil while it is in force.
    package let ended: (outcome: Hold.Outcome, at: Instant)?
}

package struct TrailEvidence: Sendable {
    let id: Int64
    /// Names the set.
    package let sha256: Digest256
    /// Names the trust list.
    package let trust: Digest256
    package let itemCount: Int
}

/// An RFC 3161 token over a checkpoint: proof by a third party that the log was that long by then.
package struct CheckpointTimestamp: Sendable, Equatable {
    /// The tree's.
    package let size: Int64
    /// The signed checkpoint; the token is over the SHA-256 of these bytes.
    package let note: [UInt8]
    /// DER.
    package let token: [UInt8]
    /// The token's time.
    package let at: Instant

    package init(size: Int64, note: [UInt8], token: [UInt8], at: Instant) {
        self.size = size
        self.note = note
        self.token = token
        self.at = at
    }
}

package struct TrailDelivery: Sendable {
    package let id: Int64
    package let recipient: AgencyCode
    package let state: DeliveryState
    package let attempt: Int
    package let leasedUntil: Instant?
    package let deliveredAt: Instant?
    package let releaseReason: String?
    /// The log's entries about this delivery, oldest first.
    package let leafIndexes: [Int64]
    /// The ended agency that the letter named, where this is its successor.
    package let addressedTo: AgencyCode?
    /// As it was when the letter came.
    package let recipientName: String
    /// The furthest of 01–06 that the recipient reported.
    package let progress: BusinessStatus?
    /// The latest.
    package let request: TrailRequest?
    /// The document that took it back.
    package let withdrawnBy: DocumentKey?

    package var cycle: LifeCycle {
        LifeCycle(delivery: state, progress: progress, request: request?.request)
    }
}

/// What the sender asks of a recipient that has the letter.
package struct TrailRequest: Sendable {
    package let request: LifeCycle.Request
    /// The recall, update or replacement, or the status 13.
    package let by: DocumentKey
    package let at: Instant
    package let answeredAt: Instant?
}

/// Another letter that this one recalls, updates or replaces, or that does so to this one.
package struct TrailRelation: Sendable {
    package let operation: LetterOperation
    /// This one does it to the other.
    package let isActive: Bool
    package let key: DocumentKey
    package let documentID: ExactString
    package let acceptedAt: Instant
}

package struct TrailStatus: Sendable {
    package let key: DocumentKey
    package let agency: AgencyCode
    package let code: String
    package let description: String
    package let timestamp: String
    package let receivedAt: Instant
    package let leafIndex: Int64
    /// Nil where the letter's recipients did not have the agency under that code.
    package let delivery: Int64?
    /// It did not follow from those before it.
    package let isOutOfOrder: Bool
}

package struct SentDocument: Sendable {
    package struct Delivery: Sendable {
        package let recipient: AgencyCode
        /// The code of the last business status that the recipient sent back.
        package let lastStatus: String?
        package let cycle: LifeCycle

        package var state: DeliveryState { cycle.delivery }
    }

    package let summary: DocumentSummary
    package let deliveries: [Delivery]
}

/// The whole directory.
package struct StoredDirectory: Sendable {
    package let agencies: [Agency]
    package let principals: [Principal]

    package var isEmpty: Bool { agencies.isEmpty && principals.isEmpty }
}

package struct DeliveryCounts: Sendable, Equatable {
    package var queued: Int64 = 0
    package var leased: Int64 = 0
    package var delivered: Int64 = 0
    package var dead: Int64 = 0
    package var held: Int64 = 0
    package var withdrawn: Int64 = 0

    package init(
        queued: Int64 = 0, leased: Int64 = 0, delivered: Int64 = 0, dead: Int64 = 0, held: Int64 = 0,
        withdrawn: Int64 = 0
    ) {
        self.held = held
        self.withdrawn = withdrawn
        self.queued = queued
        self.leased = leased
        self.delivered = delivered
        self.dead = dead
    }
}

/// A payload, opened.
package struct PayloadContent: Sendable {
    package let file: File
    /// Where the document's first byte is in the file.
    package let offset: Int64
    package let length: Int64
}
