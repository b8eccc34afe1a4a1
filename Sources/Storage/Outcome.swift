package import Exchange
package import Files

/// What became of one change.
package enum Outcome: Sendable {
    case accepted(Acceptance)
    case leased([LeasedDelivery])
    case acknowledged
    case released(isDead: Bool)
    case extended(until: Instant)
    case expired([ExpiredDelivery])
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
    package let recipients: [AgencyCode]
    package let payload: PayloadLocation
    package let indication: String
    package let signerSHA256: Digest256?
    /// Whose software sent it, where that was not the sender's own.
    package let caller: AgencyCode?
}

/// One document's story.
package struct Trail: Sendable {
    package let leafIndex: Int64
    /// JSON.
    package let verdict: [UInt8]
    package let deliveries: [TrailDelivery]
    /// In the order in which they came.
    package let statuses: [TrailStatus]
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
}

package struct TrailStatus: Sendable {
    package let key: DocumentKey
    package let agency: AgencyCode
    package let code: String
    package let description: String
    package let timestamp: String
    package let receivedAt: Instant
    package let leafIndex: Int64
}

package struct SentDocument: Sendable {
    package struct Delivery: Sendable {
        package let recipient: AgencyCode
        package let state: DeliveryState
        /// The code of the last business status that the recipient sent back.
        package let lastStatus: String?
    }

    package let summary: DocumentSummary
    package let deliveries: [Delivery]
}

package struct DeadDelivery: Sendable {
    package let id: Int64
    package let recipient: AgencyCode
    package let attempt: Int
    package let releaseReason: String?
    package let document: DocumentSummary
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

    package init(queued: Int64 = 0, leased: Int64 = 0, delivered: Int64 = 0, dead: Int64 = 0) {
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
