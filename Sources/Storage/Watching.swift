internal import Database
package import Exchange

/// What a letter's recipients owe for it, and by when.
package struct Deadlines: Sendable, Hashable {
    /// By when each is to confirm it; nil where that is not watched.
    package var confirmBy: Instant?
    /// The end of its DueDate.
    package var completeBy: Instant?
    /// When a copy that nobody has taken raises an alert; nil for none.
    package var alertBy: Instant?

    package init(confirmBy: Instant? = nil, completeBy: Instant? = nil, alertBy: Instant? = nil) {
        self.confirmBy = confirmBy
        self.completeBy = completeBy
        self.alertBy = alertBy
    }
}

/// An urgent letter that its recipient has not taken in time.
package struct UrgentAlert: Sendable, Equatable {
    /// Ascending: what comes later has a greater one.
    package let id: Int64
    package let delivery: Int64
    package let recipient: AgencyCode
    package let sender: AgencyCode
    package let documentKey: DocumentKey
    package let documentID: ExactString
    package let priority: Priority
    package let acceptedAt: Instant
    package let raisedAt: Instant
}

/// A delivery about which its recipient owes the sender a word.
package struct OverdueDelivery: Sendable {
    package let recipient: AgencyCode
    package let recipientName: String
    package let document: DocumentSummary
    /// `482/SKHCN-CĐS`.
    package let code: String
    package let due: Instant
    package let cycle: LifeCycle
}

package struct OverdueDeliveries: Sendable {
    /// Not confirmed (02, 03 or beyond) in time.
    package let unconfirmed: [OverdueDelivery]
    /// Past their DueDate without 06.
    package let uncompleted: [OverdueDelivery]
}

/// Deadlines and alerts of deliveries.
final class WatchTable {
    private let confirm: SQLiteStatement
    private let complete: SQLiteStatement
    private let forget: SQLiteStatement
    private let delay: SQLiteStatement
    private let selectAlerting: SQLiteStatement
    private let insertAlert: SQLiteStatement
    private let quieten: SQLiteStatement
    private let selectAlert: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        confirm = try connection.prepare(
            "UPDATE deliveries SET confirmed_at = ? WHERE id = ? AND confirmed_at IS NULL")
        complete = try connection.prepare(
            "UPDATE deliveries SET completed_at = ? WHERE id = ? AND completed_at IS NULL")
        forget = try connection.prepare(
            """
            UPDATE deliveries SET confirm_by = iif(confirmed_at IS NULL, NULL, confirm_by),
            complete_by = iif(completed_at IS NULL, NULL, complete_by), alert_by = NULL WHERE id = ?
            """)
        delay = try connection.prepare(
            """
            UPDATE deliveries SET place = place + ?1, alert_by = alert_by + ?1,
            confirm_by = iif(confirm_by IS NULL, NULL, ?2) WHERE id >= ?3 AND id < ?4 AND state = 0
            """)
        selectAlerting = try connection.prepare(
            """
            SELECT id FROM deliveries INDEXED BY deliveries_alerting
            WHERE alert_by <= ? AND state < 2 ORDER BY alert_by LIMIT ?
            """)
        insertAlert = try connection.prepare("INSERT INTO alerts(delivery, at) VALUES(?,?)")
        quieten = try connection.prepare("UPDATE deliveries SET alert_by = NULL WHERE id = ?")
        selectAlert = try connection.prepare(
            "\(UrgentAlert.select) WHERE l.id = last_insert_rowid()")
    }

    /// Notes what a status settles; the first time counts.
    func settle(_ cycle: LifeCycle, of delivery: Int64, at: Instant) throws(DatabaseError) {
        if cycle.isConfirmed {
            confirm.bind(1, at.milliseconds)
            confirm.bind(2, delivery)
            try confirm.run()
        }
        if cycle.progress == .completed {
            complete.bind(1, at.milliseconds)
            complete.bind(2, delivery)
            try complete.run()
        } else if cycle.isClosed {
            try forget(delivery)
        }
    }

    /// Nobody waits for anything any more; what came in time stays known.
    func forget(_ delivery: Int64) throws(DatabaseError) {
        forget.bind(1, delivery)
        try forget.run()
    }

    /// The letter's copies are in their inboxes later than it came.
    func delay(
        _ letter: DocumentRow, until at: Instant, confirmBy: Instant?
    ) throws(DatabaseError) {
        delay.bind(1, max(0, at.milliseconds - letter.acceptedAt.milliseconds))
        delay.bind(2, confirmBy?.milliseconds)
        delay.bind(3, letter.firstDelivery)
        delay.bind(4, letter.firstDelivery + letter.deliveryCount)
        try delay.run()
    }

    /// Raises what is due; each delivery once.
    func raise(at: Instant, limit: Int) throws(DatabaseError) -> [UrgentAlert] {
        selectAlerting.bind(1, at.milliseconds)
        selectAlerting.bind(2, limit)
        var alerts: [UrgentAlert] = []
        for delivery in try selectAlerting.all({ $0.integer(0) }) {
            quieten.bind(1, delivery)
            try quieten.run()
            insertAlert.bind(1, delivery)
            insertAlert.bind(2, at.milliseconds)
            try insertAlert.run()
            if let alert = try selectAlert.first(UrgentAlert.row) ?? nil { alerts.append(alert) }
        }
        return alerts
    }
}

extension UrgentAlert {
    static let select = """
        SELECT l.id, l.delivery, a.code, s.code, d.key, d.document_id, d.priority, d.accepted_at, l.at
        FROM alerts l JOIN deliveries v ON v.id = l.delivery JOIN agencies a ON a.id = v.recipient
        JOIN documents d ON d.id = v.document JOIN agencies s ON s.id = d.sender
        """

    static func row(_ row: SQLiteStatement) -> UrgentAlert? {
        DocumentKey(bytes: row.bytes(4)).map { key in
            UrgentAlert(
                id: row.integer(0), delivery: row.integer(1), recipient: ExactString(row.text(2)),
                sender: ExactString(row.text(3)), documentKey: key, documentID: ExactString(row.text(5)),
                priority: Priority(rawValue: Int(row.integer(6))) ?? .normal,
                acceptedAt: Instant(milliseconds: row.integer(7)),
                raisedAt: Instant(milliseconds: row.integer(8)))
        }
    }
}
