internal import Database

/// The tables of the hub's database.
///
/// Rows of `documents`, `entries`, `tiles` and `statuses` are written once. What changes is small: one row of
/// `deliveries` and one of `stories` for each step of a letter's way.
enum Schema {
    /// "LThg": so that `file` and a hasty operator can tell whose database it is.
    static let applicationID = 0x4C54_6867

    static let migrations = [
        Migration(version: 1, sql: version1),
        Migration(version: 2, sql: version2),
        Migration(version: 3, sql: version3),
        Migration(version: 4, sql: evidence),
        Migration(version: 5, sql: actions),
        Migration(version: 6, sql: watch),
        Migration(version: 7, sql: watchBySender),
        Migration(version: 8, sql: custody),
        Migration(version: 9, sql: webhooks),
        Migration(version: 10, sql: copies),
    ]
    static var version: Int { migrations.last?.version ?? 0 }

    private static let version1 = """
        PRAGMA application_id=\(applicationID);

        -- One row: the tree, where the payload log ends, and counts that would take a scan to find.
        CREATE TABLE state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            size INTEGER NOT NULL, root BLOB NOT NULL,
            segment INTEGER NOT NULL, segment_end INTEGER NOT NULL, next_segment INTEGER NOT NULL,
            anchor_segment INTEGER, anchor_offset INTEGER,
            queued INTEGER NOT NULL, leased INTEGER NOT NULL, delivered INTEGER NOT NULL,
            dead INTEGER NOT NULL
        );

        -- Every code that ever sent or received something. In the directory where status is not null; a row
        -- is never deleted, because documents name it.
        CREATE TABLE agencies (
            id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '', parent TEXT,
            level INTEGER NOT NULL DEFAULT 0, status TEXT, policy TEXT NOT NULL DEFAULT 'enforce'
        );
        CREATE TABLE aliases (
            code TEXT PRIMARY KEY, agency INTEGER NOT NULL REFERENCES agencies, position INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX aliases_by_agency ON aliases(agency, position);
        CREATE TABLE certificates (
            agency INTEGER NOT NULL REFERENCES agencies, use TEXT NOT NULL, sha256 BLOB NOT NULL,
            PRIMARY KEY (agency, use, sha256)
        ) WITHOUT ROWID;
        -- A certificate that names a caller names one only.
        CREATE UNIQUE INDEX callers ON certificates(sha256) WHERE use = 'transport';
        CREATE TABLE principals (id INTEGER PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL);
        CREATE TABLE principal_certificates (
            sha256 BLOB PRIMARY KEY, principal INTEGER NOT NULL REFERENCES principals ON DELETE CASCADE
        ) WITHOUT ROWID;
        CREATE INDEX certificates_by_principal ON principal_certificates(principal);

        -- kind: 0 letter, 1 status message. salt: of the commitments in the log; erasing it makes them mute.
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL, sender INTEGER NOT NULL,
            document_id TEXT NOT NULL, code TEXT NOT NULL, business_type INTEGER NOT NULL,
            subject TEXT NOT NULL, priority INTEGER NOT NULL, promulgated TEXT NOT NULL, due TEXT,
            byte_count INTEGER NOT NULL,
            sha256 BLOB NOT NULL, segment INTEGER NOT NULL, payload_offset INTEGER NOT NULL,
            signature_segment INTEGER, signature_offset INTEGER, signature_length INTEGER,
            indication TEXT NOT NULL, signer BLOB, request_id TEXT NOT NULL, accepted_at INTEGER NOT NULL,
            leaf INTEGER NOT NULL, first_delivery INTEGER NOT NULL, delivery_count INTEGER NOT NULL,
            letter INTEGER, salt BLOB, verdict BLOB NOT NULL
        );
        CREATE INDEX letters_by_name ON documents(document_id) WHERE kind = 0;
        CREATE INDEX documents_by_sender ON documents(sender, accepted_at);
        -- The last log entry about each document.
        CREATE TABLE stories (document INTEGER PRIMARY KEY, last_entry INTEGER NOT NULL);

        -- A document's deliveries have neighbouring ids, ordered by recipient. state: 0 queued, 1 leased,
        -- 2 delivered, 3 dead. rank: 0 express, 1 more urgent, 2 urgent, 3 normal.
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY, document INTEGER NOT NULL, recipient INTEGER NOT NULL,
            rank INTEGER NOT NULL, state INTEGER NOT NULL, attempt INTEGER NOT NULL, token BLOB,
            leased_until INTEGER, delivered_at INTEGER, reason TEXT
        );
        CREATE INDEX deliveries_queued ON deliveries(recipient, rank) WHERE state = 0;
        CREATE INDEX deliveries_leased ON deliveries(leased_until) WHERE state = 1;
        CREATE INDEX deliveries_dead ON deliveries(id) WHERE state = 3;

        CREATE TABLE statuses (
            id INTEGER PRIMARY KEY, letter INTEGER NOT NULL, agency INTEGER NOT NULL, code TEXT NOT NULL,
            document INTEGER NOT NULL, description TEXT NOT NULL, timestamp TEXT NOT NULL
        );
        CREATE INDEX statuses_by_letter ON statuses(letter, agency);

        -- The log. A tile's id is its level and number: level << 48 | number; complete ones only.
        CREATE TABLE entries (
            leaf INTEGER PRIMARY KEY, document INTEGER, delivery INTEGER, previous INTEGER,
            bytes BLOB NOT NULL
        );
        CREATE TABLE tiles (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
        -- size: the tree's, after a batch that accepted something; first: the batch's first leaf.
        CREATE TABLE batches (first INTEGER PRIMARY KEY, size INTEGER NOT NULL);
        -- kept: 1 where a receipt quotes it or it is the hour's first; others go with the next one.
        CREATE TABLE checkpoints (
            size INTEGER PRIMARY KEY, note BLOB NOT NULL, at INTEGER NOT NULL, kept INTEGER NOT NULL
        );
        CREATE INDEX checkpoints_passing ON checkpoints(size) WHERE kept = 0;
        """

    private static let version2 = """
        -- Null where the hub's own setting holds.
        ALTER TABLE agencies ADD COLUMN unknown_revocation TEXT;
        -- DER of registered certificates, where it came to our notice: the directory needs their SHA-256
        -- only, but who asks for their revocation or warns of their end needs the whole.
        CREATE TABLE known_certificates (sha256 BLOB PRIMARY KEY, der BLOB NOT NULL);
        CREATE INDEX certificates_by_sha256 ON certificates(sha256);
        """

    private static let version3 = """
        -- Milliseconds; null where open.
        ALTER TABLE agencies ADD COLUMN effective_from INTEGER;
        ALTER TABLE agencies ADD COLUMN effective_to INTEGER;
        ALTER TABLE agencies ADD COLUMN successor TEXT;
        ALTER TABLE agencies ADD COLUMN email TEXT NOT NULL DEFAULT '';
        ALTER TABLE agencies ADD COLUMN telephone TEXT NOT NULL DEFAULT '';
        ALTER TABLE agencies ADD COLUMN address TEXT NOT NULL DEFAULT '';
        -- In whose name an agency's software may send, and until when.
        CREATE TABLE acting_rights (
            agency INTEGER NOT NULL REFERENCES agencies, for_code TEXT NOT NULL, until INTEGER NOT NULL,
            PRIMARY KEY (agency, for_code)
        ) WITHOUT ROWID;
        -- What an agency was called before: history keeps the name of its day. until: when it was renamed.
        CREATE TABLE former_names (
            agency INTEGER NOT NULL REFERENCES agencies, until INTEGER NOT NULL, name TEXT NOT NULL,
            PRIMARY KEY (agency, until)
        ) WITHOUT ROWID;
        -- The code that the letter named, where its successor got the delivery.
        ALTER TABLE deliveries ADD COLUMN addressed_to TEXT;
        -- Whose software sent, where that was not the sender's own.
        ALTER TABLE documents ADD COLUMN caller INTEGER;
        """
}
