internal import AuditLog
internal import Database
internal import Exchange

/// What operators do with deliveries that were given up.
extension Store {
    func custody(
        _ change: CustodyChange, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        switch change {
        case .exported(let id, let sha256, let who): return try export(id, sha256, by: who, &batch)
        case .returned(let id, let message, let who): return try giveBack(id, message, by: who, &batch)
        case .setLegalHold(let key, let reason, let who):
            return try setLegalHold(key, reason: reason, by: who, &batch)
        case .liftLegalHold(let key, let reason, let who):
            return try liftLegalHold(key, reason: reason, by: who, &batch)
        case .purgeSettled(let key, let before): return try purgeSettled(key, before: before, &batch)
        }
    }

    private func export(
        _ id: Int64, _ sha256: Digest256, by operatorName: String, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let delivery = try deliveries.find(id) else { return .failure(.noSuchDeadLetter) }
        guard delivery.state == .dead else { return .failure(.notDead) }
        guard let document = try documents.find(id: delivery.document), document.sha256 == sha256 else {
            return .failure(
                Rejection(
                    .digestMismatch,
                    "SHA-256 gửi lên không phải của văn bản này: bản đã lưu bị hỏng, hãy xuất lại."))
        }
        guard try !isMarked(id, "exported_at") else { return .success(.done) }
        try mark(id, "exported_at", batch.at)
        try append(
            .custody(.deliveryExported(Self.custodyFacts(delivery), by: operatorName, sha256: sha256)),
            toStoryOf: delivery.document, delivery: id, &batch)
        return .success(.done)
    }

    private func giveBack(
        _ id: Int64, _ message: NewDocument, by operatorName: String, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let delivery = try deliveries.find(id) else { return .failure(.noSuchDeadLetter) }
        guard delivery.state == .dead else { return .failure(.notDead) }
        let result = try accept(message, &batch)
        guard case .success(.accepted(let acceptance)) = result else { return result }
        guard try !isMarked(id, "returned_at") else { return result }
        try mark(id, "returned_at", batch.at)
        try append(
            .custody(
                .deliveryReturned(Self.custodyFacts(delivery), by: operatorName, status: acceptance.key)),
            toStoryOf: delivery.document, delivery: id, &batch)
        return result
    }

    /// Before a dead delivery goes back into its inbox: its marks end, or are why it may not.
    func forgetMarks(of id: Int64) throws(DatabaseError) -> Rejection? {
        if try isMarked(id, "returned_at") {
            return Rejection(
                .deliveryReturned,
                "Lượt giao này đã được trả lại nơi gửi với trạng thái 02; nơi gửi sẽ gửi văn bản khác.")
        }
        let remove = try connection.prepare("DELETE FROM dead_letters WHERE delivery = ?")
        remove.bind(1, id)
        try remove.run()
        return nil
    }

    private func isMarked(_ id: Int64, _ column: String) throws(DatabaseError) -> Bool {
        let select = try connection.prepare("SELECT \(column) FROM dead_letters WHERE delivery = ?")
        select.bind(1, id)
        return try select.first { $0.optionalInteger(0) != nil } ?? false
    }

    private func mark(_ id: Int64, _ column: String, _ at: Instant) throws(DatabaseError) {
        let upsert = try connection.prepare(
            """
            INSERT INTO dead_letters(delivery, \(column)) VALUES(?,?)
            ON CONFLICT(delivery) DO UPDATE SET \(column) = excluded.\(column)
            """)
        upsert.bind(1, id)
        upsert.bind(2, at.milliseconds)
        try upsert.run()
    }

    private static func custodyFacts(_ delivery: DeliveryRow) -> DeliveryFacts {
        DeliveryFacts(
            delivery: delivery.id, documentKey: delivery.key, recipient: delivery.recipient,
            attempt: delivery.attempt)
    }
}

extension Rejection {
    fileprivate static let noSuchDeadLetter = Rejection(
        .deliveryNotFound, "Không có lượt giao này.")
    fileprivate static let notDead = Rejection(
        .deliveryNotDead, "Lượt giao này chưa bỏ cuộc: nơi nhận vẫn có thể lấy văn bản.")
}
