internal import Database

extension Schema {
    /// Deadlines of deliveries, their order in the inbox, and alerts.
    static let watch = """
        -- By when a clerk is to answer for a letter (02, 03 or beyond) and by when its DueDate has it done
        -- (06); null where nobody waits for it. Milliseconds, as of the letter's arrival.
        ALTER TABLE deliveries ADD COLUMN confirm_by INTEGER;
        ALTER TABLE deliveries ADD COLUMN confirmed_at INTEGER;
        ALTER TABLE deliveries ADD COLUMN complete_by INTEGER;
        ALTER TABLE deliveries ADD COLUMN completed_at INTEGER;
        CREATE INDEX deliveries_unconfirmed ON deliveries(confirm_by)
            WHERE confirm_by IS NOT NULL AND confirmed_at IS NULL;
        CREATE INDEX deliveries_uncompleted ON deliveries(complete_by)
            WHERE complete_by IS NOT NULL AND completed_at IS NULL;
        -- When an urgent letter that nobody has taken yet raises an alert; null where it has, or none is to.
        ALTER TABLE deliveries ADD COLUMN alert_by INTEGER;
        CREATE INDEX deliveries_alerting ON deliveries(alert_by) WHERE alert_by IS NOT NULL;
        CREATE TABLE alerts (
            id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, at INTEGER NOT NULL
        );
        -- Where it stands in the inbox: when it came, and later the less urgent it is. The first one goes out
        -- first.
        ALTER TABLE deliveries ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
        UPDATE deliveries SET place = rank * 14400000
            + (SELECT accepted_at FROM documents WHERE id = deliveries.document) WHERE state <> 2;
        DROP INDEX deliveries_queued;
        CREATE INDEX deliveries_queued ON deliveries(recipient, place) WHERE state = 0;
        """

    /// The first indexes of deadlines would have had one sender's overdue letters looked for among all that
    /// it sent in a season.
    static let watchBySender = """
        -- The sender, where a deadline is watched.
        ALTER TABLE deliveries ADD COLUMN owed_to INTEGER;
        UPDATE deliveries SET owed_to = (SELECT sender FROM documents WHERE id = deliveries.document)
            WHERE confirm_by IS NOT NULL OR complete_by IS NOT NULL;
        DROP INDEX deliveries_unconfirmed;
        DROP INDEX deliveries_uncompleted;
        CREATE INDEX deliveries_unconfirmed ON deliveries(owed_to, confirm_by)
            WHERE confirm_by IS NOT NULL AND confirmed_at IS NULL;
        CREATE INDEX deliveries_uncompleted ON deliveries(owed_to, complete_by)
            WHERE complete_by IS NOT NULL AND completed_at IS NULL;
        """
}
