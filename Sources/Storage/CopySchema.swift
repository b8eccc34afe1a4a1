/// What faces need whose recipients list what waits for them, by its kind, instead of leasing it.
extension Schema {
    static let copies = """
        -- The document's. With it in an index a page of one kind costs the same however much of another kind
        -- waits before it.
        ALTER TABLE deliveries ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
        UPDATE deliveries SET kind = (SELECT kind FROM documents WHERE id = deliveries.document)
        WHERE document IN (SELECT id FROM documents WHERE kind <> 0);
        CREATE INDEX deliveries_by_kind ON deliveries(recipient, kind, place) WHERE state = 0;

        -- What agencies' software signs requests with, sealed by a key that is not in this directory.
        CREATE TABLE shared_secrets (
            id INTEGER PRIMARY KEY, agency INTEGER NOT NULL REFERENCES agencies, name TEXT NOT NULL UNIQUE,
            sealed BLOB NOT NULL, made_at INTEGER NOT NULL
        );
        CREATE INDEX shared_secrets_by_agency ON shared_secrets(agency);
        -- Where such software may call from; an agency without a row may from anywhere.
        CREATE TABLE source_addresses (
            agency INTEGER NOT NULL REFERENCES agencies, block TEXT NOT NULL, PRIMARY KEY (agency, block)
        ) WITHOUT ROWID;
        """
}
