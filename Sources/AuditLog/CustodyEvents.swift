package import Exchange

/// What operators do with letters that lie in the hub.
package enum CustodyEvent: Sendable {
    /// A letter that was given up is kept elsewhere, says an operator who showed its SHA-256.
    case deliveryExported(DeliveryFacts, by: String, sha256: Digest256)
    /// Its sender was told by a status message.
    case deliveryReturned(DeliveryFacts, by: String, status: DocumentKey)
    case legalHoldSet(LegalHoldFacts)
    case legalHoldLifted(LegalHoldFacts)

    var name: String {
        switch self {
        case .deliveryExported: "delivery.exported"
        case .deliveryReturned: "delivery.returned"
        case .legalHoldSet: "legal_hold.set"
        case .legalHoldLifted: "legal_hold.lifted"
        }
    }

    /// Members in the order of their names' bytes.
    func write(into entry: inout EntryWriter) {
        switch self {
        case .deliveryExported(let facts, let who, let sha256):
            facts.write(into: &entry, by: who)
            entry.digest("sha256", sha256)
        case .deliveryReturned(let facts, let who, let status):
            facts.write(into: &entry, by: who)
            entry.text("statusKey", status.description)
        case .legalHoldSet(let facts), .legalHoldLifted(let facts):
            entry.text("by", facts.by)
            entry.text("documentKey", facts.documentKey.description)
            entry.digest("reasonCommitment", facts.reason?.digest)
        }
    }
}

/// A letter that must stay, or need not any longer.
package struct LegalHoldFacts: Sendable {
    package var documentKey: DocumentKey
    /// The operator's name.
    package var by: String
    /// To the reason that was given; nil where the letter's salt was erased.
    package var reason: Commitment?

    package init(documentKey: DocumentKey, by: String, reason: Commitment?) {
        self.documentKey = documentKey
        self.by = by
        self.reason = reason
    }
}

extension DeliveryFacts {
    fileprivate func write(into entry: inout EntryWriter, by who: String) {
        entry.number("attempt", Int64(attempt))
        entry.text("by", who)
        entry.number("delivery", delivery)
        entry.text("documentKey", documentKey.description)
        entry.code("recipient", recipient)
    }
}
