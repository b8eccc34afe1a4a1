internal import Database
internal import Exchange

/// One delivery as the writer looks at it before it changes it.
struct DeliveryRow {
    let id: Int64
    let document: Int64
    /// Of the document.
    let sender: Int64
    let key: DocumentKey
    let recipientID: Int64
    let recipient: AgencyCode
    let state: DeliveryState
    let attempt: Int
    let token: LeaseToken?
}

extension DeliveryState {
    /// As the database has it.
    var number: Int64 {
        switch self {
        case .queued: 0
        case .leased: 1
        case .delivered: 2
        case .dead: 3
        case .held: 4
        case .withdrawn: 5
        }
    }

    init?(number: Int64) {
        switch number {
        case 0: self = .queued
        case 1: self = .leased
        case 2: self = .delivered
        case 3: self = .dead
        case 4: self = .held
        case 5: self = .withdrawn
        default: return nil
        }
    }
}

extension Priority {
    /// Order of delivery: 3 and 4 before 2 before 1 before 0.
    var rank: Int {
        switch self {
        case .express, .expressTimed: 0
        case .moreUrgent: 1
        case .urgent: 2
        case .normal: 3
        }
    }
}

/// Deliveries and their leases.
final class DeliveryTable {
    private let insert: SQLiteStatement
    private let select: SQLiteStatement
    private let selectOfDocument: SQLiteStatement
    private let selectRecipient: SQLiteStatement
    private let selectQueued: SQLiteStatement
    private let selectLapsed: SQLiteStatement
    private let lease: SQLiteStatement
    private let deliver: SQLiteStatement
    private let giveBack: SQLiteStatement
    private let extend: SQLiteStatement
    private let shorten: SQLiteStatement
    private let setAddressee: SQLiteStatement
    private let endHold: SQLiteStatement
    let connection: SQLiteConnection
    let firstFreeID: Int64

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        self.connection = connection
        insert = try connection.prepare(

            """
            INSERT INTO deliveries(id, document, recipient, rank, state, place, attempt, confirm_by,
            complete_by, alert_by, owed_to, kind) VALUES(?,?,?,?,?,?,0,?,?,?,?,?)
            """)
        let columns = "v.id, v.document, d.key, v.recipient, a.code, v.state, v.attempt, v.token, d.sender"
        let join = "JOIN documents d ON d.id = v.document JOIN agencies a ON a.id = v.recipient"
        select = try connection.prepare("SELECT \(columns) FROM deliveries v \(join) WHERE v.id = ?")
        selectOfDocument = try connection.prepare(
            """
            SELECT v.id, a.code FROM deliveries v JOIN agencies a ON a.id = v.recipient
            WHERE v.id >= ? AND v.id < ? ORDER BY v.id
            """)
        selectRecipient = try connection.prepare("SELECT recipient FROM deliveries WHERE id = ?")
        // Named, because without statistics the planner may prefer to walk the primary key.
        selectQueued = try connection.prepare(
            """
            SELECT v.id, v.document, v.attempt, \(DocumentSummary.columns)
            FROM deliveries v INDEXED BY deliveries_queued
            JOIN documents d ON d.id = v.document \(DocumentSummary.join)
            WHERE v.recipient = ? AND v.state = 0 ORDER BY v.place, v.id LIMIT ?
            """)
        selectLapsed = try connection.prepare(
            """
            SELECT \(columns) FROM deliveries v INDEXED BY deliveries_leased \(join)
            WHERE v.state = 1 AND v.leased_until <= ? ORDER BY v.leased_until LIMIT ?
            """)
        lease = try connection.prepare(
            "UPDATE deliveries SET state = 1, attempt = ?, token = ?, leased_until = ? WHERE id = ?")
        deliver = try connection.prepare(

            """
            UPDATE deliveries SET state = 2, leased_until = NULL, alert_by = NULL, delivered_at = ?
            WHERE id = ?
            """)
        giveBack = try connection.prepare(
            "UPDATE deliveries SET state = ?, token = NULL, leased_until = NULL, reason = ? WHERE id = ?")
        endHold = try connection.prepare(
            "UPDATE deliveries SET state = ?, reason = ? WHERE id >= ? AND id < ? AND state = 4")
        extend = try connection.prepare("UPDATE deliveries SET leased_until = ? WHERE id = ?")
        shorten = try connection.prepare(
            "UPDATE deliveries SET leased_until = leased_until - ? WHERE state = 1")
        setAddressee = try connection.prepare("UPDATE deliveries SET addressed_to = ? WHERE id = ?")
        firstFreeID =
            try connection.prepare("SELECT coalesce(max(id), 0) + 1 FROM deliveries")
            .first { $0.integer(0) } ?? 1
    }

    func insert(
        id: Int64, document: Int64, kind: DocumentKind, recipient: Int64, priority: Priority, place: Int64,
        state: DeliveryState, deadlines: Deadlines = Deadlines(), owedTo sender: Int64? = nil
    ) throws(DatabaseError) {
        insert.bind(1, id)
        insert.bind(2, document)
        insert.bind(3, recipient)
        insert.bind(4, priority.rank)
        insert.bind(5, state.number)
        insert.bind(6, place)
        insert.bind(7, deadlines.confirmBy?.milliseconds)
        insert.bind(8, deadlines.completeBy?.milliseconds)
        insert.bind(9, deadlines.alertBy?.milliseconds)
        insert.bind(10, deadlines.confirmBy == nil && deadlines.completeBy == nil ? nil : sender)
        insert.bind(11, kind.number)
        try insert.run()
    }

    /// Says which code the letter named, where its successor gets the delivery.
    func setAddressee(_ id: Int64, _ code: AgencyCode) throws(DatabaseError) {
        setAddressee.bind(1, code)
        setAddressee.bind(2, id)
        try setAddressee.run()
    }

    func find(_ id: Int64) throws(DatabaseError) -> DeliveryRow? {
        select.bind(1, id)
        return try select.first(Self.row) ?? nil
    }

    func ofDocument(_ document: DocumentRow) throws(DatabaseError) -> [Acceptance.Delivery] {
        selectOfDocument.bind(1, document.firstDelivery)
        selectOfDocument.bind(2, document.firstDelivery + document.deliveryCount)
        return try selectOfDocument.all {
            Acceptance.Delivery(id: $0.integer(0), recipient: ExactString($0.text(1)))
        }
    }

    /// The delivery of the document to that agency, where there is one: a binary search, because a broadcast
    /// has thousands of deliveries and each of its recipients sends several statuses back.
    func find(_ document: DocumentRow, recipient: Int64) throws(DatabaseError) -> Int64? {
        var lower = document.firstDelivery
        var upper = lower + document.deliveryCount
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            selectRecipient.bind(1, middle)
            guard let found = try selectRecipient.first({ $0.integer(0) }) else { return nil }
            if found == recipient { return middle }
            if found < recipient { lower = middle + 1 } else { upper = middle }
        }
        return nil
    }

    /// The next ones of a recipient, with what they deliver.
    func queued(recipient: Int64, limit: Int) throws(DatabaseError) -> [QueuedDelivery] {
        selectQueued.bind(1, recipient)
        selectQueued.bind(2, limit)
        return try selectQueued.all { row in
            DocumentSummary.row(row, from: 3).map {
                QueuedDelivery(
                    id: row.integer(0), documentID: row.integer(1), attempt: Int(row.integer(2)), document: $0
                )
            }
        }.compactMap { $0 }
    }

    func lapsed(at: Instant, limit: Int) throws(DatabaseError) -> [DeliveryRow] {
        selectLapsed.bind(1, at.milliseconds)
        selectLapsed.bind(2, limit)
        return try selectLapsed.all(Self.row).compactMap { $0 }
    }

    private static func row(_ row: SQLiteStatement) -> DeliveryRow? {
        guard let key = DocumentKey(bytes: row.bytes(2)), let state = DeliveryState(number: row.integer(5))
        else {
            return nil
        }
        return DeliveryRow(
            id: row.integer(0), document: row.integer(1), sender: row.integer(8), key: key,
            recipientID: row.integer(3),
            recipient: ExactString(row.text(4)), state: state, attempt: Int(row.integer(6)),
            token: row.optionalBytes(7).flatMap { LeaseToken(bytes: $0) })
    }

    func lease(_ id: Int64, attempt: Int, token: LeaseToken, until: Instant) throws(DatabaseError) {
        lease.bind(1, attempt)
        lease.bind(2, token.bytes)
        lease.bind(3, until.milliseconds)
        lease.bind(4, id)
        try lease.run()
    }

    /// The token stays, so that an acknowledgement whose reply was lost can be repeated.
    func deliver(_ id: Int64, at: Instant) throws(DatabaseError) {
        deliver.bind(1, at.milliseconds)
        deliver.bind(2, id)
        try deliver.run()
    }

    func giveBack(_ id: Int64, as state: DeliveryState, reason: String?) throws(DatabaseError) {
        giveBack.bind(1, state.number)
        giveBack.bind(2, reason)
        giveBack.bind(3, id)
        try giveBack.run()
    }

    /// Moves the document's held deliveries on; gives their number.
    func endHold(
        _ document: DocumentRow, as state: DeliveryState, reason: String?
    ) throws(DatabaseError) -> Int {
        endHold.bind(1, state.number)
        endHold.bind(2, reason)
        endHold.bind(3, document.firstDelivery)
        endHold.bind(4, document.firstDelivery + document.deliveryCount)
        try endHold.run()
        return connection.changes
    }

    /// Moves the end of every lease.
    func shortenLeases(milliseconds: Int64) throws(DatabaseError) {
        shorten.bind(1, milliseconds)
        try shorten.run()
    }

    /// Back into the inbox, with its attempts before it.
    func requeue(_ id: Int64) throws(DatabaseError) {
        let update = try connection.prepare(
            "UPDATE deliveries SET state = 0, attempt = 0, token = NULL, leased_until = NULL WHERE id = ?")
        update.bind(1, id)
        try update.run()
    }

    func extend(_ id: Int64, until: Instant) throws(DatabaseError) {
        extend.bind(1, until.milliseconds)
        extend.bind(2, id)
        try extend.run()
    }
}

struct QueuedDelivery {
    let id: Int64
    let documentID: Int64
    /// How often it was leased before.
    let attempt: Int
    let document: DocumentSummary
}
