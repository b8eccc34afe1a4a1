import AuditLog
import Exchange
import OpenSSL
import Testing

@Suite struct `The tree` {
    @Test func `hashes leaves and nodes apart`() {
        // SHA-256 of nothing, and RFC 6962's leaf of the empty entry.
        #expect(
            MerkleTree.emptyRoot.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            MerkleTree.leafHash([UInt8]()).hex
                == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        let left = MerkleTree.leafHash([1])
        let right = MerkleTree.leafHash([2])
        #expect(MerkleTree.nodeHash(left, right) == SHA256.hash([1] + left.bytes + right.bytes))
        #expect(MerkleTree.leafHash([7, 8]) == SHA256.hash([0, 7, 8]))
    }

    @Test func `has the root of the published test vectors`() {
        // certificate-transparency's reference inputs and roots.
        let inputs = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]
        var frontier = TreeFrontier()
        for (input, root) in zip(inputs, roots) {
            _ = frontier.append(MerkleTree.leafHash(Hex.decode(input)!))
            #expect(frontier.root.hex == root)
        }
    }

    @Test func `has the root that the standard's recursion gives`() {
        var log = MemoryLog(size: 0)
        #expect(log.frontier.state == .empty)
        for size in 1...700 {
            log.append(Array("entry \(size - 1)".utf8))
            if size < 300 || size % 37 == 0 || size == 512 || size == 513 {
                #expect(log.frontier.root == ReferenceTree.root(log.leaves[...]))
                #expect(log.frontier.size == size)
            }
        }
        for size in [0, 1, 2, 255, 256, 257, 511, 512, 513, 699, 700] {
            let state = TreeState.reading(size: Int64(size), tile: log.nodes)
            #expect(state == TreeState(size: Int64(size), root: ReferenceTree.root(log.leaves[..<size])))
        }
    }

    @Test func `comes back from its tiles`() {
        let log = MemoryLog(size: 66_000)
        for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000] {
            let frontier = TreeFrontier(
                size: Int64(size), leaves: { Array(log.leaves[Int($0.lowerBound)..<Int($0.upperBound)]) },
                tile: { log.complete[Tile(level: $0, number: $1)!] })
            #expect(frontier?.state == TreeState.reading(size: Int64(size), tile: log.nodes))
            var again = frontier!
            for leaf in log.leaves[size...] { _ = again.append(leaf) }
            #expect(again.state == log.frontier.state)
        }
        let broken = TreeFrontier(size: 66_000, leaves: { _ in [] }, tile: { _, _ in TileNodes() })
        #expect(broken == nil)
        #expect(TreeFrontier(size: -1, leaves: { _ in [] }, tile: { _, _ in nil }) == nil)
    }

    @Test func `gives its tiles as they fill`() {
        var frontier = TreeFrontier()
        var tiles: [Tile] = []
        for index in 0..<(65_536 + 3) {
            tiles += frontier.append(MerkleTree.leafHash(Array("entry \(index)".utf8))).map(\.tile)
        }
        #expect(tiles.count == 257)
        #expect(tiles.filter { $0.level == 0 }.map(\.number) == Array(0..<256))
        #expect(tiles.last == Tile(level: 1, number: 0))
        #expect(frontier.nodes(level: 0, number: 256)?.width == 3)
        #expect(frontier.nodes(level: 0, number: 255) == nil)
        #expect(frontier.nodes(level: 1, number: 1) == nil)
        #expect(frontier.nodes(level: 2, number: 0)?.width == 1)
    }
}

@Suite struct `An inclusion proof` {
    static let log = MemoryLog(size: 3000)

    @Test func `holds for every entry of every small tree, and is the standard's`() {
        let log = Self.log
        for size in 1...70 {
            let root = ReferenceTree.root(log.leaves[..<size])
            for index in 0..<size {
                let proof = InclusionProof.make(index: Int64(index), treeSize: Int64(size), tile: log.nodes)
                #expect(proof?.hashes == ReferenceTree.path(index, log.leaves[..<size]))
                #expect(proof?.verifies(leafHash: log.leaves[index], root: root) == true)
            }
        }
    }

    @Test func `holds in larger trees and for nothing else`() throws {
        let log = Self.log
        var dice = Dice(seed: 1)
        for _ in 0..<150 {
            let size = Int.random(in: 1...3000, using: &dice)
            let index = Int.random(in: 0..<size, using: &dice)
            let root = ReferenceTree.root(log.leaves[..<size])
            let proof = try #require(
                InclusionProof.make(index: Int64(index), treeSize: Int64(size), tile: log.nodes))
            #expect(proof.hashes == ReferenceTree.path(index, log.leaves[..<size]))
            let leaf = log.leaves[index]
            func holds(_ index: Int64, _ size: Int64, _ hashes: [Digest256], _ leaf: Digest256) -> Bool {
                InclusionProof(index: index, treeSize: size, hashes: hashes).verifies(
                    leafHash: leaf, root: root)
            }
            #expect(holds(proof.index, proof.treeSize, proof.hashes, leaf))
            #expect(!holds(proof.index + 1, proof.treeSize, proof.hashes, leaf))
            #expect(!holds(proof.index, proof.index, proof.hashes, leaf))
            #expect(!holds(-1, proof.treeSize, proof.hashes, leaf))
            #expect(!holds(proof.index, proof.treeSize, proof.hashes + [leaf], leaf))
            #expect(!holds(proof.index, proof.treeSize, proof.hashes, MerkleTree.leafHash([0xFF])))
            if !proof.hashes.isEmpty {
                #expect(!holds(proof.index, proof.treeSize, proof.hashes.dropLast(), leaf))
                var changed = proof.hashes
                changed[Int.random(in: changed.indices, using: &dice)] = leaf
                #expect(!holds(proof.index, proof.treeSize, changed, leaf))
            }
        }
    }

    @Test func `needs few tiles however long the log`() {
        let log = MemoryLog(size: 70_000)
        for index: Int64 in [0, 255, 256, 65_535, 65_536, 69_999] {
            var asked: Set<Tile> = []
            var calls = 0
            let proof = InclusionProof.make(index: index, treeSize: 70_000) { level, number in
                asked.insert(Tile(level: level, number: number)!)
                calls += 1
                return log.nodes(level, number)
            }
            #expect(proof?.verifies(leafHash: log.leaves[Int(index)], root: log.frontier.root) == true)
            #expect(calls == asked.count && calls <= 6)
        }
    }

    @Test func `is not made where it cannot be`() {
        let log = Self.log
        #expect(InclusionProof.make(index: 3000, treeSize: 3000, tile: log.nodes) == nil)
        #expect(InclusionProof.make(index: -1, treeSize: 3000, tile: log.nodes) == nil)
        #expect(InclusionProof.make(index: 0, treeSize: 3001, tile: log.nodes) == nil)
        #expect(InclusionProof.make(index: 0, treeSize: .max, tile: log.nodes) == nil)
        #expect(InclusionProof.make(index: 5, treeSize: 10, tile: { _, _ in nil }) == nil)
        let huge = InclusionProof(
            index: .max - 1, treeSize: .max, hashes: Array(repeating: log.leaves[0], count: 63))
        #expect(!huge.verifies(leafHash: log.leaves[0], root: log.leaves[0]))
    }
}

@Suite struct `A consistency proof` {
    @Test func `holds between all small trees, and is the standard's`() {
        let log = `An inclusion proof`.log
        let roots = (0...70).map { ReferenceTree.root(log.leaves[..<$0]) }
        for new in 1...70 {
            for old in 0...new {
                let proof = ConsistencyProof.make(oldSize: Int64(old), newSize: Int64(new), tile: log.nodes)
                let expected = old == 0 ? [] : ReferenceTree.subproof(old, log.leaves[..<new], true)
                #expect(proof?.hashes == expected)
                #expect(proof?.verifies(oldRoot: roots[old], newRoot: roots[new]) == true)
            }
        }
    }

    @Test func `holds in larger trees and for nothing else`() throws {
        let log = `An inclusion proof`.log
        var dice = Dice(seed: 2)
        for _ in 0..<150 {
            let new = Int.random(in: 2...3000, using: &dice)
            let old = Int.random(in: 1..<new, using: &dice)
            let roots = (ReferenceTree.root(log.leaves[..<old]), ReferenceTree.root(log.leaves[..<new]))
            let proof = try #require(
                ConsistencyProof.make(oldSize: Int64(old), newSize: Int64(new), tile: log.nodes))
            #expect(proof.hashes == ReferenceTree.subproof(old, log.leaves[..<new], true))
            #expect(proof.verifies(oldRoot: roots.0, newRoot: roots.1))
            #expect(!proof.verifies(oldRoot: roots.1, newRoot: roots.0))
            #expect(!proof.verifies(oldRoot: roots.0, newRoot: log.leaves[0]))
            let shorter = ConsistencyProof(
                oldSize: proof.oldSize, newSize: proof.newSize, hashes: proof.hashes.dropLast())
            #expect(!shorter.verifies(oldRoot: roots.0, newRoot: roots.1))
            let longer = ConsistencyProof(
                oldSize: proof.oldSize, newSize: proof.newSize, hashes: proof.hashes + [roots.0])
            #expect(!longer.verifies(oldRoot: roots.0, newRoot: roots.1))
            var changed = proof.hashes
            changed[Int.random(in: changed.indices, using: &dice)] = log.leaves[5]
            let other = ConsistencyProof(oldSize: proof.oldSize, newSize: proof.newSize, hashes: changed)
            #expect(!other.verifies(oldRoot: roots.0, newRoot: roots.1))
        }
    }

    @Test func `is not made or taken backwards`() {
        let log = `An inclusion proof`.log
        let root = log.frontier.root
        #expect(ConsistencyProof.make(oldSize: 4, newSize: 3, tile: log.nodes) == nil)
        #expect(ConsistencyProof.make(oldSize: -1, newSize: 3, tile: log.nodes) == nil)
        #expect(ConsistencyProof.make(oldSize: 3, newSize: 4000, tile: log.nodes) == nil)
        #expect(!ConsistencyProof(oldSize: 4, newSize: 3, hashes: []).verifies(oldRoot: root, newRoot: root))
        #expect(!ConsistencyProof(oldSize: 0, newSize: 3, hashes: []).verifies(oldRoot: root, newRoot: root))
        #expect(!ConsistencyProof(oldSize: 3, newSize: 7, hashes: []).verifies(oldRoot: root, newRoot: root))
        #expect(
            !ConsistencyProof(oldSize: 3, newSize: 3, hashes: [root]).verifies(oldRoot: root, newRoot: root))
    }
}
