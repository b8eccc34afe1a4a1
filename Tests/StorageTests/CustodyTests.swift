import AuditLog
import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

@Suite struct `Letters that lie in the hub` {
    private func purge(_ document: NewDocument, before: Instant? = nil, _ fixture: Fixture) throws -> Bool {
        let change = CustodyChange.purgeSettled(document.key, before: before ?? fixture.now)
        guard case .purged(let isPurged) = try fixture.commit(.custody(change))[0].get() else {
            throw Fixture.Unexpected()
        }
        return isPurged
    }

    private func take(_ recipient: String, _ fixture: Fixture) throws {
        for delivery in try fixture.lease(recipient) {
            _ = try fixture.commit(
                .acknowledge(delivery: delivery.id, recipient: ExactString(recipient), token: delivery.token))
        }
    }

    /// Gives the delivery up after its only attempt.
    private func bury(_ recipient: String, _ fixture: Fixture) throws -> Int64 {
        let leased = try #require(try fixture.lease(recipient).first)
        _ = try fixture.commit(
            .release(
                delivery: leased.id, recipient: ExactString(recipient), token: leased.token,
                reason: "hỏng máy"))
        return leased.id
    }

    private func withOneAttempt() throws -> Fixture {
        let fixture = try Fixture()
        fixture.options.attemptsMax = 1
        try fixture.open()
        return fixture
    }

    @Test func `are purged when everybody has them and their time is over, not before`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7", "H31.45.2"])
        let first = try fixture.accept(sent)
        #expect(try !purge(sent, fixture))
        try take("H31.7", fixture)
        #expect(try !purge(sent, fixture))
        try take("H31.45.2", fixture)
        #expect(try !purge(sent, before: fixture.now.adding(seconds: -1), fixture))
        let reader = try fixture.reader()
        #expect(try reader.keptDocuments(after: 0, limit: 10).first?.settledAt == fixture.now)
        #expect(try purge(sent, fixture))
        #expect(try entry(fixture.tree.size - 1, reader)["event"] as? String == "payload.purged")
        #expect(try reader.document(sent.key)?.isPurged == true)
        #expect(try reader.keptDocuments(after: 0, limit: 10).first?.isPurged == true)
        // Sent again, it still gives what was answered first.
        let again = try fixture.accept(sent)
        #expect(again.isReplay && again.entry == first.entry && again.leafIndex == first.leafIndex)
        #expect(try isProven(again, by: reader))
    }

    @Test func `stay under a legal hold, which the log has without its reason`() throws {
        let fixture = try Fixture()
        let sent = letter("1")
        _ = try fixture.accept(sent)
        try take("H31.7", fixture)
        let reason = "theo yêu cầu của cơ quan điều tra"
        let set = Change.custody(.setLegalHold(sent.key, reason: reason, by: "operator"))
        #expect(try fixture.rejection(set) == nil)
        #expect(try fixture.rejection(set) == .legalHold)
        let reader = try fixture.reader()
        let logged = try #require(try reader.entry(fixture.tree.size - 1))
        #expect(try json(logged)["event"] as? String == "legal_hold.set")
        #expect(try json(logged)["by"] as? String == "operator")
        #expect(!String(decoding: logged, as: UTF8.self).contains("điều tra"))
        #expect(try reader.legalHold(sent.key)?.reason == reason)
        #expect(try reader.legalHolds(limit: 10).map(\.key) == [sent.key])
        #expect(try !purge(sent, fixture))
        #expect(try fixture.rejection(.purge(sent.key)) == .legalHold)
        let lift = Change.custody(.liftLegalHold(sent.key, reason: "xong", by: "operator"))
        #expect(try fixture.rejection(lift) == nil)
        #expect(try entry(fixture.tree.size - 1, reader)["event"] as? String == "legal_hold.lifted")
        #expect(try fixture.rejection(lift) == .notFound)
        #expect(try purge(sent, fixture))
    }

    @Test func `that were given up stay until an operator has them elsewhere`() throws {
        let fixture = try withOneAttempt()
        let sent = letter("1")
        _ = try fixture.accept(sent)
        let id = try bury("H31.7", fixture)
        #expect(try !purge(sent, fixture))
        let wrong = Change.custody(.exported(delivery: id, sha256: SHA256.hash([9]), by: "operator"))
        #expect(try fixture.rejection(wrong) == .digestMismatch)
        #expect(try !purge(sent, fixture))
        let right = Change.custody(.exported(delivery: id, sha256: sent.sha256, by: "operator"))
        #expect(try fixture.rejection(right) == nil)
        let reader = try fixture.reader()
        #expect(try entry(fixture.tree.size - 1, reader)["event"] as? String == "delivery.exported")
        let size = fixture.tree.size
        #expect(try fixture.rejection(right) == nil)
        #expect(fixture.tree.size == size)
        #expect(try reader.deadLetters(limit: 10).first?.exportedAt == fixture.now)
        #expect(try purge(sent, fixture))
    }

    @Test func `go back with a status 02 once, and not into the inbox after that`() throws {
        let fixture = try withOneAttempt()
        let sent = letter("1")
        _ = try fixture.accept(sent)
        let id = try bury("H31.7", fixture)
        func giveBack(_ text: String) throws -> Acceptance {
            let message = status("02", of: sent, from: "H31.7", text: text)
            let change = CustodyChange.returned(delivery: id, message: message, by: "operator")
            guard case .accepted(let acceptance) = try fixture.commit(.custody(change))[0].get() else {
                throw Fixture.Unexpected()
            }
            return acceptance
        }
        let first = try giveBack("không có phần mềm")
        #expect(first.recipients == ["H37.12"])
        let reader = try fixture.reader()
        let logged = try entry(fixture.tree.size - 1, reader)
        #expect(logged["event"] as? String == "delivery.returned")
        #expect(logged["statusKey"] as? String == first.key.description)
        let size = fixture.tree.size
        let again = try giveBack("lần hai")
        #expect(again.isReplay && again.key == first.key && fixture.tree.size == size)
        #expect(try reader.deadLetter(id)?.returnedAt == fixture.now)
        #expect(try reader.trail(sent.key)?.statuses.map(\.code) == ["02"])
        #expect(try fixture.rejection(.requeue(delivery: id)) == .deliveryReturned)
    }

    @Test func `that go back into the inbox have to be exported anew`() throws {
        let fixture = try withOneAttempt()
        let sent = letter("1")
        _ = try fixture.accept(sent)
        let id = try bury("H31.7", fixture)
        let export = Change.custody(.exported(delivery: id, sha256: sent.sha256, by: "operator"))
        #expect(try fixture.rejection(export) == nil)
        #expect(try fixture.rejection(.requeue(delivery: id)) == nil)
        #expect(try !purge(sent, fixture))
        #expect(try fixture.rejection(export) == .deliveryNotDead)
        #expect(try bury("H31.7", fixture) == id)
        #expect(try !purge(sent, fixture))
        #expect(try fixture.reader().deadLetter(id)?.exportedAt == nil)
    }
}
