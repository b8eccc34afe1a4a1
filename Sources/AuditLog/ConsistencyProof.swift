package import Exchange

/// That a tree continues an older one without changing it [RFC 9162 section 2.1.4].
package struct ConsistencyProof: Sendable, Equatable {
    package let oldSize: Int64
    package let newSize: Int64
    /// Empty where the sizes are equal or the older tree is empty; at most 64.
    package let hashes: [Digest256]

    package init(oldSize: Int64, newSize: Int64, hashes: [Digest256]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.hashes = hashes
    }

    /// - Parameter tile: nodes by level and number, of the newer tree or of a larger one.
    /// - Returns: nil where the older tree is larger, or a tile is missing or too narrow.
    package static func make<Failure: Error>(
        oldSize: Int64, newSize: Int64, tile: (Int, Int64) throws(Failure) -> TileNodes?
    ) throws(Failure) -> ConsistencyProof? {
        guard oldSize >= 0, oldSize <= newSize else { return nil }
        var hashes: [Digest256] = []
        var reader = TreeReader()
        var lower: Int64 = 0
        var upper = newSize
        while oldSize > 0, oldSize < upper {
            let middle = lower + MerkleTree.split(upper - lower)
            let other = oldSize <= middle ? (middle, upper) : (lower, middle)
            guard let hash = try reader.hash(other.0, other.1, tile) else { return nil }
            hashes.append(hash)
            if oldSize <= middle { upper = middle } else { lower = middle }
        }
        // Where the older tree is itself a subtree, its root is known to the verifier and left out.
        if lower > 0, oldSize > 0 {
            guard let hash = try reader.hash(lower, upper, tile) else { return nil }
            hashes.append(hash)
        }
        return ConsistencyProof(oldSize: oldSize, newSize: newSize, hashes: hashes.reversed())
    }

    /// [RFC 9162 section 2.1.4.2] True too where the older tree is empty, which every tree continues.
    package func verifies(oldRoot: Digest256, newRoot: Digest256) -> Bool {
        guard oldSize >= 0, oldSize <= newSize else { return false }
        if oldSize == newSize { return hashes.isEmpty && oldRoot == newRoot }
        if oldSize == 0 { return hashes.isEmpty && oldRoot == MerkleTree.emptyRoot }
        var path = hashes[...]
        let isSubtree = oldSize & (oldSize - 1) == 0
        guard let first = isSubtree ? oldRoot : path.popFirst() else { return false }
        var fn = oldSize - 1
        var sn = newSize - 1
        while fn & 1 == 1 {
            fn >>= 1
            sn >>= 1
        }
        var fr = first
        var sr = first
        for hash in path {
            if sn == 0 { return false }
            if fn & 1 == 1 || fn == sn {
                fr = MerkleTree.nodeHash(hash, fr)
                sr = MerkleTree.nodeHash(hash, sr)
                while fn & 1 == 0, fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                sr = MerkleTree.nodeHash(sr, hash)
            }
            fn >>= 1
            sn >>= 1
        }
        return fr == oldRoot && sr == newRoot && sn == 0
    }
}
