internal import Database
package import Exchange
package import Files
internal import OpenSSL

/// What verdicts rest on, and letters that are to be judged again.
extension StoreReader {
    /// The set that the document's last verdict rests on; nil where nothing was verified.
    package func evidence(_ key: DocumentKey) throws(StorageError) -> EvidenceSet? {
        try read { reader throws(DatabaseError) in
            guard let details = try reader.details(key) else { return nil }
            let later = try reader.verdicts.later(document: details.id).last
            guard let set = later == nil ? details.evidence : later?.evidence?.id else { return nil }
            return try reader.verdicts.evidenceSet(set)
        }
    }

    /// Sets by number, for whoever looks through all of them.
    package func evidenceSets(after set: Int64, limit: Int) throws(StorageError) -> [EvidenceSet] {
        try read { reader throws(DatabaseError) in
            try reader.verdicts.evidenceSets(after: set, limit: limit)
        }
    }

    /// Where the item's bytes are; nil where no such item is stored.
    package func evidenceItem(_ sha256: Digest256) throws(StorageError) -> PayloadLocation? {
        try read { reader throws(DatabaseError) in try reader.verdicts.item(sha256) }
    }

    /// For files that go with a crash: emptied at the next start.
    package var scratchFolder: String { place.incoming }

    /// An item's bytes; nil where none of that name is stored.
    package func evidenceBytes(_ sha256: Digest256) throws(StorageError) -> [UInt8]? {
        guard let location = try evidenceItem(sha256) else { return nil }
        return try bytes(location)
    }

    /// A small record of the payload log, whole.
    /// Gives a payload's bytes to `body`, a piece after the other.
    package func forEachPiece(
        of location: PayloadLocation, _ body: ([UInt8]) throws -> Void
    ) throws {
        let content = try openPayload(location)
        var done: Int64 = 0
        while done < content.length {
            let count = Int(min(1 << 20, content.length - done))
            let piece = try content.file.read(at: content.offset + done, count: count)
            guard piece.count == count else {
                throw StorageError(.damaged, "\(content.file.path) ends within a payload")
            }
            try body(piece)
            done += Int64(count)
        }
    }

    package func bytes(_ location: PayloadLocation) throws(StorageError) -> [UInt8] {
        let content = try openPayload(location)
        let bytes = try mappingFiles { () throws(FileError) in
            try content.file.read(at: location.offset, count: Int(location.length))
        }
        guard bytes.count == location.length else {
            throw StorageError(.damaged, "\(content.file.path) ends within a record")
        }
        return bytes
    }

    /// A file without a name in the data directory, for what is too large to be put together in memory; it
    /// goes with its last reference, and with a crash.
    package func makeScratchFile() throws(StorageError) -> File {
        try mappingFiles { () throws(FileError) in
            let path = place.incoming + "/" + Hex.encode(SecureRandom.bytes(16))
            let file = try File(path, .createPrivate)
            try Directory.remove(path)
            return file
        }
    }

    /// The least signed tree that a receipt quotes and that has the entry; nil where none does.
    package func treeSize(covering leaf: Int64) throws(StorageError) -> Int64? {
        let size = try read { reader throws(DatabaseError) in try reader.log.treeSize(accepting: leaf) }
        return size.flatMap { $0 > leaf ? $0 : nil }
    }

    /// Letters whose verdict rests on unknown revocation, in the order in which they came.
    package func unsettledLetters(
        after document: Int64, limit: Int
    ) throws(StorageError) -> [JudgedLetter] {
        try read { reader throws(DatabaseError) in
            try reader.verdicts.unsettled(after: document, limit: limit)
        }
    }

    /// Held letters whose deadline has passed.
    package func dueLetters(at: Instant, limit: Int) throws(StorageError) -> [JudgedLetter] {
        try read { reader throws(DatabaseError) in try reader.verdicts.due(at: at, limit: limit) }
    }

    /// Letters whose first verdict rests on the set, latest first.
    package func letters(
        restingOn set: Int64, before document: Int64, limit: Int
    ) throws(StorageError) -> [JudgedLetter] {
        try read { reader throws(DatabaseError) in
            try reader.verdicts.resting(on: set, before: document, limit: limit)
        }
    }

    /// When the last letter that rests on the set was accepted.
    package func newestAcceptance(on set: Int64) throws(StorageError) -> Instant? {
        try read { reader throws(DatabaseError) in try reader.verdicts.newestAcceptance(on: set) }
    }

    /// The first timestamp over a tree that has the entry; nil where none came yet.
    package func timestamp(covering leaf: Int64) throws(StorageError) -> CheckpointTimestamp? {
        try read { reader throws(DatabaseError) in try reader.verdicts.timestamp(covering: leaf) }
    }
}
