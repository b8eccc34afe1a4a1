internal import Database
internal import Exchange

/// A row that names a record of the payload log.
struct PayloadReference: Sendable {
    /// Which column has its place.
    enum Owner: Sendable, CaseIterable {
        case document
        case signature
        case evidence
    }

    /// The row.
    enum Key: Sendable {
        case number(Int64)
        case digest([UInt8])
    }

    let owner: Owner
    let key: Key
    let location: PayloadLocation
}

extension SegmentFormat.RecordKind {
    /// Whose column names records of this kind; nil where none does. A new kind must say it here, or
    /// compaction would throw its records away.
    var owner: PayloadReference.Owner? {
        switch self {
        case .batch: nil
        case .document: .document
        case .signature: .signature
        case .evidence: .evidence
        }
    }
}

extension PayloadReference.Owner {
    private struct Columns {
        let table: String
        let key: String
        let segment: String
        let offset: String
        let length: String
    }

    private var columns: Columns {
        switch self {
        case .document:
            Columns(
                table: "documents", key: "id", segment: "segment", offset: "payload_offset",
                length: "byte_count")
        case .signature:
            Columns(
                table: "documents", key: "id", segment: "signature_segment", offset: "signature_offset",
                length: "signature_length")
        case .evidence:
            Columns(
                table: "evidence_items", key: "sha256", segment: "segment", offset: "item_offset",
                length: "length")
        }
    }

    /// Rows that name records of one segment, in the order of their places. Reads the whole table: an index
    /// would cost every letter something for what is done once a night.
    ///
    /// - Parameter segment: nil for all of them.
    func references(
        _ connection: SQLiteConnection, in segment: Int64?
    ) throws(DatabaseError) -> [PayloadReference] {
        let names = columns
        let select = try connection.prepare(
            """
            SELECT \(names.key), \(names.segment), \(names.offset), \(names.length) FROM \(names.table)
            WHERE \(names.segment) \(segment == nil ? "> 0" : "= ?")
            ORDER BY \(names.segment), \(names.offset)
            """)
        if let segment { select.bind(1, segment) }
        return try select.all { row in
            PayloadReference(
                owner: self, key: self == .evidence ? .digest(row.bytes(0)) : .number(row.integer(0)),
                location: PayloadLocation(
                    segment: row.integer(1), offset: row.integer(2), length: row.integer(3)))
        }
    }

    /// Bytes of named records in each segment, with what stands around each.
    func bytes(_ connection: SQLiteConnection) throws(DatabaseError) -> [(segment: Int64, bytes: Int64)] {
        let names = columns
        let around = SegmentFormat.recordBytes(body: 0)
        return try connection.prepare(
            """
            SELECT \(names.segment), sum(\(names.length) + \(around)) FROM \(names.table)
            WHERE \(names.segment) > 0 GROUP BY \(names.segment)
            """
        ).all { ($0.integer(0), $0.integer(1)) }
    }

    /// A statement that moves a row; see `PayloadReference.move`.
    func update(_ connection: SQLiteConnection) throws(DatabaseError) -> SQLiteStatement {
        let names = columns
        return try connection.prepare(
            """
            UPDATE \(names.table) SET \(names.segment) = ?, \(names.offset) = ?
            WHERE \(names.key) = ? AND \(names.segment) = ? AND \(names.offset) = ?
            """)
    }
}

extension PayloadReference {
    /// A row that meanwhile names another place, or none, is left alone.
    func move(to segment: Int64, offset: Int64, by update: SQLiteStatement) throws(DatabaseError) {
        update.bind(1, segment)
        update.bind(2, offset)
        switch key {
        case .number(let number): update.bind(3, number)
        case .digest(let bytes): update.bind(3, bytes)
        }
        update.bind(4, location.segment)
        update.bind(5, location.offset)
        try update.run()
    }
}
