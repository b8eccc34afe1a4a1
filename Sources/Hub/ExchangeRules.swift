package import Exchange
internal import Storage

/// What the regulation leaves to whoever runs the exchange: by when clerks confirm, and when an urgent letter
/// that nobody takes is somebody's business.
package struct ExchangeRules: Sendable, Hashable {
    package var calendar = WorkCalendar()
    /// Seconds after which a letter of that priority that was not taken raises an alert; none where absent.
    package var alertSeconds: [Priority: Int] = [
        .urgent: 3600, .moreUrgent: 1800, .express: 900, .expressTimed: 900,
    ]

    package init() {}

    func alertBy(_ priority: Priority, from instant: Instant) -> Instant? {
        alertSeconds[priority].map { instant.adding(seconds: Int64($0)) }
    }

    /// Of a letter that comes at `instant`. A recall is answered with 15 or 16 and not confirmed.
    func deadlines(
        _ operation: LetterOperation?, _ priority: Priority, dueDate: String?, at instant: Instant
    ) -> Deadlines {
        guard operation != .recall else { return Deadlines(alertBy: alertBy(priority, from: instant)) }
        return Deadlines(
            confirmBy: calendar.confirmationDeadline(arrival: instant),
            completeBy: dueDate.flatMap { WorkCalendar.completionDeadline(dueDate: $0) },
            alertBy: alertBy(priority, from: instant))
    }
}
