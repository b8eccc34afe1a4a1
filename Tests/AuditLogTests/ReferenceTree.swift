import AuditLog
import Exchange

/// RFC 9162 section 2.1 as its text has it, recursive and slow: the oracle for everything that is clever.
enum ReferenceTree {
    static func split(_ count: Int) -> Int {
        var k = 1
        while k * 2 < count { k *= 2 }
        return k
    }

    static func root(_ leaves: ArraySlice<Digest256>) -> Digest256 {
        if leaves.isEmpty { return MerkleTree.emptyRoot }
        if leaves.count == 1 { return leaves.first! }
        let middle = leaves.startIndex + split(leaves.count)
        return MerkleTree.nodeHash(root(leaves[..<middle]), root(leaves[middle...]))
    }

    static func path(_ index: Int, _ leaves: ArraySlice<Digest256>) -> [Digest256] {
        if leaves.count == 1 { return [] }
        let middle = leaves.startIndex + split(leaves.count)
        return index < middle
            ? path(index, leaves[..<middle]) + [root(leaves[middle...])]
            : path(index, leaves[middle...]) + [root(leaves[..<middle])]
    }

    static func subproof(_ old: Int, _ leaves: ArraySlice<Digest256>, _ isRoot: Bool) -> [Digest256] {
        if old == leaves.count { return isRoot ? [] : [root(leaves)] }
        let k = split(leaves.count)
        let middle = leaves.startIndex + k
        return old <= k
            ? subproof(old, leaves[..<middle], isRoot) + [root(leaves[middle...])]
            : subproof(old - k, leaves[middle...], false) + [root(leaves[..<middle])]
    }
}

/// A log in memory, tiles and all.
struct MemoryLog {
    private(set) var entries: [[UInt8]] = []
    private(set) var leaves: [Digest256] = []
    private(set) var frontier = TreeFrontier()
    private(set) var complete: [Tile: TileNodes] = [:]

    init(size: Int, entry: (Int) -> [UInt8] = { Array("entry \($0)".utf8) }) {
        for index in 0..<size { append(entry(index)) }
    }

    mutating func append(_ entry: [UInt8]) {
        entries.append(entry)
        leaves.append(MerkleTree.leafHash(entry))
        for done in frontier.append(leaves[leaves.count - 1]) { complete[done.tile] = done.nodes }
    }

    func nodes(_ level: Int, _ number: Int64) -> TileNodes? {
        Tile(level: level, number: number).flatMap { complete[$0] }
            ?? frontier.nodes(level: level, number: number)
    }

    func bundle(_ tile: Tile) -> [UInt8] {
        var bundle = EntryBundle()
        let first = Int(tile.number) * 256
        for entry in entries[first..<first + tile.width] { bundle.append(entry) }
        return bundle.bytes
    }

    /// Every file of a mirror but the checkpoints.
    func files(size: Int64) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for level in 0..<Tile.levelCount {
            var number: Int64 = 0
            while let tile = Tile.at(level: level, number: number, size: size) {
                files[tile.path] = nodes(level, number)!.bytes(width: tile.width)!
                if level == 0 { files[tile.entriesPath] = bundle(tile) }
                number += 1
            }
        }
        return files
    }
}

/// SplitMix64: random sizes that are the same at every run.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
