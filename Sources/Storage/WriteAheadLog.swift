internal import Database
internal import Files

/// Keeps SQLite's write-ahead log from growing for ever while there is always some reader.
///
/// The usual checkpoint copies what it can and waits for nobody; only when no reader looks at the log can it
/// begin anew. Where it grew large all the same, a commit waits for the readers a moment, and not again for a
/// while.
struct WriteAheadLog {
    private static let commitsBetweenLooks = 64
    /// Most reads take less.
    private static let waitMilliseconds = 100
    private static let backoffMax = 64

    private let path: String
    private let bytesMax: Int64
    private var commitsLeft = Self.commitsBetweenLooks
    /// Grows while somebody is in the way for long.
    private var backoff = 1

    init(path: String, bytesMax: Int64) {
        self.path = path
        self.bytesMax = bytesMax
    }

    /// After each commit. Nothing depends on its success.
    mutating func boundSize(_ connection: SQLiteConnection) {
        commitsLeft -= 1
        guard commitsLeft <= 0 else { return }
        commitsLeft = Self.commitsBetweenLooks
        guard let size = try? File(path, .read).size(), size > bytesMax else { return }
        let isEmptied = (try? connection.truncateLog(waitMilliseconds: Self.waitMilliseconds)) ?? false
        backoff = isEmptied ? 1 : min(backoff * 2, Self.backoffMax)
        commitsLeft *= backoff
    }
}
