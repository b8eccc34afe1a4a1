internal import Database

extension Schema {
    /// What becomes of letters that nobody took, and how long letters are kept.
    static let custody = """
        -- What an operator did with a delivery that was given up. exported_at: its letter is kept elsewhere.
        -- returned_at: its sender was told that it will not be delivered.
        CREATE TABLE dead_letters (
            delivery INTEGER PRIMARY KEY, exported_at INTEGER, returned_at INTEGER
        );
        -- Letters that no retention rule may purge. reason: for people, and not in the log.
        CREATE TABLE legal_holds (
            document INTEGER PRIMARY KEY, since INTEGER NOT NULL, set_by TEXT NOT NULL, reason TEXT NOT NULL
        );
        -- What kind of letter its software calls it: Công văn, Giấy mời …; empty for other documents.
        ALTER TABLE documents ADD COLUMN document_type TEXT NOT NULL DEFAULT '';
        """
}
