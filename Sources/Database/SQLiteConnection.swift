internal import CSQLite
internal import Exchange

/// One connection to a SQLite file in WAL mode. Used by one thread at a time; SQLite's own mutexes are off.
@safe package final class SQLiteConnection {
    package enum Mode: Sendable {
        /// Made where it does not exist.
        case readWrite
        case readOnly
    }

    package struct Options: Sendable {
        /// How long a statement waits for another process's lock.
        package var busyMillisecondsMax = 5000
        package var cacheKibibytes = 16 << 10
        /// Pages read through a mapping are counted as resident memory of every connection that maps them.
        package var mappedBytesMax = 16 << 20

        package init() {}
    }

    package let path: String
    /// Nothing may be called once it is closed.
    let handle: OpaquePointer
    private var isOpen = true
    private let busyMillisecondsMax: Int
    /// Written by SQLite's hook; lives as long as the connection.
    private let loggedPages: UnsafeMutablePointer<CInt>

    /// Pages in the write-ahead log as this connection's last commit left it. Nobody copies them into the
    /// database but `checkpoint` and `truncateLog`, and `close` of the last connection.
    package var logPages: Int { Int(unsafe loggedPages.pointee) }

    /// Syncs that SQLite has asked the kernel for, in this process.
    package static var synchronizations: Int64 { lt_syncs() }
    private static let countsSyncs: Void = lt_count_syncs()

    /// Opens with `synchronous=EXTRA`: when COMMIT returns, the transaction survives a loss of power.
    package init(path: String, mode: Mode, options: Options = Options()) throws(DatabaseError) {
        _ = Self.countsSyncs
        let access = mode == .readWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(
            path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let text = unsafe sqlite3_errstr(code)
            let message = unsafe text.map { unsafe String(cString: $0) } ?? "out of memory"
            unsafe sqlite3_close_v2(opened)
            throw DatabaseError(extendedCode: code, action: "open \(path)", message: message)
        }
        unsafe handle = opened
        self.path = path
        busyMillisecondsMax = options.busyMillisecondsMax
        unsafe loggedPages = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe loggedPages.initialize(to: 0)
        unsafe sqlite3_busy_timeout(handle, CInt(options.busyMillisecondsMax))
        // A row that a hostile hand wrote into the file must not run SQL functions, and must be found out.
        try execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON;")
        try execute(
            "PRAGMA cache_size=-\(options.cacheKibibytes); PRAGMA mmap_size=\(options.mappedBytesMax);")
        try execute("PRAGMA temp_store=MEMORY;")
        if mode == .readWrite {
            // EXTRA is FULL in a write-ahead log; where the file is made it also makes durable that the
            // rollback journal is gone.
            try execute("PRAGMA synchronous=EXTRA;")
            let journal = try prepare("PRAGMA journal_mode=WAL").first { $0.text(0) }
            guard journal == "wal" else {
                throw DatabaseError(
                    .cannotOpen, action: "open \(path)",
                    message:
                        "the file system allows no write-ahead log (journal mode \(journal ?? "unknown"))"
                )
            }
            unsafe lt_watch_log(handle, loggedPages)
        } else {
            try execute("PRAGMA query_only=ON;")
        }
    }

    // Statements keep their connection alive, so none is left here; _v2 would wait for them anyway.
    deinit { close() }

    /// Ends it before its time: nothing else may be called any more, its statements included. Where it is the
    /// last one of the file, the log is copied into the file and removed.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        // Before the memory goes that it writes to: a statement that is alive keeps the handle.
        unsafe sqlite3_wal_hook(handle, nil, nil)
        unsafe sqlite3_close_v2(handle)
        unsafe loggedPages.deallocate()
    }

    /// Compiles once; keep the result.
    package func prepare(_ sql: String) throws(DatabaseError) -> SQLiteStatement {
        try SQLiteStatement(sql, on: self)
    }

    /// Runs statements that give no rows and take no parameters.
    package func execute(_ sql: String) throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, action: sql) }
    }

    /// Bytes of the file's pages that are held in memory.
    package var heldBytes: Int {
        var (current, highest): (CInt, CInt) = (0, 0)
        _ = unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_USED, &current, &highest, 0)
        return Int(current)
    }

    /// Gives back the pages held; they are read again when they are wanted. Those that a transaction has
    /// changed stay.
    ///
    /// - Returns: how many bytes that were.
    @discardableResult package func releaseMemory() -> Int {
        let before = heldBytes
        _ = unsafe sqlite3_db_release_memory(handle)
        return before - heldBytes
    }

    package var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Takes the write lock at once: a transaction that starts as a reader can fail half-way with BUSY.
    package func begin() throws(DatabaseError) {
        try execute("BEGIN IMMEDIATE")
    }

    /// Durable when it returns. `commitUnknown`: see there. Any other error: nothing was changed.
    package func commit() throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, "COMMIT", nil, nil, nil)
        guard code != SQLITE_OK else { return }
        let failure = error(code, action: "COMMIT")
        rollback()
        switch failure.kind {
        case .diskFull, .busy, .constraint:
            // The commit frame was never written whole, so no recovery will find it.
            throw failure
        default:
            // The commit frame may stand in the WAL although the call that wrote or synced it failed: this
            // process goes on without it, the next one would recover it.
            throw DatabaseError(
                .commitUnknown, extendedCode: failure.extendedCode, action: "COMMIT", message: failure.message
            )
        }
    }

    /// Harmless where there is no transaction: SQLite ends it by itself after some errors.
    package func rollback() {
        if isInTransaction { unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Copies the WAL into the database file as far as no reader stands in the way.
    ///
    /// - Throws: `ioFailure` where the file could not be synchronized. Then the process must end: SQLite has
    ///   noted what an earlier, partial copying wrote as done, and would begin the log anew although the
    ///   failed synchronization may have taken it.
    package func checkpoint() throws(DatabaseError) {
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw error(code, action: "checkpoint") }
    }

    /// Copies all of the WAL into the database file and empties it, if readers let go of it in time.
    ///
    /// - Returns: false where one did not.
    /// - Throws: as `checkpoint`.
    package func truncateLog(waitMilliseconds: Int) throws(DatabaseError) -> Bool {
        unsafe sqlite3_busy_timeout(handle, CInt(waitMilliseconds))
        defer { unsafe sqlite3_busy_timeout(handle, CInt(busyMillisecondsMax)) }
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw error(code, action: "checkpoint") }
        return code == SQLITE_OK
    }

    /// What the prepared statements cost so far: for tests that count instead of measuring time.
    package struct Work: Sendable {
        /// Of SQLite's virtual machine.
        package var steps = 0
        /// Times that a statement was begun.
        package var runs = 0
        /// Rows that were walked for want of an index.
        package var scanned = 0
        /// Sorts for want of an index in the right order.
        package var sorted = 0
    }

    package var work: Work {
        var work = Work()
        var statement = unsafe sqlite3_next_stmt(handle, nil)
        while let current = unsafe statement {
            work.steps += unsafe Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_VM_STEP, 0))
            work.runs += unsafe Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_RUN, 0))
            work.scanned += unsafe Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0))
            work.sorted += unsafe Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_SORT, 0))
            unsafe statement = sqlite3_next_stmt(handle, current)
        }
        return work
    }

    /// Rows that the last INSERT, UPDATE or DELETE changed.
    package var changes: Int { unsafe Int(sqlite3_changes(handle)) }

    func error(_ code: Int32, action: String) -> DatabaseError {
        let text = unsafe sqlite3_errmsg(handle)
        return DatabaseError(
            extendedCode: code, action: action,
            message: unsafe text.map { unsafe String(cString: $0) } ?? "out of memory")
    }
}
