import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

@Suite struct `A status message` {
    @Test func `goes to the letter's sender and into the letter's story`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7", "H31.45.2"])
        let accepted = try fixture.accept(sent)
        let held = try fixture.lease("H31.7")[0]
        try fixture.commit(.acknowledge(delivery: held.id, recipient: "H31.7", token: held.token))
        let size = fixture.tree.size
        let reply = status("01", of: sent, from: "H31.7", text: "Đã đến")
        let answer = try fixture.accept(reply)
        #expect(answer.kind == .status && answer.recipients == ["H37.12"] && !answer.isReplay)
        let entry = try json(answer.entry)
        #expect(entry["event"] as? String == "status.received")
        #expect(entry["letterKey"] as? String == sent.key.description)
        #expect(entry["statusCode"] as? String == "01")
        #expect(entry["previous"] as? Int64 == size - 1)
        #expect(!String(decoding: answer.entry, as: UTF8.self).contains("Đã đến"))
        let reader = try fixture.reader()
        let trail = try #require(try reader.trail(sent.key))
        #expect(trail.statuses.map(\.code) == ["01"] && trail.statuses[0].agency == "H31.7")
        #expect(trail.statuses[0].description == "Đã đến" && trail.statuses[0].leafIndex == answer.leafIndex)
        #expect(trail.leafIndex == accepted.leafIndex)
        let sentItem = try #require(
            try reader.outbox(sender: "H37.12", since: Instant(seconds: 0), limit: 10).documents.first)
        #expect(
            Dictionary(uniqueKeysWithValues: sentItem.deliveries.map { ($0.recipient, $0.lastStatus) })
                == ["H31.7": "01", "H31.45.2": nil])
        #expect(try fixture.lease("H37.12").map(\.document.kind) == [.status])
        // What follows in the letter's story names the status as the one before it.
        let other = try fixture.lease("H31.45.2")[0]
        let last = try StorageTests.entry(fixture.tree.size - 1, reader)
        #expect(last["delivery"] as? Int64 == other.id && last["previous"] as? Int64 == answer.leafIndex)
    }

    @Test func `is refused where the letter is unknown or its sender no recipient of it`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let sent = letter("1")
        let never = status("01", of: letter("2"), from: "H31.7")
        #expect(try fixture.rejection(.accept(never)) == .statusTargetUnknown)
        _ = try fixture.accept(sent)
        #expect(try fixture.rejection(.accept(never)) == .statusTargetUnknown)
        #expect(try fixture.rejection(.accept(status("01", of: sent, from: "H99"))) == .statusNotRecipient)
        #expect(try fixture.rejection(.accept(status("01", of: sent, from: "H37.12"))) == .statusNotRecipient)
        #expect(
            try fixture.rejection(.accept(status("01", of: sent, from: "stranger"))) == .statusNotRecipient)
        let wrongSender = status("01", of: sent, from: "H31.7", originalSender: "H99")
        #expect(try fixture.rejection(.accept(wrongSender)) == .statusTargetUnknown)
        #expect(fixture.tree.size == 2)
    }

    @Test func `of the same code again is answered like the first, but 05 counts every time`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(sent)
        let first = try fixture.accept(status("03", of: sent, from: "H31.7", text: "10:00"))
        let again = try fixture.accept(status("03", of: sent, from: "H31.7", text: "10:05"))
        #expect(again.isReplay && again.key == first.key && again.entry == first.entry)
        #expect(try fixture.accept(status("03", of: sent, from: "H31.45.2", text: "10:06")).isReplay == false)
        for text in ["a", "b", "c"] {
            #expect(try fixture.accept(status("05", of: sent, from: "H31.7", text: text)).isReplay == false)
        }
        #expect(try fixture.accept(status("05", of: sent, from: "H31.7", text: "b")).isReplay)
        // Out of order: recorded, not dropped.
        _ = try fixture.accept(status("01", of: sent, from: "H31.7"))
        #expect(
            try fixture.reader().trail(sent.key)?.statuses.map(\.code) == [
                "03", "03", "05", "05", "05", "01",
            ])
    }

    @Test func `finds the letter that it was sent for when an update has the same name`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7"])
        var update = letter("1", to: ["H31.45.2"], bytes: [1, 2])
        update.key = DocumentKey(truncating: SHA256.hash([7]))
        _ = try fixture.accept(sent)
        _ = try fixture.accept(update)
        _ = try fixture.accept(status("01", of: sent, from: "H31.7"))
        let reader = try fixture.reader()
        #expect(try reader.trail(sent.key)?.statuses.count == 1)
        #expect(try reader.trail(update.key)?.statuses.count == 0)
        #expect(
            try reader.documents(documentID: sent.documentID).map(\.summary.key) == [update.key, sent.key])
    }

    @Test func `may come in the same batch as its letter`() throws {
        let fixture = try Fixture()
        let sent = letter("1")
        let results = try fixture.commit(.accept(sent), .accept(status("01", of: sent, from: "H31.7")))
        #expect(throws: Never.self) { try results[1].get() }
    }
}
