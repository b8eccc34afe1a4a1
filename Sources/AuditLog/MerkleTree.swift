package import Exchange
internal import OpenSSL

/// The hashes of RFC 9162 section 2.1.1 with SHA-256.
///
/// Leaves and nodes have different prefixes: otherwise two children could be shown as an entry.
package enum MerkleTree {
    /// The hash of the tree without entries.
    package static let emptyRoot = SHA256.hash([])

    package static func leafHash(_ entry: [UInt8]) -> Digest256 {
        leafHash(entry.span)
    }

    package static func leafHash(_ entry: Span<UInt8>) -> Digest256 {
        var hash = SHA256()
        hash.update(byte: 0)
        hash.update(entry)
        return hash.finalize()
    }

    package static func nodeHash(_ left: Digest256, _ right: Digest256) -> Digest256 {
        var hash = SHA256()
        hash.update(byte: 1)
        hash.update(left)
        hash.update(right)
        return hash.finalize()
    }

    /// Where RFC 9162 splits a tree of `count` ≥ 2 entries: the largest power of two below `count`.
    static func split(_ count: Int64) -> Int64 {
        1 << Int64(63 - (count - 1).leadingZeroBitCount)
    }
}

/// How far the log is: what a checkpoint signs.
package struct TreeState: Sendable, Equatable {
    /// Number of entries, 0 or more.
    package let size: Int64
    package let root: Digest256

    package static let empty = TreeState(size: 0, root: MerkleTree.emptyRoot)

    package init(size: Int64, root: Digest256) {
        self.size = size
        self.root = root
    }
}
