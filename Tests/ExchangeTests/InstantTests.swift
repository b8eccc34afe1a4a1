import Exchange
import Testing

@Suite struct `An instant` {
    @Test func `writes and reads RFC 3339`() throws {
        let instant = try #require(Instant(rfc3339: "2026-11-20T09:15:30.25+07:00"))
        #expect(instant.rfc3339 == "2026-11-20T02:15:30.250Z")
        #expect(Instant(rfc3339: instant.rfc3339) == instant)
    }

    @Test(arguments: [
        "", "2026-11-20", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z",
        "2026-11-20T00:00:00", "2026-11-20T00:00:00.Z", "2026-11-20T00:00:00Zx", "2026-11-20T00:00:00+07",
    ])
    func `refuses what is no RFC 3339 time`(_ text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func `reads edXML's dates and times as Vietnam's`() throws {
        let instant = try #require(Instant(edXML: "2026/11/20 09:15:30"))
        #expect(instant.rfc3339 == "2026-11-20T02:15:30.000Z")
        #expect(instant.edXMLTimestamp == "2026/11/20 09:15:30")
        #expect(Instant(edXML: "2026/11/20")?.rfc3339 == "2026-11-19T17:00:00.000Z")
        #expect(Instant(edXML: "2026/11/20 09:15") == nil)
    }

    @Test func `agrees with the calendar over four hundred years`() {
        var instant = Instant(year: 1899, month: 12, day: 31)!
        var previous = instant.calendar(offsetMinutes: 0)
        for _ in 0..<146_097 {
            instant = instant.adding(seconds: 86_400)
            let next = instant.calendar(offsetMinutes: 0)
            #expect(Instant(year: next.year, month: next.month, day: next.day) == instant)
            #expect((next.year, next.month, next.day) > (previous.year, previous.month, previous.day))
            previous = next
        }
    }
}
