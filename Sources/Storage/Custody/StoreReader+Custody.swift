internal import Database
package import Exchange

/// A delivery that was given up, and what an operator did with it.
package struct DeadDelivery: Sendable {
    package let id: Int64
    package let recipient: AgencyCode
    /// As the directory has it now.
    package let recipientName: String
    package let attempt: Int
    package let releaseReason: String?
    package let exportedAt: Instant?
    package let returnedAt: Instant?
    package let document: DocumentSummary
}

package struct LegalHold: Sendable, Equatable {
    package let key: DocumentKey
    package let since: Instant
    /// The operator's name.
    package let setBy: String
    package let reason: String
}

/// A document as a retention rule looks at it.
package struct KeptDocument: Sendable {
    package let id: Int64
    package let key: DocumentKey
    package let kind: DocumentKind
    /// `Công văn`; empty where it is not a letter, or from before the hub kept that.
    package let documentType: String
    package let priority: Priority
    package let acceptedAt: Instant
    package let isPurged: Bool
    /// When the last recipient took it; nil while somebody has not.
    package let settledAt: Instant?
}

extension StoreReader {
    private static let deadColumns = """
        SELECT v.id, a.code, a.name, v.attempt, v.reason, m.exported_at, m.returned_at,
        \(DocumentSummary.columns) FROM deliveries v INDEXED BY deliveries_dead
        JOIN agencies a ON a.id = v.recipient LEFT JOIN dead_letters m ON m.delivery = v.id
        JOIN documents d ON d.id = v.document \(DocumentSummary.join)
        """

    /// In the order of their numbers.
    package func deadLetters(after last: Int64 = 0, limit: Int) throws(StorageError) -> [DeadDelivery] {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                "\(Self.deadColumns) WHERE v.state = 3 AND v.id > ? ORDER BY v.id LIMIT ?")
            select.bind(1, last)
            select.bind(2, limit)
            return try select.all(Self.deadDelivery).compactMap { $0 }
        }
    }

    /// Nil where that delivery is not dead.
    package func deadLetter(_ id: Int64) throws(StorageError) -> DeadDelivery? {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare("\(Self.deadColumns) WHERE v.state = 3 AND v.id = ?")
            select.bind(1, id)
            return try select.first(Self.deadDelivery) ?? nil
        }
    }

    private static func deadDelivery(_ row: SQLiteStatement) -> DeadDelivery? {
        DocumentSummary.row(row, from: 7).map { summary in
            DeadDelivery(
                id: row.integer(0), recipient: ExactString(row.text(1)), recipientName: row.text(2),
                attempt: Int(row.integer(3)), releaseReason: row.optionalText(4),
                exportedAt: row.optionalInteger(5).map { Instant(milliseconds: $0) },
                returnedAt: row.optionalInteger(6).map { Instant(milliseconds: $0) }, document: summary)
        }
    }

    package func legalHold(_ key: DocumentKey) throws(StorageError) -> LegalHold? {
        try legalHolds("WHERE d.key = ?1 LIMIT ?2") { $0.bind(1, key.bytes) }.first
    }

    /// Oldest first.
    package func legalHolds(limit: Int) throws(StorageError) -> [LegalHold] {
        try legalHolds("ORDER BY h.since, d.id LIMIT ?2", limit: limit) { _ in }
    }

    private func legalHolds(
        _ rest: String, limit: Int = 1, _ bind: (SQLiteStatement) -> Void
    ) throws(StorageError) -> [LegalHold] {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT d.key, h.since, h.set_by, h.reason FROM legal_holds h
                JOIN documents d ON d.id = h.document \(rest)
                """)
            bind(select)
            select.bind(2, limit)
            return try select.all { row in
                DocumentKey(bytes: row.bytes(0)).map {
                    LegalHold(
                        key: $0, since: Instant(milliseconds: row.integer(1)), setBy: row.text(2),
                        reason: row.text(3))
                }
            }.compactMap { $0 }
        }
    }

    /// Documents in the order in which they came, purged ones too.
    package func keptDocuments(after last: Int64, limit: Int) throws(StorageError) -> [KeptDocument] {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT id, key, kind, document_type, priority, accepted_at, segment = 0, first_delivery,
                delivery_count FROM documents WHERE id > ? ORDER BY id LIMIT ?
                """)
            select.bind(1, last)
            select.bind(2, limit)
            let rows = try select.all { row in
                (
                    id: row.integer(0), key: DocumentKey(bytes: row.bytes(1)), kind: row.integer(2),
                    type: row.text(3), priority: row.integer(4), at: row.integer(5),
                    isPurged: row.integer(6) == 1, first: row.integer(7), count: row.integer(8)
                )
            }
            let settling = try SettledLetter.query(reader.connection)
            var documents: [KeptDocument] = []
            for row in rows {
                guard let key = row.key else { continue }
                var settledAt: Instant?
                let acceptedAt = Instant(milliseconds: row.at)
                if !row.isPurged {
                    let settled = try SettledLetter(
                        settling, document: row.id, first: row.first, count: row.count)
                    settledAt = settled.isSettled ? max(settled.last, acceptedAt) : nil
                }
                documents.append(
                    KeptDocument(
                        id: row.id, key: key, kind: DocumentKind(number: row.kind), documentType: row.type,
                        priority: Priority(rawValue: Int(row.priority)) ?? .normal, acceptedAt: acceptedAt,
                        isPurged: row.isPurged, settledAt: settledAt))
            }
            return documents
        }
    }
}
