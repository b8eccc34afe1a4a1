import Exchange
import Foundation
import OpenSSL
import Storage
import Synchronization
import Testing

private func parties(_ codes: [String]) -> [LetterAction.Party] {
    codes.enumerated().map { number, code in
        LetterAction.Party(
            recipient: ExactString(code), codes: [ExactString(code)],
            place: ElementPlace(path: "To[\(number + 1)]", line: number + 1, column: 1))
    }
}

/// A letter that does something to `target`.
private func acting(
    _ operation: LetterOperation, on targets: [String], name: String, to recipients: [String],
    removed: [String] = [], limit: [String]? = nil, owners: [String] = ["H37.12"],
    ways: [[String]]? = nil
) -> NewDocument {
    var document = letter(name, from: owners[0], to: recipients)
    document.businessType = operation.number
    let ways = ways ?? [targets]
    document.action = LetterAction(
        operation, owners: owners.map { ExactString($0) },
        ways: ways.map { way in
            way.map { target in
                LetterAction.Target(
                    documentID: ExactString("H37.12,2026/11/20,\(target)"), parties: limit.map(parties),
                    place: ElementPlace(path: "target", line: 7, column: 1))
            }
        },
        addressees: parties(recipients), removed: parties(removed),
        notice: { recipient, letter, at in
            let bytes = Array("15 \(recipient) \(letter.key) \(at)".utf8)
            var notice = status("15", of: target(letter), from: recipient.string, text: "\(at)")
            notice.key = DocumentKey(truncating: SHA256.hash(bytes))
            notice.caller = "HUB"
            return notice
        })
    return document
}

private func target(_ noticed: NoticedLetter) -> NewDocument {
    var document = letter("1", from: noticed.sender.string)
    document.documentID = noticed.documentID
    return document
}

private func request(_ target: NewDocument, of recipient: String, text: String = "") -> NewDocument {
    var document = status("13", of: target, from: target.sender.string, text: recipient + text)
    document.action = acting(.recall, on: [target.code], name: "13", to: [recipient]).action
    document.action?.isStatus = true
    document.status?.originalSender = ExactString(recipient)
    return document
}

extension Fixture {
    fileprivate func deliver(to recipient: String) throws {
        for held in try lease(recipient) {
            try commit(
                .acknowledge(delivery: held.id, recipient: ExactString(recipient), token: held.token))
        }
    }

    fileprivate func cycle(_ letter: NewDocument, _ recipient: String) throws -> LifeCycle? {
        try reader().trail(letter.key)?.deliveries.first { $0.recipient.string == recipient }?.cycle
    }
}

@Suite struct `A recall` {
    @Test func `withdraws what was not acknowledged, asks who has it, and says so to both`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let sent = letter("1", to: ["H31.7", "H31.45.2", "H99"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H31.7")
        let held = try fixture.lease("H99")[0]
        let recall = acting(.recall, on: ["1"], name: "2", to: ["H31.7", "H31.45.2", "H99"])
        let accepted = try fixture.accept(recall)
        // Who has it, and who may have its bytes.
        #expect(accepted.recipients == ["H31.7", "H99"] && accepted.woken == ["H37.12"])
        #expect(try fixture.cycle(sent, "H31.7")?.stage == .recallAsked)
        #expect(try fixture.cycle(sent, "H31.45.2")?.stage == .withdrawn)
        #expect(try fixture.cycle(sent, "H99")?.stage == .withdrawn)
        for change in [
            Change.acknowledge(delivery: held.id, recipient: "H99", token: held.token),
            .release(delivery: held.id, recipient: "H99", token: held.token, reason: nil),
            .extend(delivery: held.id, recipient: "H99", token: held.token, seconds: 60),
        ] { #expect(try fixture.rejection(change) == .deliveryWithdrawn) }
        #expect(try fixture.lease("H31.45.2").isEmpty)
        #expect(try fixture.lease("H31.7").map(\.document.key) == [recall.key])
        let told = try fixture.lease("H37.12")
        #expect(told.map(\.document.kind) == [.status, .status])
        #expect(Set(told.map(\.document.sender)) == ["H31.45.2", "H99"])
        let reader = try fixture.reader()
        let counts = DeliveryCounts(queued: 1, leased: 3, delivered: 1, withdrawn: 2)
        #expect(try reader.deliveryCounts() == counts)
        let trail = try #require(try reader.trail(sent.key))
        #expect(trail.relations.map(\.key) == [recall.key] && trail.relations[0].isActive == false)
        #expect(trail.deliveries.compactMap(\.withdrawnBy) == [recall.key, recall.key])
        #expect(try reader.trail(recall.key)?.relations.map(\.key) == [sent.key])
        // Who lost the letter cannot look at it any more.
        #expect(try reader.isRecipient("H31.7", of: sent.key))
        #expect(try !reader.isRecipient("H31.45.2", of: sent.key))
        // The log tells all of it, each entry in the letter's story.
        let events = try (accepted.leafIndex..<fixture.tree.size).map { try entry($0, reader) }
        #expect(events[0]["operation"] as? String == "recall")
        #expect(events[0]["targets"] as? [String] == [sent.key.description])
        #expect(events[1]["event"] as? String == "letter.recalled")
        #expect(events[1]["by"] as? String == recall.key.description)
        let withdrawn = events.filter { $0["event"] as? String == "delivery.withdrawn" }
        #expect(withdrawn.count == 2)
        #expect(withdrawn.allSatisfy { $0["by"] as? String == recall.key.description })
        #expect(events.filter { $0["event"] as? String == "status.received" }.count == 2)
    }

    @Test func `has no further effect when it comes again`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(sent)
        let recall = acting(.recall, on: ["1"], name: "2", to: ["H31.7", "H31.45.2"])
        let first = try fixture.accept(recall)
        let size = fixture.tree.size
        try fixture.open()
        let again = try fixture.accept(recall)
        #expect(again.isReplay && again.entry == first.entry && fixture.tree.size == size)
        // Another one finds nothing left to take.
        let other = try fixture.accept(acting(.recall, on: ["1"], name: "3", to: ["H31.7"]))
        #expect(other.recipients.isEmpty && other.woken.isEmpty)
    }

    @Test func `is there whole or not at all after the power went`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H31.7")
        func state(of image: String) throws -> (stages: [String], relations: Int, counts: DeliveryCounts) {
            let reader = try Store(directory: image).makeReader()
            let trail = try #require(try reader.trail(sent.key))
            return (
                trail.deliveries.map(\.cycle.stage.rawValue), trail.relations.count,
                try reader.deliveryCounts()
            )
        }
        let before = try fixture.crashImage()
        let recall = acting(.recall, on: ["1"], name: "2", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(recall)
        let after = try fixture.crashImage()
        let old = try state(of: before)
        #expect(old.stages == ["delivered", "queued"] && old.relations == 0)
        #expect(old.counts == DeliveryCounts(queued: 1, delivered: 1))
        let new = try state(of: after)
        #expect(new.stages == ["recall_asked", "withdrawn"] && new.relations == 1)
        #expect(new.counts == DeliveryCounts(queued: 2, delivered: 1, withdrawn: 1))
        let report = try Doctor.examine(directory: after, verifier: nil)
        #expect(!report.findings.contains { [.countsDiffer, .deliveriesDiffer].contains($0.code) })
    }

    @Test func `is refused whole where its target or a recipient is not right`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        _ = try fixture.accept(letter("1", to: ["H31.7", "H31.45.2"]))
        func refusal(_ document: NewDocument) throws -> Rejection? {
            guard case .failure(let rejection) = try fixture.commit(.accept(document))[0] else { return nil }
            return rejection
        }
        let unknown = try refusal(acting(.recall, on: ["9"], name: "2", to: ["H31.7"]))
        #expect(unknown?.code == .targetUnknown && unknown?.findings.map(\.line) == [7])
        let stranger = try refusal(acting(.recall, on: ["1"], name: "2", to: ["H31.7", "H99"]))
        #expect(stranger?.code == .targetNotRecipient && stranger?.findings.map(\.path) == ["To[2]"])
        // Another agency's letter is as good as none.
        let foreign = try refusal(
            acting(.recall, on: ["1"], name: "2", to: ["H31.7"], owners: ["H31.45.2"]))
        #expect(foreign?.code == .targetUnknown)
        #expect(try fixture.reader().deliveryCounts() == DeliveryCounts(queued: 2))
    }

    @Test func `is bounded in what it may touch, and is not kept waiting by a pile`() throws {
        let fixture = try Fixture()
        fixture.options.deliveriesWaitingMax = 101
        try fixture.open()
        // Updates go by one DocumentId.
        for number in 0..<101 {
            var update = letter("1", to: ["H31.7"])
            update.key = DocumentKey(truncating: SHA256.hash(Array("\(number)".utf8)))
            _ = try fixture.accept(update)
        }
        let recall = acting(.recall, on: ["1"], name: "2", to: ["H31.7"])
        #expect(try fixture.rejection(.accept(recall)) == .valueInvalid)
        let other = letter("3", to: ["H31.7"])
        #expect(try fixture.rejection(.accept(other)) == .tooManyRequests)
        fixture.options.deliveriesWaitingMax = 102
        try fixture.open()
        _ = try fixture.accept(other)
        _ = try fixture.accept(acting(.recall, on: ["3"], name: "4", to: ["H31.7"]))
        #expect(try fixture.cycle(other, "H31.7")?.stage == .withdrawn)
        // The copy that was withdrawn waits no more.
        #expect(try fixture.rejection(.accept(letter("5", to: ["H31.7"]))) == nil)
    }

    @Test func `finds its target by the first way that names a letter`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7"])
        _ = try fixture.accept(sent)
        _ = try fixture.accept(
            acting(.recall, on: [], name: "2", to: ["H31.7"], ways: [["9"], ["1"], ["8"]]))
        #expect(try fixture.cycle(sent, "H31.7")?.stage == .withdrawn)
    }

    @Test func `reaches letters of agencies that were taken over, and copies that they got`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "NEW", "HEIR"])
        let sent = letter("1", to: ["H31.7"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H31.7")
        var recall = acting(.recall, on: ["1"], name: "2", to: ["HEIR"], owners: ["NEW", "H37.12"])
        recall.action?.addressees = [
            LetterAction.Party(recipient: "HEIR", codes: ["HEIR", "H31.7"], place: .unknown)
        ]
        #expect(try fixture.accept(recall).recipients == ["HEIR"])
        #expect(try fixture.cycle(sent, "H31.7")?.stage == .recallAsked)
        // And the heir answers for it; the answer goes to whom the old sender's mail goes now.
        var answer = status("15", of: sent, from: "HEIR")
        answer.recipients = ["NEW"]
        answer.status?.reporters = ["HEIR", "H31.7"]
        #expect(try fixture.accept(answer).recipients == ["NEW"])
        #expect(try fixture.cycle(sent, "H31.7")?.stage == .recalled)
    }
}

@Suite struct `An answer` {
    @Test func `may name the recall, and counts once for each request`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H31.7")
        let recall = acting(.recall, on: ["1"], name: "2", to: ["H31.7"])
        _ = try fixture.accept(recall)
        let declined = status("16", of: recall, from: "H31.7", text: "a")
        #expect(try fixture.accept(declined).isReplay == false)
        #expect(try fixture.cycle(sent, "H31.7")?.request?.state == "declined")
        #expect(try fixture.accept(status("16", of: sent, from: "H31.7", text: "b")).isReplay)
        _ = try fixture.accept(acting(.recall, on: ["1"], name: "3", to: ["H31.7"]))
        #expect(try fixture.accept(status("16", of: sent, from: "H31.7", text: "c")).isReplay == false)
        // Nobody asked any more: kept, with a flag.
        _ = try fixture.accept(status("15", of: sent, from: "H31.7", text: "d"))
        let statuses = try #require(try fixture.reader().trail(sent.key)).statuses
        #expect(statuses.map(\.code) == ["16", "16", "15"])
        #expect(statuses.map(\.isOutOfOrder) == [false, false, true])
    }

    @Test func `follows 13, which withdraws what is still here`() throws {
        let fixture = try Fixture()
        let sent = letter("1", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H31.7")
        #expect(try fixture.accept(request(sent, of: "H31.7")).recipients == ["H31.7"])
        #expect(try fixture.cycle(sent, "H31.7")?.stage == .recallAsked)
        #expect(try fixture.cycle(sent, "H31.45.2")?.stage == .queued)
        // Asked again before it is answered: the same.
        #expect(try fixture.accept(request(sent, of: "H31.7", text: "again")).isReplay)
        let other = try fixture.accept(request(sent, of: "H31.45.2"))
        #expect(other.recipients.isEmpty && other.woken == ["H37.12"])
        #expect(try fixture.cycle(sent, "H31.45.2")?.stage == .withdrawn)
        _ = try fixture.accept(status("15", of: sent, from: "H31.7"))
        #expect(try fixture.cycle(sent, "H31.7")?.stage == .recalled)
        #expect(
            try fixture.rejection(.accept(request(letter("9"), of: "H31.7", text: "9")))
                == .statusTargetUnknown)
        #expect(try fixture.rejection(.accept(request(sent, of: "H37.12"))) == .statusNotRecipient)
        let codes = try fixture.reader().trail(sent.key)?.statuses.map { "\($0.agency) \($0.code)" }
        #expect(codes == ["H37.12 13", "H37.12 13", "H31.45.2 15", "H31.7 15"])
    }
}

@Suite struct `An update` {
    @Test func `adds and removes recipients`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99", "H98"])
        let sent = letter("1", to: ["H31.7", "H31.45.2", "H99"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H31.7")
        try fixture.deliver(to: "H31.45.2")
        let update = acting(
            .update, on: ["1"], name: "1u", to: ["H31.7", "H98"], removed: ["H31.45.2", "H99"])
        #expect(try fixture.accept(update).recipients == ["H31.7", "H31.45.2", "H98"])
        #expect(try fixture.cycle(sent, "H31.7")?.request == LifeCycle.Request(.update))
        #expect(try fixture.cycle(sent, "H31.45.2")?.stage == .recallAsked)
        #expect(try fixture.cycle(sent, "H99")?.stage == .withdrawn)
        #expect(try fixture.lease("H99").isEmpty)
        #expect(try fixture.lease("H98").map(\.document.key) == [update.key])
    }
}

@Suite struct `A replacement` {
    @Test func `takes the old letter out of every inbox`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let sent = letter("1", to: ["H31.7", "H31.45.2", "H99"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H31.7")
        let new = acting(.replacement, on: ["1"], name: "2", to: ["H31.7", "H31.45.2"])
        #expect(try fixture.accept(new).recipients == ["H31.7", "H31.45.2"])
        #expect(try fixture.cycle(sent, "H31.7")?.request == LifeCycle.Request(.replacement))
        #expect(try fixture.cycle(sent, "H31.45.2")?.stage == .withdrawn)
        #expect(try fixture.cycle(sent, "H99")?.stage == .withdrawn)
        #expect(try fixture.lease("H31.45.2").map(\.document.key) == [new.key])
        #expect(try fixture.lease("H99").isEmpty)
    }

    @Test func `is limited to the recipients that it names`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let sent = letter("1", to: ["H31.7", "H31.45.2", "H99"])
        _ = try fixture.accept(sent)
        try fixture.deliver(to: "H99")
        let new = acting(.replacement, on: ["1"], name: "2", to: ["H31.7"], limit: ["H31.7", "H99"])
        #expect(try fixture.accept(new).recipients == ["H31.7", "H99"])
        #expect(try fixture.cycle(sent, "H31.7")?.stage == .withdrawn)
        #expect(try fixture.cycle(sent, "H31.45.2")?.stage == .queued)
        #expect(try fixture.cycle(sent, "H99")?.request?.state == "asked")
    }
}
