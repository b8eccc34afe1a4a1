internal import AuditLog
internal import Database
internal import Exchange

/// Letters that must stay, and letters whose time is over.
extension Store {
    func setLegalHold(
        _ key: DocumentKey, reason: String, by operatorName: String, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let document = try documents.find(key) else { return .failure(.noSuchLetter) }
        guard try !isUnderLegalHold(document.id) else {
            return .failure(
                Rejection(.legalHold, "Văn bản đang được lưu giữ theo yêu cầu; hãy gỡ trước rồi đặt lại."))
        }
        let insert = try connection.prepare(
            "INSERT INTO legal_holds(document, since, set_by, reason) VALUES(?,?,?,?)")
        insert.bind(1, document.id)
        insert.bind(2, batch.at.milliseconds)
        insert.bind(3, operatorName)
        insert.bind(4, reason)
        try insert.run()
        let facts = LegalHoldFacts(
            documentKey: key, by: operatorName, reason: try commitment(to: reason, about: document.id))
        try append(.custody(.legalHoldSet(facts)), toStoryOf: document.id, delivery: nil, &batch)
        return .success(.done)
    }

    func liftLegalHold(
        _ key: DocumentKey, reason: String, by operatorName: String, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let document = try documents.find(key) else { return .failure(.noSuchLetter) }
        guard try isUnderLegalHold(document.id) else {
            return .failure(Rejection(.notFound, "Văn bản không bị lưu giữ theo yêu cầu."))
        }
        let remove = try connection.prepare("DELETE FROM legal_holds WHERE document = ?")
        remove.bind(1, document.id)
        try remove.run()
        let facts = LegalHoldFacts(
            documentKey: key, by: operatorName, reason: try commitment(to: reason, about: document.id))
        try append(.custody(.legalHoldLifted(facts)), toStoryOf: document.id, delivery: nil, &batch)
        return .success(.done)
    }

    /// Decided here and not where the letter was found: since then a hold may have been set, or a dead
    /// delivery put back.
    func purgeSettled(
        _ key: DocumentKey, before: Instant, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let document = try documents.find(key) else { return .failure(.noSuchLetter) }
        guard try !isUnderLegalHold(document.id) else { return .success(.purged(false)) }
        let settlement = try SettledLetter(
            try SettledLetter.query(connection), document: document.id, first: document.firstDelivery,
            count: document.deliveryCount)
        guard settlement.isSettled, max(settlement.last, document.acceptedAt) <= before else {
            return .success(.purged(false))
        }
        _ = try purge(key, &batch)
        return .success(.purged(true))
    }

    func isUnderLegalHold(_ document: Int64) throws(DatabaseError) -> Bool {
        let select = try connection.prepare("SELECT 1 FROM legal_holds WHERE document = ?")
        select.bind(1, document)
        return try select.first { _ in true } ?? false
    }

    /// People's words do not belong into a log that everybody may read; that they were these can be proved.
    private func commitment(to reason: String, about document: Int64) throws(DatabaseError) -> Commitment? {
        let select = try connection.prepare("SELECT salt FROM documents WHERE id = ?")
        select.bind(1, document)
        let salt = try select.first { $0.optionalBytes(0) } ?? nil
        guard let salt, salt.count == Commitment.saltByteCount else { return nil }
        return Commitment(to: reason, field: "legalHold", salt: salt)
    }
}

/// Whether everybody who should have a letter has it.
struct SettledLetter {
    /// Acknowledged by all, withdrawn, or given up and kept elsewhere; and nobody has to look at its bytes to
    /// judge it again.
    let isSettled: Bool
    /// When the last of them was.
    let last: Instant

    static func query(_ connection: SQLiteConnection) throws(DatabaseError) -> SQLiteStatement {
        try connection.prepare(
            """
            SELECT count(*) FILTER (WHERE v.state NOT IN (2, 5)
                AND NOT (v.state = 3 AND m.exported_at IS NOT NULL)),
            max(coalesce(v.delivered_at, m.exported_at, 0)),
            EXISTS (SELECT 1 FROM unsettled WHERE document = ?3)
            FROM deliveries v LEFT JOIN dead_letters m ON m.delivery = v.id WHERE v.id >= ?1 AND v.id < ?2
            """)
    }

    /// - Parameter select: `query`, prepared once for many letters.
    init(
        _ select: SQLiteStatement, document: Int64, first: Int64, count: Int64
    ) throws(DatabaseError) {
        select.bind(1, first)
        select.bind(2, first + count)
        select.bind(3, document)
        let found = try select.first { row in
            (open: row.integer(0), last: row.optionalInteger(1) ?? 0, isOpen: row.integer(2) == 1)
        }
        isSettled = found.map { $0.open == 0 && !$0.isOpen } ?? false
        last = Instant(milliseconds: found?.last ?? 0)
    }
}

extension Rejection {
    fileprivate static let noSuchLetter = Rejection(.notFound, "Không có văn bản này.")
}
