internal import Exchange
internal import Files

/// Checks a mirrored log offline, without trusting the hub or its mirror: every entry against its hash, every
/// tile against the level below, the root against the signed checkpoint, and every older checkpoint as a
/// prefix.
///
/// Reads the log once from its beginning. Holds one bundle and one tile of each level, however long the log.
package struct Auditor {
    private let directory: LogDirectory
    private let verifier: NoteVerifier
    private var report = AuditReport()
    private var frontier = TreeFrontier()
    private var older: [TreeState] = []

    /// - Parameters:
    ///   - verifier: of the log's key; its name must be the log's origin.
    ///   - progress: called now and then with the number of entries replayed and their total.
    package static func audit(
        _ directory: LogDirectory, verifier: NoteVerifier, progress: (Int64, Int64) -> Void = { _, _ in }
    ) -> AuditReport {
        var auditor = Auditor(directory: directory, verifier: verifier)
        guard let checkpoint = auditor.readCheckpoint("checkpoint") else { return auditor.report }
        auditor.report.origin = checkpoint.origin
        auditor.report.size = checkpoint.size
        auditor.report.root = checkpoint.root
        auditor.readOlderCheckpoints()
        auditor.replay(checkpoint.state, progress)
        return auditor.report
    }

    private init(directory: LogDirectory, verifier: NoteVerifier) {
        self.directory = directory
        self.verifier = verifier
    }

    private mutating func add(
        _ code: AuditFinding.Code, _ path: String, _ index: Int64? = nil, _ detail: String
    ) {
        report.add(AuditFinding(code, path: path, index: index, detail: detail))
    }

    private mutating func read(_ path: String, bytesMax: Int) -> [UInt8]? {
        do throws(FileError) {
            if let bytes = try directory.read(path, bytesMax: bytesMax) { return bytes }
            add(.fileMissing, path, nil, "thiếu tệp")
        } catch {
            add(.fileUnreadable, path, nil, "không đọc được tệp: \(error)")
        }
        return nil
    }

    // Checkpoints

    /// One whose signature is not good is reported and followed all the same, to tell what else is wrong.
    private mutating func readCheckpoint(_ path: String) -> Checkpoint? {
        guard let note = read(path, bytesMax: SignedNote.bytesMax) else { return nil }
        do throws(NoteError) {
            return try Checkpoint(note: note, verifier: verifier)
        } catch {
            add(.checkpointInvalid, path, nil, "điểm kiểm không hợp lệ: \(error)")
            return try? Checkpoint(unverifiedNote: note)
        }
    }

    private mutating func readOlderCheckpoints() {
        let sizes: [Int64]
        do throws(FileError) {
            sizes = try directory.olderCheckpoints()
        } catch {
            add(.fileUnreadable, "checkpoint.*", nil, "không liệt kê được thư mục: \(error)")
            return
        }
        for size in sizes {
            let name = LogDirectory.checkpointName(size: size)
            guard let checkpoint = readCheckpoint(name) else { continue }
            guard checkpoint.size == size else {
                add(.checkpointMisnamed, name, nil, "điểm kiểm này có kích thước \(checkpoint.size)")
                continue
            }
            if size > report.size {
                add(
                    .checkpointInconsistent, name, nil,
                    "nhật ký đã lùi: điểm kiểm này có \(size) mục, điểm kiểm hiện tại chỉ có \(report.size)")
            } else {
                older.append(checkpoint.state)
            }
        }
        older.reverse()
    }

    /// Compares the tree as replayed so far with the older checkpoints of its size.
    private mutating func compareOlderCheckpoints() {
        while let state = older.last, state.size == frontier.size {
            older.removeLast()
            if state.root == frontier.root {
                report.olderCheckpoints += 1
            } else {
                add(
                    .checkpointInconsistent, LogDirectory.checkpointName(size: state.size), nil,
                    "\(state.size) mục đầu của nhật ký không cho ra gốc mà điểm kiểm này đã ký")
            }
        }
    }

    // Entries and tiles

    private mutating func replay(_ head: TreeState, _ progress: (Int64, Int64) -> Void) {
        compareOlderCheckpoints()
        var number: Int64 = 0
        while let tile = Tile.at(level: 0, number: number, size: head.size) {
            guard let hashes = leafHashes(tile, head) else { return }
            for hash in hashes {
                for done in frontier.append(hash) where done.tile.level > 0 { compare(done.tile, done.nodes) }
                compareOlderCheckpoints()
            }
            report.replayed = frontier.size
            progress(frontier.size, head.size)
            number += 1
        }
        for tile in Tile.edge(of: head.size) where tile.level > 0 {
            guard let nodes = frontier.nodes(level: tile.level, number: tile.number) else { continue }
            compare(tile, nodes)
        }
        guard frontier.root == head.root else {
            add(.rootDiffers, "checkpoint", nil, "các mục không cho ra gốc cây mà điểm kiểm đã ký")
            return
        }
    }

    /// The leaf hashes of a tile of level 0, from its entries and its file; nil where neither can be read.
    private mutating func leafHashes(_ tile: Tile, _ head: TreeState) -> ArraySlice<Digest256>? {
        let stored = readTile(tile)
        guard let bundle = readBundle(tile), let computed = TileNodes(bundle.leafHashes) else {
            return stored?.hashes
        }
        checkEntries(of: bundle, tile)
        guard let stored else { return computed.hashes }
        if stored == computed { return computed.hashes }
        guard isConfirmed(tile, stored, head) else {
            compare(tile, stored, with: computed)
            return computed.hashes
        }
        for (offset, pair) in zip(stored.hashes, computed.hashes).enumerated() where pair.0 != pair.1 {
            let index = tile.number << 8 + Int64(offset)
            add(
                .entryDiffers, tile.entriesPath, index,
                "mục \(index) không khớp với mã băm của nó trong \(tile.path)")
        }
        return stored.hashes
    }

    /// True where the rest of the log agrees with the tile and not with its entries: then the entries were
    /// changed, and going on with the tile keeps one fault from being reported as a hundred.
    private func isConfirmed(_ tile: Tile, _ stored: TileNodes, _ head: TreeState) -> Bool {
        if tile.isComplete {
            guard let parent = Tile.at(level: 1, number: tile.number >> 8, size: head.size),
                let bytes = try? directory.read(parent.path, bytesMax: parent.byteCount),
                let nodes = TileNodes(bytes: bytes, width: parent.width)
            else { return false }
            return nodes.node(height: 0, index: Int(tile.number & 255)) == stored.root
        }
        var frontier = frontier
        for hash in stored.hashes { _ = frontier.append(hash) }
        return frontier.root == head.root
    }

    private mutating func readTile(_ tile: Tile) -> TileNodes? {
        guard let bytes = read(tile.path, bytesMax: tile.byteCount) else { return nil }
        guard let nodes = TileNodes(bytes: bytes, width: tile.width) else {
            add(.tileMalformed, tile.path, nil, "ô băm phải dài đúng \(tile.byteCount) byte")
            return nil
        }
        return nodes
    }

    private mutating func readBundle(_ tile: Tile) -> EntryBundle? {
        guard let bytes = read(tile.entriesPath, bytesMax: EntryBundle.bytesMax) else { return nil }
        guard let bundle = EntryBundle(bytes, width: tile.width) else {
            add(
                .bundleMalformed, tile.entriesPath, nil,
                "gói mục phải chứa đúng \(tile.width) mục và không gì thêm")
            return nil
        }
        return bundle
    }

    private mutating func checkEntries(of bundle: EntryBundle, _ tile: Tile) {
        for offset in 0..<bundle.count {
            let index = tile.number << 8 + Int64(offset)
            guard let entry = CanonicalJSON.read(Array(bundle.entry(offset))) else {
                add(
                    .entryMalformed, tile.entriesPath, index,
                    "mục \(index) không đúng dạng JSON chuẩn của nhật ký")
                continue
            }
            if let previous = entry.previous, previous < 0 || previous >= index {
                add(
                    .entryOutOfOrder, tile.entriesPath, index, "mục \(index) chỉ đến mục trước là \(previous)"
                )
            }
        }
    }

    private mutating func compare(_ tile: Tile, _ computed: TileNodes) {
        if let stored = readTile(tile) { compare(tile, stored, with: computed) }
    }

    private mutating func compare(_ tile: Tile, _ stored: TileNodes, with computed: TileNodes) {
        for (offset, pair) in zip(stored.hashes, computed.hashes).enumerated() where pair.0 != pair.1 {
            let index = tile.number << 8 + Int64(offset)
            let below = tile.level == 0 ? "mục \(index)" : "tầng dưới"
            add(
                .tileDiffers, tile.path, index,
                "mã băm \(index) của tầng \(tile.level) không khớp với \(below)")
        }
    }
}
