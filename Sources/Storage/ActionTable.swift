internal import Database
internal import Exchange

/// One recipient's copy of a letter, as an action looks at it.
struct LetterCopy {
    let id: Int64
    let recipientID: Int64
    let recipient: AgencyCode
    /// The ended agency that the letter named.
    let addressedTo: AgencyCode?
    let state: DeliveryState
    let attempt: Int
    let progress: BusinessStatus?

    /// Its recipient's software held it at some time, and may have its bytes.
    var wasSeen: Bool { attempt > 0 }

    func belongs(to party: LetterAction.Party) -> Bool {
        party.codes.contains(recipient) || addressedTo.map(party.codes.contains) ?? false
    }
}

/// Relations between letters, and what senders ask of recipients.
final class ActionTable {
    private let selectCopies: SQLiteStatement
    private let selectCopy: SQLiteStatement
    private let insertRelation: SQLiteStatement
    private let selectTargets: SQLiteStatement
    private let insertRequest: SQLiteStatement
    private let selectRequest: SQLiteStatement
    private let answerRequest: SQLiteStatement
    private let withdraw: SQLiteStatement
    private let setProgress: SQLiteStatement
    private let selectNoticed: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        let copies = """
            SELECT v.id, v.recipient, a.code, v.addressed_to, v.state, v.attempt, v.progress
            FROM deliveries v JOIN agencies a ON a.id = v.recipient
            """
        selectCopies = try connection.prepare("\(copies) WHERE v.id >= ? AND v.id < ? ORDER BY v.id")
        selectCopy = try connection.prepare("\(copies) WHERE v.id = ?")
        insertRelation = try connection.prepare(
            "INSERT OR IGNORE INTO relations(letter, by, operation) VALUES(?,?,?)")
        selectTargets = try connection.prepare(
            "SELECT letter FROM relations WHERE by = ? ORDER BY letter DESC")
        insertRequest = try connection.prepare(
            "INSERT INTO requests(delivery, operation, by, at) VALUES(?,?,?,?)")
        selectRequest = try connection.prepare(
            "SELECT id, operation, answer FROM requests WHERE delivery = ? ORDER BY id DESC LIMIT 1")
        answerRequest = try connection.prepare(
            "UPDATE requests SET answer = ?, answered_at = ? WHERE id = ?")
        withdraw = try connection.prepare(
            """
            UPDATE deliveries SET state = 5, token = NULL, leased_until = NULL, withdrawn_by = ? WHERE id = ?
            """)
        setProgress = try connection.prepare(
            "UPDATE deliveries SET progress = ?, last_status = ? WHERE id = ?")
        selectNoticed = try connection.prepare("SELECT code, promulgated FROM documents WHERE id = ?")
    }

    /// By delivery number.
    func copies(of letter: DocumentRow) throws(DatabaseError) -> [LetterCopy] {
        selectCopies.bind(1, letter.firstDelivery)
        selectCopies.bind(2, letter.firstDelivery + letter.deliveryCount)
        return try selectCopies.all(Self.copy).compactMap { $0 }
    }

    func copy(_ delivery: Int64) throws(DatabaseError) -> LetterCopy? {
        selectCopy.bind(1, delivery)
        return try selectCopy.first(Self.copy) ?? nil
    }

    private static func copy(_ row: SQLiteStatement) -> LetterCopy? {
        DeliveryState(number: row.integer(4)).map { state in
            LetterCopy(
                id: row.integer(0), recipientID: row.integer(1), recipient: ExactString(row.text(2)),
                addressedTo: row.optionalText(3).map { ExactString($0) }, state: state,
                attempt: Int(row.integer(5)),
                progress: row.optionalText(6).flatMap { BusinessStatus(rawValue: $0) })
        }
    }

    func relate(_ letter: Int64, by document: Int64, _ operation: LetterOperation) throws(DatabaseError) {
        insertRelation.bind(1, letter)
        insertRelation.bind(2, document)
        insertRelation.bind(3, operation.number)
        try insertRelation.run()
    }

    /// The letters that a recall, update or replacement is about, latest first.
    func targets(of document: Int64) throws(DatabaseError) -> [Int64] {
        selectTargets.bind(1, document)
        return try selectTargets.all { $0.integer(0) }
    }

    func ask(
        _ operation: LetterOperation, of delivery: Int64, by document: Int64, at: Instant
    ) throws(DatabaseError) {
        insertRequest.bind(1, delivery)
        insertRequest.bind(2, operation.number)
        insertRequest.bind(3, document)
        insertRequest.bind(4, at.milliseconds)
        try insertRequest.run()
    }

    /// The latest.
    func request(_ delivery: Int64) throws(DatabaseError) -> (id: Int64, request: LifeCycle.Request)? {
        selectRequest.bind(1, delivery)
        return try selectRequest.first { row in
            LetterOperation(number: Int(row.integer(1))).map { operation in
                let answer = row.optionalText(2).flatMap { BusinessStatus(rawValue: $0) }
                return (row.integer(0), LifeCycle.Request(operation, answer: answer))
            }
        } ?? nil
    }

    func answer(_ request: Int64, _ status: BusinessStatus, at: Instant) throws(DatabaseError) {
        answerRequest.bind(1, status.rawValue)
        answerRequest.bind(2, at.milliseconds)
        answerRequest.bind(3, request)
        try answerRequest.run()
    }

    func withdraw(_ delivery: Int64, by document: Int64) throws(DatabaseError) {
        withdraw.bind(1, document)
        withdraw.bind(2, delivery)
        try withdraw.run()
    }

    func setProgress(
        _ progress: BusinessStatus?, lastStatus: String, of delivery: Int64
    ) throws(DatabaseError) {
        setProgress.bind(1, progress?.rawValue)
        setProgress.bind(2, lastStatus)
        setProgress.bind(3, delivery)
        try setProgress.run()
    }

    func noticed(_ letter: DocumentRow) throws(DatabaseError) -> NoticedLetter {
        selectNoticed.bind(1, letter.id)
        let (code, date) = try selectNoticed.first { ($0.text(0), $0.text(1)) } ?? ("", "")
        return NoticedLetter(
            key: letter.key, sender: letter.sender, documentID: letter.documentID, code: code,
            promulgationDate: date)
    }
}
