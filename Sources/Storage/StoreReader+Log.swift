package import AuditLog
internal import Database
package import Exchange
internal import Files
internal import Synchronization

/// The audit log and the payloads.
extension StoreReader {
    /// The committed tree.
    package func tree() throws(StorageError) -> TreeState {
        try snapshot(reaching: .max).state
    }

    /// The tree of the first `size` entries; nil where there are fewer.
    package func tree(size: Int64) throws(StorageError) -> TreeState? {
        let snapshot = try snapshot(reaching: size)
        if size == snapshot.state.size { return snapshot.state }
        guard size >= 0, size < snapshot.state.size else { return nil }
        return try TreeState.reading(
            size: size, tile: { (level, number) throws(StorageError) in try nodes(level, number, snapshot) })
    }

    /// The proof that entry `index` is in the tree of the first `size` entries, leaf to root; nil where it is
    /// not. Costs no SQL for the batches committed lately.
    package func inclusionProof(index: Int64, size: Int64) throws(StorageError) -> InclusionProof? {
        let snapshot = try snapshot(reaching: size)
        guard size <= snapshot.state.size else { return nil }
        return try InclusionProof.make(
            index: index, treeSize: size,
            tile: { (level, number) throws(StorageError) in try nodes(level, number, snapshot) })
    }

    package func consistencyProof(
        from oldSize: Int64, to newSize: Int64
    ) throws(StorageError) -> ConsistencyProof? {
        let snapshot = try snapshot(reaching: newSize)
        guard newSize <= snapshot.state.size else { return nil }
        return try ConsistencyProof.make(
            oldSize: oldSize, newSize: newSize,
            tile: { (level, number) throws(StorageError) in try nodes(level, number, snapshot) })
    }

    private func nodes(
        _ level: Int, _ number: Int64, _ snapshot: TreeView.Snapshot
    ) throws(StorageError) -> TileNodes? {
        if let nodes = snapshot.nodes(level, number) ?? view.fetched(level, number) { return nodes }
        let found = try read { reader throws(DatabaseError) in try reader.log.tile(level, number) }
        if let found { view.keep(found, level, number) }
        return found
    }

    /// A hash tile or a bundle of entries, as C2SP tlog-tiles serves it; nil where the tree has not got that
    /// far. Checkpoints are not in it: which one is the latest, only whoever signs knows.
    package func log(_ resource: LogResource) throws(StorageError) -> [UInt8]? {
        switch resource {
        case .checkpoint: return nil
        case .hashes(let tile):
            let snapshot = try snapshot(reaching: tile.sizeMin)
            guard tile.isWithin(size: snapshot.state.size) else { return nil }
            return try nodes(tile.level, tile.number, snapshot)?.bytes(width: tile.width)
        case .entries(let tile):
            let snapshot = try snapshot(reaching: tile.sizeMin)
            guard tile.level == 0, tile.isWithin(size: snapshot.state.size) else { return nil }
            let first = tile.number * Int64(Tile.widthMax)
            let entries = try read { reader throws(DatabaseError) in
                try reader.log.entries(first..<first + Int64(tile.width))
            }
            guard entries.count == tile.width else {
                throw StorageError(.damaged, "entries of \(tile.entriesPath) are missing")
            }
            var bundle = EntryBundle()
            for entry in entries { bundle.append(entry) }
            return bundle.bytes
        }
    }

    package func entry(_ index: Int64) throws(StorageError) -> [UInt8]? {
        try read { reader throws(DatabaseError) in try reader.log.entry(index) }
    }

    /// The stored checkpoint of exactly that size. Those that receipts quote are kept for ever, and one per
    /// hour, and those with a timestamp; the latest is stored with the batch that follows it.
    package func checkpointNote(size: Int64) throws(StorageError) -> [UInt8]? {
        try read { reader throws(DatabaseError) in
            if let note = try reader.log.checkpoint(size: size) { return note }
            return try reader.verdicts.timestampedNote(size: size)
        }
    }

    /// The latest that is stored; the signer's own may be newer.
    package func latestCheckpoint() throws(StorageError) -> SignedCheckpoint? {
        try read { reader throws(DatabaseError) in try reader.log.lastCheckpoint() }
    }

    // Payloads

    /// Opens the file that holds the payload.
    package func openPayload(_ location: PayloadLocation) throws(StorageError) -> PayloadContent {
        do throws(FileError) {
            let file = try File(place.segment(location.segment), .read)
            return PayloadContent(file: file, offset: location.offset, length: location.length)
        } catch {
            throw StorageError(error.isNotFound ? .damaged : .ioFailure, error.description)
        }
    }

    /// Opens a payload that is to be given away: never one whose bytes are not those that were received.
    ///
    /// Reading it for that costs less than sending it. A large one is read once for each run of the hub.
    ///
    /// - Throws: `damaged`.
    package func openSound(_ location: PayloadLocation, sha256: Digest256) throws(StorageError)
        -> PayloadContent
    {
        let isLarge = location.length > Self.recheckedBytesMax
        if !isLarge || !soundPayloads.withLock({ $0.contains(location) }) {
            if let wrong = try check(location, sha256: sha256) {
                throw StorageError(
                    .damaged, "\(place.segment(location.segment)) at \(location.offset): \(wrong)")
            }
            if isLarge {
                soundPayloads.withLock { known in
                    if known.count >= Self.knownPayloadsMax { known = [] }
                    known.insert(location)
                }
            }
        }
        return try openPayload(location)
    }

    /// Up to here reading a payload each time is not felt, in bytes.
    private static let recheckedBytesMax: Int64 = 4 << 20
    private static let knownPayloadsMax = 4096

    /// The CMS that came beside the document; nil where none did.
    package func detachedSignature(_ key: DocumentKey) throws(StorageError) -> [UInt8]? {
        let location = try read { reader throws(DatabaseError) in try reader.details(key)?.signature }
        guard let location else { return nil }
        return try bytes(location)
    }

    /// Reads a payload whole and compares it with the sums beside it and with `sha256`.
    ///
    /// - Returns: what is wrong, in English; nil where nothing is.
    package func check(_ location: PayloadLocation, sha256: Digest256) throws(StorageError) -> String? {
        try PayloadCheck.check(place, location, sha256: sha256)
    }
}

extension Tile {
    /// The least size of a tree that has this tile; no tree has one that an Int64 cannot count.
    fileprivate var sizeMin: Int64 {
        guard level < Tile.levelCount, number < 1 << 48 else { return .max }
        let hashes = number << 8 + Int64(width)
        let shift = Int64(8 * level)
        return hashes <= Int64.max >> shift ? hashes << shift : .max
    }
}
