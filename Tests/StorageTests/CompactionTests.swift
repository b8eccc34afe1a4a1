import Database
import Exchange
import Foundation
import Storage
import Testing

/// A store whose letters are purged but for every `keeping`th, and those that are left.
private func purged(keeping: Int) throws -> (fixture: Fixture, kept: [NewDocument], gone: [NewDocument]) {
    let fixture = try Fixture(segmentBytesMax: 20_000)
    var kept: [NewDocument] = []
    var gone: [NewDocument] = []
    for number in 0..<48 {
        let document = letter(
            "\(number)", bytes: [UInt8](repeating: UInt8(number), count: 2000 + number),
            signature: number % 5 == 0 ? [UInt8](repeating: 1, count: 100) : nil)
        _ = try fixture.accept(document)
        if number % keeping == 0 { kept.append(document) } else { gone.append(document) }
    }
    for document in gone { #expect(try fixture.rejection(.purge(document.key)) == nil) }
    return (fixture, kept, gone)
}

private func compactor(_ fixture: Fixture) throws -> Compactor {
    Compactor(reader: try fixture.reader(), spools: fixture.store!.spools)
}

/// Compacts until there is nothing left to do; how many segments were written.
private func compact(_ fixture: Fixture, _ compactor: Compactor) throws -> Int {
    var passing: Set<Int64> = []
    var count = 0
    while let segment = try compactor.next(passing: &passing) {
        try fixture.commit(.compact(segment))
        count += 1
    }
    #expect(passing.isEmpty)
    return count
}

private func segments(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/payload").filter { $0.hasSuffix(".seg") }
}

private func expectSound(_ reader: StoreReader, _ kept: [NewDocument]) throws {
    for document in kept {
        let stored = try #require(try reader.document(document.key))
        #expect(try reader.check(stored.payload, sha256: document.sha256) == nil)
        #expect(try reader.detachedSignature(document.key) == document.detachedSignature)
    }
}

@Suite struct `Compaction` {
    @Test func `gives the disk back, and every letter that is kept stays what it was`() throws {
        let (fixture, kept, gone) = try purged(keeping: 6)
        let before = try segments(fixture.path)
        let tree = fixture.tree
        let compactor = try compactor(fixture)
        let reader = try fixture.reader()
        #expect(try compact(fixture, compactor) >= 3)
        // Moving records is nobody's event.
        #expect(fixture.tree == tree)
        try expectSound(reader, kept)
        // Whoever looked a place up before may still open it: the first call only marks.
        #expect(try compactor.removeEmptied().bytes == 0)
        #expect(try compactor.removeEmptied().bytes > 60_000)
        #expect(try segments(fixture.path).count < before.count + 4)
        try expectSound(reader, kept)
        for document in gone { #expect(try reader.document(document.key)?.isPurged == true) }
        #expect(try compact(fixture, compactor) == 0)
        fixture.close()
        #expect(try Doctor.examine(directory: fixture.path, verifier: nil).findings == [])
        try fixture.open()
        try expectSound(try fixture.reader(), kept)
    }

    @Test func `leaves alone what is mostly used`() throws {
        let (fixture, _, _) = try purged(keeping: 1)
        #expect(try compact(fixture, try compactor(fixture)) == 0)
        #expect(try compactor(fixture).removeEmptied().waiting == 0)
    }

    @Test func `that a crash cut short never happened`() throws {
        let (fixture, kept, _) = try purged(keeping: 6)
        var passing: Set<Int64> = []
        let before = try segments(fixture.path)
        let segment = try #require(try compactor(fixture).next(passing: &passing))
        // Copied, not committed.
        let early = try fixture.crashImage()
        try fixture.commit(.compact(segment))
        // Committed; the old segment is there still.
        let late = try fixture.crashImage()
        let torn = try fixture.crashImage()
        for (image, count) in [(early, before.count), (late, before.count + 1)] {
            let store = try Store(directory: image, options: fixture.options)
            try expectSound(try store.makeReader(connections: 1), kept)
            #expect(try segments(image).count == count)
            #expect(try FileManager.default.contentsOfDirectory(atPath: image + "/payload/incoming") == [])
        }
        // The database as it was before, the files as they are after: as if the power had gone before COMMIT.
        try replaceDatabase(of: torn, with: early)
        let store = try Store(directory: torn, options: fixture.options)
        try expectSound(try store.makeReader(connections: 1), kept)
        #expect(try segments(torn).count == before.count)
    }

    @Test func `passes over a segment whose letters are damaged`() throws {
        let (fixture, kept, _) = try purged(keeping: 6)
        let stored = try #require(try fixture.reader().document(kept[1].key))
        let path = String(format: "%@/payload/%08d.seg", fixture.path, stored.payload.segment)
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        data[Int(stored.payload.offset) + 5] ^= 1
        try data.write(to: URL(fileURLWithPath: path))
        let compactor = try compactor(fixture)
        var passing: Set<Int64> = []
        while let segment = try compactor.next(passing: &passing) { try fixture.commit(.compact(segment)) }
        #expect(passing == [stored.payload.segment])
        for _ in 0..<2 { _ = try compactor.removeEmptied() }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func `takes a large letter's file when it was purged, and no other`() throws {
        let fixture = try Fixture()
        var sent: [NewDocument] = []
        for number in 0..<2 {
            let bytes = [UInt8](repeating: UInt8(number), count: 5000)
            let payload = try fixture.store!.spools.makePayload()
            try payload.append(bytes.span)
            var document = letter("\(number)", bytes: bytes)
            try payload.seal(sha256: document.sha256)
            document.payload = .spooled(payload)
            _ = try fixture.accept(document)
            sent.append(document)
        }
        #expect(try fixture.rejection(.purge(sent[0].key)) == nil)
        // Again: nothing more happens.
        let tree = fixture.tree
        #expect(try fixture.rejection(.purge(sent[0].key)) == nil)
        #expect(fixture.tree == tree)
        #expect(try fixture.rejection(.purge(letter("none").key)) == .notFound)
        let compactor = try compactor(fixture)
        #expect(try compactor.removeEmptied().waiting == 1)
        #expect(try compactor.removeEmptied().bytes > 5000)
        #expect(try segments(fixture.path).count == 2)
        try expectSound(try fixture.reader(), [sent[1]])
    }

    @Test func `keeps what a roll forward left behind`() throws {
        let fixture = try Fixture(segmentBytesMax: 4000)
        let old = try fixture.crashImage()
        for number in 0..<6 {
            _ = try fixture.accept(letter("\(number)", bytes: Array(repeating: 1, count: 3000)))
        }
        let image = try fixture.crashImage()
        try replaceDatabase(of: image, with: old)
        var options = fixture.options
        options.rollsForward = true
        let store = try Store(directory: image, options: options)
        for number in 10..<14 {
            _ = try store.commit([.accept(letter("\(number)"))], at: fixture.now, signed: nil)
        }
        let before = try segments(image)
        let compactor = Compactor(reader: try store.makeReader(connections: 1), spools: store.spools)
        for _ in 0..<3 { #expect(try compactor.removeEmptied().bytes == 0) }
        #expect(try segments(image) == before)
    }
}

@Suite struct `The write-ahead log` {
    @Test func `stays within its bound, also after a reader that was long in the way`() throws {
        let fixture = try Fixture()
        fixture.options.checkpointPages = 20
        fixture.options.walBytesMax = 400_000
        try fixture.open()
        func size() throws -> Int {
            try FileManager.default.attributesOfItem(atPath: fixture.path + "/hub.db-wal")[.size] as! Int
        }
        func commit(_ numbers: Range<Int>) throws {
            for number in numbers { _ = try fixture.accept(letter("\(number)")) }
        }
        try commit(0..<100)
        #expect(try size() < 900_000)
        let reader = try LongReader(fixture.path + "/hub.db")
        try commit(100..<300)
        #expect(try size() > 900_000)
        reader.end()
        try commit(300..<700)
        #expect(try size() < 900_000)
    }
}

/// Somebody who looks at one state of the database for a long time: a backup.
private final class LongReader {
    private let connection: SQLiteConnection

    init(_ path: String) throws {
        connection = try SQLiteConnection(path: path, mode: .readOnly)
        try connection.execute("BEGIN; SELECT count(*) FROM entries")
    }

    func end() { connection.rollback() }
}
