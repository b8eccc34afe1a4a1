package import Exchange

/// The hashes of one tile and every node above them that is complete.
///
/// A receipt's proof takes eight nodes out of each tile. Folding up to 255 hashes for them again and again
/// would cost more than verifying the letter's signature; kept, they cost one hash per entry, once. A node
/// never changes once it is there, so the nodes of a wide tile serve every smaller tree too.
package struct TileNodes: Sendable {
    /// Row by row: 256 hashes, 128 nodes, … 1; a row that is not full has zeros at its end.
    private var rows: [Digest256]
    /// 0...256
    package private(set) var width = 0

    private static let blank: [Digest256] = {
        let zero = Digest256(bigEndianWords: (0, 0, 0, 0))
        return [Digest256](repeating: zero, count: 2 * Tile.widthMax - 1)
    }()

    package init() {
        rows = Self.blank
    }

    /// Nil where there are more than 256.
    package init?(_ hashes: some Collection<Digest256>) {
        guard hashes.count <= Tile.widthMax else { return nil }
        self.init()
        for hash in hashes { append(hash) }
    }

    /// A tile as it is served: 32 bytes for each hash. Nil unless `bytes` are `width` hashes and nothing
    /// else.
    package init?(bytes: [UInt8], width: Int) {
        guard (0...Tile.widthMax).contains(width), bytes.count == width * 32 else { return nil }
        self.init()
        for index in 0..<width {
            guard let hash = Digest256(bytes.span, at: index * 32) else { return nil }
            append(hash)
        }
    }

    /// Adds one hash and the nodes that it completes. There must be room: a full tile is never added to.
    package mutating func append(_ hash: Digest256) {
        precondition(width < Tile.widthMax, "a tile has \(Tile.widthMax) hashes")
        rows[width] = hash
        width += 1
        var height = 0
        var index = width - 1
        while index & 1 == 1 {
            let start = Self.start(of: height)
            let parent = MerkleTree.nodeHash(rows[start + index - 1], rows[start + index])
            height += 1
            index >>= 1
            rows[Self.start(of: height) + index] = parent
        }
    }

    /// The root of the complete subtree of 2^height hashes that is the `index`th of its kind in this tile.
    ///
    /// - Parameter height: 0...8
    package func node(height: Int, index: Int) -> Digest256? {
        guard (0...8).contains(height), index >= 0, index < width >> height else { return nil }
        return rows[Self.start(of: height) + index]
    }

    package var hashes: ArraySlice<Digest256> { rows[..<width] }

    /// The hash that a full tile has in the level above it.
    package var root: Digest256? { node(height: 8, index: 0) }

    /// The first `width` hashes as they are served; nil where there are fewer.
    package func bytes(width: Int) -> [UInt8]? {
        guard (0...self.width).contains(width) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(width * 32)
        for hash in rows[..<width] { hash.append(to: &bytes) }
        return bytes
    }

    private static func start(of height: Int) -> Int {
        2 * Tile.widthMax - (2 * Tile.widthMax) >> height
    }
}

extension TileNodes: Equatable {
    package static func == (left: TileNodes, right: TileNodes) -> Bool {
        left.hashes == right.hashes
    }
}
