package import Exchange

/// The entries of one tile of level 0, each after its length in two bytes [C2SP tlog-tiles].
package struct EntryBundle: Sendable {
    package static let entryBytesMax = 65_535
    /// Of a full bundle.
    package static let bytesMax = Tile.widthMax * (2 + entryBytesMax)

    package private(set) var bytes: [UInt8] = []
    private var ranges: [Range<Int>] = []

    package init() {}

    /// Nil unless `bytes` are exactly `width` entries and nothing else.
    package init?(_ bytes: [UInt8], width: Int) {
        guard bytes.count <= Self.bytesMax else { return nil }
        var position = 0
        ranges.reserveCapacity(width)
        while position < bytes.count {
            guard bytes.count - position >= 2, ranges.count < width else { return nil }
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            position += 2
            guard length <= bytes.count - position else { return nil }
            ranges.append(position..<position + length)
            position += length
        }
        guard ranges.count == width else { return nil }
        self.bytes = bytes
    }

    package var count: Int { ranges.count }

    package func entry(_ index: Int) -> ArraySlice<UInt8> { bytes[ranges[index]] }

    package var leafHashes: [Digest256] {
        let span = bytes.span
        return ranges.map { MerkleTree.leafHash(span.extracting($0)) }
    }

    /// Entries come from `LogEntry`, which keeps to the limit of their length.
    package mutating func append(_ entry: some Collection<UInt8>) {
        let count = entry.count
        precondition(count <= Self.entryBytesMax, "an entry has at most \(Self.entryBytesMax) bytes")
        bytes.append(UInt8(count >> 8))
        bytes.append(UInt8(count & 0xFF))
        ranges.append(bytes.count..<bytes.count + count)
        bytes.append(contentsOf: entry)
    }
}
