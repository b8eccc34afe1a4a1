internal import Database
internal import Exchange

/// A row that names a record of the payload log.
struct PayloadReference: Sendable {
    /// Which column has its place.
    enum Owner: Sendable, CaseIterable {
        case document
        case signature
    }

    let owner: Owner
    let id: Int64
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
        }
    }
}

extension PayloadReference.Owner {
    private var columns: (table: String, segment: String, offset: String, length: String) {
        switch self {
        case .document: ("documents", "segment", "payload_offset", "byte_count")
        case .signature: ("documents", "signature_segment", "signature_offset", "signature_length")
        }
    }

    /// Rows that name records of one segment, in the order of their places. Reads the whole table: an index
    /// would cost every letter something for what is done once a night.
    func references(_ connection: SQLiteConnection, in segment: Int64) throws(DatabaseError)
        -> [PayloadReference]
    {
        let names = columns
        let select = try connection.prepare(
            """
            SELECT id, \(names.offset), \(names.length) FROM \(names.table) WHERE \(names.segment) = ?
            ORDER BY \(names.offset)
            """)
        select.bind(1, segment)
        return try select.all { row in
            PayloadReference(
                owner: self, id: row.integer(0),
                location: PayloadLocation(segment: segment, offset: row.integer(1), length: row.integer(2)))
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

    /// - Returns: a statement that takes segment, offset, id, and the place as it must be.
    func update(_ connection: SQLiteConnection) throws(DatabaseError) -> SQLiteStatement {
        let names = columns
        return try connection.prepare(
            """
            UPDATE \(names.table) SET \(names.segment) = ?, \(names.offset) = ?
            WHERE id = ? AND \(names.segment) = ? AND \(names.offset) = ?
            """)
    }
}
