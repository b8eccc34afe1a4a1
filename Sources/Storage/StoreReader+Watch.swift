internal import Database
package import Exchange

extension StoreReader {
    /// Deliveries whose deadline is `at` or earlier and that are still open, each sender's longest overdue
    /// first.
    ///
    /// - Parameters:
    ///   - sender: whose letters; nil for everybody's.
    ///   - limit: of each list.
    package func overdue(
        sender: AgencyCode?, at: Instant, limit: Int
    ) throws(StorageError) -> OverdueDeliveries {
        OverdueDeliveries(
            unconfirmed: try overdue(
                "deliveries_unconfirmed", "confirm_by", "confirmed_at", sender, at, limit),
            uncompleted: try overdue(
                "deliveries_uncompleted", "complete_by", "completed_at", sender, at, limit))
    }

    private func overdue(
        _ index: String, _ deadline: String, _ done: String, _ sender: AgencyCode?, _ at: Instant,
        _ limit: Int
    ) throws(StorageError) -> [OverdueDelivery] {
        let whose = sender == nil ? "" : "AND v.owed_to = (SELECT id FROM agencies WHERE code = ?3)"
        return try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT a.code, coalesce((SELECT n.name FROM former_names n WHERE n.agency = a.id
                AND n.until > d.accepted_at ORDER BY n.until LIMIT 1), a.name), d.code, v.\(deadline),
                v.state, v.progress,
                (SELECT operation FROM requests WHERE delivery = v.id ORDER BY id DESC LIMIT 1),
                (SELECT answer FROM requests WHERE delivery = v.id ORDER BY id DESC LIMIT 1),
                \(DocumentSummary.columns)
                FROM deliveries v INDEXED BY \(index) JOIN documents d ON d.id = v.document
                \(DocumentSummary.join) JOIN agencies a ON a.id = v.recipient
                WHERE v.\(deadline) IS NOT NULL AND v.\(done) IS NULL AND v.\(deadline) <= ?1 \(whose)
                AND v.state <> \(DeliveryState.held.number)
                ORDER BY v.owed_to, v.\(deadline), v.id LIMIT ?2
                """)
            select.bind(1, at.milliseconds)
            select.bind(2, limit)
            if let sender { select.bind(3, sender) }
            return try select.all(Self.overdue).compactMap { $0 }
        }
    }

    private static func overdue(_ row: SQLiteStatement) -> OverdueDelivery? {
        guard let document = DocumentSummary.row(row, from: 8) else { return nil }
        let request = row.optionalInteger(6).flatMap { LetterOperation(number: Int($0)) }.map {
            LifeCycle.Request($0, answer: row.optionalText(7).flatMap { BusinessStatus(rawValue: $0) })
        }
        return OverdueDelivery(
            recipient: ExactString(row.text(0)), recipientName: row.text(1), document: document,
            code: row.text(2), due: Instant(milliseconds: row.integer(3)),
            cycle: LifeCycle(
                delivery: DeliveryState(number: row.integer(4)) ?? .dead,
                progress: row.optionalText(5).flatMap { BusinessStatus(rawValue: $0) }, request: request))
    }

    /// Alerts after the one with that number, oldest first.
    ///
    /// - Parameter agency: those about letters that it sent or is to take; nil for all.
    package func alerts(
        after id: Int64, agency: AgencyCode?, limit: Int
    ) throws(StorageError) -> [UrgentAlert] {
        try read { reader throws(DatabaseError) in
            let whose = agency == nil ? "" : "AND (s.code = ?3 OR a.code = ?3)"
            let select = try reader.connection.prepare(
                "\(UrgentAlert.select) WHERE l.id > ?1 \(whose) ORDER BY l.id LIMIT ?2")
            select.bind(1, id)
            select.bind(2, limit)
            if let agency { select.bind(3, agency) }
            return try select.all(UrgentAlert.row).compactMap { $0 }
        }
    }
}
