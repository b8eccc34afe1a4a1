package import Exchange

/// Something that an agency's software wants to know without asking. Says that there is something, not what:
/// who reads a push learns nothing of a letter.
package struct ExchangeNotice: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// A letter or a notice of the hub is in the inbox.
        case deliveryWaiting = "delivery.waiting"
        /// A status of one of its letters is in the inbox.
        case statusArrived = "status.arrived"
        /// A letter that it sent or received was judged again.
        case verdictChanged = "verdict.changed"
        /// An urgent letter that it sent or is to take was not taken in time.
        case alertUrgent = "alert.urgent"
        /// The agency asked for it, to see whether pushes arrive.
        case test = "webhook.test"
    }

    package var kind: Kind
    package var agency: AgencyCode
    package var document: DocumentKey?
    package var delivery: Int64?

    package init(_ kind: Kind, _ agency: AgencyCode, document: DocumentKey? = nil, delivery: Int64? = nil) {
        self.kind = kind
        self.agency = agency
        self.document = document
        self.delivery = delivery
    }

    /// What a change that was made means to agencies.
    package static func notices(of change: Change, _ outcome: Outcome) -> [ExchangeNotice] {
        switch (change, outcome) {
        case (_, .accepted(let acceptance)):
            // A resend is no news, and what is held is nobody's business yet.
            guard !acceptance.isReplay, acceptance.heldUntil == nil else { return [] }
            return acceptance.deliveries.map {
                ExchangeNotice(
                    acceptance.kind == .status ? .statusArrived : .deliveryWaiting, $0.recipient,
                    document: acceptance.key, delivery: $0.id)
            }
        case (.settle(let settlement), .settled(let woken)):
            let kind: Kind = settlement.verdict == nil ? .deliveryWaiting : .verdictChanged
            var seen: Set<AgencyCode> = []
            return woken.filter { seen.insert($0).inserted }.map {
                ExchangeNotice(kind, $0, document: settlement.key)
            }
        case (_, .alerted(let alerts)):
            return alerts.flatMap { alert in
                [alert.recipient, alert.sender].map {
                    ExchangeNotice(
                        .alertUrgent, $0, document: alert.documentKey, delivery: alert.delivery)
                }
            }
        case (.requeue(let delivery), .requeued(let recipient)):
            return [ExchangeNotice(.deliveryWaiting, recipient, delivery: delivery)]
        default: return []
        }
    }
}
