import AuditLog
import Exchange
import Foundation
import Storage
import Testing

@Suite struct `The stored log` {
    /// Grows past two levels of tiles: 256 entries make a complete tile.
    func grown(_ count: Int) throws -> (Fixture, [[UInt8]]) {
        let fixture = try Fixture(agencies: [])
        var left = count
        while left > 0 {
            let size = min(left, Int.random(in: 1...90))
            _ = try fixture.commit(all: Array(repeating: .event(.started(version: "\(left)")), count: size))
            left -= size
        }
        let reader = try fixture.reader()
        return (fixture, try (0..<Int64(count)).map { try #require(try reader.entry($0)) })
    }

    @Test func `proves every entry and every older tree`() throws {
        let (fixture, entries) = try grown(700)
        var frontier = TreeFrontier()
        var roots = [frontier.root]
        for entry in entries {
            _ = frontier.append(MerkleTree.leafHash(entry))
            roots.append(frontier.root)
        }
        #expect(fixture.tree == frontier.state)
        for reader in [try fixture.reader(), try StoreReader(directory: fixture.path)] {
            for size in [1, 2, 255, 256, 257, 511, 512, 513, 699, 700] as [Int64] {
                #expect(try reader.tree(size: size)?.root == roots[Int(size)])
                for index in [0, 1, 254, 255, 256, 511, 512, size - 1] where index < size {
                    let proof = try #require(try reader.inclusionProof(index: index, size: size))
                    #expect(
                        proof.verifies(
                            leafHash: MerkleTree.leafHash(entries[Int(index)]), root: roots[Int(size)]))
                }
                let proof = try #require(try reader.consistencyProof(from: size, to: 700))
                #expect(proof.verifies(oldRoot: roots[Int(size)], newRoot: roots[700]))
            }
            #expect(try reader.inclusionProof(index: 0, size: 701) == nil)
            #expect(try reader.inclusionProof(index: 700, size: 700) == nil)
            #expect(try reader.tree(size: 701) == nil)
            #expect(try reader.tree(size: -1) == nil)
        }
    }

    @Test func `is the same tree after a restart and goes on from there`() throws {
        let (fixture, _) = try grown(300)
        let before = fixture.tree
        try fixture.open()
        #expect(fixture.tree == before)
        _ = try fixture.commit(all: Array(repeating: .event(.stopped), count: 300))
        let reader = try fixture.reader()
        let proof = try #require(try reader.consistencyProof(from: 300, to: 600))
        #expect(proof.verifies(oldRoot: before.root, newRoot: fixture.tree.root))
    }

    @Test func `serves tiles and bundles as far as the tree goes, and nothing else`() throws {
        let (fixture, entries) = try grown(600)
        let reader = try fixture.reader()
        func get(_ path: String) throws -> [UInt8]? { try reader.log(try #require(LogResource(path: path))) }
        let hashes = entries.map { MerkleTree.leafHash($0).bytes }
        #expect(try get("tile/0/000") == Array(hashes[..<256].joined()))
        #expect(try get("tile/0/002.p/88") == Array(hashes[512..<600].joined()))
        #expect(try get("tile/0/002.p/17") == Array(hashes[512..<529].joined()))
        #expect(try get("tile/0/001.p/3") == Array(hashes[256..<259].joined()))
        #expect(try get("tile/1/000.p/2")?.count == 64)
        #expect(try get("tile/0/002.p/89") == nil)
        #expect(try get("tile/0/002") == nil)
        #expect(try get("tile/1/000.p/3") == nil)
        #expect(try get("tile/2/000.p/1") == nil)
        #expect(try get("tile/63/000.p/1") == nil)
        let full = try #require(try get("tile/entries/001"))
        let bundle = try #require(EntryBundle(full, width: 256))
        #expect((0..<256).allSatisfy { Array(bundle.entry($0)) == entries[256 + $0] })
        let partial = try #require(try get("tile/entries/002.p/88"))
        #expect(EntryBundle(partial, width: 88) != nil)
        #expect(try get("tile/entries/002.p/89") == nil)
        #expect(try get("tile/entries/003.p/1") == nil)
        #expect(try get("checkpoint") == nil)
    }

    @Test func `is followed by a reader of its own while it grows`() throws {
        let (fixture, _) = try grown(10)
        let reader = try StoreReader(directory: fixture.path)
        #expect(try reader.tree() == fixture.tree)
        try fixture.commit(.event(.stopped))
        #expect(try reader.inclusionProof(index: 10, size: 11) != nil)
        try fixture.commit(.event(.stopped))
        #expect(try reader.tree() == fixture.tree)
        let resource = try #require(LogResource(path: "tile/0/000.p/12"))
        #expect(try reader.log(resource) != nil)
    }

    @Test func `links the entries of one letter`() throws {
        let fixture = try Fixture()
        let sent = letter("1")
        let accepted = try fixture.accept(sent)
        _ = try fixture.accept(letter("2"))
        let held = try fixture.lease("H31.7")[0]
        try fixture.commit(.acknowledge(delivery: held.id, recipient: "H31.7", token: held.token))
        let reader = try fixture.reader()
        var story: [String] = []
        var next: Int64? = fixture.tree.size - 1
        while let index = next {
            let entry = try StorageTests.entry(index, reader)
            #expect(entry["documentKey"] as? String == sent.key.description)
            story.append(entry["event"] as? String ?? "")
            next = entry["previous"] as? Int64
        }
        #expect(story == ["delivery.acknowledged", "delivery.leased", "document.accepted"])
        #expect(
            try reader.trail(sent.key)?.deliveries[0].leafIndexes == [
                accepted.leafIndex + 2, accepted.leafIndex + 4,
            ])
    }

    @Test func `holds refusals and the hub's own events`() throws {
        let fixture = try Fixture(agencies: [])
        let refused = RefusedLetter(
            caller: "H31.7", code: .signatureInvalid, sha256: nil, requestID: "0011223344556677")
        try fixture.commit(.event(.started(version: "1")), .refuse(refused))
        let reader = try fixture.reader()
        #expect(try entry(0, reader)["event"] as? String == "hub.started")
        let refusal = try entry(1, reader)
        #expect(
            refusal["event"] as? String == "document.refused"
                && refusal["reason"] as? String == "signature_invalid")
    }

    @Test func `is read by many threads at once`() async throws {
        let (fixture, entries) = try grown(300)
        let reader = try fixture.store!.makeReader(connections: 2)
        let root = fixture.tree.root
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                group.addTask {
                    guard let proof = try? reader.inclusionProof(index: Int64(index * 3), size: 300),
                        let entry = try? reader.entry(Int64(index * 3))
                    else { return false }
                    return entry == entries[index * 3]
                        && proof.verifies(leafHash: MerkleTree.leafHash(entry), root: root)
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
