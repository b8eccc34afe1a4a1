import Database
import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

@Suite struct `What a verdict rests on` {
    @Test func `is stored once, however many letters rest on it`() throws {
        let fixture = try Fixture()
        let list = item(.crl, SecureRandom.bytes(5 << 20))
        let before = try fixture.payloadBytes()
        for number in 0..<20 { _ = try fixture.accept(resting("\(number)", on: [list, item(.signer, [1])])) }
        // A second set with the same list in it, in a batch of its own and after opening anew.
        try fixture.open()
        for number in 20..<40 {
            _ = try fixture.accept(resting("\(number)", on: [list, item(.signer, [2])]))
        }
        let grown = try fixture.payloadBytes() - before
        #expect(grown > 5 << 20 && grown < 6 << 20)
        #expect(try fixture.count("evidence_sets") == 2)
        #expect(try fixture.count("evidence_items") == 3)
    }

    @Test func `is found again by the letter, bytes and all`() throws {
        let fixture = try Fixture()
        let (signer, list, policy) = (
            item(.signer, [1, 2]), item(.crl, [3]), item(.policy, Array("{}".utf8))
        )
        let sent = resting("1", on: [signer, list, list, policy])
        let acceptance = try fixture.accept(sent)
        let reader = try fixture.reader()
        let set = try #require(try reader.evidence(sent.key))
        #expect(set.items.map(\.kind) == [.signer, .crl, .policy])
        #expect(set.trust == SHA256.hash([9]))
        #expect(try set.items.map { try reader.evidenceBytes($0.sha256) } == [[1, 2], [3], policy.bytes])
        // The log's entry names the set.
        let told = try json(acceptance.entry)
        #expect(told["evidenceSha256"] as? String == set.sha256.hex)
        #expect(try reader.trail(sent.key)?.evidence?.itemCount == 3)
        for item in set.items {
            let place = try #require(try reader.evidenceItem(item.sha256))
            #expect(try reader.check(place, sha256: item.sha256) == nil)
        }
    }

    @Test func `differs with the trust list, the order and the kind`() {
        let (one, two) = (item(.certificate, [1]), item(.certificate, [2]))
        let sets = [
            Evidence([one, two], trust: SHA256.hash([9])), Evidence([two, one], trust: SHA256.hash([9])),
            Evidence([one, two], trust: SHA256.hash([8])),
            Evidence([Evidence.Item(.signer, sha256: one.sha256, bytes: [1]), two], trust: SHA256.hash([9])),
        ]
        #expect(Set(sets.map(\.sha256)).count == 4)
        #expect(Evidence([one, one, two], trust: SHA256.hash([9])).sha256 == sets[0].sha256)
    }

    @Test func `survives a crash with its letter, or goes with it`() throws {
        let fixture = try Fixture()
        let before = try fixture.crashImage()
        let sent = resting("1", on: [item(.crl, SecureRandom.bytes(100_000))])
        _ = try fixture.accept(sent)
        let after = try fixture.crashImage()
        let kept = try StoreReader(directory: after)
        let set = try #require(try kept.evidence(sent.key))
        #expect(try kept.evidenceBytes(set.items[0].sha256)?.count == 100_000)
        // The payloads of the batch, and the database before it: a crash between the two.
        let segment = "/payload/00000001.seg"
        try FileManager.default.removeItem(atPath: before + segment)
        try FileManager.default.copyItem(atPath: after + segment, toPath: before + segment)
        let store = try Store(directory: before)
        #expect(try store.makeReader().evidence(sent.key) == nil)
        _ = try store.commit([.accept(sent)], at: fixture.now, signed: nil)
        let again = try #require(try store.makeReader().evidence(sent.key))
        #expect(try store.makeReader().evidenceBytes(again.items[0].sha256)?.count == 100_000)
    }

    @Test func `may be a timestamp over the log`() throws {
        let fixture = try Fixture()
        let first = try fixture.accept(letter("1"))
        let reader = try fixture.reader()
        #expect(try reader.timestamp(covering: first.leafIndex) == nil)
        let token = CheckpointTimestamp(
            size: fixture.tree.size, note: Array("note".utf8), token: [0x30], at: fixture.now)
        let size = fixture.tree.size
        try fixture.commit(.keepTimestamp(token), .keepTimestamp(token))
        // No entry: one that told of a timestamp would need another timestamp.
        #expect(fixture.tree.size == size)
        let second = try fixture.accept(letter("2"))
        #expect(try reader.timestamp(covering: first.leafIndex) == token)
        #expect(try reader.timestamp(covering: second.leafIndex) == nil)
        #expect(try reader.trail(letter("1").key)?.timestamp == token)
        #expect(try reader.checkpointNote(size: token.size) != nil)
    }
}

@Suite struct `A database of version 1` {
    @Test func `is brought up to date with everything in it`() throws {
        let fixture = try Fixture()
        let (waiting, leased) = (letter("1", signature: [7, 7]), letter("2", to: ["H31.45.2"]))
        let first = try fixture.accept(waiting)
        _ = try fixture.accept(leased)
        _ = try fixture.lease("H31.45.2")
        let tree = fixture.tree
        fixture.close()
        try downgrade(fixture)

        try fixture.open()
        #expect(fixture.tree == tree)
        let reader = try fixture.reader()
        #expect(try reader.deliveryCounts() == DeliveryCounts(queued: 1, leased: 1))
        #expect(try reader.trail(waiting.key)?.deliveries.map(\.state) == [.queued])
        #expect(try reader.evidence(waiting.key) == nil)
        #expect(try reader.trail(waiting.key)?.hold == nil)
        guard case .accepted(let replay) = try fixture.commit(.accept(waiting))[0].get() else {
            throw Fixture.Unexpected()
        }
        #expect(replay.isReplay && replay.entry == first.entry)
        #expect(try isProven(replay, by: reader))
        #expect(try fixture.lease("H31.7").map(\.document.key) == [waiting.key])
        let next = resting("3", on: [item(.signer, [1])])
        _ = try fixture.accept(next)
        #expect(try reader.evidence(next.key)?.items.count == 1)
    }

    /// Puts the rows into a database that has the schema of version 1.
    private func downgrade(_ fixture: Fixture) throws {
        let path = fixture.path + "/hub.db"
        let old = try SQLiteConnection(path: fixture.root + "/old.db", mode: .readWrite)
        let url = Bundle.module.resourceURL!.appendingPathComponent("Vectors/schema-1.sql")
        try old.execute(String(contentsOf: url, encoding: .utf8) + "\nPRAGMA user_version=1;")
        try old.execute("ATTACH '\(path)' AS new")
        let tables = try old.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all {
            $0.text(0)
        }
        #expect(tables.count == 14)
        for table in tables {
            let columns = try old.prepare("SELECT name FROM pragma_table_info('\(table)', 'main')").all {
                $0.text(0)
            }.joined(separator: ", ")
            try old.execute("INSERT INTO main.\(table)(\(columns)) SELECT \(columns) FROM new.\(table)")
        }
        try old.execute("DETACH new")
        try old.checkpoint()
        for suffix in ["-wal", "-shm", ""] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try FileManager.default.copyItem(atPath: fixture.root + "/old.db", toPath: path)
    }
}

func item(_ kind: Evidence.Kind, _ bytes: [UInt8]) -> Evidence.Item {
    Evidence.Item(kind, sha256: SHA256.hash(bytes), bytes: bytes)
}

func resting(_ name: String, on items: [Evidence.Item]) -> NewDocument {
    var document = letter(name)
    document.evidence = Evidence(items, trust: SHA256.hash([9]))
    return document
}

extension Fixture {
    /// What the segments hold, without the room that is reserved ahead.
    func payloadBytes() throws -> Int {
        let data = try Data(contentsOf: URL(fileURLWithPath: path + "/payload/00000001.seg"))
        return (data.lastIndex { $0 != 0 } ?? -1) + 1
    }

    func count(_ table: String) throws -> Int64? {
        try SQLiteConnection(path: path + "/hub.db", mode: .readOnly).prepare("SELECT count(*) FROM \(table)")
            .first { $0.integer(0) }
    }
}
