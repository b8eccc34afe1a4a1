internal import CSQLite
package import Exchange

/// One compiled statement. Bind, then `run`, `first` or `all`; each resets it for the next use.
///
/// A failed bind is remembered and thrown by the step that follows, so that binding reads as a list.
@safe package final class SQLiteStatement {
    private let connection: SQLiteConnection
    private let handle: OpaquePointer
    private let sql: String
    private var bindFailure: Int32 = SQLITE_OK

    fileprivate init(connection: SQLiteConnection, handle: OpaquePointer, sql: String) {
        self.connection = connection
        unsafe self.handle = handle
        self.sql = sql
    }

    convenience init(_ sql: String, on connection: SQLiteConnection) throws(DatabaseError) {
        var compiled: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
        guard code == SQLITE_OK, let compiled = unsafe compiled else {
            throw connection.error(code, action: sql)
        }
        unsafe self.init(connection: connection, handle: compiled, sql: sql)
    }

    deinit { unsafe sqlite3_finalize(handle) }

    // Parameters, 1-based as SQLite counts them. Values stay bound over the next use until bound anew.

    package func bind(_ index: CInt, _ number: Int64) {
        note(unsafe sqlite3_bind_int64(handle, index, number))
    }

    package func bind(_ index: CInt, _ number: Int) {
        bind(index, Int64(number))
    }

    package func bind(_ index: CInt, _ number: Int64?) {
        if let number { bind(index, number) } else { bindNull(index) }
    }

    package func bind(_ index: CInt, _ bytes: [UInt8]) {
        note(
            unsafe bytes.withUnsafeBytes {
                unsafe lt_bind_blob(handle, index, $0.baseAddress, CInt(clamping: $0.count))
            })
    }

    package func bind(_ index: CInt, _ bytes: [UInt8]?) {
        if let bytes { bind(index, bytes) } else { bindNull(index) }
    }

    package func bind(_ index: CInt, _ digest: Digest256) {
        bind(index, digest.bytes)
    }

    package func bind(_ index: CInt, _ digest: Digest256?) {
        bind(index, digest?.bytes)
    }

    package func bind(_ index: CInt, _ text: String) {
        var text = text
        note(
            text.withUTF8 {
                unsafe lt_bind_text(handle, index, $0.baseAddress, CInt(clamping: $0.count))
            })
    }

    package func bind(_ index: CInt, _ text: String?) {
        if let text { bind(index, text) } else { bindNull(index) }
    }

    package func bind(_ index: CInt, _ text: ExactString) {
        bind(index, text.string)
    }

    package func bindNull(_ index: CInt) {
        note(unsafe sqlite3_bind_null(handle, index))
    }

    private func note(_ code: Int32) {
        if code != SQLITE_OK, bindFailure == SQLITE_OK { bindFailure = code }
    }

    // Running

    /// Runs to the end; rows are passed over.
    package func run() throws(DatabaseError) {
        defer { reset() }
        while try step() {}
    }

    /// The first row, or nil where there is none. `read` gets this statement and takes columns from it.
    package func first<Value>(_ read: (SQLiteStatement) -> Value) throws(DatabaseError) -> Value? {
        let value = try beginning { () throws(DatabaseError) in try step() ? read(self) : nil }
        try end()
        return value
    }

    package func all<Value>(_ read: (SQLiteStatement) -> Value) throws(DatabaseError) -> [Value] {
        defer { reset() }
        var values: [Value] = []
        while try step() { values.append(read(self)) }
        return values
    }

    /// Rows one at a time, for results that need not be held; stops where `visit` says false.
    package func forEach(_ visit: (SQLiteStatement) -> Bool) throws(DatabaseError) {
        try beginning { () throws(DatabaseError) in while try step(), visit(self) {} }
        try end()
    }

    private func beginning<Value>(
        _ body: () throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> Value {
        do {
            return try body()
        } catch {
            reset()
            throw error
        }
    }

    /// A statement outside of a transaction commits at its end, which may come after its first row: a
    /// `PRAGMA journal_mode=WAL` whose commit failed here left the file with a rollback journal, and a loss
    /// of power brought the last one back.
    private func end() throws(DatabaseError) {
        let code = unsafe sqlite3_reset(handle)
        if code != SQLITE_OK { throw connection.error(code, action: sql) }
    }

    private func step() throws(DatabaseError) -> Bool {
        guard bindFailure == SQLITE_OK else {
            let code = bindFailure
            bindFailure = SQLITE_OK
            throw connection.error(code, action: sql)
        }
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.error(code, action: sql)
        }
    }

    /// An open read statement would hold its snapshot and keep the WAL from being reset.
    private func reset() {
        unsafe sqlite3_reset(handle)
    }

    // Columns of the row that `read` was called for, 0-based

    package func isNull(_ column: CInt) -> Bool {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    package func integer(_ column: CInt) -> Int64 {
        unsafe sqlite3_column_int64(handle, column)
    }

    package func optionalInteger(_ column: CInt) -> Int64? {
        isNull(column) ? nil : integer(column)
    }

    /// Empty for NULL. A database that only this program writes holds valid UTF-8; anything else is repaired.
    package func text(_ column: CInt) -> String {
        withBytes(column) { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    package func optionalText(_ column: CInt) -> String? {
        isNull(column) ? nil : text(column)
    }

    /// A copy; empty for NULL.
    package func bytes(_ column: CInt) -> [UInt8] {
        withBytes(column) { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe [UInt8]($0) }
        }
    }

    package func optionalBytes(_ column: CInt) -> [UInt8]? {
        isNull(column) ? nil : bytes(column)
    }

    /// Nil where the column does not hold 32 bytes.
    package func digest(_ column: CInt) -> Digest256? {
        withBytes(column) { $0.count == Digest256.byteCount ? Digest256($0, at: 0) : nil }
    }

    /// SQLite's own memory, valid until `body` returns.
    package func withBytes<Value>(_ column: CInt, _ body: (Span<UInt8>) -> Value) -> Value {
        let start = unsafe sqlite3_column_blob(handle, column)
        let count = unsafe Int(sqlite3_column_bytes(handle, column))
        let buffer = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
        return unsafe buffer.withMemoryRebound(to: UInt8.self) { unsafe body($0.span) }
    }
}
