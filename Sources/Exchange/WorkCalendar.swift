/// Which days are working days in Vietnam, and by when a letter that came then is to be confirmed.
///
/// Decree 30/2020 (article 21.2) has the clerk confirm a letter the day it comes. What comes in the evening
/// or on a day off has come, for that, on the next working day.
package struct WorkCalendar: Sendable, Hashable {
    /// After ISO 8601: 1 Monday … 7 Sunday. Never empty.
    package var workingDays: Set<Int> = [1, 2, 3, 4, 5]
    /// `2026-09-02`.
    package var holidays: Set<String> = []
    /// Of the day in Vietnam: what comes from then on counts for the next working day.
    package var arrivesUntilMinutes = 17 * 60
    /// Of that day: by when it is to be confirmed; 1440 is its end.
    package var confirmByMinutes = 24 * 60

    /// More days off in a row than this are a mistake in the configuration.
    private static let daysOffMax = 400
    private static let dayMilliseconds: Int64 = 86_400_000
    /// +07:00.
    private static let zoneMilliseconds: Int64 = 7 * 3_600_000

    package init() {}

    /// Later than `arrival` in any case.
    package func confirmationDeadline(arrival: Instant) -> Instant {
        var day = Self.day(of: arrival)
        let minute = (arrival.milliseconds - Self.start(of: day).milliseconds) / 60_000
        if minute >= min(arrivesUntilMinutes, confirmByMinutes) { day += 1 }
        for _ in 0..<Self.daysOffMax {
            if isWorkingDay(day) { break }
            day += 1
        }
        return Self.start(of: day).adding(seconds: Int64(confirmByMinutes) * 60)
    }

    /// The end of a DueDate: the day itself still counts. Nil where it is no day.
    package static func completionDeadline(dueDate: String) -> Instant? {
        Instant(edXML: dueDate)?.adding(milliseconds: dayMilliseconds)
    }

    /// - Parameter day: since 1970, a Thursday.
    private func isWorkingDay(_ day: Int64) -> Bool {
        let weekday = Int(((day + 3) % 7 + 7) % 7) + 1
        return workingDays.contains(weekday) && !holidays.contains(Self.start(of: day).isoDate)
    }

    private static func day(of instant: Instant) -> Int64 {
        let local = instant.milliseconds &+ zoneMilliseconds
        return local >= 0 ? local / dayMilliseconds : (local - dayMilliseconds + 1) / dayMilliseconds
    }

    private static func start(of day: Int64) -> Instant {
        Instant(milliseconds: day &* dayMilliseconds &- zoneMilliseconds)
    }
}
