internal import CSQLite

extension SQLiteConnection {
    /// Writes the database, as one moment has it, into a new file of its own; writers go on meanwhile.
    ///
    /// The copy is one file without a write-ahead log, not yet synchronised.
    ///
    /// - Parameter progress: pages copied and pages in all.
    package func copy(
        to path: String, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(DatabaseError) {
        var target: OpaquePointer?
        let code = unsafe sqlite3_open_v2(
            path, &target,
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_NOMUTEX
                | SQLITE_OPEN_EXRESCODE, nil)
        defer { unsafe sqlite3_close_v2(target) }
        guard code == SQLITE_OK, let target = unsafe target else {
            throw DatabaseError(extendedCode: code, action: "create \(path)", message: "cannot be made")
        }
        // An open read transaction: without it each commit of the hub would start the copy anew.
        try execute("BEGIN; SELECT count(*) FROM sqlite_schema;")
        defer { rollback() }
        guard let copying = unsafe sqlite3_backup_init(target, "main", handle, "main") else {
            throw unsafe Self.failure(of: target, "copy to \(path)")
        }
        var step = SQLITE_OK
        while step == SQLITE_OK {
            step = unsafe sqlite3_backup_step(copying, Self.pagesPerStep)
            let total = unsafe Int(sqlite3_backup_pagecount(copying))
            let left = unsafe Int(sqlite3_backup_remaining(copying))
            progress(total - left, total)
        }
        let finished = unsafe sqlite3_backup_finish(copying)
        guard step == SQLITE_DONE, finished == SQLITE_OK else {
            throw DatabaseError(
                extendedCode: step == SQLITE_DONE ? finished : step, action: "copy to \(path)",
                message: unsafe String(cString: sqlite3_errstr(step)))
        }
        let plain = unsafe sqlite3_exec(target, "PRAGMA journal_mode=DELETE", nil, nil, nil)
        guard plain == SQLITE_OK else { throw unsafe Self.failure(of: target, "copy to \(path)") }
    }

    private static let pagesPerStep: CInt = 2048

    private static func failure(of handle: OpaquePointer, _ action: String) -> DatabaseError {
        unsafe DatabaseError(
            extendedCode: sqlite3_extended_errcode(handle), action: action,
            message: String(cString: sqlite3_errmsg(handle)))
    }
}
