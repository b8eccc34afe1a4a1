import AuditLog
import Database
import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

/// Opens what a crash left. Nil where the store refuses; then `code` says why.
private func open(_ path: String, rollsForward: Bool = false) throws -> Result<Store, StorageError> {
    var options = StoreOptions()
    options.rollsForward = rollsForward
    do throws(StorageError) {
        return .success(try Store(directory: path, options: options))
    } catch {
        return .failure(error)
    }
}

private func code(_ path: String) throws -> StorageError.Code? {
    guard case .failure(let error) = try open(path) else { return nil }
    return error.code
}

private func segment(_ path: String, _ number: Int = 1) -> URL {
    URL(fileURLWithPath: String(format: "%@/payload/%08d.seg", path, number))
}

@Suite struct `A data directory` {
    @Test func `belongs to one store at a time`() throws {
        let fixture = try Fixture()
        #expect(try code(fixture.path) == .alreadyOpen)
        fixture.close()
        #expect(try code(fixture.path) == nil)
    }

    @Test func `of a newer release is refused`() throws {
        let fixture = try Fixture()
        fixture.close()
        try SQLiteConnection(path: fixture.path + "/hub.db", mode: .readWrite).execute(
            "PRAGMA user_version=99")
        #expect(try code(fixture.path) == .newerSchema)
        #expect(throws: StorageError.self) { try StoreReader(directory: fixture.path) }
    }

    @Test func `whose entries were changed is refused`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        fixture.close()
        try SQLiteConnection(path: fixture.path + "/hub.db", mode: .readWrite)
            .execute("UPDATE entries SET bytes = '{}' WHERE leaf = 1")
        #expect(try code(fixture.path) == .damaged)
    }

    @Test func `whose database is no database is refused`() throws {
        let fixture = try Fixture()
        fixture.close()
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: fixture.path + "/hub.db"))
        #expect(try code(fixture.path) == .damaged)
    }

    @Test func `holds letters over many segments`() throws {
        let fixture = try Fixture(segmentBytesMax: 10_000)
        var sent: [NewDocument] = []
        for index in 0..<30 {
            let document = letter("\(index)", bytes: [UInt8](repeating: UInt8(index), count: 3000))
            sent.append(document)
            _ = try fixture.accept(document)
            if index % 7 == 0 { try fixture.open() }
        }
        let reader = try fixture.reader()
        for document in sent {
            let stored = try #require(try reader.document(document.key))
            #expect(try reader.check(stored.payload, sha256: document.sha256) == nil)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/payload")
        #expect(names.filter { $0.hasSuffix(".seg") }.count > 5)
    }
}

@Suite struct `After a crash` {
    /// Everything before the commit, everything after it, and the payload log as long as it got.
    func batch() throws -> (fixture: Fixture, before: String, after: String, start: Int, end: Int) {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1", bytes: [UInt8](repeating: 1, count: 100)))
        let before = try fixture.crashImage()
        let start = try used(before)
        _ = try fixture.accept(letter("2", bytes: [UInt8](repeating: 2, count: 100)))
        let after = try fixture.crashImage()
        return (fixture, before, after, start, try used(after))
    }

    /// Where the records end: preallocated space reads as zeros.
    func used(_ path: String) throws -> Int {
        let data = try Data(contentsOf: segment(path))
        return (data.lastIndex { $0 != 0 } ?? -1) + 1
    }

    @Test func `between the payloads and COMMIT, the batch never happened, wherever its bytes end`() throws {
        let (fixture, before, after, start, end) = try batch()
        #expect(end - start == 300)
        let whole = try Data(contentsOf: segment(after))
        let size = fixture.tree.size - 1
        for length in start...end {
            try whole[..<length].write(to: segment(before))
            let opened = try open(before)
            guard case .success(let store) = opened else {
                Issue.record("refused with \(length) of \(end) bytes: \(opened)")
                return
            }
            #expect(store.tree.size == size)
            if length == end {
                // The same letter comes again and is taken.
                let results = try store.commit(
                    [.accept(letter("2", bytes: [UInt8](repeating: 2, count: 100)))], at: fixture.now,
                    signed: nil)
                #expect(throws: Never.self) { try results[0].get() }
                let reader = try store.makeReader(connections: 1)
                let stored = try #require(try reader.document(letter("2").key))
                #expect(try reader.check(stored.payload, sha256: stored.summary.sha256) == nil)
            }
        }
    }

    @Test func `after COMMIT, the batch is there`() throws {
        let (fixture, _, after, _, _) = try batch()
        guard case .success(let store) = try open(after) else {
            Issue.record("refused")
            return
        }
        #expect(store.tree == fixture.tree)
        let reader = try store.makeReader(connections: 1)
        #expect(try reader.document(letter("2").key) != nil)
    }

    @Test func `of the power, the header of a batch without payloads may be gone`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let end = try used(try fixture.crashImage())
        try fixture.commit(.event(.stopped))
        let image = try fixture.crashImage()
        let whole = try Data(contentsOf: segment(image))
        for length in [end, end + 40] {
            try whole[..<length].write(to: segment(image))
            guard case .success(let store) = try open(image) else {
                Issue.record("refused with \(length) bytes")
                return
            }
            #expect(store.tree == fixture.tree)
            _ = try store.commit([.accept(letter("\(length)"))], at: fixture.now, signed: nil)
            let reader = try store.makeReader(connections: 1)
            for name in ["1", "\(length)"] {
                let stored = try #require(try reader.document(letter(name).key))
                #expect(try reader.check(stored.payload, sha256: stored.summary.sha256) == nil)
            }
            try FileManager.default.removeItem(atPath: image)
            try FileManager.default.copyItem(atPath: try fixture.crashImage(), toPath: image)
        }
        try whole[..<(end - 10)].write(to: segment(image))
        #expect(try code(image) == .damaged)
    }

    @Test func `segments and spooled letters of the lost batch are removed`() throws {
        let fixture = try Fixture(segmentBytesMax: 1000)
        _ = try fixture.accept(letter("1", bytes: [UInt8](repeating: 1, count: 2000)))
        let before = try fixture.crashImage()
        let bytes = [UInt8](repeating: 3, count: 5000)
        let payload = try fixture.store!.spools.makePayload()
        try payload.append(bytes.span)
        var sent = letter("2", bytes: bytes)
        try payload.seal(sha256: sent.sha256)
        sent.payload = .spooled(payload)
        _ = try fixture.accept(sent)
        // The database as it was before, the payload directory as it is now.
        try FileManager.default.removeItem(atPath: before + "/payload")
        try FileManager.default.copyItem(atPath: fixture.path + "/payload", toPath: before + "/payload")
        #expect(try FileManager.default.contentsOfDirectory(atPath: before + "/payload").sorted().count == 4)
        guard case .success(let store) = try open(before) else {
            Issue.record("refused")
            return
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: before + "/payload").sorted() == [
                "00000001.seg", "incoming",
            ])
        #expect(store.tree.size == fixture.tree.size - 1)
    }
}

@Suite struct `A database that went back` {
    @Test func `by two batches or more is refused`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let old = try fixture.crashImage()
        _ = try fixture.accept(letter("2"))
        _ = try fixture.accept(letter("3"))
        let image = try fixture.crashImage()
        try replaceDatabase(of: image, with: old)
        #expect(try code(image) == .treeWentBack)
        // Refusing destroys nothing: with its own database it opens.
        try replaceDatabase(of: image, with: try fixture.crashImage())
        #expect(try code(image) == nil)
    }

    @Test func `by one batch is refused after an orderly end`() throws {
        let fixture = try Fixture()
        let old = try fixture.crashImage()
        _ = try fixture.accept(letter("1"))
        fixture.close()
        try replaceDatabase(of: fixture.path, with: old)
        #expect(try code(fixture.path) == .treeWentBack)
    }

    @Test func `over a batch without payloads is refused too`() throws {
        let fixture = try Fixture()
        let old = try fixture.crashImage()
        try fixture.commit(.event(.stopped))
        try fixture.commit(.event(.stopped))
        let image = try fixture.crashImage()
        try replaceDatabase(of: image, with: old)
        #expect(try code(image) == .treeWentBack)
    }

    @Test func `to another branch is refused`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let fork = try fixture.crashImage()
        _ = try fixture.accept(letter("2"))
        let image = try fixture.crashImage()
        do {
            let other = try Store(directory: fork)
            _ = try other.commit([.accept(letter("other"))], at: fixture.now, signed: nil)
        }
        // Same size, other root.
        try replaceDatabase(of: image, with: fork)
        #expect(try code(image) == .treeWentBack)
    }

    @Test func `to nothing is refused`() throws {
        let fixture = try Fixture()
        fixture.close()
        for name in ["hub.db", "hub.db-wal", "hub.db-shm"] {
            try? FileManager.default.removeItem(atPath: fixture.path + "/" + name)
        }
        #expect(try code(fixture.path) == .treeWentBack)
    }

    @Test func `without the payloads that it names is refused`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        fixture.close()
        let data = try Data(contentsOf: segment(fixture.path))
        try data[..<60].write(to: segment(fixture.path))
        #expect(try code(fixture.path) == .damaged)
        try FileManager.default.removeItem(at: segment(fixture.path))
        #expect(try code(fixture.path) == .damaged)
    }

    @Test func `without the last letter's signature is refused`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1", signature: [UInt8](repeating: 7, count: 3000)))
        fixture.close()
        let data = try Data(contentsOf: segment(fixture.path))
        let end = try #require(data.lastIndex(of: 7))
        try data[...end].write(to: segment(fixture.path))
        #expect(try code(fixture.path) == nil)
        try data[..<end].write(to: segment(fixture.path))
        #expect(try code(fixture.path) == .damaged)
    }

    @Test func `goes on where an operator says so, and the log tells`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let old = try fixture.crashImage()
        _ = try fixture.accept(letter("2"))
        _ = try fixture.accept(letter("3"))
        let lost = fixture.tree
        let image = try fixture.crashImage()
        try replaceDatabase(of: image, with: old)
        let payloads = try Data(contentsOf: segment(image))
        do {
            guard case .success(let store) = try open(image, rollsForward: true) else {
                Issue.record("refused")
                return
            }
            // Until something is committed, nothing is decided.
            #expect(store.tree.size == lost.size - 2)
            _ = try store.commit([.accept(letter("4"))], at: fixture.now, signed: nil)
            let reader = try store.makeReader(connections: 1)
            let entry = try StorageTests.entry(lost.size - 2, reader)
            #expect(entry["event"] as? String == "log.rolled_forward")
            #expect(
                entry["signedSize"] as? Int64 == lost.size && entry["signedRoot"] as? String == lost.root.hex)
        }
        #expect(try Data(contentsOf: segment(image)) == payloads)
        #expect(try code(image) == nil)
    }
}

@Suite struct `A damaged payload` {
    @Test func `is found wherever a bit flipped`() throws {
        let fixture = try Fixture()
        let sent = letter("1", bytes: Array(0..<60))
        _ = try fixture.accept(sent)
        let reader = try fixture.reader()
        let location = try #require(try reader.document(sent.key)).payload
        let good = try Data(contentsOf: segment(fixture.path))
        let record = Int(location.offset) - 56..<Int(location.offset + location.length) + 4
        for byte in record {
            var bad = good
            bad[byte] ^= 1 << UInt8(byte % 8)
            try bad.write(to: segment(fixture.path))
            #expect(try reader.check(location, sha256: sent.sha256) != nil, "byte \(byte)")
        }
        try good.write(to: segment(fixture.path))
        #expect(try reader.check(location, sha256: sent.sha256) == nil)
        try good[..<(record.upperBound - 1)].write(to: segment(fixture.path))
        #expect(try reader.check(location, sha256: sent.sha256) != nil)
        #expect(
            try reader.check(PayloadLocation(segment: 1, offset: 3, length: 5), sha256: sent.sha256) != nil)
        #expect(
            try reader.check(PayloadLocation(segment: 1, offset: 1 << 40, length: 5), sha256: sent.sha256)
                != nil)
        #expect(throws: StorageError.self) {
            try reader.check(PayloadLocation(segment: 77, offset: 88, length: 5), sha256: sent.sha256)
        }
    }
}
