import AuditLog
import Exchange
import Foundation
import Storage
import Testing

/// A running store with letters over several segments.
private func filled(_ count: Int = 12) throws -> (fixture: Fixture, sent: [NewDocument]) {
    let fixture = try Fixture(segmentBytesMax: 10_000)
    return (fixture, try send(0..<count, fixture))
}

private func send(_ numbers: Range<Int>, _ fixture: Fixture) throws -> [NewDocument] {
    try numbers.map { number in
        let document = letter("\(number)", bytes: [UInt8](repeating: UInt8(number), count: 3000))
        _ = try fixture.accept(document)
        return document
    }
}

private func backUp(
    _ fixture: Fixture, _ verification: Backup.Verification = .everything
) throws -> Backup.Report {
    try Backup.make(
        of: fixture.path, in: fixture.root + "/backup", at: fixture.now,
        verifier: NoteVerifier(vkey: fixture.signer.verifierKey), verification: verification)
}

private func restore(
    _ fixture: Fixture, to name: String, signed: TreeState? = nil
) throws -> Restore.Report {
    try Restore.restore(
        from: fixture.root + "/backup", to: fixture.root + "/" + name, signed: signed,
        verifier: NoteVerifier(vkey: fixture.signer.verifierKey))
}

private func code(_ body: () throws -> Void) -> StorageError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? StorageError)?.code
    }
}

private func open(_ path: String, rollsForward: Bool) throws -> Store {
    var options = StoreOptions()
    options.rollsForward = rollsForward
    return try Store(directory: path, options: options)
}

@Suite struct `A backup` {
    @Test func `of a running store gives every letter back, the same tree and the same deliveries`() throws {
        let (fixture, sent) = try filled()
        _ = try fixture.lease("H31.7", limit: 2)
        let report = try backUp(fixture)
        #expect(report.tree == fixture.tree && report.segments > 3)
        // The store goes on; the backup is what it was.
        _ = try send(100..<103, fixture)
        #expect(try restore(fixture, to: "restored").tree == report.tree)
        let store = try open(fixture.root + "/restored", rollsForward: true)
        #expect(store.tree == report.tree)
        let reader = try store.makeReader(connections: 1)
        for document in sent {
            let stored = try #require(try reader.document(document.key))
            #expect(try reader.check(stored.payload, sha256: document.sha256) == nil)
        }
        #expect(try reader.document(letter("100").key) == nil)
        #expect(try reader.deliveryCounts() == DeliveryCounts(queued: 10, leased: 2))
    }

    @Test func `copies only what is new`() throws {
        let (fixture, _) = try filled()
        let first = try backUp(fixture)
        _ = try send(20..<22, fixture)
        let second = try backUp(fixture, .copied)
        #expect(second.tree == fixture.tree)
        #expect(second.bytes > first.bytes && second.bytesCopied < second.bytes)
        // Closed segments are not touched again: one that rots in the backup is found by restoring.
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.root + "/backup")
        #expect(names.filter { $0.hasPrefix("hub") }.count == 1)
        #expect(try restore(fixture, to: "restored").tree == fixture.tree)
    }

    @Test func `that broke off leaves the one before whole`() throws {
        let (fixture, _) = try filled()
        let first = try backUp(fixture)
        _ = try send(20..<24, fixture)
        // What a crash leaves: a database's copy, a longer segment, no manifest.
        let folder = fixture.root + "/backup"
        for name in ["hub.db.part", "hub-999-1.db"] {
            try Data(repeating: 1, count: 5000).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
        try? FileManager.default.removeItem(atPath: folder + "/payload/00000004.seg")
        try FileManager.default.copyItem(
            atPath: fixture.path + "/payload/00000004.seg", toPath: folder + "/payload/00000004.seg")
        #expect(try restore(fixture, to: "restored").tree == first.tree)
        #expect(try backUp(fixture).tree == fixture.tree)
        #expect(!FileManager.default.fileExists(atPath: folder + "/hub-999-1.db"))
    }

    @Test func `is not made of damaged data, and not over another hub's`() throws {
        let (fixture, _) = try filled()
        _ = try backUp(fixture)
        let other = try filled(3).fixture
        #expect(
            code {
                _ = try Backup.make(
                    of: other.path, in: fixture.root + "/backup", at: other.now, verifier: nil)
            } == .treeWentBack)
        let segment = URL(fileURLWithPath: fixture.path + "/payload/00000001.seg")
        var data = try Data(contentsOf: segment)
        data[1000] ^= 1
        try data.write(to: segment)
        try FileManager.default.removeItem(atPath: fixture.root + "/backup")
        #expect(code { _ = try backUp(fixture) } == .damaged)
        #expect(!FileManager.default.fileExists(atPath: fixture.root + "/backup/backup.json"))
    }
}

@Suite struct `A restored directory` {
    @Test func `does not start before an operator decided, and the log tells`() throws {
        let (fixture, _) = try filled()
        let report = try backUp(fixture)
        _ = try send(50..<53, fixture)
        _ = try restore(fixture, to: "restored", signed: fixture.tree)
        let path = fixture.root + "/restored"
        #expect(code { _ = try open(path, rollsForward: false) } == .treeWentBack)
        // Looking decides nothing.
        do { _ = try open(path, rollsForward: true) }
        #expect(code { _ = try open(path, rollsForward: false) } == .treeWentBack)
        do {
            let store = try open(path, rollsForward: true)
            _ = try store.commit([.event(.started(version: "1"))], at: fixture.now, signed: nil)
            let reader = try store.makeReader(connections: 1)
            let entry = try StorageTests.entry(report.tree.size, reader)
            #expect(entry["event"] as? String == "log.rolled_forward")
            #expect(entry["signedSize"] as? Int64 == fixture.tree.size)
            #expect(entry["foundSize"] as? Int64 == report.tree.size)
        }
        #expect(code { _ = try open(path, rollsForward: false) } == nil)
        #expect(try Doctor.examine(directory: path, verifier: nil).isSound)
    }

    /// The mark is written first and the database last: what was broken off between them is no hub yet.
    @Test func `is not rolled forward where the restore was broken off`() throws {
        let (fixture, _) = try filled()
        _ = try backUp(fixture)
        _ = try restore(fixture, to: "restored", signed: fixture.tree)
        let path = fixture.root + "/restored"
        try FileManager.default.removeItem(atPath: path + "/hub.db")
        for rollsForward in [false, true, true] {
            #expect(code { _ = try open(path, rollsForward: rollsForward) } == .damaged)
        }
    }

    @Test func `is made of a sound backup only, and over nothing`() throws {
        let (fixture, _) = try filled()
        _ = try backUp(fixture)
        #expect(code { _ = try restore(fixture, to: "data") } == .cannotOpen)
        let folder = fixture.root + "/backup"
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where name.hasSuffix(".seg") || name.hasSuffix(".db") {
            let url = URL(fileURLWithPath: folder + "/" + name)
            let good = try Data(contentsOf: url)
            var bad = good
            bad[good.count / 2] ^= 4
            try bad.write(to: url)
            #expect(code { _ = try restore(fixture, to: name) } == .damaged, "\(name)")
            try good[..<(good.count - 1)].write(to: url)
            #expect(code { _ = try restore(fixture, to: name + "2") } == .damaged, "\(name)")
            try good.write(to: url)
        }
        // What such an attempt leaves is marked, too.
        let left = try FileManager.default.subpathsOfDirectory(atPath: fixture.root).filter {
            $0.hasSuffix("restored.json")
        }
        #expect(left.count > 4)
        #expect(try restore(fixture, to: "good").tree == fixture.tree)
        try FileManager.default.removeItem(atPath: folder + "/backup.json")
        #expect(code { _ = try restore(fixture, to: "none") } == .cannotOpen)
    }
}
