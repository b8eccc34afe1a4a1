package import Exchange
package import Storage

/// What a report is asked about.
package struct ReportQuestion: Sendable, Hashable {
    /// By what its rows are told apart; whether a letter was sent or received always is.
    package enum Dimension: String, Sendable, CaseIterable {
        case agency, month, kind, priority
        /// The agency's, in the directory.
        case level
    }

    /// When the hub took the letters; the end not included.
    package var from: Instant
    package var until: Instant
    package var by: Set<Dimension>
    /// Only its own; nil for everybody.
    package var agency: AgencyCode?

    package init(from: Instant, until: Instant, by: Set<Dimension>, agency: AgencyCode?) {
        self.from = from
        self.until = until
        self.by = by
        self.agency = agency
    }
}

/// Figures about letters that went through the hub: for the sending side and for the receiving side.
package struct ExchangeReport: Sendable {
    package enum Direction: String, Sendable { case sent, received }

    /// What a row is about; nil where the report is not told apart by that.
    package struct Row: Sendable, Hashable {
        package var direction: Direction
        package var agency: AgencyCode?
        /// `2026-11`, in Vietnam.
        package var month: String?
        /// The letters' TypeName.
        package var kind: String?
        package var priority: Int?
        package var level: Int?

        fileprivate var order: [String] {
            [
                agency?.string ?? "", month ?? "", kind ?? "", level.map(String.init) ?? "",
                priority.map(String.init) ?? "", direction == .sent ? "0" : "1",
            ]
        }
    }

    /// Memory is bounded by this: who asks by agency and month for years gets told to ask for less.
    package static let rowsMax = 100_000

    package let question: ReportQuestion
    /// When it was made: what is overdue is so by then.
    package let at: Instant
    package let rows: [(row: Row, figures: ReportFigures)]

    /// Reads the database; blocks for seconds where there are many letters.
    ///
    /// - Parameter mayGoOn: asked now and then; false ends it.
    /// - Returns: nil where it was ended, or has more rows than `rowsMax`.
    package static func make(
        _ question: ReportQuestion, _ reader: StoreReader, _ directory: Directory, at now: Instant,
        mayGoOn: () -> Bool = { true }
    ) throws(StorageError) -> ExchangeReport? {
        var tally = Tally(question: question, directory: directory, now: now)
        var next: Int64? = try reader.firstReported(from: question.from)
        while let first = next {
            guard mayGoOn(), tally.figures.count <= rowsMax else { return nil }
            next = try reader.report(
                at: first, from: question.from, until: question.until, agency: question.agency
            ) { letter, copy, isFirst in tally.add(letter, copy, isFirst: isFirst) }
        }
        guard tally.figures.count <= rowsMax else { return nil }
        let sorted = tally.figures.map { (row: $0.key, figures: $0.value, order: $0.key.order) }
            .sorted { $0.order.lexicographicallyPrecedes($1.order) }
        return ExchangeReport(
            question: question, at: now, rows: sorted.map { (row: $0.row, figures: $0.figures) })
    }
}

/// A report as it grows.
private struct Tally {
    let question: ReportQuestion
    let directory: Directory
    let now: Instant
    var figures: [ExchangeReport.Row: ReportFigures] = [:]

    private static let offsetSeconds: Int64 = 7 * 3600
    private static let secondsPerDay: Int64 = 86_400

    mutating func add(_ letter: ReportedLetter, _ copy: ReportedCopy, isFirst: Bool) {
        if question.agency.map({ $0 == letter.sender }) ?? true {
            count(letter, copy, .sent, letter.sender, isNewLetter: isFirst)
        }
        if question.agency.map({ $0 == copy.recipient }) ?? true {
            // For its recipient every copy is a letter.
            count(letter, copy, .received, copy.recipient, isNewLetter: true)
        }
    }

    private mutating func count(
        _ letter: ReportedLetter, _ copy: ReportedCopy, _ direction: ExchangeReport.Direction,
        _ agency: AgencyCode, isNewLetter: Bool
    ) {
        let by = question.by
        let row = ExchangeReport.Row(
            direction: direction, agency: by.contains(.agency) ? agency : nil,
            month: by.contains(.month) ? String(letter.acceptedAt.isoDate.prefix(7)) : nil,
            kind: by.contains(.kind) ? letter.documentType : nil,
            priority: by.contains(.priority) ? letter.priority.rawValue : nil,
            level: by.contains(.level) ? directory.agency(agency)?.level ?? 0 : nil)
        Self.add(letter, copy, isNewLetter: isNewLetter, now, to: &figures[row, default: ReportFigures()])
    }

    private static func add(
        _ letter: ReportedLetter, _ copy: ReportedCopy, isNewLetter: Bool, _ now: Instant,
        to figures: inout ReportFigures
    ) {
        if isNewLetter {
            figures.letters += 1
            if letter.isSigned { figures.signed += 1 }
        }
        switch copy.state {
        case .queued, .leased, .delivered: break
        // Given up by the hub, but the recipient answered for it all the same.
        case .dead where copy.confirmedAt != nil: break
        case .dead, .held, .withdrawn: return
        }
        figures.copies += 1
        let day = Self.day(letter.acceptedAt)
        if let confirmedAt = copy.confirmedAt {
            figures.confirmed += 1
            if Self.day(confirmedAt) <= day { figures.confirmedSameDay += 1 }
        } else if Self.day(now) > day {
            figures.unconfirmedOverdue += 1
        }
        if let due = letter.dueDate.flatMap({
            Instant(isoDate: $0.split(separator: "/").joined(separator: "-"))
        }) {
            let end = due.adding(seconds: secondsPerDay)
            let settledAt = [copy.completedAt, copy.refusedAt].compactMap { $0 }.min()
            if (settledAt ?? now) >= end { figures.dueOverdue += 1 }
        }
        func seconds(_ instant: Instant) -> Int64 {
            (instant.milliseconds - letter.acceptedAt.milliseconds) / 1000
        }
        if let received = copy.receivedAt { figures.toReceived.add(seconds(received)) }
        if let completed = copy.completedAt { figures.toCompleted.add(seconds(completed)) }
    }

    /// The day in Vietnam, counted.
    private static func day(_ instant: Instant) -> Int64 { (instant.seconds + offsetSeconds) / secondsPerDay }
}
