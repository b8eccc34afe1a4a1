import Exchange
import Foundation
import HTTP
import JSON
import Testing
import Transport

@Suite struct `Reports over the API` {
    @Test func `count what really went through, each caller's own`() throws {
        let world = try World()
        try world.start()
        let sender = try world.client(World.sender)
        let (first, second) = (World.recipients[0], World.recipients[1])
        for _ in 0..<2 {
            #expect(try sender.submit(try world.bytes(try world.letter(to: [first, second]))).status == 201)
        }
        let client = try world.client(first)
        let deliveries = try JSONReader.read(try client.get("/v1/inbox?wait=30").bytes)["deliveries"]?.array
        let key = try #require(deliveries?.first?["documentKey"]?.string)
        #expect(try world.run(["status", key, "03"], as: first).code == 0)

        let today = Instant(seconds: Int64(Date().timeIntervalSince1970))
        let period = ["--from", today.adding(seconds: -86_400).isoDate]
        let until = ["--until", today.adding(seconds: 2 * 86_400).isoDate]
        let all = try world.run(["report", "--json", "--by", "agency,kind"] + period + until, as: "operator")
        #expect(all.code == 0, "\(all.errors)")
        let rows = all.json?["rows"]?.array ?? []
        func row(_ direction: String, _ agency: String) -> JSONValue? {
            rows.first { $0["direction"]?.string == direction && $0["agency"]?.string == agency }
        }
        #expect(rows.count == 3)
        #expect(row("sent", World.sender)?["letters"]?.integer == 2)
        #expect(row("sent", World.sender)?["signed"]?.integer == 2)
        #expect(row("sent", World.sender)?["copies"]?.integer == 4)
        #expect(row("sent", World.sender)?["kind"]?.string == "Công văn")
        #expect(row("received", first)?["confirmedSameDay"]?.integer == 1)
        #expect(row("received", second)?["confirmed"]?.integer == 0)

        let own = try world.run(["report", "--bom"] + period + until, as: second)
        #expect(own.output.starts(with: [0xEF, 0xBB, 0xBF]))
        let lines = String(decoding: own.output.dropFirst(3), as: UTF8.self).components(separatedBy: "\r\n")
        #expect(lines.count == 3)
        #expect(lines[1].hasPrefix("received,\(second),"))
        #expect(try world.client("auditor").get("/v1/report?from=2026-01-01&until=2026-02-01").status == 403)
        for query in ["", "?from=2026-02-01&until=2026-01-01", "?from=2026-01-01&until=2026-02-01&by=x"] {
            #expect(try sender.get("/v1/report\(query)").status == 400)
        }
    }
}
