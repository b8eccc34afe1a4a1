internal import Database
package import Exchange

extension StoreReader {
    /// An agency's, or everybody's, by number.
    package func webhooks(agency: AgencyCode?, limit: Int) throws(StorageError) -> [Webhook] {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT h.id, a.code, h.url, h.events, h.created_at, h.state, h.failing_since, h.succeeded_at,
                h.last_error, h.dropped, (SELECT count(*) FROM webhook_pushes WHERE webhook = h.id)
                FROM webhooks h JOIN agencies a ON a.id = h.agency
                WHERE ?1 IS NULL OR a.code = ?1 ORDER BY h.id LIMIT ?2
                """)
            select.bind(1, agency?.string)
            select.bind(2, limit)
            return try select.all { row in
                Webhook(
                    id: row.integer(0), agency: ExactString(row.text(1)), url: row.text(2),
                    kinds: ExchangeNotice.Kind.list(row.text(3)),
                    createdAt: Instant(milliseconds: row.integer(4)), isActive: row.integer(5) == 0,
                    failingSince: row.optionalInteger(6).map { Instant(milliseconds: $0) },
                    succeededAt: row.optionalInteger(7).map { Instant(milliseconds: $0) },
                    lastError: row.optionalText(8), waiting: Int(row.integer(10)),
                    dropped: Int(row.integer(9)))
            }
        }
    }

    /// The oldest push of each active hook that may be tried now.
    package func duePushes(at: Instant, limit: Int) throws(StorageError) -> [WebhookPush] {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT p.id, h.id, p.kind, a.code, p.document, p.delivery, p.at, h.url, h.secret, h.attempt,
                h.failing_since FROM webhooks h JOIN agencies a ON a.id = h.agency
                JOIN webhook_pushes p ON p.id = (SELECT min(id) FROM webhook_pushes WHERE webhook = h.id)
                WHERE h.state = 0 AND h.next_at <= ? ORDER BY h.next_at, p.id LIMIT ?
                """)
            select.bind(1, at.milliseconds)
            select.bind(2, limit)
            return try select.all { row in
                ExchangeNotice.Kind(rawValue: row.text(2)).map { kind in
                    WebhookPush(
                        id: row.integer(0), webhook: row.integer(1),
                        notice: ExchangeNotice(
                            kind, ExactString(row.text(3)),
                            document: row.optionalBytes(4).flatMap { DocumentKey(bytes: $0) },
                            delivery: row.optionalInteger(5)),
                        at: Instant(milliseconds: row.integer(6)), url: row.text(7), secret: row.bytes(8),
                        attempt: Int(row.integer(9)),
                        failingSince: row.optionalInteger(10).map { Instant(milliseconds: $0) })
                }
            }.compactMap { $0 }
        }
    }
}
