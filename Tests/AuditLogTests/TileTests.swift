import AuditLog
import Exchange
import Testing

@Suite struct `A tile` {
    @Test func `has the path of the specification`() throws {
        #expect(Tile(level: 0, number: 1_234_067)?.path == "tile/0/x001/x234/067")
        #expect(Tile(level: 0, number: 1_234_067, width: 112)?.path == "tile/0/x001/x234/067.p/112")
        #expect(Tile(level: 0, number: 1_234_067, width: 8)?.entriesPath == "tile/entries/x001/x234/067.p/8")
        #expect(Tile(level: 5, number: 0)?.path == "tile/5/000")
        #expect(Tile(level: 63, number: 1000)?.path == "tile/63/x001/000")
        #expect(Tile(level: 64, number: 0) == nil)
        #expect(Tile(level: -1, number: 0) == nil)
        #expect(Tile(level: 0, number: -1) == nil)
        #expect(Tile(level: 0, number: 0, width: 0) == nil)
        #expect(Tile(level: 0, number: 0, width: 257) == nil)
    }

    @Test func `is found by its path`() throws {
        var dice = Dice(seed: 3)
        for number in [0, 1, 999, 1000, 1_234_067, .max]
            + (0..<200).map({ Int64.random(in: 0...(.max >> Int64($0 % 60)), using: &dice) })
        {
            for width in [256, 1, 17, 255] {
                let tile = try #require(Tile(level: Int(number % 64), number: number, width: width))
                #expect(LogResource(path: tile.path) == .hashes(tile))
                let entries = try #require(Tile(level: 0, number: number, width: width))
                #expect(LogResource(path: entries.entriesPath) == .entries(entries))
            }
        }
        #expect(LogResource(path: "checkpoint") == .checkpoint)
    }

    @Test(arguments: [
        "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000",
        "tile/00/000",
        "tile/64/000", "tile/+1/000", "tile/-1/000", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001/x002",
        "tile/0/067.p",
        "tile/0/067.p/", "tile/0/067.p/0", "tile/0/067.p/256", "tile/0/067.p/01", "tile/0/067.p/1/2",
        "tile/0/067.P/1",
        "tile/0/.p/1", "tile/0/067.p/-1", "/tile/0/067", "tile//067", "tile/0/067/", "tile/0/../checkpoint",
        "Tile/0/067",
        "tile/0/٠٠١", "tile/entries/x067", "tile/entry/067", "checkpoint/", "checkpoint.5", "tile/0/067\n",
        "tile/0/x009/x223/x372/x036/x854/x775/808", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/data/067", "tile/8/0/067", "tile/0/067.p/1 ",
    ])
    func `has no other path`(path: String) {
        #expect(LogResource(path: path) == nil)
    }

    @Test func `is at the edge where the specification's examples have it`() {
        #expect(Tile.edge(of: 0).isEmpty)
        #expect(Tile.edge(of: 255).map(\.path) == ["tile/0/000.p/255"])
        #expect(Tile.edge(of: 256).map(\.path) == ["tile/1/000.p/1"])
        #expect(
            Tile.edge(of: 70_000).map(\.path) == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
        #expect(Tile.at(level: 0, number: 272, size: 70_000)?.isComplete == true)
        #expect(Tile.at(level: 0, number: 273, size: 70_000)?.width == 112)
        #expect(Tile.at(level: 0, number: 274, size: 70_000) == nil)
        #expect(Tile.at(level: 1, number: 0, size: 70_000)?.isComplete == true)
        #expect(Tile.at(level: 0, number: .max, size: .max) == nil)
        #expect(Tile.edge(of: .max).count == 8)
    }

    @Test func `is within a tree that has all of it`() throws {
        let tile = try #require(Tile(level: 0, number: 273, width: 112))
        #expect(tile.isWithin(size: 70_000))
        #expect(!tile.isWithin(size: 69_999))
        #expect(Tile(level: 1, number: 0)?.isWithin(size: 65_536) == true)
        #expect(Tile(level: 1, number: 0)?.isWithin(size: 65_535) == false)
        #expect(Tile(level: 40, number: 0, width: 1)?.isWithin(size: .max) == false)
        #expect(Tile(level: 0, number: .max, width: 1)?.isWithin(size: .max) == false)
    }

    @Test func `is its hashes and nothing else`() throws {
        let log = MemoryLog(size: 300)
        let nodes = try #require(log.nodes(0, 0))
        let bytes = try #require(nodes.bytes(width: 256))
        #expect(bytes == log.leaves[..<256].flatMap(\.bytes))
        #expect(TileNodes(bytes: bytes, width: 256) == nodes)
        #expect(TileNodes(bytes: bytes, width: 255) == nil)
        #expect(TileNodes(bytes: bytes + [0], width: 256) == nil)
        #expect(TileNodes(bytes: Array(bytes.dropLast()), width: 256) == nil)
        #expect(TileNodes(bytes: bytes + bytes, width: 512) == nil)
        #expect(TileNodes(log.leaves) == nil)
        #expect(log.nodes(0, 1)?.bytes(width: 45) == nil)
        #expect(nodes.root == ReferenceTree.root(log.leaves[..<256]))
        #expect(nodes.node(height: 3, index: 4) == ReferenceTree.root(log.leaves[32..<40]))
        #expect(nodes.node(height: 3, index: 32) == nil)
        #expect(nodes.node(height: 9, index: 0) == nil)
        #expect(nodes.node(height: 0, index: -1) == nil)
    }
}

@Suite struct `An entry bundle` {
    @Test func `is its entries and nothing else`() throws {
        let entries = [Array("một".utf8), [], Array(repeating: 0xAA, count: 65_535)]
        var bundle = EntryBundle()
        for entry in entries { bundle.append(entry) }
        let again = try #require(EntryBundle(bundle.bytes, width: 3))
        #expect((0..<again.count).map { Array(again.entry($0)) } == entries)
        #expect(again.leafHashes == entries.map { MerkleTree.leafHash($0) })
        #expect(EntryBundle(bundle.bytes, width: 2) == nil)
        #expect(EntryBundle(bundle.bytes, width: 4) == nil)
        #expect(EntryBundle(bundle.bytes + [0], width: 3) == nil)
        #expect(EntryBundle(bundle.bytes + [0, 0], width: 3) == nil)
        #expect(EntryBundle(Array(bundle.bytes.dropLast()), width: 3) == nil)
        #expect(EntryBundle([0xFF, 0xFF], width: 1) == nil)
        #expect(EntryBundle([], width: 0)?.count == 0)
        #expect(EntryBundle([], width: 1) == nil)
    }
}
