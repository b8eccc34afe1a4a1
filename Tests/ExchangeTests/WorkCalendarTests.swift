import Exchange
import Testing

@Suite struct `A working calendar` {
    private func deadline(_ arrival: String, _ change: (inout WorkCalendar) -> Void = { _ in }) throws
        -> String
    {
        var calendar = WorkCalendar()
        change(&calendar)
        let instant = try #require(Instant(edXML: arrival))
        let deadline = calendar.confirmationDeadline(arrival: instant)
        #expect(deadline > instant)
        return deadline.edXMLTimestamp
    }

    // 2026/11/20 is a Friday.
    @Test(arguments: [
        ("2026/11/20 00:00:00", "2026/11/21 00:00:00"), ("2026/11/20 09:15:30", "2026/11/21 00:00:00"),
        ("2026/11/20 16:59:59", "2026/11/21 00:00:00"), ("2026/11/20 17:00:00", "2026/11/24 00:00:00"),
        ("2026/11/21 08:00:00", "2026/11/24 00:00:00"), ("2026/11/22 23:59:59", "2026/11/24 00:00:00"),
        ("2026/11/23 08:00:00", "2026/11/24 00:00:00"), ("2026/12/31 18:00:00", "2027/01/02 00:00:00"),
    ])
    func `gives a letter until the end of its working day in Vietnam`(_ arrival: String, _ due: String) throws
    {
        #expect(try deadline(arrival) == due)
    }

    @Test func `knows holidays, Saturdays that are worked, and hours`() throws {
        #expect(
            try deadline("2026/09/02 08:00:00") { $0.holidays = ["2026-09-02", "2026-09-03"] }
                == "2026/09/05 00:00:00")
        #expect(
            try deadline("2026/11/21 08:00:00") { $0.workingDays = [1, 2, 3, 4, 5, 6] }
                == "2026/11/22 00:00:00")
        #expect(
            try deadline("2026/11/20 08:00:00") { $0.confirmByMinutes = 11 * 60 } == "2026/11/20 11:00:00")
        #expect(
            try deadline("2026/11/20 11:00:00") { $0.confirmByMinutes = 11 * 60 } == "2026/11/23 11:00:00")
        // No day is worked: a mistake of the operator's, and an answer all the same.
        #expect(throws: Never.self) { try deadline("2026/11/20 08:00:00") { $0.workingDays = [] } }
    }

    @Test func `counts a due date as the last day`() {
        #expect(
            WorkCalendar.completionDeadline(dueDate: "2026/11/27")?.edXMLTimestamp == "2026/11/28 00:00:00")
        #expect(WorkCalendar.completionDeadline(dueDate: "mai") == nil)
    }
}
