internal import AuditLog
internal import Database
internal import Exchange
internal import Files

/// The one row of `state`.
final class StateTable {
    struct Values: Equatable {
        var tree: TreeState
        var position: LogPosition
        var counts: DeliveryCounts
    }

    fileprivate let connection: SQLiteConnection
    private let select: SQLiteStatement
    private let put: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        self.connection = connection
        let columns = """
            size, root, segment, segment_end, next_segment, anchor_segment, anchor_offset,
            queued, leased, delivered, dead, held, withdrawn
            """
        select = try connection.prepare("SELECT \(columns) FROM state")
        put = try connection.prepare(
            "INSERT OR REPLACE INTO state(id, \(columns)) VALUES(1,?,?,?,?,?,?,?,?,?,?,?,?,?)")
    }

    /// Nil in a database that was made just now.
    func values() throws(DatabaseError) -> Values? {
        try select.first { row in
            row.digest(1).map { root in
                Values(
                    tree: TreeState(size: row.integer(0), root: root),
                    position: LogPosition(
                        segment: row.integer(2), end: row.integer(3), nextSegment: row.integer(4),
                        anchor: row.optionalInteger(5).map {
                            LogPosition.Anchor(segment: $0, offset: row.integer(6))
                        }),
                    counts: DeliveryCounts(
                        queued: row.integer(7), leased: row.integer(8), delivered: row.integer(9),
                        dead: row.integer(10), held: row.integer(11), withdrawn: row.integer(12)))
            }
        } ?? nil
    }

    func update(_ values: Values) throws(DatabaseError) {
        put.bind(1, values.tree.size)
        put.bind(2, values.tree.root)
        put.bind(3, values.position.segment)
        put.bind(4, values.position.end)
        put.bind(5, values.position.nextSegment)
        put.bind(6, values.position.anchor?.segment)
        put.bind(7, values.position.anchor?.offset)
        put.bind(8, values.counts.queued)
        put.bind(9, values.counts.leased)
        put.bind(10, values.counts.delivered)
        put.bind(11, values.counts.dead)
        put.bind(12, values.counts.held)
        put.bind(13, values.counts.withdrawn)
        try put.run()
    }

    /// The hour of the last checkpoint that is kept; -1 where there is none.
    func keptHour() throws(DatabaseError) -> Int64 {
        try connection.prepare(
            "SELECT at / 3600000 FROM checkpoints WHERE kept = 1 ORDER BY size DESC LIMIT 1"
        ).first { $0.integer(0) } ?? -1
    }
}

extension StateTable {
    /// When the latest checkpoint was stored: about when the last batch was.
    func checkpointedAt() throws(DatabaseError) -> Instant? {
        try connection.prepare("SELECT at FROM checkpoints ORDER BY size DESC LIMIT 1").first {
            Instant(milliseconds: $0.integer(0))
        }
    }
}

/// The database as it was found, its schema brought up to date and its tree reckoned again.
struct OpenedDatabase {
    let connection: SQLiteConnection
    let state: StateTable
    let reads: LogReads
    let values: StateTable.Values
    let frontier: TreeFrontier
    let isNew: Bool

    var tree: TreeState { values.tree }

    init(_ directory: DataDirectory, _ options: StoreOptions) throws(StorageError) {
        var settings = SQLiteConnection.Options()
        // Keys are random: with a million letters each insert touches a page of its own in three indexes.
        settings.cacheKibibytes = 32 << 10
        // Two processes are kept apart by the lock; whoever else holds the database would hold it for long.
        settings.busyMillisecondsMax = 1000
        connection = try Self.connect(directory, settings)
        do throws(DatabaseError) {
            state = try StateTable(connection)
            reads = try LogReads(connection)
            let found = try state.values()
            isNew = found == nil
            values = found ?? StateTable.Values(tree: .empty, position: .initial, counts: DeliveryCounts())
            guard let frontier = try reads.frontier(size: values.tree.size), frontier.root == values.tree.root
            else {
                throw DatabaseError(
                    .damaged, action: "open \(directory.database)",
                    message: "entries and tiles do not give the root of the \(values.tree.size) entries")
            }
            self.frontier = frontier
        } catch {
            throw StorageError(error)
        }
    }

    /// A connection to the database in its present schema, whose files have durable names.
    ///
    /// SQLite synchronises the directory for the files that it makes and passes over a failure of that; then
    /// a loss of power would take the database although every commit was confirmed. So the names are made
    /// durable here, before anything is committed that somebody relies on.
    private static func connect(
        _ directory: DataDirectory, _ settings: SQLiteConnection.Options
    ) throws(StorageError) -> SQLiteConnection {
        func open() throws(StorageError) -> SQLiteConnection {
            try mapping { () throws(DatabaseError) in
                try SQLiteConnection(path: directory.database, mode: .readWrite, options: settings)
            }
        }
        func name(_ path: String) throws(StorageError) {
            try mappingFiles { () throws(FileError) in
                _ = try File(path, .createOrOpen)
                try Directory.synchronize(directory.path)
            }
        }
        try name(directory.database)
        let connection = try open()
        if try mapping({ () throws(DatabaseError) in try connection.schemaVersion() }) == Schema.version {
            return connection
        }
        // In a connection of its own, whose end takes the log away: the next one shall not be the one whose
        // name SQLite has seen to.
        try mapping { () throws(DatabaseError) in try connection.migrate(Schema.migrations) }
        connection.close()
        try name(directory.database + "-wal")
        return try open()
    }

    struct Recovered {
        let position: LogPosition
        /// The tree that the payload log or an operator knew and the database does not.
        let leftBehind: TreeState?
        /// The directory came out of a backup.
        let isRestored: Bool
    }

    /// The tree of the first `size` entries, as this database has them.
    static func tree(
        size: Int64, _ reads: LogReads, _ frontier: TreeFrontier
    ) throws(DatabaseError) -> TreeState? {
        guard size <= frontier.size else { return nil }
        return try TreeState.reading(
            size: size,
            tile: { (level, number) throws(DatabaseError) in
                if let edge = frontier.nodes(level: level, number: number) { return edge }
                return try reads.tile(level, number)
            })
    }

    /// Of the latest documents only: payloads of one segment come in the order of their documents, and each
    /// is synchronised before the next. Evidence is left out: its rows have no order, and whoever reads it
    /// sees by its digest that it is gone.
    static func namedEnd(_ connection: SQLiteConnection, segment: Int64) throws(StorageError) -> Int64 {
        try mapping { () throws(DatabaseError) in
            let select = try connection.prepare(
                """
                WITH latest AS (SELECT * FROM documents ORDER BY id DESC LIMIT 100)
                SELECT max(named_end) FROM (
                    SELECT payload_offset + byte_count AS named_end FROM latest WHERE segment = ?1
                    UNION ALL
                    SELECT signature_offset + signature_length FROM latest WHERE signature_segment = ?1
                )
                """)
            select.bind(1, segment)
            return try select.first { $0.optionalInteger(0) }.flatMap { $0 } ?? 0
        }
    }

    /// Compares the database with the payload log, and removes what a crash left of the last batch.
    func recover(_ directory: DataDirectory, rollsForward: Bool) throws(StorageError) -> Recovered {
        let mark = try RestoreMark.read(directory, else: tree)
        if let mark {
            // A restore that was broken off before its database was whole: rolling forward from there would
            // sign a second history from nothing.
            let restored = try mapping { () throws(DatabaseError) in
                try Self.tree(size: mark.found.size, reads, frontier)
            }
            guard restored == mark.found else {
                throw StorageError(
                    .damaged,
                    "\(directory.path) does not hold the \(mark.found.size) entries of the backup that it is"
                        + " being restored from: empty it and restore again")
            }
        }
        if mark != nil, !rollsForward {
            throw StorageError(
                .treeWentBack,
                "\(directory.path) came out of a backup with \(tree.size) entries (\(tree.root)); the hub may"
                    + " have signed more since then")
        }
        let recovery = PayloadRecovery(
            directory: directory, position: values.position,
            namedEnd: try Self.namedEnd(connection, segment: values.position.segment),
            isNewDatabase: isNew)
        let finding = try recovery.examine(tree) { size throws(StorageError) in
            try mapping { () throws(DatabaseError) in try Self.tree(size: size, reads, frontier) }
        }
        // SQLite makes its write-ahead log anew at each start, and passes over a failure to synchronise the
        // directory: without its name, whatever is committed in it would go with the power.
        try mappingFiles { () throws(FileError) in try Directory.synchronize(directory.path) }
        switch finding {
        case .clean:
            do throws(FileError) {
                try recovery.clean()
            } catch {
                throw StorageError(error)
            }
            if isNew { try mapping { () throws(DatabaseError) in try state.update(values) } }
            return Recovered(position: values.position, leftBehind: mark?.signed, isRestored: mark != nil)
        case .wentBack(let header):
            guard rollsForward else {
                throw StorageError(
                    .treeWentBack,
                    "the database has a tree of \(tree.size) entries (\(tree.root)), the payload log knows"
                        + " one of \(header.intended.size) (\(header.intended.root)); the database was"
                        + " restored from an older copy, or replaced")
            }
            return try mappingFiles { () throws(FileError) in
                try recovery.cleanIncoming()
                return Recovered(
                    position: try recovery.positionAfterEverything(), leftBehind: header.intended,
                    isRestored: mark != nil)
            }
        }
    }
}
