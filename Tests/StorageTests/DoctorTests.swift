import AuditLog
import Database
import Exchange
import Foundation
import Storage
import Testing

/// A closed data directory with letters, a spooled one, a signature, deliveries and a few hundred entries.
private func patient() throws -> (fixture: Fixture, sent: [NewDocument]) {
    let fixture = try Fixture(segmentBytesMax: 20_000)
    var sent: [NewDocument] = []
    for number in 0..<12 {
        let document = letter(
            "\(number)", to: ["H31.7", "H31.45.2"], bytes: [UInt8](repeating: UInt8(number), count: 3000),
            signature: number == 3 ? [UInt8](repeating: 9, count: 200) : nil)
        _ = try fixture.accept(document)
        sent.append(document)
    }
    let bytes = [UInt8](repeating: 7, count: 5000)
    let payload = try fixture.store!.spools.makePayload()
    try payload.append(bytes.span)
    var large = letter("large", bytes: bytes)
    try payload.seal(sha256: large.sha256)
    large.payload = .spooled(payload)
    _ = try fixture.accept(large)
    sent.append(large)
    _ = try fixture.lease("H31.7", limit: 3)
    for _ in 0..<260 { try fixture.commit(.event(.stopped)) }
    fixture.close()
    return (fixture, sent)
}

private func examine(_ fixture: Fixture, withKey: Bool = true) throws -> DoctorReport {
    let verifier = try #require(NoteVerifier(vkey: fixture.signer.verifierKey))
    return try Doctor.examine(directory: fixture.path, verifier: withKey ? verifier : nil)
}

private func codes(_ fixture: Fixture) throws -> Set<DoctorFinding.Code> {
    Set(try examine(fixture).findings.map(\.code))
}

private func execute(_ fixture: Fixture, _ sql: String) throws {
    try SQLiteConnection(path: fixture.path + "/hub.db", mode: .readWrite).execute(sql)
}

private func segment(_ fixture: Fixture, _ number: Int) -> URL {
    URL(fileURLWithPath: String(format: "%@/payload/%08d.seg", fixture.path, number))
}

/// A place in a segment file whose bytes are known to be one letter's.
private func flip(_ url: URL, at offset: Int) throws {
    var data = try Data(contentsOf: url)
    data[offset] ^= 0x10
    try data.write(to: url)
}

@Suite struct `The doctor` {
    @Test func `finds nothing wrong with what is sound, and changes nothing`() throws {
        let (fixture, sent) = try patient()
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/hub.db"))
        let report = try examine(fixture)
        #expect(report.findings == [] && report.isSound)
        #expect(report.documents == Int64(sent.count) && report.entries > 260 && report.checkpoints > 10)
        #expect(report.payloadBytes == sent.reduce(0) { $0 + $1.byteCount } && report.garbageBytes == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/hub.db")) == before)
        try fixture.open()
        fixture.close()
    }

    @Test func `does not look at a hub that runs, nor at nothing`() throws {
        let (fixture, _) = try patient()
        try fixture.open()
        #expect { try examine(fixture) } throws: { ($0 as? StorageError)?.code == .alreadyOpen }
        #expect { try Doctor.examine(directory: fixture.root + "/none", verifier: nil) } throws: {
            ($0 as? StorageError)?.code == .cannotOpen
        }
    }

    @Test(arguments: [
        ("UPDATE entries SET bytes = '{}' WHERE leaf = 20", DoctorFinding.Code.rootDiffers),
        ("DELETE FROM entries WHERE leaf = 20", .entryDamaged),
        ("UPDATE tiles SET bytes = zeroblob(8192)", .tileDiffers),
        ("DELETE FROM tiles", .tileDiffers),
        ("UPDATE checkpoints SET note = replace(note, 'test', 'tset')", .checkpointInvalid),
        ("UPDATE documents SET leaf = leaf + 1 WHERE id = 2", .documentUnlogged),
        ("UPDATE documents SET subject = 'other' WHERE id = 2", .documentUnlogged),
        ("UPDATE documents SET verdict = '{}' WHERE id = 2", .documentUnlogged),
        ("UPDATE documents SET sender = sender + 1 WHERE id = 2", .documentUnlogged),
        ("UPDATE documents SET sha256 = zeroblob(32) WHERE id = 2", .payloadDamaged),
        ("UPDATE documents SET payload_offset = payload_offset + 1 WHERE id = 2", .payloadDamaged),
        ("UPDATE documents SET signature_offset = signature_offset + 1 WHERE id = 4", .payloadDamaged),
        ("DELETE FROM deliveries WHERE id = 2", .deliveriesDiffer),
        ("UPDATE deliveries SET state = 77 WHERE id = 2", .deliveriesDiffer),
        ("UPDATE state SET queued = queued + 1", .countsDiffer),
        ("UPDATE state SET root = zeroblob(32)", .rootDiffers),
        ("DELETE FROM state", .databaseDamaged),
        ("UPDATE state SET anchor_offset = anchor_offset + 1", .payloadLogShort),
        ("PRAGMA user_version = 99", .schemaOther),
        ("PRAGMA application_id = 1", .schemaOther),
    ])
    func `names what is wrong in the database`(_ sql: String, _ code: DoctorFinding.Code) throws {
        let (fixture, _) = try patient()
        try execute(fixture, sql)
        let report = try examine(fixture)
        #expect(report.findings.map(\.code).contains(code), "\(report.findings)")
        #expect(report.findings.allSatisfy { !$0.code.remedy.isEmpty })
    }

    @Test func `names what is wrong with files, and looks at the others all the same`() throws {
        let (fixture, sent) = try patient()
        let log = segment(fixture, 1)
        let data = try Data(contentsOf: log)
        let body = try #require(data.firstRange(of: Data(repeating: 5, count: 3000)))
        try flip(log, at: body.lowerBound + 100)
        let report = try examine(fixture)
        #expect(report.findings.map(\.code) == [.payloadDamaged], "\(report.findings)")
        #expect(report.findings[0].place == "documents \(sent[5].key)")
        #expect(report.documents == Int64(sent.count))

        // A batch header: nobody's letter is lost.
        try data.write(to: log)
        try flip(log, at: 32 + 60)
        #expect(try codes(fixture) == [.recordDamaged])
        try data.write(to: log)
        try flip(log, at: 3)
        #expect(try codes(fixture).contains(.segmentDamaged))
        try data[..<1000].write(to: log)
        #expect(try codes(fixture).contains(.payloadDamaged))
        try FileManager.default.removeItem(at: log)
        #expect(try codes(fixture).contains(.payloadDamaged))
        try data.write(to: log)
        #expect(try codes(fixture) == [])
    }

    @Test func `finds a database that is no database, and one that is torn`() throws {
        let (fixture, _) = try patient()
        let path = URL(fileURLWithPath: fixture.path + "/hub.db")
        let good = try Data(contentsOf: path)
        try Data(repeating: 0x41, count: 8192).write(to: path)
        #expect(try codes(fixture) == [.databaseUnreadable])
        try good[..<(good.count / 2)].write(to: path)
        #expect(try !codes(fixture).isDisjoint(with: [.databaseDamaged, .databaseUnreadable]))
        try good.write(to: path)
        #expect(try codes(fixture) == [])
    }

    @Test func `finds a database that is behind its payload log`() throws {
        let (fixture, _) = try patient()
        let old = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/hub.db"))
        try fixture.open()
        _ = try fixture.accept(letter("later"))
        fixture.close()
        try old.write(to: URL(fileURLWithPath: fixture.path + "/hub.db"))
        #expect(try codes(fixture).contains(.databaseBehind))
    }

    @Test func `knows a checkpoint that another key signed`() throws {
        let (fixture, _) = try patient()
        let other = NoteVerifier(vkey: try Fixture(agencies: []).signer.verifierKey)
        let report = try Doctor.examine(directory: fixture.path, verifier: other)
        #expect(Set(report.findings.map(\.code)) == [.checkpointInvalid])
        #expect(try examine(fixture, withKey: false).isSound)
    }
}
