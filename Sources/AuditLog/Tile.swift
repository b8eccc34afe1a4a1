/// Names one tile: up to 256 neighbouring hashes of one level [C2SP tlog-tiles].
///
/// Hash `i` of tile `number` at `level` covers the entries from (number·256 + i)·256^level on.
package struct Tile: Sendable, Hashable {
    package static let widthMax = 256
    /// Above the last level of any tree whose size is an Int64.
    package static let levelCount = 8

    /// 0...63; nothing is stored above 7.
    package let level: Int
    package let number: Int64
    /// 1...256, in hashes; below 256 the tile is partial.
    package let width: Int

    /// Nil where a value is out of its range.
    package init?(level: Int, number: Int64, width: Int = Tile.widthMax) {
        guard (0...63).contains(level), number >= 0, (1...Self.widthMax).contains(width) else { return nil }
        self.level = level
        self.number = number
        self.width = width
    }

    init(unchecked level: Int, _ number: Int64, _ width: Int) {
        self.level = level
        self.number = number
        self.width = width
    }

    package var isComplete: Bool { width == Self.widthMax }
    package var byteCount: Int { width * 32 }

    /// `tile/0/x001/x234/067.p/112`
    package var path: String { "tile/\(level)/\(suffix)" }

    /// Where the entries behind a tile of level 0 are: `tile/entries/x001/x234/067.p/112`.
    package var entriesPath: String { "tile/entries/\(suffix)" }

    private var suffix: String {
        var groups = Self.group(number % 1000)
        var rest = number / 1000
        while rest > 0 {
            groups = "x\(Self.group(rest % 1000))/\(groups)"
            rest /= 1000
        }
        return isComplete ? groups : "\(groups).p/\(width)"
    }

    private static func group(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
    }
}

extension Tile {
    /// How many hashes `level` has in a tree of `size` entries; only complete subtrees have one.
    package static func hashCount(level: Int, size: Int64) -> Int64 {
        level < levelCount ? size >> Int64(8 * level) : 0
    }

    /// True where a tree of `size` entries has all hashes of this tile.
    package func isWithin(size: Int64) -> Bool {
        let count = Self.hashCount(level: level, size: size)
        return number <= count >> 8 && number << 8 + Int64(width) <= count
    }

    /// The tile of `number` as a tree of `size` entries has it, partial at the right edge; nil where it has
    /// none.
    package static func at(level: Int, number: Int64, size: Int64) -> Tile? {
        guard (0..<levelCount).contains(level), number >= 0 else { return nil }
        let count = hashCount(level: level, size: size)
        guard number <= count >> 8 else { return nil }
        let width = min(Int64(widthMax), count - number << 8)
        return width > 0 ? Tile(unchecked: level, number, Int(width)) : nil
    }

    /// The partial tiles at the right edge of a tree of `size` entries, level 0 first; levels whose last tile
    /// is complete have none.
    package static func edge(of size: Int64) -> [Tile] {
        (0..<levelCount).compactMap { level in
            let count = hashCount(level: level, size: size)
            return count & 255 == 0 ? nil : Tile(unchecked: level, count >> 8, Int(count & 255))
        }
    }
}

/// What the log serves, by its one path.
package enum LogResource: Sendable, Hashable {
    case checkpoint
    case hashes(Tile)
    /// The entries of a tile of level 0.
    case entries(Tile)

    package var path: String {
        switch self {
        case .checkpoint: "checkpoint"
        case .hashes(let tile): tile.path
        case .entries(let tile): tile.entriesPath
        }
    }

    /// Strict: exactly the spelling of `path`. Two names for one tile would be two objects in a cache.
    package init?(path: String) {
        guard path.utf8.count <= 64 else { return nil }
        if path.utf8.elementsEqual("checkpoint".utf8) {
            self = .checkpoint
            return
        }
        var parts = path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)[...]
        guard parts.count >= 3, parts.popFirst()?.elementsEqual("tile".utf8) == true,
            let row = parts.popFirst()
        else { return nil }
        let isEntries = row.elementsEqual("entries".utf8)
        guard let level = isEntries ? 0 : Self.number(row), level <= 63 else { return nil }
        var width = Tile.widthMax
        if parts.count >= 2, parts[parts.endIndex - 2].suffix(2).elementsEqual(".p".utf8) {
            guard let last = parts.popLast(), let partial = Self.number(last), partial < Tile.widthMax,
                let group = parts.popLast()
            else { return nil }
            width = Int(partial)
            parts.append(group.dropLast(2))
        }
        var number: Int64 = 0
        for part in parts {
            let digits = part.first == 0x78 ? part.dropFirst() : part
            guard digits.count == 3, let group = Self.decimal(digits) else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: 1000)
            let (sum, overflowsToo) = product.addingReportingOverflow(group)
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        guard let tile = Tile(level: Int(level), number: number, width: width) else { return nil }
        self = isEntries ? .entries(tile) : .hashes(tile)
        // Leading groups of zeros and misplaced x's end here.
        guard self.path.utf8.elementsEqual(path.utf8) else { return nil }
    }

    /// One to three digits.
    private static func number(_ digits: Substring.UTF8View) -> Int64? {
        (1...3).contains(digits.count) ? decimal(digits) : nil
    }

    private static func decimal(_ digits: Substring.UTF8View) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }
}
