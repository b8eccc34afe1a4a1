internal import AuditLog
internal import Database
internal import Exchange

/// One read-only connection with its statements; used by one thread at a time.
final class ReaderConnection {
    let connection: SQLiteConnection
    let log: LogReads
    let verdicts: VerdictReads
    private let documents: SQLiteStatement
    private let letters: SQLiteStatement
    private let deliveriesOf: SQLiteStatement
    private let statusesOf: SQLiteStatement
    private let requestsOf: SQLiteStatement
    private let relationsOf: SQLiteStatement
    private let story: SQLiteStatement
    private let entryLinks: SQLiteStatement
    private let sent: SQLiteStatement
    private let waiting: SQLiteStatement
    private let counts: SQLiteStatement
    private let deliveriesBehind: SQLiteStatement
    private let deliveryTo: SQLiteStatement

    private static let documentColumns = """
        \(DocumentSummary.columns), d.id, d.code, d.business_type, d.promulgated, d.due, d.segment,
        d.payload_offset, d.indication, d.signer, d.first_delivery, d.delivery_count, d.leaf, d.verdict,
        d.signature_segment, d.signature_offset, d.signature_length,
        (SELECT c.code FROM agencies c WHERE c.id = d.caller), d.evidence,
        EXISTS (SELECT 1 FROM holds WHERE document = d.id AND (ended IS NULL OR ended = 0))
        """

    init(_ directory: DataDirectory) throws(DatabaseError) {
        var options = SQLiteConnection.Options()
        options.cacheKibibytes = 4 << 10
        connection = try SQLiteConnection(path: directory.database, mode: .readOnly, options: options)
        try connection.requireSchema(Schema.version)
        log = try LogReads(connection)
        verdicts = try VerdictReads(connection)
        let from = "SELECT \(Self.documentColumns) FROM documents d \(DocumentSummary.join) WHERE"
        documents = try connection.prepare("\(from) d.key = ?")
        letters = try connection.prepare(
            "\(from) d.kind = 0 AND d.document_id = ? ORDER BY d.id DESC LIMIT 100")
        deliveriesOf = try connection.prepare(
            """
            SELECT v.id, a.code, v.state, v.attempt, v.leased_until, v.delivered_at, v.reason, v.recipient,
            v.addressed_to, coalesce((SELECT n.name FROM former_names n WHERE n.agency = a.id AND n.until > ?3
            ORDER BY n.until LIMIT 1), a.name),
            (SELECT w.key FROM documents w WHERE w.id = v.withdrawn_by), v.progress, v.last_status
            FROM deliveries v JOIN agencies a ON a.id = v.recipient
            WHERE v.id >= ?1 AND v.id < ?2 ORDER BY v.id
            """)
        statusesOf = try connection.prepare(
            """
            SELECT d.key, a.code, t.code, t.description, t.timestamp, d.accepted_at, d.leaf, t.delivery,
            t.out_of_order
            FROM statuses t JOIN documents d ON d.id = t.document JOIN agencies a ON a.id = t.agency
            WHERE t.letter = ? ORDER BY t.id
            """)
        requestsOf = try connection.prepare(
            """
            SELECT r.delivery, r.operation, r.answer, r.at, r.answered_at, d.key
            FROM requests r JOIN documents d ON d.id = r.by WHERE r.delivery >= ? AND r.delivery < ?
            ORDER BY r.id
            """)
        relationsOf = try connection.prepare(
            """
            SELECT 0, r.operation, d.key, d.document_id, d.accepted_at
            FROM relations r JOIN documents d ON d.id = r.by WHERE r.letter = ?1
            UNION ALL SELECT 1, r.operation, d.key, d.document_id, d.accepted_at
            FROM relations r JOIN documents d ON d.id = r.letter WHERE r.by = ?1
            """)
        story = try connection.prepare("SELECT last_entry FROM stories WHERE document = ?")
        entryLinks = try connection.prepare("SELECT previous, delivery, document FROM entries WHERE leaf = ?")
        sent = try connection.prepare(
            """
            \(from) d.sender = (SELECT id FROM agencies WHERE code = ?1) AND d.accepted_at >= ?2
            AND (d.accepted_at > ?2 OR d.id >= ?3) ORDER BY d.accepted_at, d.id LIMIT ?4
            """)
        deliveriesBehind = try connection.prepare(
            """
            SELECT d.first_delivery, d.delivery_count, (SELECT a.id FROM agencies a WHERE a.code = ?2)
            FROM documents d WHERE d.key = ?1
            """)
        deliveryTo = try connection.prepare("SELECT recipient, state FROM deliveries WHERE id = ?")
        waiting = try connection.prepare(
            """
            SELECT v.id, v.state, v.attempt, \(DocumentSummary.columns)
            FROM deliveries v INDEXED BY deliveries_queued
            JOIN documents d ON d.id = v.document \(DocumentSummary.join)
            WHERE v.recipient = (SELECT id FROM agencies WHERE code = ?) AND v.state = 0
            ORDER BY v.place, v.id LIMIT ?
            """)
        counts = try connection.prepare(
            "SELECT queued, leased, delivered, dead, held, withdrawn FROM state")
    }

    /// What is behind a document's summary.
    struct Details {
        let id: Int64
        let document: StoredDocument
        let firstDelivery: Int64
        let deliveryCount: Int64
        let leaf: Int64
        let verdict: [UInt8]
        let signature: PayloadLocation?
        let evidence: Int64?

        /// Their ids.
        var deliveries: Range<Int64> { firstDelivery..<(firstDelivery + deliveryCount) }
    }

    /// All statements of `body` see one and the same commit.
    func reading<Value>(
        _ body: (ReaderConnection) throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> Value {
        try connection.execute("BEGIN")
        defer { connection.rollback() }
        return try body(self)
    }

    func details(_ key: DocumentKey) throws(DatabaseError) -> Details? {
        documents.bind(1, key.bytes)
        return try details(documents).first
    }

    /// Latest first, at most 100.
    func letters(_ documentID: ExactString) throws(DatabaseError) -> [Details] {
        letters.bind(1, documentID)
        return try details(letters)
    }

    /// - Parameter document: of those accepted at `since`, only from this one on.
    func sent(
        _ sender: AgencyCode, since: Instant, from document: Int64, limit: Int
    ) throws(DatabaseError) -> [Details] {
        sent.bind(1, sender)
        sent.bind(2, since.milliseconds)
        sent.bind(3, document)
        sent.bind(4, limit)
        return try details(sent)
    }

    private func details(_ statement: SQLiteStatement) throws(DatabaseError) -> [Details] {
        try statement.all(Self.details).compactMap { $0 }
    }

    /// Whether the agency has a copy that was not withdrawn. A document's deliveries are neighbours in the
    /// order of their recipients, so that the one in question is found in a few looks however many there are.
    func isRecipient(_ agency: AgencyCode, of key: DocumentKey) throws(DatabaseError) -> Bool {
        deliveriesBehind.bind(1, key.bytes)
        deliveriesBehind.bind(2, agency)
        let found = try deliveriesBehind.first { row in
            (first: row.integer(0), count: row.integer(1), agency: row.optionalInteger(2))
        }
        guard let found, let agency = found.agency else { return false }
        var range = found.first..<(found.first + found.count)
        while !range.isEmpty {
            let middle = range.lowerBound + (range.upperBound - range.lowerBound) / 2
            deliveryTo.bind(1, middle)
            let delivery = try deliveryTo.first { (recipient: $0.integer(0), state: $0.integer(1)) }
            guard let delivery else {
                throw DatabaseError(
                    .damaged, action: "look up document \(key)", message: "delivery \(middle) is missing")
            }
            if delivery.recipient == agency {
                return DeliveryState(number: delivery.state) != .withdrawn
            }
            range =
                delivery.recipient < agency
                ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }

    private static func details(_ row: SQLiteStatement) -> Details? {
        guard let summary = DocumentSummary.row(row, from: 0) else { return nil }
        let first = DocumentSummary.columnCount
        let document = StoredDocument(
            summary: summary, code: row.text(first + 1), businessType: Int(row.integer(first + 2)),
            promulgationDate: row.text(first + 3), dueDate: row.optionalText(first + 4),
            payload: PayloadLocation(
                segment: row.integer(first + 5), offset: row.integer(first + 6), length: summary.byteCount),
            indication: row.text(first + 7), signerSHA256: row.digest(first + 8),
            caller: row.optionalText(first + 16).map { ExactString($0) },
            isWithheld: row.integer(first + 18) == 1)
        let signature = row.optionalInteger(first + 13).map {
            PayloadLocation(segment: $0, offset: row.integer(first + 14), length: row.integer(first + 15))
        }
        return Details(
            id: row.integer(first), document: document, firstDelivery: row.integer(first + 9),
            deliveryCount: row.integer(first + 10), leaf: row.integer(first + 11),
            verdict: row.bytes(first + 12), signature: signature,
            evidence: row.optionalInteger(first + 17))
    }

    struct Delivery {
        let id: Int64
        let recipient: AgencyCode
        let recipientID: Int64
        let state: DeliveryState
        let attempt: Int
        let leasedUntil: Instant?
        let deliveredAt: Instant?
        let reason: String?
        let addressedTo: AgencyCode?
        let recipientName: String
        let withdrawnBy: DocumentKey?
        let progress: BusinessStatus?
        let lastStatus: String?
    }

    /// - Parameter range: their ids; nil for all.
    func deliveries(
        _ details: Details, _ range: Range<Int64>? = nil
    ) throws(DatabaseError) -> [Delivery] {
        let range = range ?? details.deliveries
        deliveriesOf.bind(1, range.lowerBound)
        deliveriesOf.bind(2, range.upperBound)
        deliveriesOf.bind(3, details.document.summary.acceptedAt.milliseconds)
        return try deliveriesOf.all { row in
            Delivery(
                id: row.integer(0), recipient: ExactString(row.text(1)), recipientID: row.integer(7),
                state: DeliveryState(number: row.integer(2)) ?? .dead, attempt: Int(row.integer(3)),
                leasedUntil: row.optionalInteger(4).map { Instant(milliseconds: $0) },
                deliveredAt: row.optionalInteger(5).map { Instant(milliseconds: $0) },
                reason: row.optionalText(6), addressedTo: row.optionalText(8).map { ExactString($0) },
                recipientName: row.text(9),
                withdrawnBy: row.optionalBytes(10).flatMap { DocumentKey(bytes: $0) },
                progress: row.optionalText(11).flatMap { BusinessStatus(rawValue: $0) },
                lastStatus: row.optionalText(12))
        }
    }

    /// The latest for each delivery.
    func requests(
        _ details: Details, _ range: Range<Int64>? = nil
    ) throws(DatabaseError) -> [Int64: TrailRequest] {
        let range = range ?? details.deliveries
        requestsOf.bind(1, range.lowerBound)
        requestsOf.bind(2, range.upperBound)
        var requests: [Int64: TrailRequest] = [:]
        let rows = try requestsOf.all { row in
            LetterOperation(number: Int(row.integer(1))).flatMap { operation in
                DocumentKey(bytes: row.bytes(5)).map { key in
                    let answer = row.optionalText(2).flatMap { BusinessStatus(rawValue: $0) }
                    return (
                        row.integer(0),
                        TrailRequest(
                            request: LifeCycle.Request(operation, answer: answer), by: key,
                            at: Instant(milliseconds: row.integer(3)),
                            answeredAt: row.optionalInteger(4).map { Instant(milliseconds: $0) })
                    )
                }
            }
        }
        for case let (delivery, request)? in rows { requests[delivery] = request }
        return requests
    }

    func relations(_ details: Details) throws(DatabaseError) -> [TrailRelation] {
        relationsOf.bind(1, details.id)
        return try relationsOf.all { row in
            LetterOperation(number: Int(row.integer(1))).flatMap { operation in
                DocumentKey(bytes: row.bytes(2)).map { key in
                    TrailRelation(
                        operation: operation, isActive: row.integer(0) == 1, key: key,
                        documentID: ExactString(row.text(3)),
                        acceptedAt: Instant(milliseconds: row.integer(4)))
                }
            }
        }.compactMap { $0 }
    }

    func statuses(letter: Int64) throws(DatabaseError) -> [TrailStatus] {
        statusesOf.bind(1, letter)
        return try statusesOf.all { row in
            DocumentKey(bytes: row.bytes(0)).map { key in
                TrailStatus(
                    key: key, agency: ExactString(row.text(1)), code: row.text(2), description: row.text(3),
                    timestamp: row.text(4), receivedAt: Instant(milliseconds: row.integer(5)),
                    leafIndex: row.integer(6), delivery: row.optionalInteger(7),
                    isOutOfOrder: row.integer(8) == 1)
            }
        }.compactMap { $0 }
    }

    /// The log's entries about each delivery of the document, oldest first, walked back from the last one.
    ///
    /// - Parameter entriesMax: a broadcast's story is long; what is older than that is left out.
    func story(of document: Int64, entriesMax: Int) throws(DatabaseError) -> [Int64: [Int64]] {
        story.bind(1, document)
        var next = try story.first { $0.integer(0) }
        var indexes: [Int64: [Int64]] = [:]
        var steps = 0
        while let leaf = next, steps < entriesMax {
            entryLinks.bind(1, leaf)
            guard let link = try entryLinks.first({ ($0.optionalInteger(0), $0.optionalInteger(1)) }) else {
                break
            }
            if let delivery = link.1 { indexes[delivery, default: []].append(leaf) }
            next = link.0
            steps += 1
        }
        return indexes.mapValues { $0.reversed() }
    }

    func waiting(_ recipient: AgencyCode, limit: Int) throws(DatabaseError) -> [WaitingDelivery] {
        waiting.bind(1, recipient)
        waiting.bind(2, limit)
        return try waiting.all { row in
            DocumentSummary.row(row, from: 3).map { summary in
                WaitingDelivery(
                    id: row.integer(0), state: DeliveryState(number: row.integer(1)) ?? .queued,
                    attempt: Int(row.integer(2)), document: summary)
            }
        }.compactMap { $0 }
    }

    func deliveryCounts() throws(DatabaseError) -> DeliveryCounts {
        try counts.first { row in
            DeliveryCounts(
                queued: row.integer(0), leased: row.integer(1), delivered: row.integer(2),
                dead: row.integer(3), held: row.integer(4), withdrawn: row.integer(5))
        } ?? DeliveryCounts()
    }
}
