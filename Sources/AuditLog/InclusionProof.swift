package import Exchange

/// That an entry is in a tree [RFC 9162 section 2.1.3].
package struct InclusionProof: Sendable, Equatable {
    package let index: Int64
    package let treeSize: Int64
    /// From the leaf's sibling to the root's child; at most 63.
    package let hashes: [Digest256]

    package init(index: Int64, treeSize: Int64, hashes: [Digest256]) {
        self.index = index
        self.treeSize = treeSize
        self.hashes = hashes
    }

    /// The proof for the entry `index` in the tree of the first `treeSize` entries.
    ///
    /// - Parameter tile: nodes by level and number, of this tree or of a larger one; O(log treeSize) are
    ///   asked for.
    /// - Returns: nil where `index` is not in the tree, or a tile is missing or too narrow.
    package static func make<Failure: Error>(
        index: Int64, treeSize: Int64, tile: (Int, Int64) throws(Failure) -> TileNodes?
    ) throws(Failure) -> InclusionProof? {
        guard index >= 0, index < treeSize else { return nil }
        var reader = TreeReader()
        var hashes: [Digest256] = []
        var lower: Int64 = 0
        var upper = treeSize
        while upper - lower > 1 {
            let middle = lower + MerkleTree.split(upper - lower)
            let sibling = index < middle ? (middle, upper) : (lower, middle)
            guard let hash = try reader.hash(sibling.0, sibling.1, tile) else { return nil }
            hashes.append(hash)
            if index < middle { upper = middle } else { lower = middle }
        }
        return InclusionProof(index: index, treeSize: treeSize, hashes: hashes.reversed())
    }

    /// [RFC 9162 section 2.1.3.2]
    package func verifies(leafHash: Digest256, root: Digest256) -> Bool {
        guard index >= 0, index < treeSize else { return false }
        var fn = index
        var sn = treeSize - 1
        var hash = leafHash
        for sibling in hashes {
            if sn == 0 { return false }
            if fn & 1 == 1 || fn == sn {
                hash = MerkleTree.nodeHash(sibling, hash)
                while fn & 1 == 0, fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                hash = MerkleTree.nodeHash(hash, sibling)
            }
            fn >>= 1
            sn >>= 1
        }
        return sn == 0 && hash == root
    }
}
