import AuditLog
import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

@Suite struct `Accepting a letter` {
    @Test func `stores, logs and routes it in one commit`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7", "H31.45.2"], signature: [9, 8, 7])
        let before = fixture.tree.size
        let acceptance = try fixture.accept(sent)
        #expect(acceptance.leafIndex == before && acceptance.treeSize == before + 1)
        #expect(acceptance.treeSize == fixture.tree.size && !acceptance.isReplay)
        #expect(Set(acceptance.recipients) == ["H31.7", "H31.45.2"])
        let reader = try fixture.reader()
        let stored = try #require(try reader.document(sent.key))
        #expect(stored.summary.documentID == sent.documentID && stored.summary.sender == "H37.12")
        #expect(stored.summary.subject == "V/v 1" && stored.summary.hasDetachedSignature)
        #expect(stored.summary.acceptedAt == fixture.now)
        let content = try reader.openPayload(stored.payload)
        #expect(
            try content.file.read(at: content.offset, count: Int(content.length)) == Array("letter 1".utf8))
        #expect(try reader.check(stored.payload, sha256: sent.sha256) == nil)
        #expect(try reader.detachedSignature(sent.key) == [9, 8, 7])
        #expect(try reader.inbox(recipient: "H31.7", limit: 10).map(\.document.key) == [sent.key])
        #expect(try isProven(acceptance, by: reader))
    }

    @Test func `logs codes, digests and a salted commitment, never the subject`() throws {
        let fixture = try Fixture()
        let sent = letter("1")
        let acceptance = try fixture.accept(sent)
        let entry = try json(acceptance.entry)
        #expect(entry["event"] as? String == "document.accepted")
        #expect(entry["documentKey"] as? String == sent.key.description)
        #expect(entry["sha256"] as? String == sent.sha256.hex)
        #expect(entry["recipients"] as? [String] == ["H31.7"])
        #expect(entry["previous"] == nil)
        #expect(!String(decoding: acceptance.entry, as: UTF8.self).contains("V/v"))
        let salt = try #require(try fixture.reader().salt(sent.key))
        let commitment = Commitment(to: "V/v 1", field: "subject", salt: salt)
        #expect(entry["subjectCommitment"] as? String == commitment.digest.hex)
    }

    @Test func `answers a resend with the first acceptance and writes nothing`() throws {
        let fixture = try Fixture()
        let first = try fixture.accept(letter("1", to: ["H31.45.2", "H31.7"]))
        _ = try fixture.accept(letter("2"))
        let size = fixture.tree.size
        fixture.now = fixture.now.adding(seconds: 100)
        let again = try fixture.accept(letter("1", to: ["H31.45.2", "H31.7"]))
        #expect(again.isReplay && fixture.tree.size == size)
        #expect(
            again.leafIndex == first.leafIndex && again.treeSize == first.treeSize
                && again.entry == first.entry)
        #expect(again.acceptedAt == first.acceptedAt && again.deliveries == first.deliveries)
        #expect(again.indication == first.indication && again.documentID == first.documentID)
        let read = try #require(try fixture.reader().acceptance(first.key))
        #expect(read.isReplay && read.treeSize == first.treeSize && read.deliveries == first.deliveries)
        #expect(try fixture.lease("H31.7").count == 2)
    }

    @Test func `answers a resend inside one batch too`() throws {
        let fixture = try Fixture()
        let results = try fixture.commit(
            .accept(letter("1")), .accept(letter("2")), .accept(letter("1")), .event(.stopped))
        let acceptances = try results.compactMap { result -> Acceptance? in
            if case .accepted(let acceptance) = try result.get() { acceptance } else { nil }
        }
        #expect(acceptances.map(\.isReplay) == [false, false, true])
        #expect(acceptances.map(\.treeSize) == [4, 4, 4])
        #expect(acceptances[2].leafIndex == acceptances[0].leafIndex)
    }

    @Test func `refuses other bytes under the same key and leaves the rest of the batch alone`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let results = try fixture.commit(
            .accept(letter("1", bytes: [1])), .accept(letter("2")), .accept(letter("3", to: ["none"])))
        guard case .failure(let conflict) = results[0], case .failure(let unknown) = results[2] else {
            Issue.record("accepted")
            return
        }
        #expect(conflict.code == .documentConflict && unknown.code == .recipientUnknown)
        #expect(throws: Never.self) { try results[1].get() }
        #expect(try fixture.reader().document(letter("3").key) == nil)
        #expect(fixture.tree.size == 3)
    }

    @Test func `gives a recipient that is named twice one delivery`() throws {
        let fixture = try Fixture()
        #expect(try fixture.accept(letter("1", to: ["H31.7", "H31.7"])).deliveries.count == 1)
    }

    @Test func `takes a broadcast to thousands and finds each of them`() throws {
        let codes = (0..<3500).map { "X\($0)" }
        let fixture = try Fixture(agencies: codes + ["S"])
        let sent = letter("1", from: "S", to: codes)
        let acceptance = try fixture.accept(sent)
        #expect(acceptance.deliveries.count == 3500)
        for code in ["X0", "X1777", "X3499"] {
            #expect(try fixture.accept(status("01", of: sent, from: code)).recipients == ["S"])
        }
        #expect(try fixture.rejection(.accept(status("01", of: sent, from: "S"))) == .statusNotRecipient)
        #expect(try fixture.reader().trail(sent.key)?.statuses.count == 3)
    }

    @Test func `keeps the receipt's checkpoint for ever, and others for as long as they are the last`() throws
    {
        let fixture = try Fixture()
        let first = try fixture.accept(letter("1"))
        let note = try fixture.signed().note
        for _ in 0..<5 { try fixture.commit(.event(.stopped)) }
        let reader = try fixture.reader()
        #expect(try reader.checkpointNote(size: first.treeSize) == note)
        #expect(try reader.latestCheckpoint()?.size == fixture.tree.size - 1)
        // The one before the first of the hour was the empty tree's; those between are gone.
        #expect(try reader.checkpointNote(size: 3) == nil)
        #expect(try reader.checkpointNote(size: 4) == nil)
        fixture.now = fixture.now.adding(seconds: 3600)
        let hourly = fixture.tree.size
        for _ in 0..<3 { try fixture.commit(.event(.stopped)) }
        #expect(try reader.checkpointNote(size: hourly) != nil)
        #expect(try reader.checkpointNote(size: hourly + 1) == nil)
    }
}

@Suite struct `A spooled letter` {
    func spool(_ bytes: [UInt8], _ fixture: Fixture) throws -> SpooledPayload {
        let payload = try fixture.store!.spools.makePayload()
        for start in stride(from: 0, to: bytes.count, by: 70_000) {
            try payload.append(bytes.span.extracting(start..<min(bytes.count, start + 70_000)))
        }
        return payload
    }

    @Test func `is moved into the log by the commit, byte for byte`() throws {
        let fixture = try Fixture()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let payload = try spool(bytes, fixture)
        var sent = letter("1", bytes: bytes)
        try payload.seal(sha256: sent.sha256)
        sent.payload = .spooled(payload)
        #expect(sent.payload.digest(.sha256) == sent.sha256.bytes)
        _ = try fixture.accept(sent)
        _ = try fixture.accept(letter("2"))
        try fixture.open()
        let reader = try fixture.reader()
        let stored = try #require(try reader.document(sent.key))
        #expect(try reader.check(stored.payload, sha256: sent.sha256) == nil)
        let content = try reader.openPayload(stored.payload)
        #expect(try content.file.read(at: content.offset, count: bytes.count) == bytes)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/payload/incoming").isEmpty)
    }

    @Test func `goes when nobody takes it, and when a crash left it`() throws {
        let fixture = try Fixture()
        let incoming = fixture.path + "/payload/incoming"
        var payload: SpooledPayload? = try spool([1, 2, 3], fixture)
        #expect(try FileManager.default.contentsOfDirectory(atPath: incoming).count == 1)
        _ = payload
        payload = nil
        #expect(try FileManager.default.contentsOfDirectory(atPath: incoming).isEmpty)
        let kept = try spool([1, 2, 3], fixture)
        let image = try fixture.crashImage()
        _ = try Store(directory: image)
        #expect(try FileManager.default.contentsOfDirectory(atPath: image + "/payload/incoming").isEmpty)
        _ = kept
    }

    @Test func `goes when the letter is a resend`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1", bytes: [1, 2, 3]))
        do {
            let payload = try spool([1, 2, 3], fixture)
            var again = letter("1", bytes: [1, 2, 3])
            try payload.seal(sha256: again.sha256)
            again.payload = .spooled(payload)
            #expect(try fixture.accept(again).isReplay)
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/payload/incoming").isEmpty)
    }
}
