import Exchange
import Foundation
import JSON
import Testing

/// What recipients owe for letters, told through the public API.
@Suite struct `A letter that is not answered` {
    private func overdue(_ world: World, _ who: String, at: Instant) throws -> JSONValue {
        let result = try world.run(["overdue", "--at", at.rfc3339, "--json"], as: who)
        try #require(result.code == 0, "\(result.errors)")
        return try #require(result.json)
    }

    private func recipients(_ list: JSONValue?) -> [String] {
        (list?.array ?? []).compactMap { $0["recipient"]?.string }.sorted()
    }

    @Test func `is overdue for its sender and the operator until it is confirmed and done`() throws {
        let world = try World()
        try world.start()
        let sender = try Office("H37.12", in: world)
        let now = try #require(Instant(rfc3339: "2026-01-01T00:00:00Z"))
        let letter = try sender.send(
            to: ["H31.7", "H31.45.2"], ["--date", now.edXMLDate, "--due", now.edXMLDate])
        let accepted = try #require(
            letter.receipt["acceptedAt"]?.string.flatMap { Instant(rfc3339: $0) })
        // No holiday and no weekend is that long.
        let late = accepted.adding(seconds: 14 * 86_400)
        for office in ["H31.7", "H31.45.2"] { try Office(office, in: world).take() }
        for who in ["H37.12", "operator"] {
            let list = try overdue(world, who, at: late)
            #expect(recipients(list["unconfirmed"]) == ["H31.45.2", "H31.7"])
            #expect(recipients(list["uncompleted"]) == ["H31.45.2", "H31.7"])
            #expect(list["unconfirmed"]?.array?.first?["documentKey"]?.string == letter.key)
            let due = list["unconfirmed"]?.array?.first?["due"]?.string.flatMap { Instant(rfc3339: $0) }
            #expect(due.map { $0 > accepted && $0 < late } == true)
            // Its DueDate is long over; the working day on which it came is not.
            let early = try overdue(world, who, at: accepted)
            #expect(recipients(early["unconfirmed"]).isEmpty)
            #expect(recipients(early["uncompleted"]) == ["H31.45.2", "H31.7"])
        }
        #expect(recipients(try overdue(world, "H31.7", at: late)["unconfirmed"]).isEmpty)
        #expect(try world.client("auditor").get("/v1/overdue").status == 403)

        let (first, second) = (try Office("H31.7", in: world), try Office("H31.45.2", in: world))
        try first.report("01", of: letter.key)
        try second.report("03", of: letter.key)
        let confirmed = try overdue(world, "H37.12", at: late)
        #expect(recipients(confirmed["unconfirmed"]) == ["H31.7"])
        #expect(confirmed["unconfirmed"]?.array?.first?["stage"]?.string == "arrived")
        try second.report("06", of: letter.key)
        try first.report("02", of: letter.key, ["--reason", "Gửi nhầm nơi nhận"])
        let answered = try overdue(world, "operator", at: late)
        #expect(recipients(answered["unconfirmed"]).isEmpty && recipients(answered["uncompleted"]).isEmpty)
        #expect(world.stop() == 0)
    }

    @Test func `keeps statuses that come in a wrong order and flags them`() throws {
        let world = try World()
        try world.start()
        let sender = try Office("H37.12", in: world)
        let letter = try sender.send(to: ["H31.7"])
        let office = try Office("H31.7", in: world)
        try office.report("03", of: letter.key)  // before it was taken
        try office.take()
        for code in ["05", "05", "01", "06", "04"] { try office.report(code, of: letter.key) }
        let statuses = try sender.trail(letter.key)["statuses"]?.array ?? []
        let told = statuses.map {
            "\($0["code"]?.string ?? "")\($0["outOfOrder"]?.boolean == true ? "!" : "")"
        }
        // 05 may repeat within a second: the same bytes are the same status.
        #expect(told.filter { $0 == "05" }.count == (told.count == 6 ? 2 : 1))
        #expect(told.first == "03!" && told.suffix(3) == ["01!", "06", "04!"])
        #expect(try sender.stages(letter.key) == ["H31.7": "completed"])
        #expect(try sender.take().count == told.count)
        let unknown = try world.run(["status", letter.key, "03"], as: "H37.14")
        #expect(unknown.code != 0)
    }

    @Test func `raises an alert when it is urgent`() throws {
        let world = try World(settings: "rules: { alertSeconds: { express: 1 } },")
        try world.start()
        let letter = try Office("H37.12", in: world).send(to: ["H31.7"], ["--priority", "3"])
        try world.waitForLog("urgent_not_taken", more: 1)
        for who in ["operator", "H37.12", "H31.7"] {
            let alerts = try world.run(["alerts", "--json"], as: who).json?["alerts"]?.array ?? []
            #expect(alerts.map { $0["documentKey"]?.string } == [letter.key])
            #expect(alerts.first?["recipient"]?.string == "H31.7")
        }
        #expect(try world.run(["alerts", "--json"], as: "H37.14").json?["alerts"]?.array?.isEmpty == true)
        #expect(
            try world.run(["alerts", "--json", "--after", "1"], as: "operator").json?["alerts"]?.array?
                .isEmpty
                == true)
    }
}
