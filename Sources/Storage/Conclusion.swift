internal import AuditLog
internal import Database
internal import Exchange

/// What a recipient's software says about a delivery that it holds no lease of.
package enum Conclusion: Sendable, Equatable {
    /// It works on it; nothing ends yet.
    case begun
    /// It has it.
    case taken
    /// It cannot take it, and is not to be offered it again until an operator has looked.
    case failed(reason: String?)
}

extension Store {
    func conclude(
        _ id: Int64, _ recipient: AgencyCode, _ conclusion: Conclusion, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let delivery = try deliveries.find(id), delivery.recipient == recipient,
            delivery.state != .held, delivery.state != .dead || delivery.attempt > 0
        else {
            return .failure(
                Rejection(.deliveryNotFound, "Không có lượt phát này trong hộp đến của cơ quan."))
        }
        switch (conclusion, delivery.state) {
        case (.begun, .queued) where delivery.attempt == 0:
            try deliveries.begin(id)
            return .success(.done)
        case (.begun, _): return .success(.done)
        case (.taken, .delivered): return .success(.acknowledged)
        case (.failed, .dead): return .success(.released(isDead: true))
        case (.taken, .queued), (.taken, .leased):
            try end(delivery, as: .delivered, reason: nil, &batch)
            return .success(.acknowledged)
        case (.failed(let reason), .queued), (.failed(let reason), .leased):
            try end(delivery, as: .dead, reason: reason, &batch)
            return .success(.released(isDead: true))
        default:
            return .failure(
                Rejection(.leaseStale, "Lượt phát này đã kết thúc ở trạng thái \(delivery.state.rawValue)."))
        }
    }

    private func end(
        _ delivery: DeliveryRow, as state: DeliveryState, reason: String?, _ batch: inout Batch
    ) throws(DatabaseError) {
        // Seeing it in a list was no attempt that anybody counted.
        let attempt = delivery.state == .leased ? delivery.attempt : delivery.attempt + 1
        let facts = DeliveryFacts(
            delivery: delivery.id, documentKey: delivery.key, recipient: delivery.recipient, attempt: attempt)
        try deliveries.conclude(delivery.id, as: state, attempt: attempt, reason: reason, at: batch.at)
        try append(
            state == .delivered ? .deliveryAcknowledged(facts) : .deliveryDead(facts),
            toStoryOf: delivery.document, delivery: delivery.id, &batch)
        batch.counts.move(delivery.state, to: state)
        batch.quota?.add(-1, of: delivery.sender)
    }
}

extension DeliveryTable {
    fileprivate func begin(_ id: Int64) throws(DatabaseError) {
        let update = try connection.prepare(
            "UPDATE deliveries SET attempt = 1 WHERE id = ? AND state = 0 AND attempt = 0")
        update.bind(1, id)
        try update.run()
    }

    /// A lease's token stays, so that who held it may still acknowledge what is delivered.
    fileprivate func conclude(
        _ id: Int64, as state: DeliveryState, attempt: Int, reason: String?, at: Instant
    ) throws(DatabaseError) {
        let update = try connection.prepare(
            """
            UPDATE deliveries SET state = ?, attempt = ?, leased_until = NULL, alert_by = NULL, reason = ?,
            delivered_at = ? WHERE id = ?
            """)
        update.bind(1, state.number)
        update.bind(2, attempt)
        update.bind(3, reason)
        update.bind(4, state == .delivered ? at.milliseconds : nil as Int64?)
        update.bind(5, id)
        try update.run()
    }
}
