internal import AuditLog
internal import Database
internal import Exchange

/// Entries, tiles and checkpoints.
final class LogTable {
    private let insertEntry: SQLiteStatement
    private let insertTile: SQLiteStatement
    private let insertBatch: SQLiteStatement
    private let insertCheckpoint: SQLiteStatement
    private let removePassing: SQLiteStatement
    private let selectStory: SQLiteStatement
    private let putStory: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        insertEntry = try connection.prepare(
            "INSERT INTO entries(leaf, document, delivery, previous, bytes) VALUES(?,?,?,?,?)")
        insertTile = try connection.prepare("INSERT INTO tiles(id, bytes) VALUES(?,?)")
        insertBatch = try connection.prepare("INSERT INTO batches(first, size) VALUES(?,?)")
        insertCheckpoint = try connection.prepare(
            "INSERT OR REPLACE INTO checkpoints(size, note, at, kept) VALUES(?,?,?,?)")
        removePassing = try connection.prepare("DELETE FROM checkpoints WHERE kept = 0 AND size < ?")
        selectStory = try connection.prepare("SELECT last_entry FROM stories WHERE document = ?")
        putStory = try connection.prepare(
            "INSERT INTO stories(document, last_entry) VALUES(?,?)"
                + " ON CONFLICT(document) DO UPDATE SET last_entry = excluded.last_entry")
    }

    func insert(
        leaf: Int64, document: Int64?, delivery: Int64?, previous: Int64?, _ bytes: [UInt8]
    ) throws(DatabaseError) {
        insertEntry.bind(1, leaf)
        insertEntry.bind(2, document)
        insertEntry.bind(3, delivery)
        insertEntry.bind(4, previous)
        insertEntry.bind(5, bytes)
        try insertEntry.run()
    }

    func insert(_ complete: TreeFrontier.CompleteTile) throws(DatabaseError) {
        insertTile.bind(1, Self.tileID(complete.tile.level, complete.tile.number))
        insertTile.bind(2, complete.nodes.bytes(width: Tile.widthMax))
        try insertTile.run()
    }

    static func tileID(_ level: Int, _ number: Int64) -> Int64 {
        Int64(level) << 48 | number
    }

    func insertBatch(first: Int64, size: Int64) throws(DatabaseError) {
        insertBatch.bind(1, first)
        insertBatch.bind(2, size)
        try insertBatch.run()
    }

    /// The checkpoint before it goes unless somebody may come back for it.
    func insert(_ checkpoint: SignedCheckpoint, at: Instant, isKept: Bool) throws(DatabaseError) {
        removePassing.bind(1, checkpoint.size)
        try removePassing.run()
        insertCheckpoint.bind(1, checkpoint.size)
        insertCheckpoint.bind(2, checkpoint.note)
        insertCheckpoint.bind(3, at.milliseconds)
        insertCheckpoint.bind(4, isKept ? 1 : 0)
        try insertCheckpoint.run()
    }

    /// The last entry about the document.
    func lastEntry(document: Int64) throws(DatabaseError) -> Int64? {
        selectStory.bind(1, document)
        return try selectStory.first { $0.integer(0) }
    }

    func setLastEntry(document: Int64, _ leaf: Int64) throws(DatabaseError) {
        putStory.bind(1, document)
        putStory.bind(2, leaf)
        try putStory.run()
    }
}

/// The reads that both the writer and readers do.
final class LogReads {
    private let selectTile: SQLiteStatement
    private let selectEntry: SQLiteStatement
    private let selectEntries: SQLiteStatement
    private let selectState: SQLiteStatement
    private let selectBatch: SQLiteStatement
    private let selectCheckpoint: SQLiteStatement
    private let selectLastCheckpoint: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        selectTile = try connection.prepare("SELECT bytes FROM tiles WHERE id = ?")
        selectEntry = try connection.prepare("SELECT bytes FROM entries WHERE leaf = ?")
        selectEntries = try connection.prepare(
            "SELECT bytes FROM entries WHERE leaf >= ? AND leaf < ? ORDER BY leaf")
        selectState = try connection.prepare("SELECT size, root FROM state")
        selectBatch = try connection.prepare(
            "SELECT size FROM batches WHERE first <= ? ORDER BY first DESC LIMIT 1")
        selectCheckpoint = try connection.prepare("SELECT note FROM checkpoints WHERE size = ?")
        selectLastCheckpoint = try connection.prepare(
            "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1")
    }

    /// Nil where the row is missing or does not hold 256 hashes.
    func tile(_ level: Int, _ number: Int64) throws(DatabaseError) -> TileNodes? {
        try tileBytes(level, number).flatMap { TileNodes(bytes: $0, width: Tile.widthMax) }
    }

    func tileBytes(_ level: Int, _ number: Int64) throws(DatabaseError) -> [UInt8]? {
        selectTile.bind(1, LogTable.tileID(level, number))
        return try selectTile.first { $0.bytes(0) }
    }

    func entry(_ leaf: Int64) throws(DatabaseError) -> [UInt8]? {
        selectEntry.bind(1, leaf)
        return try selectEntry.first { $0.bytes(0) }
    }

    func entries(_ range: Range<Int64>) throws(DatabaseError) -> [[UInt8]] {
        selectEntries.bind(1, range.lowerBound)
        selectEntries.bind(2, range.upperBound)
        return try selectEntries.all { $0.bytes(0) }
    }

    func leafHashes(_ range: Range<Int64>) throws(DatabaseError) -> [Digest256] {
        selectEntries.bind(1, range.lowerBound)
        selectEntries.bind(2, range.upperBound)
        return try selectEntries.all { row in row.withBytes(0) { MerkleTree.leafHash($0) } }
    }

    func state() throws(DatabaseError) -> TreeState? {
        try selectState.first { row in row.digest(1).map { TreeState(size: row.integer(0), root: $0) } }
            ?? nil
    }

    /// The tree's size after the batch that accepted the document whose entry is `leaf`.
    func treeSize(accepting leaf: Int64) throws(DatabaseError) -> Int64? {
        selectBatch.bind(1, leaf)
        return try selectBatch.first { $0.integer(0) }
    }

    func checkpoint(size: Int64) throws(DatabaseError) -> [UInt8]? {
        selectCheckpoint.bind(1, size)
        return try selectCheckpoint.first { $0.bytes(0) }
    }

    func lastCheckpoint() throws(DatabaseError) -> SignedCheckpoint? {
        try selectLastCheckpoint.first { SignedCheckpoint(size: $0.integer(0), note: $0.bytes(1)) }
    }

    /// The right edge of the tree as it is stored; nil where rows are missing.
    func frontier(size: Int64) throws(DatabaseError) -> TreeFrontier? {
        try TreeFrontier(
            size: size, leaves: { (range) throws(DatabaseError) in try leafHashes(range) },
            tile: { (level, number) throws(DatabaseError) in try tile(level, number) })
    }
}
