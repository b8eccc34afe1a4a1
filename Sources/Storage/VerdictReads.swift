internal import Database
internal import Exchange

/// Later verdicts, holds, sets of evidence and timestamps, as readers look them up.
final class VerdictReads {
    private let selectLater: SQLiteStatement
    private let selectHold: SQLiteStatement
    private let selectEvidence: SQLiteStatement
    private let selectSets: SQLiteStatement
    private let selectItem: SQLiteStatement
    private let selectTimestamp: SQLiteStatement
    private let selectUnsettled: SQLiteStatement
    private let selectDue: SQLiteStatement
    private let selectResting: SQLiteStatement
    private let selectNewest: SQLiteStatement

    private static let evidenceColumns = "e.id, e.sha256, e.trust, e.items"
    private static let letterColumns = """
        d.id, d.key, d.document_id, a.code, d.segment, d.payload_offset, d.byte_count, d.signature_segment,
        d.signature_offset, d.signature_length, d.accepted_at,
        coalesce((SELECT indication FROM verdicts WHERE document = d.id ORDER BY id DESC LIMIT 1),
            d.indication),
        (SELECT count(*) FROM verdicts WHERE document = d.id), h.until, h.outcome
        """
    private static let letterJoin = """
        JOIN agencies a ON a.id = d.sender
        LEFT JOIN holds h ON h.document = d.id AND h.ended IS NULL
        """

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        selectLater = try connection.prepare(
            """
            SELECT v.at, v.indication, v.verdict, v.leaf, \(Self.evidenceColumns) FROM verdicts v
            LEFT JOIN evidence_sets e ON e.id = v.evidence WHERE v.document = ? ORDER BY v.id
            """)
        selectHold = try connection.prepare(
            "SELECT until, outcome, ended, ended_at FROM holds WHERE document = ?")
        selectEvidence = try connection.prepare(
            "SELECT \(Self.evidenceColumns) FROM evidence_sets e WHERE e.id = ?")
        selectSets = try connection.prepare(
            "SELECT \(Self.evidenceColumns) FROM evidence_sets e WHERE e.id > ? ORDER BY e.id LIMIT ?")
        selectItem = try connection.prepare(
            "SELECT segment, item_offset, length FROM evidence_items WHERE sha256 = ?")
        selectTimestamp = try connection.prepare(
            "SELECT size, note, token, at FROM timestamps WHERE size > ? ORDER BY size LIMIT 1")
        let letters = "SELECT \(Self.letterColumns) FROM"
        selectUnsettled = try connection.prepare(
            """
            \(letters) unsettled u JOIN documents d ON d.id = u.document \(Self.letterJoin)
            WHERE u.document > ? ORDER BY u.document LIMIT ?
            """)
        selectDue = try connection.prepare(
            """
            \(letters) holds n INDEXED BY holds_in_force JOIN documents d ON d.id = n.document
            \(Self.letterJoin) WHERE n.ended IS NULL AND n.until <= ? ORDER BY n.until LIMIT ?
            """)
        selectResting = try connection.prepare(
            """
            \(letters) documents d INDEXED BY documents_by_evidence \(Self.letterJoin)
            WHERE d.evidence = ? AND d.id < ? ORDER BY d.id DESC LIMIT ?
            """)
        selectNewest = try connection.prepare(
            """
            SELECT d.accepted_at FROM documents d INDEXED BY documents_by_evidence
            WHERE d.evidence = ? ORDER BY d.id DESC LIMIT 1
            """)
    }

    /// Verdicts after the first, oldest first.
    func later(document: Int64) throws(DatabaseError) -> [TrailVerdict] {
        selectLater.bind(1, document)
        return try selectLater.all { row in
            TrailVerdict(
                at: Instant(milliseconds: row.integer(0)), indication: row.text(1), verdict: row.bytes(2),
                leafIndex: row.integer(3), evidence: Self.set(row, from: 4).map(TrailEvidence.init))
        }
    }

    func hold(document: Int64) throws(DatabaseError) -> TrailHold? {
        selectHold.bind(1, document)
        return try selectHold.first { row in
            TrailHold(
                hold: Hold(
                    until: Instant(milliseconds: row.integer(0)),
                    atDeadline: Hold.Outcome(number: row.integer(1))),
                ended: row.optionalInteger(2).map {
                    (Hold.Outcome(number: $0), Instant(milliseconds: row.integer(3)))
                })
        }
    }

    func evidence(_ set: Int64) throws(DatabaseError) -> TrailEvidence? {
        try evidenceSet(set).map(TrailEvidence.init)
    }

    func evidenceSet(_ set: Int64) throws(DatabaseError) -> EvidenceSet? {
        selectEvidence.bind(1, set)
        return try selectEvidence.first { Self.set($0, from: 0) } ?? nil
    }

    func evidenceSets(after set: Int64, limit: Int) throws(DatabaseError) -> [EvidenceSet] {
        selectSets.bind(1, set)
        selectSets.bind(2, limit)
        return try selectSets.all { Self.set($0, from: 0) }.compactMap { $0 }
    }

    private static func set(_ row: SQLiteStatement, from first: CInt) -> EvidenceSet? {
        guard let sha256 = row.digest(first + 1), let trust = row.digest(first + 2) else { return nil }
        return EvidenceSet(
            id: row.integer(first), sha256: sha256, trust: trust,
            items: Evidence.decode(row.bytes(first + 3)))
    }

    func item(_ sha256: Digest256) throws(DatabaseError) -> PayloadLocation? {
        selectItem.bind(1, sha256)
        return try selectItem.first {
            PayloadLocation(segment: $0.integer(0), offset: $0.integer(1), length: $0.integer(2))
        }
    }

    /// The first over a tree that has the entry.
    func timestamp(covering leaf: Int64) throws(DatabaseError) -> CheckpointTimestamp? {
        selectTimestamp.bind(1, leaf)
        return try selectTimestamp.first {
            CheckpointTimestamp(
                size: $0.integer(0), note: $0.bytes(1), token: $0.bytes(2),
                at: Instant(milliseconds: $0.integer(3)))
        }
    }

    /// The checkpoint of exactly that size, where a timestamp is over it.
    func timestampedNote(size: Int64) throws(DatabaseError) -> [UInt8]? {
        try timestamp(covering: size - 1).flatMap { $0.size == size ? $0.note : nil }
    }

    // Letters to be judged again

    func unsettled(after document: Int64, limit: Int) throws(DatabaseError) -> [JudgedLetter] {
        selectUnsettled.bind(1, document)
        selectUnsettled.bind(2, limit)
        return try selectUnsettled.all(Self.letter).compactMap { $0 }
    }

    func due(at: Instant, limit: Int) throws(DatabaseError) -> [JudgedLetter] {
        selectDue.bind(1, at.milliseconds)
        selectDue.bind(2, limit)
        return try selectDue.all(Self.letter).compactMap { $0 }
    }

    /// Latest first.
    func resting(
        on set: Int64, before document: Int64, limit: Int
    ) throws(DatabaseError) -> [JudgedLetter] {
        selectResting.bind(1, set)
        selectResting.bind(2, document)
        selectResting.bind(3, limit)
        return try selectResting.all(Self.letter).compactMap { $0 }
    }

    /// When the last letter that rests on the set was accepted.
    func newestAcceptance(on set: Int64) throws(DatabaseError) -> Instant? {
        selectNewest.bind(1, set)
        return try selectNewest.first { Instant(milliseconds: $0.integer(0)) }
    }

    private static func letter(_ row: SQLiteStatement) -> JudgedLetter? {
        guard let key = DocumentKey(bytes: row.bytes(1)) else { return nil }
        return JudgedLetter(
            id: row.integer(0), key: key, documentID: ExactString(row.text(2)),
            sender: ExactString(row.text(3)),
            payload: PayloadLocation(
                segment: row.integer(4), offset: row.integer(5), length: row.integer(6)),
            signature: row.optionalInteger(7).map {
                PayloadLocation(segment: $0, offset: row.integer(8), length: row.integer(9))
            }, acceptedAt: Instant(milliseconds: row.integer(10)), indication: row.text(11),
            verdictCount: 1 + Int(row.integer(12)),
            hold: row.optionalInteger(13).map {
                Hold(
                    until: Instant(milliseconds: $0), atDeadline: Hold.Outcome(number: row.integer(14)))
            })
    }
}

extension TrailEvidence {
    init(_ set: EvidenceSet) {
        self.init(id: set.id, sha256: set.sha256, trust: set.trust, itemCount: set.items.count)
    }
}
