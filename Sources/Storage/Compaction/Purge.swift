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
        guard try !isUnderLegalHold(document.id) else {
            return .failure(Rejection(.legalHold, "Văn bản đang được lưu giữ theo yêu cầu; không được xóa."))
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

    /// Reads records from where they were copied to, from now on.
    func compact(
        _ compacted: CompactedSegment, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        let target = batch.payload.add(compacted.file)
        for owner in PayloadReference.Owner.allCases {
            let update = try owner.update(connection)
            for move in compacted.moves where move.reference.owner == owner {
                try move.reference.move(to: target.segment, offset: move.offset, by: update)
            }
        }
        return .success(.done)
    }
}
