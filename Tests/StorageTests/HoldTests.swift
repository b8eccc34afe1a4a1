import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

private func held(
    _ name: String, to recipients: [String] = ["H31.7"], atDeadline: Hold.Outcome = .refuse
) -> NewDocument {
    var document = letter(name, to: recipients)
    document.indication = "INDETERMINATE"
    document.hold = Hold(until: Instant(seconds: 1_795_003_600), atDeadline: atDeadline)
    document.isUnsettled = true
    document.evidence = Evidence([item(.signer, [1])], trust: SHA256.hash([9]))
    return document
}

private func settlement(
    _ document: NewDocument, _ decision: Settlement.Decision, indication: String? = nil, before: Int = 1,
    isUnsettled: Bool = false, notice: Bool = true
) -> Settlement {
    let bytes = Array("{\"before\":\(before),\"indication\":\"\(indication ?? "")\"}".utf8)
    return Settlement(
        key: document.key, verdictsBefore: before,
        verdict: indication.map {
            Settlement.NewVerdict(
                indication: $0, verdict: bytes,
                evidence: Evidence([item(.crl, [2])], trust: SHA256.hash([8])),
                isUnsettled: isUnsettled)
        }, decision: decision,
        notice: notice
            ? Notice(
                key: DocumentKey(truncating: SHA256.hash(bytes + document.key.bytes)), sender: "HUB",
                subject: "Kết quả kiểm tra lại", bytes: bytes, sha256: SHA256.hash(bytes)) : nil)
}

@Suite struct `A held letter` {
    @Test func `is in and proven, but in nobody's inbox`() throws {
        let fixture = try Fixture()
        let sent = held("1")
        let acceptance = try fixture.accept(sent)
        let reader = try fixture.reader()
        #expect(try isProven(acceptance, by: reader))
        #expect(try json(acceptance.entry)["heldUntil"] as? String == acceptance.heldUntil?.rfc3339)
        #expect(try fixture.lease("H31.7").isEmpty)
        #expect(try reader.inbox(recipient: "H31.7", limit: 10).isEmpty)
        #expect(try reader.deliveryCounts() == DeliveryCounts(held: 1))
        #expect(try reader.document(sent.key)?.isWithheld == true)
        #expect(try reader.unsettledLetters(after: 0, limit: 10).map(\.key) == [sent.key])
        // A resend gets the same answer.
        guard case .accepted(let replay) = try fixture.commit(.accept(sent))[0].get() else { return }
        #expect(replay.isReplay && replay.entry == acceptance.entry)
        #expect(replay.heldUntil == acceptance.heldUntil && replay.heldUntil != nil)
        #expect(try reader.acceptance(sent.key)?.heldUntil == acceptance.heldUntil)
    }

    @Test func `is still held after a crash, and after the crash it can be released`() throws {
        let fixture = try Fixture()
        let sent = held("1", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(sent)
        let image = try fixture.crashImage()
        let store = try Store(directory: image)
        let reader = try store.makeReader()
        #expect(try reader.deliveryCounts() == DeliveryCounts(held: 2))
        #expect(try reader.trail(sent.key)?.hold?.ended == nil)
        let change = Change.settle(settlement(sent, .release, indication: "TOTAL-PASSED"))
        guard case .settled(let woken) = try store.commit([change], at: fixture.now, signed: nil)[0].get()
        else { throw Fixture.Unexpected() }
        #expect(Set(woken) == ["H31.7", "H31.45.2", "H37.12"])
        // Two deliveries of the letter, three of the notice.
        #expect(try reader.deliveryCounts() == DeliveryCounts(queued: 5))
    }

    @Test func `goes out when its verdict passes, and everybody is told`() throws {
        let fixture = try Fixture()
        let sent = held("1")
        let acceptance = try fixture.accept(sent)
        try fixture.commit(.settle(settlement(sent, .release, indication: "TOTAL-PASSED")))
        let reader = try fixture.reader()
        #expect(try reader.document(sent.key)?.isWithheld == false)
        let leased = try fixture.lease("H31.7")
        #expect(leased.map(\.document.kind) == [.letter, .notice])
        #expect(leased[0].document.key == sent.key)
        #expect(leased[1].document.sender == "HUB")
        #expect(try fixture.lease("H37.12").map(\.document.kind) == [.notice])
        #expect(try reader.unsettledLetters(after: 0, limit: 10).isEmpty)
        let trail = try #require(try reader.trail(sent.key))
        #expect(trail.laterVerdicts.map(\.indication) == ["TOTAL-PASSED"])
        #expect(trail.hold?.ended?.outcome == .release)
        // The first verdict stands as it was.
        #expect(trail.verdict == sent.verdict)
        #expect(try reader.acceptance(sent.key)?.entry == acceptance.entry)
        #expect(try reader.document(sent.key)?.indication == "INDETERMINATE")
        // Rechecked, released, told: each with its predecessor.
        let names = try (acceptance.leafIndex...acceptance.leafIndex + 3).map {
            try entry($0, reader)["event"] as? String
        }
        #expect(names == ["document.accepted", "verdict.rechecked", "hold.released", "notice.issued"])
        let told = try entry(acceptance.leafIndex + 1, reader)
        #expect(told["previousIndication"] as? String == "INDETERMINATE")
        #expect(told["previous"] as? Int64 == acceptance.leafIndex)
        // What is asked about the letter now is answered with the new evidence.
        #expect(try reader.evidence(sent.key)?.items.map(\.kind) == [.crl])
    }

    @Test func `whose signer was revoked never goes out, and the sender alone is told`() throws {
        let fixture = try Fixture()
        let sent = held("1", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(sent)
        try fixture.commit(.settle(settlement(sent, .refuse, indication: "TOTAL-FAILED")))
        let reader = try fixture.reader()
        #expect(try fixture.lease("H31.7").isEmpty)
        #expect(try fixture.lease("H37.12").map(\.document.kind) == [.notice])
        #expect(try reader.deliveryCounts() == DeliveryCounts(leased: 1, dead: 2))
        #expect(try reader.document(sent.key)?.isWithheld == true)
        #expect(try reader.deadLetters(limit: 10).count == 2)
        #expect(try reader.trail(sent.key)?.hold?.ended?.outcome == .refuse)
    }

    @Test(arguments: Hold.Outcome.allCases)
    func `comes to its deadline`(_ outcome: Hold.Outcome) throws {
        let fixture = try Fixture()
        let sent = held("1", atDeadline: outcome)
        _ = try fixture.accept(sent)
        let reader = try fixture.reader()
        let until = try #require(sent.hold?.until)
        #expect(try reader.dueLetters(at: until.adding(milliseconds: -1), limit: 10).isEmpty)
        let due = try reader.dueLetters(at: until, limit: 10)
        #expect(due.map(\.key) == [sent.key] && due[0].hold == sent.hold && due[0].verdictCount == 1)
        try fixture.commit(.settle(settlement(sent, outcome == .release ? .release : .refuse)))
        #expect(try reader.dueLetters(at: until, limit: 10).isEmpty)
        #expect(try fixture.lease("H31.7").contains { $0.document.key == sent.key } == (outcome == .release))
        #expect(try reader.trail(sent.key)?.laterVerdicts.isEmpty == true)
        // What was released without an answer is still looked at when one comes.
        #expect(try reader.unsettledLetters(after: 0, limit: 10).count == (outcome == .release ? 1 : 0))
    }

    @Test func `is settled once: what was decided on an older verdict changes nothing`() throws {
        let fixture = try Fixture()
        let sent = held("1")
        _ = try fixture.accept(sent)
        let (first, second) = (
            settlement(sent, .release, indication: "TOTAL-PASSED"),
            settlement(sent, .refuse, indication: "TOTAL-FAILED")
        )
        let results = try fixture.commit(.settle(first), .settle(second))
        guard case .settled(let woken) = try results[1].get() else { throw Fixture.Unexpected() }
        #expect(woken.isEmpty)
        let size = fixture.tree.size
        try fixture.commit(.settle(first), .settle(settlement(sent, .refuse)))
        #expect(fixture.tree.size == size)
        #expect(try fixture.lease("H31.7").map(\.document.kind) == [.letter, .notice])
    }

    @Test func `stays held under a new verdict that settles nothing`() throws {
        let fixture = try Fixture()
        let sent = held("1")
        _ = try fixture.accept(sent)
        try fixture.commit(
            .settle(settlement(sent, .keep, indication: "INDETERMINATE", isUnsettled: true)))
        #expect(try fixture.lease("H31.7").isEmpty)
        let reader = try fixture.reader()
        let letters = try reader.unsettledLetters(after: 0, limit: 10)
        #expect(letters.map(\.verdictCount) == [2])
        try fixture.commit(.settle(settlement(sent, .release, indication: "TOTAL-PASSED", before: 2)))
        #expect(try fixture.lease("H31.7").contains { $0.document.key == sent.key })
    }
}

@Suite struct `A letter that went out` {
    @Test func `is judged again beside its first verdict, and recipients are told`() throws {
        let fixture = try Fixture()
        var sent = letter("1")
        sent.evidence = Evidence([item(.signer, [1])], trust: SHA256.hash([9]))
        _ = try fixture.accept(sent)
        let set = try #require(try fixture.reader().evidence(sent.key))
        let resting = try fixture.reader().letters(restingOn: set.id, before: .max, limit: 10)
        #expect(resting.map(\.key) == [sent.key] && resting[0].indication == "TOTAL-PASSED")
        #expect(try fixture.reader().newestAcceptance(on: set.id) == fixture.now)
        try fixture.commit(.settle(settlement(sent, .keep, indication: "TOTAL-FAILED")))
        #expect(try fixture.lease("H31.7").map(\.document.kind) == [.letter, .notice])
        #expect(try fixture.lease("H37.12").map(\.document.kind) == [.notice])
        let later = try fixture.reader().letters(restingOn: set.id, before: .max, limit: 10)
        #expect(later[0].indication == "TOTAL-FAILED" && later[0].verdictCount == 2)
    }

    @Test func `that nobody knows is none`() throws {
        let fixture = try Fixture()
        #expect(try fixture.rejection(.settle(settlement(letter("9"), .release))) == .notFound)
    }
}
