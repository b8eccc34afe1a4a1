/// One step of the schema, run once, in its own transaction.
package struct Migration: Sendable {
    /// From 1 on, without gaps: the step that brings a file from `version - 1` to `version`.
    package let version: Int
    package let sql: String

    package init(version: Int, sql: String) {
        self.version = version
        self.sql = sql
    }
}

extension SQLiteConnection {
    /// `PRAGMA user_version`: 0 in a new file.
    package func schemaVersion() throws(DatabaseError) -> Int {
        try prepare("PRAGMA user_version").first { Int($0.integer(0)) } ?? 0
    }

    /// Brings the file up to the last of `migrations`.
    ///
    /// - Throws: `newerSchema` where the file is past that. An older program must not write into it: it would
    ///   leave out what the newer one relies on.
    package func migrate(_ migrations: [Migration]) throws(DatabaseError) {
        let known = migrations.last?.version ?? 0
        let found = try schemaVersion()
        guard found <= known else { throw newerSchema(found: found, known: known) }
        for migration in migrations where migration.version > found {
            precondition(
                migration.version == 1 || migrations.contains { $0.version == migration.version - 1 })
            try begin()
            do throws(DatabaseError) {
                try execute(migration.sql)
                try execute("PRAGMA user_version=\(migration.version)")
            } catch {
                rollback()
                throw error
            }
            try commit()
        }
    }

    /// For readers, which cannot migrate.
    package func requireSchema(_ known: Int) throws(DatabaseError) {
        let found = try schemaVersion()
        if found > known { throw newerSchema(found: found, known: known) }
        if found < known {
            throw DatabaseError(
                .other, action: "open \(path)",
                message: "schema \(found) has not been brought up to \(known) yet")
        }
    }

    private func newerSchema(found: Int, known: Int) -> DatabaseError {
        DatabaseError(
            .newerSchema, action: "open \(path)",
            message:
                "the file has schema \(found), this program knows schemas up to \(known); use a newer release"
        )
    }
}
