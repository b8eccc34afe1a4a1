import Exchange
import Foundation
import Hub
import JSON
import Storage
import Testing

@Suite struct `A report` {
    private static let noon = Instant(rfc3339: "2026-11-20T05:00:00Z")!

    private func agencies(_ names: [String: String] = [:]) -> Directory {
        var list: [Agency] = []
        for (level, code) in ["H37.12", "H31.7", "H31.45.2"].enumerated() {
            var agency = Agency(code: AgencyCode(code), name: names[code] ?? "Cơ quan \(code)")
            agency.level = level + 2
            list.append(agency)
        }
        return Directory(agencies: list, principals: [])
    }

    /// A store with letters at given times, and statuses some seconds after them.
    private func fixture() throws -> ReportStore { try ReportStore(now: Self.noon) }

    private func make(
        _ store: ReportStore, by: Set<ReportQuestion.Dimension> = [], agency: AgencyCode? = nil,
        at: Instant? = nil, from: String = "2026-11-01", until: String = "2026-12-01",
        _ directory: Directory? = nil
    ) throws -> ExchangeReport {
        let question = ReportQuestion(
            from: Instant(isoDate: from)!, until: Instant(isoDate: until)!, by: by, agency: agency)
        return try #require(
            try ExchangeReport.make(
                question, try store.reader(), directory ?? agencies(),
                at: at ?? Self.noon.adding(seconds: 10 * 86_400)))
    }

    @Test func `counts letters once for the sender and each copy for its recipient`() throws {
        let store = try fixture()
        try store.send("1", to: ["H31.7", "H31.45.2"])
        try store.send("2", to: ["H31.7"], indication: "INDETERMINATE")
        let report = try make(store, by: [.agency])
        let rows = Dictionary(
            uniqueKeysWithValues: report.rows.map {
                ("\($0.row.direction.rawValue) \($0.row.agency?.string ?? "")", $0.figures)
            })
        #expect(rows["sent H37.12"]?.letters == 2)
        #expect(rows["sent H37.12"]?.signed == 1)
        #expect(rows["sent H37.12"]?.copies == 3)
        #expect(rows["received H31.7"]?.letters == 2)
        #expect(rows["received H31.45.2"]?.letters == 1)
        #expect(rows.count == 3)
        // One agency sees itself only.
        let own = try make(store, by: [.agency], agency: "H31.7")
        #expect(own.rows.map(\.row.direction) == [.received])
        #expect(own.rows.first?.figures.letters == 2)
    }

    @Test func `knows what was confirmed on the same day in Vietnam, and what is overdue`() throws {
        let store = try fixture()
        // 23:30 in Vietnam: ten minutes later is the same day, forty minutes later is not.
        let late = Instant(rfc3339: "2026-11-20T16:30:00Z")!
        try store.send("1", to: ["H31.7", "H31.45.2"], at: late, due: "2026/11/25")
        try store.report("01", "1", by: "H31.7", at: late.adding(seconds: 60))
        try store.report("03", "1", by: "H31.7", at: late.adding(seconds: 600))
        try store.report("03", "1", by: "H31.45.2", at: late.adding(seconds: 2400))
        try store.report("06", "1", by: "H31.7", at: late.adding(seconds: 86_400))
        try store.send("2", to: ["H31.7"], at: late)
        try store.report("01", "2", by: "H31.7", at: late.adding(seconds: 60))
        let figures = try #require(
            try make(store).rows.first { $0.row.direction == .sent }?.figures)
        #expect(figures.copies == 3)
        #expect(figures.confirmed == 2)
        #expect(figures.confirmedSameDay == 1)
        #expect(figures.unconfirmedOverdue == 1)
        // H31.45.2 had until the end of the 25th.
        #expect(figures.dueOverdue == 1)
        #expect(figures.toReceived.count == 2)
        let before = try #require(
            try make(store, at: Instant(rfc3339: "2026-11-20T16:59:59Z")!).rows.first?.figures)
        #expect(before.unconfirmedOverdue == 0 && before.dueOverdue == 0)
        // Months are told apart by the day in Vietnam.
        #expect(try make(store, until: "2026-11-20").rows.isEmpty)
        #expect(try make(store, from: "2026-11-20", until: "2026-11-21").rows.count == 2)
    }

    @Test func `takes the median and the 90th percentile as they are, within a class`() {
        var spread = Spread()
        #expect(spread.quantile(0.5) == nil)
        for seconds in 1...100 { spread.add(Int64(seconds)) }
        #expect(spread.quantile(0.5) == 50)
        #expect(spread.quantile(0.9) == 90)
        // Against the sorted values themselves, over all magnitudes.
        var values: [Int64] = []
        var other = Spread()
        for step in 0..<5000 {
            let value = Int64(step) * Int64(step) * 7
            values.append(value)
            other.add(value)
        }
        for share in [0.01, 0.25, 0.5, 0.9, 0.999, 1] {
            let exact = values[max(1, Int((share * 5000).rounded(.up))) - 1]
            let found = other.quantile(share) ?? -1
            #expect(abs(found - exact) * 64 <= max(exact, 64), "\(share): \(found) for \(exact)")
        }
        other.add(Int64.max)
        #expect((other.quantile(1) ?? 0) > Int64.max / 2)
    }

    @Test func `is a CSV that a spreadsheet opens and does not compute`() throws {
        let store = try fixture()
        try store.send("1", to: ["H31.7"], type: "=HYPERLINK(\"x\")", indication: "TOTAL-PASSED")
        try store.send("2", to: ["H31.7"], type: "Công văn; \"mẫu\"")
        let directory = agencies(["H37.12": "+cmd|' /C calc'!A0", "H31.7": "Sở\nNội vụ, tỉnh"])
        let report = try make(store, by: [.agency, .kind, .month, .level, .priority], directory)
        let csv = String(
            decoding: report.csv(hasMark: true) { directory.agency($0)?.name }, as: UTF8.self)
        #expect(csv.utf8.starts(with: [0xEF, 0xBB, 0xBF]))
        let lines = csv.dropFirst().components(separatedBy: "\r\n")
        #expect(lines.first?.hasPrefix("direction,agency,name,month,kind,priority,level,letters,") == true)
        #expect(lines.count == 6 && lines.last == "")
        #expect(csv.contains(#","'=HYPERLINK(""x"")","#))
        #expect(csv.contains(#",'+cmd|' /C calc'!A0,"#))
        #expect(csv.contains("\"Sở\nNội vụ, tỉnh\""))
        #expect(csv.contains(#""Công văn; ""mẫu""""#))
        let json = try JSONReader.read(report.json { directory.agency($0)?.name })
        #expect(json["rows"]?.array?.count == 4)
        #expect(json["rows"]?.array?.first?["month"]?.string == "2026-11")
        #expect(json["rows"]?.array?.first?["level"]?.integer == 3)
    }

    @Test func `goes through more letters than one read takes`() throws {
        let store = try fixture()
        try store.sendMany(4500)
        let rows = try make(store).rows
        #expect(rows.map(\.figures.letters) == [4500, 4500])
    }
}
