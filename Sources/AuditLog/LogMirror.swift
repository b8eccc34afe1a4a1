internal import Exchange
internal import Files

/// Why a mirror was not brought up to date. Nothing that it had before has been overwritten.
package enum MirrorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The hub does not have what its own checkpoint speaks of.
    case missing(path: String)
    /// What the hub gave is not what its checkpoint stands for.
    case differs(path: String)
    case checkpointInvalid(NoteError)
    /// The checkpoint in the directory cannot be read: repair or remove the mirror first.
    case mirrorDamaged(NoteError)
    /// The mirror is of another log.
    case otherOrigin(mirrored: String, served: String)
    /// An older checkpoint than the mirror's, of the same log; a cache may have kept it.
    case behind(mirrored: Int64, served: Int64)
    /// The hub shows a log that does not continue the mirrored one. Its checkpoint is kept as evidence.
    case forked(mirrored: TreeState, served: TreeState)

    package var description: String {
        switch self {
        case .missing(let path): "the hub has no \(path)"
        case .differs(let path): "\(path) is not what the hub's checkpoint stands for"
        case .checkpointInvalid(let error): "the hub's checkpoint: \(error)"
        case .mirrorDamaged(let error): "the mirror's checkpoint: \(error)"
        case .otherOrigin(let mirrored, let served): "the mirror is of \(mirrored), the hub serves \(served)"
        case .behind(let mirrored, let served): "the hub shows \(served) entries, the mirror has \(mirrored)"
        case .forked(let mirrored, let served):
            "the log served (\(served.size) entries) does not continue the one mirrored (\(mirrored.size))"
        }
    }
}

/// Copies a log, and refuses whatever does not continue what it has copied before.
///
/// 1. The checkpoint's root must follow from the tiles at the right edge, and those prove that the mirrored
///    tree is a prefix. Until here nothing is written.
/// 2. Complete tiles come from the top level down, so that each is known by its hash in the level above
///    before it is written; entries are known by their tile.
/// 3. Only then the new checkpoint takes the place of the old one, which stays as `checkpoint.<size>`.
///
/// Broken off anywhere, it goes on from there: what is found on disk is checked like what is fetched.
package struct LogMirror {
    package static let rejectedCheckpoint = "checkpoint.rejected"

    /// Nil where the hub has no such path; may be cut after the given number of bytes plus one.
    package typealias Fetch = (_ path: String, _ bytesMax: Int) throws -> [UInt8]?

    package struct Outcome: Sendable {
        /// Nil where there was no mirror yet.
        package let before: TreeState?
        package let after: TreeState
        package let origin: String
        package let filesWritten: Int
    }

    private let directory: LogDirectory
    private let fetch: Fetch
    private let head: TreeState
    /// The tiles at the right edge, known to be right once they give the root.
    private var edge: [Tile: TileNodes] = [:]
    private var parent: (tile: Tile, nodes: TileNodes)?
    private var filesWritten = 0

    /// - Parameter verifier: without one the signature is not checked here, only the tree; `Auditor` always
    ///   does.
    /// - Throws: `MirrorError`, `FileError`, and what `fetch` throws.
    package static func update(
        _ directory: LogDirectory, verifier: NoteVerifier?, progress: (Int64, Int64) -> Void = { _, _ in },
        fetch: @escaping Fetch
    ) throws -> Outcome {
        guard let note = try fetch("checkpoint", SignedNote.bytesMax) else {
            throw MirrorError.missing(path: "checkpoint")
        }
        let served: Checkpoint
        do throws(NoteError) {
            served =
                if let verifier { try Checkpoint(note: note, verifier: verifier) } else {
                    try Checkpoint(unverifiedNote: note)
                }
        } catch { throw MirrorError.checkpointInvalid(error) }
        let oldNote = try directory.read("checkpoint", bytesMax: SignedNote.bytesMax)
        let mirrored: Checkpoint?
        do throws(NoteError) {
            mirrored = try oldNote.map { note throws(NoteError) in try Checkpoint(unverifiedNote: note) }
        } catch { throw MirrorError.mirrorDamaged(error) }
        if let mirrored, !mirrored.origin.utf8.elementsEqual(served.origin.utf8) {
            throw MirrorError.otherOrigin(mirrored: mirrored.origin, served: served.origin)
        }
        try Directory.create(directory.path)
        var mirror = LogMirror(directory: directory, fetch: fetch, head: served.state)
        do {
            try mirror.proveContinuation(of: mirrored?.state)
        } catch let error as MirrorError {
            if case .forked = error { try directory.write(rejectedCheckpoint, note, isDurable: true) }
            throw error
        }
        if mirrored?.state != served.state {
            try mirror.copy(from: mirrored?.size ?? 0, progress)
            try directory.synchronize()
            if let mirrored, let oldNote {
                try directory.write(
                    LogDirectory.checkpointName(size: mirrored.size), oldNote, isDurable: true)
            }
            try directory.write("checkpoint", note, isDurable: true)
            try mirror.removeOutgrown(mirrored?.size ?? 0)
        }
        return Outcome(
            before: mirrored?.state, after: served.state, origin: served.origin,
            filesWritten: mirror.filesWritten)
    }

    private init(directory: LogDirectory, fetch: @escaping Fetch, head: TreeState) {
        self.directory = directory
        self.fetch = fetch
        self.head = head
    }

    // Step 1

    private mutating func proveContinuation(of mirrored: TreeState?) throws {
        if let mirrored, mirrored.size >= head.size {
            if mirrored == head { return }
            let directory = directory
            let own =
                mirrored.size == head.size
                ? mirrored
                : try TreeState.reading(size: head.size) { level, number in
                    try Self.storedTile(directory, level, number, size: mirrored.size)
                }
            if own == head { throw MirrorError.behind(mirrored: mirrored.size, served: head.size) }
            throw MirrorError.forked(mirrored: mirrored, served: head)
        }
        var fetched: [Tile: TileNodes] = [:]
        func tile(_ level: Int, _ number: Int64) throws -> TileNodes? {
            guard let tile = Tile.at(level: level, number: number, size: head.size) else { return nil }
            if let nodes = fetched[tile] { return nodes }
            let nodes = try fetchTile(tile)
            fetched[tile] = nodes
            return nodes
        }
        guard try TreeState.reading(size: head.size, tile: tile) == head else {
            throw MirrorError.differs(path: "checkpoint")
        }
        edge = fetched
        guard let mirrored else { return }
        let proof = try ConsistencyProof.make(oldSize: mirrored.size, newSize: head.size, tile: tile)
        guard proof?.verifies(oldRoot: mirrored.root, newRoot: head.root) == true else {
            throw MirrorError.forked(mirrored: mirrored, served: head)
        }
    }

    private static func storedTile(
        _ directory: LogDirectory, _ level: Int, _ number: Int64, size: Int64
    ) throws(FileError) -> TileNodes? {
        guard let tile = Tile.at(level: level, number: number, size: size),
            let bytes = try directory.read(tile.path, bytesMax: tile.byteCount)
        else { return nil }
        return TileNodes(bytes: bytes, width: tile.width)
    }

    private func fetchTile(_ tile: Tile) throws -> TileNodes {
        guard let bytes = try fetch(tile.path, tile.byteCount) else {
            throw MirrorError.missing(path: tile.path)
        }
        guard let nodes = TileNodes(bytes: bytes, width: tile.width) else {
            throw MirrorError.differs(path: tile.path)
        }
        return nodes
    }

    // Step 2

    private mutating func copy(from oldSize: Int64, _ progress: (Int64, Int64) -> Void) throws {
        for tile in Tile.edge(of: head.size) {
            guard let bytes = edge[tile]?.bytes(width: tile.width) else {
                throw MirrorError.missing(path: tile.path)
            }
            try write(tile.path, bytes)
        }
        for level in (0..<Tile.levelCount).reversed() {
            let complete = Tile.hashCount(level: level, size: head.size) >> 8
            for number in (Tile.hashCount(level: level, size: oldSize) >> 8)..<complete {
                try copyComplete(Tile(unchecked: level, number, Tile.widthMax))
            }
        }
        var number = oldSize >> 8
        while let tile = Tile.at(level: 0, number: number, size: head.size) {
            try copyEntries(tile)
            progress(number << 8 + Int64(tile.width), head.size)
            number += 1
        }
    }

    private mutating func copyComplete(_ tile: Tile) throws {
        let expected = try hash(above: tile)
        if try Self.storedTile(directory, tile.level, tile.number, size: head.size)?.root == expected {
            return
        }
        let nodes = try edge[tile] ?? fetchTile(tile)
        guard nodes.root == expected, let bytes = nodes.bytes(width: tile.width) else {
            throw MirrorError.differs(path: tile.path)
        }
        try write(tile.path, bytes)
    }

    /// The hash that stands for a complete tile in the level above: already checked, because that was copied
    /// first.
    private mutating func hash(above tile: Tile) throws -> Digest256 {
        guard let above = Tile.at(level: tile.level + 1, number: tile.number >> 8, size: head.size) else {
            throw MirrorError.differs(path: tile.path)
        }
        if parent?.tile != above {
            guard
                let nodes = try above.isComplete
                    ? Self.storedTile(directory, above.level, above.number, size: head.size) : edge[above]
            else { throw MirrorError.missing(path: above.path) }
            parent = (above, nodes)
        }
        guard let hash = parent?.nodes.node(height: 0, index: Int(tile.number & 255)) else {
            throw MirrorError.differs(path: above.path)
        }
        return hash
    }

    private mutating func copyEntries(_ tile: Tile) throws {
        guard
            let nodes = try tile.isComplete
                ? Self.storedTile(directory, 0, tile.number, size: head.size) : edge[tile]
        else { throw MirrorError.missing(path: tile.path) }
        func isRight(_ bytes: [UInt8]) -> Bool {
            guard let bundle = EntryBundle(bytes, width: tile.width) else { return false }
            return nodes.hashes.elementsEqual(bundle.leafHashes)
        }
        let path = tile.entriesPath
        if let bytes = try directory.read(path, bytesMax: EntryBundle.bytesMax), isRight(bytes) { return }
        guard let bytes = try fetch(path, EntryBundle.bytesMax) else { throw MirrorError.missing(path: path) }
        guard isRight(bytes) else { throw MirrorError.differs(path: path) }
        try write(path, bytes)
    }

    private mutating func write(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        try directory.write(path, bytes, isDurable: false)
        filesWritten += 1
    }

    // Step 3

    /// Removes the partial tiles of the tree before: nothing refers to them any more.
    private func removeOutgrown(_ oldSize: Int64) throws {
        let kept = Set(Tile.edge(of: head.size))
        for tile in Tile.edge(of: oldSize) where !kept.contains(tile) {
            for path in tile.level == 0 ? [tile.path, tile.entriesPath] : [tile.path] {
                do throws(FileError) {
                    try directory.remove(path)
                } catch {
                    guard error.isNotFound else { throw error }
                }
            }
        }
    }
}
