internal import AuditLog
internal import Database
internal import Exchange

/// The tree reckoned again from its entries, and whatever was derived from it.
extension Doctor {
    mutating func examineLog(
        _ connection: SQLiteConnection, _ values: StateTable.Values
    ) throws(DatabaseError) {
        var checkpoints = try storedCheckpoints(connection)[...]
        let reads = try LogReads(connection)
        var frontier = TreeFrontier()
        let rows = try connection.prepare("SELECT leaf, bytes FROM entries ORDER BY leaf")
        var failure: DatabaseError?
        try rows.forEach { row in
            let leaf = row.integer(0)
            guard leaf == frontier.size else {
                report.add(.entryDamaged, "entries \(frontier.size)", "thiếu mục này của nhật ký")
                return false
            }
            let hash = row.withBytes(1) { MerkleTree.leafHash($0) }
            for complete in frontier.append(hash) {
                do throws(DatabaseError) {
                    try compare(complete, reads)
                } catch {
                    failure = error
                    return false
                }
            }
            while let checkpoint = checkpoints.first, checkpoint.size <= frontier.size {
                checkpoints.removeFirst()
                if checkpoint.size == frontier.size { compare(checkpoint, frontier.root) }
            }
            report.entries += 1
            if leaf % 4096 == 0 { progress(.log, leaf, values.tree.size) }
            return true
        }
        if let failure { throw failure }
        progress(.log, values.tree.size, values.tree.size)
        if frontier.state != values.tree {
            report.add(
                .rootDiffers, "entries",
                "\(frontier.size) mục cho gốc \(frontier.root.hex), bảng state ghi \(values.tree.size) mục, "
                    + "gốc \(values.tree.root.hex)")
        }
        for checkpoint in checkpoints {
            report.add(
                .checkpointDiffers, "checkpoints \(checkpoint.size)",
                "điểm kiểm đã ký \(checkpoint.size) mục, nhật ký chỉ còn \(frontier.size)")
        }
    }

    private mutating func compare(
        _ complete: TreeFrontier.CompleteTile, _ reads: LogReads
    ) throws(DatabaseError) {
        let stored = try reads.tile(complete.tile.level, complete.tile.number)
        guard stored != complete.nodes else { return }
        report.add(
            .tileDiffers, "tiles \(complete.tile.level)/\(complete.tile.number)",
            stored == nil ? "thiếu ô băm này" : "ô băm không khớp với các mục")
    }

    private mutating func compare(_ checkpoint: Checkpoint, _ root: Digest256) {
        guard checkpoint.root != root else { return }
        report.add(
            .checkpointDiffers, "checkpoints \(checkpoint.size)",
            "đã ký gốc \(checkpoint.root.hex), các mục cho gốc \(root.hex)")
    }

    /// By size; those that cannot be read are reported and left out. The empty tree's has nothing to compare.
    private mutating func storedCheckpoints(_ connection: SQLiteConnection) throws(DatabaseError)
        -> [Checkpoint]
    {
        let rows = try connection.prepare("SELECT size, note FROM checkpoints ORDER BY size").all {
            ($0.integer(0), $0.bytes(1))
        }
        var checkpoints: [Checkpoint] = []
        for (size, note) in rows {
            report.checkpoints += 1
            let place = "checkpoints \(size)"
            do throws(NoteError) {
                let checkpoint: Checkpoint
                if let verifier {
                    checkpoint = try Checkpoint(note: note, verifier: verifier)
                } else {
                    checkpoint = try Checkpoint(unverifiedNote: note)
                }
                guard checkpoint.size == size else { throw .malformed("the size is \(checkpoint.size)") }
                if size > 0 { checkpoints.append(checkpoint) }
            } catch {
                report.add(.checkpointInvalid, place, "điểm kiểm không hợp lệ: \(error)")
            }
        }
        return checkpoints
    }
}
