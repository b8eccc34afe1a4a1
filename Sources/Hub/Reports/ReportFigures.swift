/// What a report counts in one of its rows.
package struct ReportFigures: Sendable {
    /// Letters, each once however many recipients it has.
    package var letters = 0
    /// Of them those whose organisation signature passed.
    package var signed = 0
    /// Copies that their recipients have or could take: not withdrawn, held or given up.
    package var copies = 0
    /// Of these: somebody at the recipient's acted (02–06).
    package var confirmed = 0
    /// On the day, in Vietnam, on which the hub took the letter.
    package var confirmedSameDay = 0
    /// Neither confirmed nor is that day's end to come.
    package var unconfirmedOverdue = 0
    /// Its DueDate has passed, and neither a 06 nor a 02 had come by then.
    package var dueOverdue = 0
    /// Seconds from when the hub took the letter to the recipient's first 03 and 06.
    package var toReceived = Spread()
    package var toCompleted = Spread()

    package static func share(_ part: Int, of whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
    }
}

/// Durations of which the median and other quantiles are asked. Bounded whatever is put in: seconds below 128
/// are kept as they are, longer ones in classes not wider than 1/64 of what they stand for.
package struct Spread: Sendable {
    private static let stepBits = 6
    private var classes: [UInt16: UInt32] = [:]
    package private(set) var count = 0

    package init() {}

    package mutating func add(_ seconds: Int64) {
        let seconds = UInt64(max(0, seconds))
        let magnitude = max(0, 63 - seconds.leadingZeroBitCount - Self.stepBits)
        let number = UInt16(magnitude << Self.stepBits) + UInt16(seconds >> UInt64(magnitude))
        classes[number, default: 0] += 1
        count += 1
    }

    /// The least duration that at least this share of the others does not exceed, in seconds, from the middle
    /// of its class; nil where there is none.
    package func quantile(_ share: Double) -> Int64? {
        let wanted = max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for number in classes.keys.sorted() {
            seen += Int(classes[number] ?? 0)
            if seen >= wanted { return Self.middle(of: number) }
        }
        return nil
    }

    private static func middle(of number: UInt16) -> Int64 {
        let magnitude = max(0, Int64(number) >> stepBits - 1)
        let lowest = (Int64(number) - magnitude << stepBits) << magnitude
        return lowest + (1 << magnitude) / 2
    }
}
