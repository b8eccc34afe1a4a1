internal import Database

extension Schema {
    /// What letters do to earlier ones, and what became of it with each recipient.
    static let actions = """
        -- One letter recalled (1), updated (2) or replaced (3) by another.
        CREATE TABLE relations (
            letter INTEGER NOT NULL, by INTEGER NOT NULL, operation INTEGER NOT NULL,
            PRIMARY KEY (letter, by)
        ) WITHOUT ROWID;
        CREATE INDEX relations_by ON relations(by, letter);
        -- What the sender asks of a recipient that has the letter. by: the letter or status that asks.
        -- answer: 15 or 16; null while it is open.
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, operation INTEGER NOT NULL,
            by INTEGER NOT NULL, at INTEGER NOT NULL, answer TEXT, answered_at INTEGER
        );
        CREATE INDEX requests_by_delivery ON requests(delivery);
        -- Deliveries have one more state, 5: withdrawn, by the document that recalls or replaces.
        ALTER TABLE state ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE deliveries ADD COLUMN withdrawn_by INTEGER;
        -- The furthest of 01-06 that its recipient reported, and the last status of any kind.
        ALTER TABLE deliveries ADD COLUMN progress TEXT;
        ALTER TABLE deliveries ADD COLUMN last_status TEXT;
        -- The delivery that a status is about; 1 where it did not follow from those before it.
        ALTER TABLE statuses ADD COLUMN delivery INTEGER;
        ALTER TABLE statuses ADD COLUMN out_of_order INTEGER NOT NULL DEFAULT 0;
        UPDATE statuses SET delivery = (
            SELECT v.id FROM documents d JOIN deliveries v
            ON v.id >= d.first_delivery AND v.id < d.first_delivery + d.delivery_count
            WHERE d.id = statuses.letter AND v.recipient = statuses.agency);
        UPDATE deliveries SET
            last_status = (SELECT code FROM statuses WHERE delivery = deliveries.id ORDER BY id DESC LIMIT 1),
            progress = (SELECT max(code) FROM statuses WHERE delivery = deliveries.id AND code <= '06')
            WHERE id IN (SELECT delivery FROM statuses);
        """
}
