internal import Database

extension Schema {
    /// What verdicts rest on, letters judged again, letters held, and timestamps over the log.
    static let evidence = """
        -- What a verdict rests on, each item once: its bytes are a record of the payload log.
        CREATE TABLE evidence_items (
            sha256 BLOB PRIMARY KEY, segment INTEGER NOT NULL, item_offset INTEGER NOT NULL,
            length INTEGER NOT NULL
        ) WITHOUT ROWID;
        -- Letters of one signer under one trust list rest on the same items, so a letter names a set.
        -- items: for each one its kind (a byte) and its SHA-256.
        CREATE TABLE evidence_sets (
            id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, trust BLOB NOT NULL, items BLOB NOT NULL
        );
        ALTER TABLE documents ADD COLUMN evidence INTEGER;
        CREATE INDEX documents_by_evidence ON documents(evidence) WHERE evidence IS NOT NULL;

        -- Verdicts after the first one, which stands in documents.
        CREATE TABLE verdicts (
            id INTEGER PRIMARY KEY, document INTEGER NOT NULL, leaf INTEGER NOT NULL, at INTEGER NOT NULL,
            indication TEXT NOT NULL, verdict BLOB NOT NULL, evidence INTEGER
        );
        CREATE INDEX verdicts_by_document ON verdicts(document);
        -- Letters whose last verdict rests on unknown revocation: to be judged again when more is known.
        CREATE TABLE unsettled (document INTEGER PRIMARY KEY);
        -- outcome: at the deadline, 0 refuse, 1 release. ended: null while in force, 0 refused, 1 released.
        CREATE TABLE holds (
            document INTEGER PRIMARY KEY, until INTEGER NOT NULL, outcome INTEGER NOT NULL, ended INTEGER,
            ended_at INTEGER
        );
        CREATE INDEX holds_in_force ON holds(until) WHERE ended IS NULL;
        -- Deliveries have one more state, 4: held. documents have one more kind, 2: a notice of the hub.
        ALTER TABLE state ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

        -- RFC 3161 tokens over checkpoints. note: what the token is over. at: the token's time.
        CREATE TABLE timestamps (
            size INTEGER PRIMARY KEY, note BLOB NOT NULL, token BLOB NOT NULL, at INTEGER NOT NULL
        );
        """
}
