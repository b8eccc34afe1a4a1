internal import Database
package import Exchange

/// A letter or status message that waits for a recipient, seen without a lease.
package struct WaitingCopy: Sendable {
    /// The delivery's.
    package let id: Int64
    /// True once the recipient's software has said that it works on it, or has leased it before.
    package let isBegun: Bool
    package let document: DocumentSummary
}

/// One delivery with the document that it delivers.
package struct DeliveredCopy: Sendable {
    package let id: Int64
    package let recipient: AgencyCode
    package let state: DeliveryState
    package let attempt: Int
    package let document: StoredDocument
}

/// One delivery as its sender sees it.
package struct SentCopy: Sendable {
    package let id: Int64
    /// Of the same document, the first one.
    package let firstDelivery: Int64
    package let key: DocumentKey
    package let kind: DocumentKind
    /// `482/SKHCN-CĐS`
    package let code: String
    package let subject: String
    package let acceptedAt: Instant
    package let recipient: AgencyCode
    package let state: DeliveryState
    package let attempt: Int
    package let deliveredAt: Instant?
    package let reason: String?
    /// The code of the last business status that the recipient sent back.
    package let lastStatus: String?
}

extension StoreReader {
    /// Of what one sender sent last, so many documents are looked at.
    private static let sentDocumentsMax = 2000

    /// What waits for the recipient, urgent first and the oldest first within: letters, status messages, or
    /// both. A page costs the same however much waits behind it and of the other kind.
    ///
    /// - Parameter offset: entries that are passed over; each costs a step in an index and nothing else.
    package func copies(
        recipient: AgencyCode, kinds: [DocumentKind], offset: Int, limit: Int
    ) throws(StorageError) -> [WaitingCopy] {
        let ofOneKind = """
            SELECT id, place FROM deliveries INDEXED BY deliveries_by_kind
            WHERE recipient = (SELECT id FROM agencies WHERE code = ?) AND kind = ? AND state = 0
            """
        return try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT v.id, v.attempt, v.place, \(DocumentSummary.columns) FROM (
                \(Array(repeating: ofOneKind, count: kinds.count).joined(separator: " UNION ALL "))
                ORDER BY place, id LIMIT ? OFFSET ?) w
                CROSS JOIN deliveries v ON v.id = w.id
                CROSS JOIN documents d ON d.id = v.document \(DocumentSummary.join)
                ORDER BY v.place, v.id
                """)
            var parameter: CInt = 1
            for kind in kinds {
                select.bind(parameter, recipient)
                select.bind(parameter + 1, kind.number)
                parameter += 2
            }
            select.bind(parameter, limit)
            select.bind(parameter + 1, offset)
            return try select.all { row in
                DocumentSummary.row(row, from: 3).map {
                    WaitingCopy(id: row.integer(0), isBegun: row.integer(1) > 0, document: $0)
                }
            }.compactMap { $0 }
        }
    }

    /// How many wait, counted up to `max`.
    package func copyCount(
        recipient: AgencyCode, kind: DocumentKind, max: Int
    ) throws(StorageError) -> Int {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT count(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_by_kind
                WHERE recipient = (SELECT id FROM agencies WHERE code = ?) AND kind = ? AND state = 0 LIMIT ?)
                """)
            select.bind(1, recipient)
            select.bind(2, kind.number)
            select.bind(3, max)
            return Int(try select.first { $0.integer(0) } ?? 0)
        }
    }

    /// Nil where there is no such delivery.
    package func copy(_ delivery: Int64) throws(StorageError) -> DeliveredCopy? {
        try read { reader throws(DatabaseError) in
            try reader.reading { reader throws(DatabaseError) -> DeliveredCopy? in
                let select = try reader.connection.prepare(
                    """
                    SELECT d.key, a.code, v.state, v.attempt FROM deliveries v
                    JOIN documents d ON d.id = v.document JOIN agencies a ON a.id = v.recipient
                    WHERE v.id = ?
                    """)
                select.bind(1, delivery)
                let row = try select.first { row in
                    (
                        key: DocumentKey(bytes: row.bytes(0)), recipient: row.text(1),
                        state: DeliveryState(number: row.integer(2)), attempt: Int(row.integer(3))
                    )
                }
                guard let row, let key = row.key, let state = row.state,
                    let document = try reader.details(key)?.document
                else { return nil }
                return DeliveredCopy(
                    id: delivery, recipient: ExactString(row.recipient), state: state, attempt: row.attempt,
                    document: document)
            }
        }
    }

    /// What the agency sent, latest first; of one document only where `firstDelivery` is given.
    package func sentCopies(
        sender: AgencyCode, kind: DocumentKind?, firstDelivery: Int64?, limit: Int
    ) throws(StorageError) -> [SentCopy] {
        let documents =
            firstDelivery == nil
            ? "sender = (SELECT id FROM agencies WHERE code = ?1) ORDER BY accepted_at DESC, id DESC LIMIT ?2"
            : "id = (SELECT document FROM deliveries WHERE id = ?4)"
        return try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT v.id, d.first_delivery, d.key, d.kind, d.code, d.subject, d.accepted_at, a.code,
                v.state, v.attempt, v.delivered_at, v.reason, (SELECT t.code FROM statuses t
                WHERE t.letter = d.id AND t.agency = v.recipient ORDER BY t.id DESC LIMIT 1)
                FROM (SELECT id, sender, first_delivery, delivery_count, key, kind, code, subject,
                accepted_at FROM documents WHERE \(documents)) d
                JOIN deliveries v ON v.id >= d.first_delivery AND v.id < d.first_delivery + d.delivery_count
                JOIN agencies a ON a.id = v.recipient
                WHERE d.sender = (SELECT id FROM agencies WHERE code = ?1)
                AND (?3 IS NULL OR d.kind = ?3) AND (?4 IS NULL OR d.first_delivery = ?4)
                ORDER BY d.accepted_at DESC, d.id DESC, v.id LIMIT ?5
                """)
            select.bind(1, sender)
            select.bind(2, Self.sentDocumentsMax)
            select.bind(3, kind?.number)
            select.bind(4, firstDelivery)
            select.bind(5, limit)
            return try select.all { row in
                DocumentKey(bytes: row.bytes(2)).map { key in
                    SentCopy(
                        id: row.integer(0), firstDelivery: row.integer(1), key: key,
                        kind: DocumentKind(number: row.integer(3)), code: row.text(4), subject: row.text(5),
                        acceptedAt: Instant(milliseconds: row.integer(6)),
                        recipient: ExactString(row.text(7)),
                        state: DeliveryState(number: row.integer(8)) ?? .dead,
                        attempt: Int(row.integer(9)),
                        deliveredAt: row.optionalInteger(10).map { Instant(milliseconds: $0) },
                        reason: row.optionalText(11), lastStatus: row.optionalText(12))
                }
            }.compactMap { $0 }
        }
    }
}
