internal import Database
internal import Exchange

/// What the writer knows about a stored document.
struct DocumentRow {
    let id: Int64
    let key: DocumentKey
    let kind: DocumentKind
    let sender: AgencyCode
    let documentID: ExactString
    let byteCount: Int64
    let sha256: Digest256
    let indication: String
    let acceptedAt: Instant
    let leaf: Int64
    let firstDelivery: Int64
    let deliveryCount: Int64
    let senderID: Int64
    let businessType: Int

    var isRecall: Bool { businessType == LetterOperation.recall.number }
}

/// A document as it is written.
struct DocumentValues {
    let id: Int64
    let senderID: Int64
    let acceptedAt: Instant
    let leaf: Int64
    let firstDelivery: Int64
    let deliveryCount: Int
    let payload: PayloadLocation
    let signature: PayloadLocation?
    let letter: Int64?
    let salt: [UInt8]
    /// The set that the verdict rests on.
    let evidence: Int64?
}

extension DocumentKind {
    /// As the database has it.
    var number: Int64 {
        switch self {
        case .letter: 0
        case .status: 1
        case .notice: 2
        }
    }

    init(number: Int64) {
        switch number {
        case 0: self = .letter
        case 2: self = .notice
        default: self = .status
        }
    }
}

/// Documents, and the statuses that came back for letters.
final class DocumentTable {
    private let connection: SQLiteConnection
    private let selectByKey: SQLiteStatement
    private let selectByID: SQLiteStatement
    private let selectLetters: SQLiteStatement
    private let insert: SQLiteStatement
    private let selectStatus: SQLiteStatement
    private let selectLastStatus: SQLiteStatement
    private let insertStatus: SQLiteStatement
    private let setCaller: SQLiteStatement
    /// The next row's id.
    let firstFreeID: Int64

    private static let columns = """
        d.id, d.key, d.kind, a.code, d.document_id, d.byte_count, d.sha256, d.indication, d.accepted_at,
        d.leaf, d.first_delivery, d.delivery_count, d.sender, d.business_type
        """

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        self.connection = connection
        let from = "SELECT \(Self.columns) FROM documents d JOIN agencies a ON a.id = d.sender WHERE"
        selectByKey = try connection.prepare("\(from) d.key = ?")
        selectByID = try connection.prepare("\(from) d.id = ?")
        selectLetters = try connection.prepare(
            "\(from) d.kind = 0 AND d.document_id = ? AND d.sender = ? ORDER BY d.id DESC")
        insert = try connection.prepare(
            """
            INSERT INTO documents(id, key, kind, sender, document_id, code, business_type, subject, priority,
            promulgated, due, byte_count, sha256, segment, payload_offset, signature_segment,
            signature_offset, signature_length, indication, signer, request_id, accepted_at, leaf,
            first_delivery, delivery_count, letter, salt, verdict, evidence, document_type)
            VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
            """)
        selectStatus = try connection.prepare(
            "SELECT document FROM statuses WHERE letter = ? AND agency = ? AND code = ? ORDER BY id LIMIT 1")
        selectLastStatus = try connection.prepare(
            """
            SELECT document FROM statuses WHERE letter = ? AND delivery = ? AND code = ?
            ORDER BY id DESC LIMIT 1
            """)
        insertStatus = try connection.prepare(
            """
            INSERT INTO statuses(letter, agency, code, document, description, timestamp, delivery,
            out_of_order) VALUES(?,?,?,?,?,?,?,?)
            """)
        setCaller = try connection.prepare("UPDATE documents SET caller = ? WHERE id = ?")
        firstFreeID =
            try connection.prepare("SELECT coalesce(max(id), 0) + 1 FROM documents")
            .first { $0.integer(0) } ?? 1
    }

    func find(_ key: DocumentKey) throws(DatabaseError) -> DocumentRow? {
        selectByKey.bind(1, key.bytes)
        return try selectByKey.first(Self.row) ?? nil
    }

    func find(id: Int64) throws(DatabaseError) -> DocumentRow? {
        selectByID.bind(1, id)
        return try selectByID.first(Self.row) ?? nil
    }

    /// Latest first; an update of a letter goes by the same DocumentId.
    func letters(_ documentID: ExactString, sender: Int64) throws(DatabaseError) -> [DocumentRow] {
        selectLetters.bind(1, documentID)
        selectLetters.bind(2, sender)
        return try selectLetters.all(Self.row).compactMap { $0 }
    }

    private static func row(_ row: SQLiteStatement) -> DocumentRow? {
        guard let key = DocumentKey(bytes: row.bytes(1)), let sha256 = row.digest(6) else { return nil }
        return DocumentRow(
            id: row.integer(0), key: key, kind: DocumentKind(number: row.integer(2)),
            sender: ExactString(row.text(3)), documentID: ExactString(row.text(4)), byteCount: row.integer(5),
            sha256: sha256, indication: row.text(7), acceptedAt: Instant(milliseconds: row.integer(8)),
            leaf: row.integer(9), firstDelivery: row.integer(10), deliveryCount: row.integer(11),
            senderID: row.integer(12), businessType: Int(row.integer(13)))
    }

    func insert(_ document: NewDocument, _ values: DocumentValues) throws(DatabaseError) {
        insert.bind(1, values.id)
        insert.bind(2, document.key.bytes)
        insert.bind(3, document.kind.number)
        insert.bind(4, values.senderID)
        insert.bind(5, document.documentID)
        insert.bind(6, document.code)
        insert.bind(7, document.businessType)
        insert.bind(8, document.subject)
        insert.bind(9, document.priority.rawValue)
        insert.bind(10, document.promulgationDate)
        insert.bind(11, document.dueDate)
        insert.bind(12, document.byteCount)
        insert.bind(13, document.sha256)
        insert.bind(14, values.payload.segment)
        insert.bind(15, values.payload.offset)
        insert.bind(16, values.signature?.segment)
        insert.bind(17, values.signature?.offset)
        insert.bind(18, values.signature?.length)
        insert.bind(19, document.indication)
        insert.bind(20, document.signerSHA256)
        insert.bind(21, document.requestID)
        insert.bind(22, values.acceptedAt.milliseconds)
        insert.bind(23, values.leaf)
        insert.bind(24, values.firstDelivery)
        insert.bind(25, values.deliveryCount)
        insert.bind(26, values.letter)
        insert.bind(27, values.salt)
        insert.bind(28, document.verdict)
        insert.bind(29, values.evidence)
        insert.bind(30, document.documentType)
        try insert.run()
    }

    /// Says that another agency's software sent it.
    func setCaller(_ document: Int64, _ caller: Int64) throws(DatabaseError) {
        setCaller.bind(1, caller)
        setCaller.bind(2, document)
        try setCaller.run()
    }

    /// - Returns: false where the bytes were gone already.
    func purge(_ id: Int64) throws(DatabaseError) -> Bool {
        let update = try connection.prepare(
            "UPDATE documents SET segment = 0, payload_offset = 0 WHERE id = ? AND segment > 0")
        update.bind(1, id)
        try update.run()
        return connection.changes > 0
    }

    /// The document of the first status of that code that the agency sent for the letter.
    func firstStatus(letter: Int64, agency: Int64, code: String) throws(DatabaseError) -> Int64? {
        selectStatus.bind(1, letter)
        selectStatus.bind(2, agency)
        selectStatus.bind(3, code)
        return try selectStatus.first { $0.integer(0) }
    }

    /// The document of the last status of that code about that copy.
    func lastStatus(letter: Int64, delivery: Int64, code: String) throws(DatabaseError) -> Int64? {
        selectLastStatus.bind(1, letter)
        selectLastStatus.bind(2, delivery)
        selectLastStatus.bind(3, code)
        return try selectLastStatus.first { $0.integer(0) }
    }

    func insertStatus(
        _ status: StatusDetails, letter: Int64, agency: Int64, document: Int64, delivery: Int64?,
        isOutOfOrder: Bool
    ) throws(DatabaseError) {
        insertStatus.bind(1, letter)
        insertStatus.bind(2, agency)
        insertStatus.bind(3, status.code)
        insertStatus.bind(4, document)
        insertStatus.bind(5, status.description)
        insertStatus.bind(6, status.timestamp)
        insertStatus.bind(7, delivery)
        insertStatus.bind(8, isOutOfOrder ? 1 : 0)
        try insertStatus.run()
    }
}

extension DocumentSummary {
    /// For queries that several readers share; `row` reads them from `first` on.
    static let columns = """
        d.key, d.kind, d.document_id, s.code, d.subject, d.priority, d.byte_count, d.sha256, d.accepted_at,
        d.signature_length IS NOT NULL
        """
    static let columnCount: CInt = 10
    static let join = "JOIN agencies s ON s.id = d.sender"

    static func row(_ row: SQLiteStatement, from first: CInt) -> DocumentSummary? {
        guard let key = DocumentKey(bytes: row.bytes(first)), let sha256 = row.digest(first + 7) else {
            return nil
        }
        return DocumentSummary(
            key: key, kind: DocumentKind(number: row.integer(first + 1)),
            documentID: ExactString(row.text(first + 2)), sender: ExactString(row.text(first + 3)),
            subject: row.text(first + 4),
            priority: Priority(rawValue: Int(row.integer(first + 5))) ?? .normal,
            byteCount: row.integer(first + 6), sha256: sha256,
            acceptedAt: Instant(milliseconds: row.integer(first + 8)),
            hasDetachedSignature: row.integer(first + 9) == 1)
    }
}
