internal import Exchange

/// Reads hashes of a tree out of its tiles; each tile is asked for once.
struct TreeReader {
    private var known: [(level: Int, number: Int64, nodes: TileNodes)] = []

    /// MTH(D[lower:upper]) where `lower` begins a subtree, as every range of the proofs' recursion does.
    /// Nil where a tile is missing or too narrow.
    mutating func hash<Failure: Error>(
        _ lower: Int64, _ upper: Int64, _ tile: (Int, Int64) throws(Failure) -> TileNodes?
    ) throws(Failure) -> Digest256? {
        if lower == upper { return MerkleTree.emptyRoot }
        var hash: Digest256?
        var end = upper
        // From the smallest complete subtree at the right edge to the largest.
        while end > lower {
            let height = (end - lower).trailingZeroBitCount
            let start = end - 1 << Int64(height)
            guard let left = try subtree(height: height, index: start >> Int64(height), tile) else {
                return nil
            }
            hash = hash.map { MerkleTree.nodeHash(left, $0) } ?? left
            end = start
        }
        return hash
    }

    /// The root of the `index`th complete subtree of 2^height entries.
    private mutating func subtree<Failure: Error>(
        height: Int, index: Int64, _ tile: (Int, Int64) throws(Failure) -> TileNodes?
    ) throws(Failure) -> Digest256? {
        let level = height / 8
        let inTile = height % 8
        let number = index >> Int64(8 - inTile)
        let position = Int(index - number << Int64(8 - inTile))
        if let found = known.last(where: { $0.level == level && $0.number == number }) {
            return found.nodes.node(height: inTile, index: position)
        }
        guard let nodes = try tile(level, number) else { return nil }
        known.append((level, number, nodes))
        return nodes.node(height: inTile, index: position)
    }
}

extension TreeState {
    /// The state of the first `size` entries, out of tiles of this tree or of a larger one: O(log size) of
    /// them. Nil where a tile is missing or too narrow.
    package static func reading<Failure: Error>(
        size: Int64, tile: (Int, Int64) throws(Failure) -> TileNodes?
    ) throws(Failure) -> TreeState? {
        guard size >= 0 else { return nil }
        var reader = TreeReader()
        return try reader.hash(0, size, tile).map { TreeState(size: size, root: $0) }
    }
}
