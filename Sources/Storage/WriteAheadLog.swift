internal import Database
internal import Files

/// Keeps SQLite's write-ahead log short.
///
/// The usual copying into the database takes what it can and waits for nobody; only when no reader looks at
/// the log can it begin anew. Where it grew large all the same, the copying waits for the readers a moment,
/// and not again for a while.
struct WriteAheadLog {
    private static let looksBetween = 64
    /// Most reads take less.
    private static let waitMilliseconds = 100
    private static let backoffMax = 64

    private let path: String
    private let pagesMax: Int
    private let bytesMax: Int64
    private var looksLeft = Self.looksBetween
    /// Grows while somebody is in the way for long.
    private var backoff = 1

    /// - Parameters:
    ///   - pagesMax: after which they are copied.
    ///   - bytesMax: of the file, after which readers are waited for.
    init(path: String, pagesMax: Int, bytesMax: Int64) {
        self.path = path
        self.pagesMax = pagesMax
        self.bytesMax = bytesMax
    }

    /// To be called once after each commit.
    ///
    /// - Throws: `ioFailure` where the database could not be synchronized: see `SQLiteConnection.checkpoint`.
    mutating func keepShort(_ connection: SQLiteConnection) throws(DatabaseError) {
        do throws(DatabaseError) {
            if connection.logPages >= pagesMax { try connection.checkpoint() }
            looksLeft -= 1
            guard looksLeft <= 0 else { return }
            looksLeft = Self.looksBetween
            guard let size = try? File(path, .read).size(), size > bytesMax else { return }
            let isEmptied = try connection.truncateLog(waitMilliseconds: Self.waitMilliseconds)
            backoff = isEmptied ? 1 : min(backoff * 2, Self.backoffMax)
            looksLeft *= backoff
        } catch {
            // Without room nothing was copied, and nothing is lost: it stands in the log.
            guard error.kind == .diskFull else { throw error }
        }
    }
}
