internal import Database

extension Schema {
    /// Agencies that want to be told, and what they were not told yet.
    static let webhooks = """
        -- state: 0 active, 1 disabled because nobody answered for too long. events: kinds, parted by commas.
        -- next_at: not to be tried before; a hook's pushes go one after the other.
        CREATE TABLE webhooks (
            id INTEGER PRIMARY KEY AUTOINCREMENT, agency INTEGER NOT NULL, url TEXT NOT NULL,
            secret BLOB NOT NULL, events TEXT NOT NULL, created_at INTEGER NOT NULL, state INTEGER NOT NULL,
            next_at INTEGER NOT NULL, attempt INTEGER NOT NULL, failing_since INTEGER, succeeded_at INTEGER,
            last_error TEXT, dropped INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX webhooks_by_agency ON webhooks(agency);
        CREATE TABLE webhook_pushes (
            id INTEGER PRIMARY KEY AUTOINCREMENT, webhook INTEGER NOT NULL, kind TEXT NOT NULL,
            document BLOB, delivery INTEGER, at INTEGER NOT NULL
        );
        CREATE INDEX webhook_pushes_by_webhook ON webhook_pushes(webhook);
        """
}
