internal import AuditLog
internal import Database
internal import Exchange

/// Letters whose bytes go, and records that move.
extension Store {
    /// Takes a letter's bytes away; that it was there, who signed it and who took it stays.
    func purge(_ key: DocumentKey, _ batch: inout Batch) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let document = try documents.find(key) else {
            return .failure(Rejection(.notFound, "Không có văn bản này."))
        }
        guard try documents.purge(document.id) else { return .success(.done) }
        let previous = try entries.lastEntry(document: document.id)
        let leaf = batch.frontier.size
        try append(
            .payloadPurged(key, sha256: document.sha256), document: document.id, previous: previous,
            to: &batch)
        try entries.setLastEntry(document: document.id, leaf)
        return .success(.done)
    }

    /// Rows that meanwhile name another place, or none, are left alone.
    func compact(
        _ compacted: CompactedSegment, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        let target = batch.payload.add(compacted.file)
        for owner in PayloadReference.Owner.allCases {
            let update = try owner.update(connection)
            for move in compacted.moves where move.reference.owner == owner {
                update.bind(1, target.segment)
                update.bind(2, move.offset)
                update.bind(3, move.reference.id)
                update.bind(4, move.reference.location.segment)
                update.bind(5, move.reference.location.offset)
                try update.run()
            }
        }
        return .success(.done)
    }
}
