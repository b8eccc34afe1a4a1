import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

extension Fixture {
    fileprivate func take(_ recipient: String) throws {
        for held in try lease(recipient) {
            try commit(
                .acknowledge(delivery: held.id, recipient: ExactString(recipient), token: held.token))
        }
    }

    fileprivate func names(_ recipient: String, limit: Int = 10) throws -> [String] {
        try lease(recipient, limit: limit).map { $0.document.subject }
    }

    fileprivate func raise() throws -> [UrgentAlert] {
        guard case .alerted(let alerts) = try commit(.raiseAlerts)[0].get() else { throw Unexpected() }
        return alerts
    }
}

@Suite struct `An inbox` {
    private func fill(_ fixture: Fixture) throws {
        for (name, priority) in [
            ("0", Priority.normal), ("1", .urgent), ("2", .moreUrgent), ("3", .express), ("4", .expressTimed),
            ("0b", .normal), ("3b", .express),
        ] { _ = try fixture.accept(letter(name, priority: priority)) }
    }

    @Test func `gives 3 and 4 before 2 before 1 before 0, in the order in which they came`() throws {
        let fixture = try Fixture()
        try fill(fixture)
        #expect(try fixture.names("H31.7") == ["3", "4", "3b", "2", "1", "0", "0b"].map { "V/v \($0)" })
        let reader = try fixture.reader()
        #expect(try reader.inbox(recipient: "H31.7", limit: 10).isEmpty)
    }

    @Test func `lets what has waited go before newer letters, step by step`() throws {
        let fixture = try Fixture()
        fixture.options.agingSeconds = 3600
        try fixture.open()
        _ = try fixture.accept(letter("old", priority: .normal))
        func after(_ seconds: Int64, _ name: String, _ priority: Priority) throws {
            fixture.now = Instant(seconds: 1_795_000_000 + seconds)
            _ = try fixture.accept(letter(name, priority: priority))
        }
        try after(3599, "urgent soon", .urgent)
        try after(3601, "urgent late", .urgent)
        try after(10_799, "express soon", .express)
        try after(10_801, "express late", .express)
        #expect(
            try fixture.names("H31.7")
                == ["urgent soon", "express soon", "old", "urgent late", "express late"].map { "V/v \($0)" })
    }

    @Test func `may be told to let nothing age`() throws {
        let fixture = try Fixture()
        fixture.options.agingSeconds = 0
        try fixture.open()
        _ = try fixture.accept(letter("old", priority: .normal))
        fixture.now = fixture.now.adding(seconds: 300 * 86_400)
        _ = try fixture.accept(letter("new", priority: .urgent))
        #expect(try fixture.names("H31.7") == ["V/v new", "V/v old"])
    }
}

@Suite struct `A deadline` {
    private let due = Instant(seconds: 1_795_010_000)

    private func watched(_ name: String, to recipients: [String]) -> NewDocument {
        var document = letter(name, to: recipients)
        document.deadlines = Deadlines(confirmBy: due, completeBy: due.adding(seconds: 1000))
        return document
    }

    private func overdue(
        _ fixture: Fixture, sender: String? = nil, at: Instant
    ) throws -> (unconfirmed: [String], uncompleted: [String]) {
        let overdue = try fixture.reader().overdue(
            sender: sender.map { ExactString($0) }, at: at, limit: 10)
        func text(_ delivery: OverdueDelivery) -> String {
            "\(delivery.document.subject) \(delivery.recipient) \(delivery.cycle.stage.rawValue)"
        }
        return (overdue.unconfirmed.map(text), overdue.uncompleted.map(text))
    }

    @Test func `is over for whom has not answered`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let sent = watched("1", to: ["H31.7", "H31.45.2", "H99"])
        _ = try fixture.accept(sent)
        for recipient in ["H31.7", "H31.45.2"] { try fixture.take(recipient) }
        _ = try fixture.accept(status("01", of: sent, from: "H31.7"))
        _ = try fixture.accept(status("03", of: sent, from: "H31.45.2"))
        let early = try overdue(fixture, at: due.adding(milliseconds: -1))
        #expect(early.unconfirmed.isEmpty && early.uncompleted.isEmpty)
        for sender in [nil, "H37.12"] {
            let late = try overdue(fixture, sender: sender, at: due.adding(seconds: 1000))
            #expect(late.unconfirmed == ["V/v 1 H31.7 arrived", "V/v 1 H99 queued"])
            #expect(
                late.uncompleted
                    == ["V/v 1 H31.7 arrived", "V/v 1 H31.45.2 received", "V/v 1 H99 queued"])
        }
        #expect(try overdue(fixture, sender: "H99", at: due).unconfirmed.isEmpty)
        // Refused is an answer, and ends it; done is done.
        _ = try fixture.accept(status("02", of: sent, from: "H31.7"))
        _ = try fixture.accept(status("06", of: sent, from: "H31.45.2"))
        let rest = try overdue(fixture, at: due.adding(seconds: 1000))
        #expect(rest.unconfirmed == ["V/v 1 H99 queued"] && rest.uncompleted == ["V/v 1 H99 queued"])
        try fixture.open()
        #expect(try overdue(fixture, at: due).unconfirmed == ["V/v 1 H99 queued"])
    }

    @Test func `is no more for a letter that was withdrawn or given back`() throws {
        let fixture = try Fixture()
        let sent = watched("1", to: ["H31.7", "H31.45.2"])
        _ = try fixture.accept(sent)
        try fixture.take("H31.7")
        var recall = letter("2", to: ["H31.7", "H31.45.2"])
        recall.action = LetterAction(
            .recall, owners: ["H37.12"],
            ways: [[LetterAction.Target(documentID: sent.documentID, parties: nil, place: .unknown)]],
            addressees: ["H31.7", "H31.45.2"].map {
                LetterAction.Party(recipient: $0, codes: [$0], place: .unknown)
            }, notice: { _, _, _ in nil })
        _ = try fixture.accept(recall)
        #expect(try overdue(fixture, at: due).unconfirmed == ["V/v 1 H31.7 recall_asked"])
        _ = try fixture.accept(status("15", of: sent, from: "H31.7"))
        #expect(try overdue(fixture, at: due).unconfirmed.isEmpty)
    }

    @Test func `begins when a held letter is let go`() throws {
        let fixture = try Fixture()
        var held = watched("1", to: ["H31.7"])
        held.deadlines.alertBy = fixture.now.adding(seconds: 100)
        held.hold = Hold(until: due, atDeadline: .release)
        _ = try fixture.accept(held)
        fixture.now = due
        #expect(try overdue(fixture, at: due).unconfirmed.isEmpty && fixture.raise().isEmpty)
        let later = due.adding(seconds: 5000)
        try fixture.commit(
            .settle(
                Settlement(
                    key: held.key, verdictsBefore: 1, verdict: nil, decision: .release, notice: nil,
                    confirmBy: later)))
        #expect(try overdue(fixture, at: due).unconfirmed.isEmpty)
        #expect(try overdue(fixture, at: later).unconfirmed == ["V/v 1 H31.7 queued"])
        #expect(try fixture.raise().isEmpty)
        fixture.now = due.adding(seconds: 100)
        #expect(try fixture.raise().count == 1)
    }
}

@Suite struct `An urgent letter` {
    private func urgent(_ name: String, _ fixture: Fixture, to recipients: [String]) -> NewDocument {
        var document = letter(name, to: recipients, priority: .express)
        document.deadlines.alertBy = fixture.now.adding(seconds: 900)
        return document
    }

    @Test func `raises one alert for each recipient that has not taken it in time`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let sent = urgent("1", fixture, to: ["H31.7", "H31.45.2", "H99"])
        _ = try fixture.accept(sent)
        try fixture.take("H31.7")
        fixture.now = fixture.now.adding(seconds: 899)
        #expect(try fixture.raise().isEmpty)
        // Held by a lease is not taken.
        _ = try fixture.lease("H99", seconds: 3600)
        fixture.now = fixture.now.adding(seconds: 1)
        let raised = try fixture.raise()
        #expect(raised.map(\.recipient) == ["H31.45.2", "H99"])
        #expect(raised.allSatisfy { $0.documentKey == sent.key && $0.priority == .express })
        #expect(try fixture.raise().isEmpty)
        try fixture.open()
        let reader = try fixture.reader()
        #expect(try reader.alerts(after: 0, agency: nil, limit: 10) == raised)
        #expect(try reader.alerts(after: raised[0].id, agency: "H37.12", limit: 10) == [raised[1]])
        #expect(try reader.alerts(after: 0, agency: "H31.45.2", limit: 10) == [raised[0]])
        #expect(try reader.alerts(after: 0, agency: "H31.7", limit: 10).isEmpty)
    }
}
