internal import Database
package import Exchange

/// One letter in a report, told once before its copies.
package struct ReportedLetter: Sendable {
    package let sender: AgencyCode
    package let acceptedAt: Instant
    package let priority: Priority
    /// `Công văn`; empty where the hub did not keep that.
    package let documentType: String
    /// The organisation's signature passed, by the last verdict.
    package let isSigned: Bool
    /// `yyyy/MM/dd`.
    package let dueDate: String?
}

/// One letter's copy for one recipient.
package struct ReportedCopy: Sendable {
    package let recipient: AgencyCode
    package let state: DeliveryState
    /// When the recipient's first status but 01 came: somebody acted on the letter.
    package let confirmedAt: Instant?
    /// When its first 03, 06, 02 came.
    package let receivedAt: Instant?
    package let completedAt: Instant?
    package let refusedAt: Instant?
}

extension StoreReader {
    /// Documents that one read looks at: a report must not hold the write-ahead log for long.
    private static let reportedAtOnce: Int64 = 2000
    /// Clocks are set back by less than this.
    private static let clockSlackSeconds: Int64 = 86_400

    /// Where a report about letters accepted from `from` on begins.
    package func firstReported(from: Instant) throws(StorageError) -> Int64 {
        try read { reader throws(DatabaseError) in
            let from = from.adding(seconds: -Self.clockSlackSeconds).milliseconds
            let select = try reader.connection.prepare(
                "SELECT accepted_at FROM documents WHERE id >= ? ORDER BY id LIMIT 1")
            var lower: Int64 = 0
            var upper =
                try reader.connection.prepare("SELECT coalesce(max(id), 0) FROM documents")
                .first { $0.integer(0) } ?? 0
            while lower < upper {
                let middle = lower + (upper - lower) / 2
                select.bind(1, middle)
                let at = try select.first { $0.integer(0) } ?? Int64.max
                if at < from { lower = middle + 1 } else { upper = middle }
            }
            return lower
        }
    }

    /// The letters of a stretch of documents, with their copies; streamed, because one letter may have
    /// thousands.
    ///
    /// - Parameters:
    ///   - agency: only what it sent or received; nil for everybody.
    ///   - copy: called for each copy, with whether it is its letter's first one that is told.
    /// - Returns: where the next stretch begins; nil where there is none.
    package func report(
        at first: Int64, from: Instant, until: Instant, agency: AgencyCode?,
        copy: (ReportedLetter, ReportedCopy, _ isFirst: Bool) -> Void
    ) throws(StorageError) -> Int64? {
        try read { reader throws(DatabaseError) in
            try reader.reading { reader throws(DatabaseError) in
                let next = first + Self.reportedAtOnce
                let select = try reader.connection.prepare(Self.reportQuery(isOfOneAgency: agency != nil))
                select.bind(1, first)
                select.bind(2, next)
                select.bind(3, from.milliseconds)
                select.bind(4, until.milliseconds)
                if let agency { select.bind(5, agency) }
                var last: Int64 = -1
                _ = try select.all { row in
                    let isFirst = row.integer(0) != last
                    last = row.integer(0)
                    copy(Self.letter(row), Self.copy(row), isFirst)
                }
                let end = try reader.connection.prepare(
                    "SELECT id, accepted_at FROM documents WHERE id >= ? ORDER BY id LIMIT 1")
                end.bind(1, next)
                let limit = until.adding(seconds: Self.clockSlackSeconds).milliseconds
                guard let following = try end.first({ ($0.integer(0), $0.integer(1)) }), following.1 < limit
                else { return nil }
                return following.0
            }
        }
    }

    private static func reportQuery(isOfOneAgency: Bool) -> String {
        func first(_ codes: String) -> String {
            """
            (SELECT min(s.accepted_at) FROM statuses t JOIN documents s ON s.id = t.document
            WHERE t.letter = d.id AND t.agency = v.recipient AND t.code IN (\(codes)))
            """
        }
        let ofOne = "AND (a.code = ?5 OR r.code = ?5)"
        return """
            SELECT d.id, a.code, d.accepted_at, d.priority, d.document_type,
            coalesce((SELECT indication FROM verdicts WHERE document = d.id ORDER BY id DESC LIMIT 1),
            d.indication) = 'TOTAL-PASSED', d.due, r.code, v.state,
            \(first("'02','03','04','05','06'")), \(first("'03'")), \(first("'06'")), \(first("'02'"))
            FROM documents d JOIN agencies a ON a.id = d.sender
            JOIN deliveries v ON v.id >= d.first_delivery AND v.id < d.first_delivery + d.delivery_count
            JOIN agencies r ON r.id = v.recipient
            WHERE d.id >= ?1 AND d.id < ?2 AND d.kind = 0 AND d.accepted_at >= ?3 AND d.accepted_at < ?4
            \(isOfOneAgency ? ofOne : "") ORDER BY d.id, v.id
            """
    }

    private static func letter(_ row: SQLiteStatement) -> ReportedLetter {
        ReportedLetter(
            sender: ExactString(row.text(1)), acceptedAt: Instant(milliseconds: row.integer(2)),
            priority: Priority(rawValue: Int(row.integer(3))) ?? .normal, documentType: row.text(4),
            isSigned: row.integer(5) == 1, dueDate: row.optionalText(6))
    }

    private static func copy(_ row: SQLiteStatement) -> ReportedCopy {
        func instant(_ column: CInt) -> Instant? {
            row.optionalInteger(column).map { Instant(milliseconds: $0) }
        }
        return ReportedCopy(
            recipient: ExactString(row.text(7)), state: DeliveryState(number: row.integer(8)) ?? .dead,
            confirmedAt: instant(9), receivedAt: instant(10), completedAt: instant(11),
            refusedAt: instant(12))
    }
}
