package import Exchange

/// When which source is asked next. No clock, no network, no dice: all three are handed in.
package struct FetchSchedule: Sendable {
    /// What a server said to tell an unchanged answer by.
    package struct Validator: Sendable, Hashable {
        package var entityTag: String?
        package var lastModified: String?

        package init(entityTag: String? = nil, lastModified: String? = nil) {
            self.entityTag = entityTag
            self.lastModified = lastModified
        }
    }

    private struct Line {
        var next: Instant
        var failures = 0
        var validator = Validator()
        var lastSuccess: Instant?
    }

    /// At once, over all servers; of each server one.
    package static let runningMax = 4
    /// Seconds before the first attempt after a failure; doubled with each further one.
    static let retrySecondsMin: Int64 = 30
    static let refreshSecondsMin: Int64 = 60

    private var lines: [FetchSource: Line] = [:]
    private var running: Set<FetchSource> = []
    private let intervalSeconds: Int64

    package init(intervalSeconds: Int64) {
        self.intervalSeconds = max(1, intervalSeconds)
    }

    package var sources: Set<FetchSource> { Set(lines.keys) }
    /// Sources whose last attempt failed.
    package var failing: Int { lines.values.count { $0.failures > 0 } }
    /// The oldest of the sources' last successes; nil where one has had none.
    package var oldestSuccess: Instant? {
        let known = lines.values.compactMap(\.lastSuccess)
        return known.count == lines.count ? known.min() : nil
    }

    /// New sources are due at once, and those that are named no longer are forgotten.
    package mutating func replaceSources(_ sources: some Sequence<FetchSource>, now: Instant) {
        var replaced: [FetchSource: Line] = [:]
        for source in sources { replaced[source] = lines[source] ?? Line(next: now) }
        lines = replaced
    }

    /// What is to be asked now; each counts as running until its outcome is told.
    package mutating func begin(now: Instant) -> [FetchSource] {
        var servers = Set(running.map(\.server))
        var begun: [FetchSource] = []
        // The longest overdue first: a server that fails always must not come before the others.
        let due = lines.filter { $0.value.next <= now }
            .sorted { $0.value.next < $1.value.next }
        for (source, _) in due where running.count < Self.runningMax {
            guard servers.insert(source.server).inserted else { continue }
            running.insert(source)
            begun.append(source)
        }
        return begun
    }

    package func validator(of source: FetchSource) -> Validator { lines[source]?.validator ?? Validator() }

    /// - Parameters:
    ///   - endsAt: when what was got stops being current; it is asked again well before.
    ///   - random: 0..<1.
    package mutating func succeeded(
        _ source: FetchSource, now: Instant, endsAt: Instant?, validator: Validator, random: Double
    ) {
        running.remove(source)
        guard lines[source] != nil else { return }
        var seconds = intervalSeconds
        if let endsAt {
            let left = max(0, endsAt.milliseconds &- now.milliseconds) / 1000
            seconds = min(seconds, max(Self.refreshSecondsMin, left / 2))
        }
        let next = now.adding(milliseconds: Self.spread(seconds, random))
        lines[source] = Line(next: next, validator: validator, lastSuccess: now)
    }

    package mutating func failed(_ source: FetchSource, now: Instant, random: Double) {
        running.remove(source)
        guard var line = lines[source] else { return }
        line.failures += 1
        let doubled = Self.retrySecondsMin << Int64(min(line.failures - 1, 20))
        line.next = now.adding(milliseconds: Self.spread(min(intervalSeconds, doubled), random))
        lines[source] = line
    }

    /// Three quarters to five quarters, in milliseconds: many hubs must not ask in step.
    private static func spread(_ seconds: Int64, _ random: Double) -> Int64 {
        Int64(Double(seconds) * 1000 * (0.75 + 0.5 * min(max(random, 0), 1)))
    }
}
