package import Exchange

/// The right edge of the tree: what it takes to append entries and to know the root.
///
/// One partial tile for each level. A value: copy it, append a batch to the copy, and keep the copy only
/// after the commit; a tree that ran ahead of its database would sign what was never stored.
package struct TreeFrontier: Sendable {
    /// Number of entries.
    package private(set) var size: Int64 = 0
    /// The tile in the making of each level, never full.
    private var edges: [TileNodes] = []

    /// A tile that an append completed.
    package struct CompleteTile: Sendable {
        package let tile: Tile
        package let nodes: TileNodes
    }

    package init() {}

    /// The edge of a stored tree of `size` entries. Nil where a tile is missing or not of the width it must
    /// have.
    ///
    /// - Parameters:
    ///   - leaves: the leaf hashes of a range of at most 255 entries.
    ///   - tile: a complete tile by level and number; at most 255 for each level are asked for.
    package init?<Failure: Error>(
        size: Int64, leaves: (Range<Int64>) throws(Failure) -> [Digest256],
        tile: (Int, Int64) throws(Failure) -> TileNodes?
    ) throws(Failure) {
        guard size >= 0 else { return nil }
        var edges: [TileNodes] = []
        var level = 0
        while Tile.hashCount(level: level, size: size) > 0 {
            let count = Tile.hashCount(level: level, size: size)
            let first = count & ~255
            if level == 0 {
                let hashes = first < count ? try leaves(first..<count) : []
                guard hashes.count == Int(count - first), let nodes = TileNodes(hashes) else { return nil }
                edges.append(nodes)
            } else {
                var nodes = TileNodes()
                for number in first..<count {
                    guard let root = try tile(level - 1, number)?.root else { return nil }
                    nodes.append(root)
                }
                edges.append(nodes)
            }
            level += 1
        }
        self.edges = edges
        self.size = size
    }

    /// The tree's root; O(log size) hashes.
    package var root: Digest256 {
        var root: Digest256?
        for nodes in edges {
            for height in 0..<8 where nodes.width >> height & 1 == 1 {
                guard let left = nodes.node(height: height, index: nodes.width >> height - 1) else {
                    continue
                }
                root = root.map { MerkleTree.nodeHash(left, $0) } ?? left
            }
        }
        return root ?? MerkleTree.emptyRoot
    }

    package var state: TreeState { TreeState(size: size, root: root) }

    /// - Returns: the tiles that are complete now, lowest level first; nearly always none.
    package mutating func append(_ leafHash: Digest256) -> [CompleteTile] {
        var completed: [CompleteTile] = []
        var hash = leafHash
        var level = 0
        size += 1
        while true {
            if level == edges.count { edges.append(TileNodes()) }
            edges[level].append(hash)
            guard let root = edges[level].root else { return completed }
            let number = size >> Int64(8 * (level + 1)) - 1
            completed.append(
                CompleteTile(tile: Tile(unchecked: level, number, Tile.widthMax), nodes: edges[level]))
            edges[level] = TileNodes()
            hash = root
            level += 1
        }
    }

    /// The nodes of the partial tile at the edge; nil for every other tile.
    package func nodes(level: Int, number: Int64) -> TileNodes? {
        guard edges.indices.contains(level), number == size >> Int64(8 * (level + 1)), edges[level].width > 0
        else {
            return nil
        }
        return edges[level]
    }
}
