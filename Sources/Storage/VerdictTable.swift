internal import Database
internal import Exchange

extension Hold.Outcome {
    /// As the database has it.
    var number: Int64 { self == .refuse ? 0 : 1 }

    init(number: Int64) { self = number == 1 ? .release : .refuse }
}

/// Verdicts after the first, letters that wait for one, and holds.
final class VerdictTable {
    private let countVerdicts: SQLiteStatement
    private let selectLast: SQLiteStatement
    private let insertVerdict: SQLiteStatement
    private let insertUnsettled: SQLiteStatement
    private let removeUnsettled: SQLiteStatement
    private let insertHold: SQLiteStatement
    private let selectHold: SQLiteStatement
    private let endHold: SQLiteStatement
    private let selectEnd: SQLiteStatement
    private let insertTimestamp: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        countVerdicts = try connection.prepare("SELECT count(*) FROM verdicts WHERE document = ?")
        selectLast = try connection.prepare(
            "SELECT indication FROM verdicts WHERE document = ? ORDER BY id DESC LIMIT 1")
        insertVerdict = try connection.prepare(
            "INSERT INTO verdicts(document, leaf, at, indication, verdict, evidence) VALUES(?,?,?,?,?,?)")
        insertUnsettled = try connection.prepare("INSERT OR IGNORE INTO unsettled(document) VALUES(?)")
        removeUnsettled = try connection.prepare("DELETE FROM unsettled WHERE document = ?")
        insertHold = try connection.prepare("INSERT INTO holds(document, until, outcome) VALUES(?,?,?)")
        selectHold = try connection.prepare("SELECT until, ended IS NULL FROM holds WHERE document = ?")
        selectEnd = try connection.prepare("SELECT ended FROM holds WHERE document = ?")
        endHold = try connection.prepare("UPDATE holds SET ended = ?, ended_at = ? WHERE document = ?")
        insertTimestamp = try connection.prepare(
            "INSERT OR IGNORE INTO timestamps(size, note, token, at) VALUES(?,?,?,?)")
    }

    /// Verdicts in all, the first one counted.
    func count(document: Int64) throws(DatabaseError) -> Int {
        countVerdicts.bind(1, document)
        return 1 + Int(try countVerdicts.first { $0.integer(0) } ?? 0)
    }

    /// Nil where the first verdict is the only one.
    func lastIndication(document: Int64) throws(DatabaseError) -> String? {
        selectLast.bind(1, document)
        return try selectLast.first { $0.text(0) }
    }

    func insert(
        _ verdict: Settlement.NewVerdict, document: Int64, leaf: Int64, at: Instant, evidence: Int64?
    ) throws(DatabaseError) {
        insertVerdict.bind(1, document)
        insertVerdict.bind(2, leaf)
        insertVerdict.bind(3, at.milliseconds)
        insertVerdict.bind(4, verdict.indication)
        insertVerdict.bind(5, verdict.verdict)
        insertVerdict.bind(6, evidence)
        try insertVerdict.run()
    }

    func setUnsettled(_ isUnsettled: Bool, document: Int64) throws(DatabaseError) {
        let statement = isUnsettled ? insertUnsettled : removeUnsettled
        statement.bind(1, document)
        try statement.run()
    }

    func insert(_ hold: Hold, document: Int64) throws(DatabaseError) {
        insertHold.bind(1, document)
        insertHold.bind(2, hold.until.milliseconds)
        insertHold.bind(3, hold.atDeadline.number)
        try insertHold.run()
    }

    /// Until when the letter is or was held; nil where it never was.
    func hold(document: Int64) throws(DatabaseError) -> (until: Instant, isInForce: Bool)? {
        selectHold.bind(1, document)
        return try selectHold.first { (Instant(milliseconds: $0.integer(0)), $0.integer(1) == 1) }
    }

    /// How the letter's hold ended; nil where it did not, or there was none.
    func endedAs(document: Int64) throws(DatabaseError) -> Hold.Outcome? {
        selectEnd.bind(1, document)
        return try selectEnd.first { $0.optionalInteger(0).map { Hold.Outcome(number: $0) } } ?? nil
    }

    func endHold(document: Int64, as outcome: Hold.Outcome, at: Instant) throws(DatabaseError) {
        endHold.bind(1, outcome.number)
        endHold.bind(2, at.milliseconds)
        endHold.bind(3, document)
        try endHold.run()
    }

    func insert(_ timestamp: CheckpointTimestamp) throws(DatabaseError) {
        insertTimestamp.bind(1, timestamp.size)
        insertTimestamp.bind(2, timestamp.note)
        insertTimestamp.bind(3, timestamp.token)
        insertTimestamp.bind(4, timestamp.at.milliseconds)
        try insertTimestamp.run()
    }
}
