package import Exchange
internal import Synchronization

/// How many letters of one agency may be read, judged and made durable at a time while others send as well.
///
/// An agency that is alone may use the whole machine. Beside others it has so many letters in work, and its
/// next ones wait unread in their connections: what a busy sender gains by more connections would be taken
/// from everybody else's waiting time, since every letter in work stands in front of theirs.
///
/// Nobody waits for long: a sender whose letters in work are stuck in a slow line must not lock himself out.
/// Large letters take no turn, because what bounds them is the line or the disk.
package final class LetterTurns: Sendable {
    private struct Waiting {
        let number: UInt64
        let since: Int64
        let resume: @Sendable () -> Void
    }

    private struct State {
        var inWork: [AgencyCode: Int] = [:]
        var waiting: [AgencyCode: [Waiting]] = [:]
        var lastNumber: UInt64 = 0
        /// The agency that sent last, and when somebody else did last.
        var latest: (agency: AgencyCode, milliseconds: Int64)?
        var otherMilliseconds = Int64.min

        mutating func note(_ agency: AgencyCode, at now: Int64) {
            if let latest, latest.agency != agency { otherMilliseconds = latest.milliseconds }
            latest = (agency, now)
        }

        func isAlone(_ agency: AgencyCode, at now: Int64) -> Bool {
            guard let latest else { return true }
            let other = latest.agency == agency ? otherMilliseconds : latest.milliseconds
            return other < now - LetterTurns.companyMilliseconds
        }
    }

    /// Who sent a letter so long ago counts as there.
    private static let companyMilliseconds: Int64 = 1000
    /// What waited so long is let in by `relieve`.
    private static let waitMillisecondsMax: Int64 = 1000
    /// Letters above this size take no turn.
    static let byteCountMax: Int64 = 1 << 20

    private let state = Mutex(State())
    private let inWorkMax: Int
    private let clock: Clock

    /// - Parameter inWorkMax: of one agency while others send; at least 1.
    package init(inWorkMax: Int, clock: Clock) {
        self.inWorkMax = max(1, inWorkMax)
        self.clock = clock
    }

    /// A letter's place, from its first byte until its sender has been answered; given back when nobody holds
    /// it any more.
    package final class Turn: Sendable {
        private let turns: LetterTurns
        private let agency: AgencyCode
        private let number: UInt64
        /// False where it has to wait: `resume` is called when it may go on.
        package let mayBegin: Bool

        fileprivate init(_ turns: LetterTurns, _ agency: AgencyCode, _ number: UInt64, mayBegin: Bool) {
            self.turns = turns
            self.agency = agency
            self.number = number
            self.mayBegin = mayBegin
        }

        deinit { turns.end(agency, number) }
    }

    /// - Parameters:
    ///   - byteCount: nil where nobody has said how long the letter is: it has a turn until it is large.
    ///   - resume: called once where the letter has to wait, on any thread; must not block.
    /// - Returns: nil where the letter takes no turn.
    package func begin(
        for agency: AgencyCode, byteCount: Int64?, resume: @escaping @Sendable () -> Void
    ) -> Turn? {
        guard byteCount ?? 0 <= Self.byteCountMax else { return nil }
        let now = clock.now().milliseconds
        let (number, mayBegin) = state.withLock { state -> (UInt64, Bool) in
            state.note(agency, at: now)
            state.lastNumber += 1
            let inWork = state.inWork[agency, default: 0]
            let isFree =
                state.waiting[agency] == nil && (inWork < inWorkMax || state.isAlone(agency, at: now))
            if isFree {
                state.inWork[agency] = inWork + 1
            } else {
                state.waiting[agency, default: []].append(
                    Waiting(number: state.lastNumber, since: now, resume: resume))
            }
            return (state.lastNumber, isFree)
        }
        return Turn(self, agency, number, mayBegin: mayBegin)
    }

    /// Letters that wait unread, for the metrics.
    package var waiting: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }

    /// Lets in what has waited too long; called about once a second.
    package func relieve() {
        let old = clock.now().milliseconds - Self.waitMillisecondsMax
        let resumed = state.withLock { state -> [@Sendable () -> Void] in
            var resumed: [@Sendable () -> Void] = []
            for (agency, waiting) in state.waiting {
                // In the order in which they came.
                let count = waiting.prefix { $0.since <= old }.count
                guard count > 0 else { continue }
                resumed += waiting.prefix(count).map(\.resume)
                state.inWork[agency, default: 0] += count
                state.waiting[agency] = count == waiting.count ? nil : Array(waiting.dropFirst(count))
            }
            return resumed
        }
        for resume in resumed { resume() }
    }

    private func end(_ agency: AgencyCode, _ number: UInt64) {
        let now = clock.now().milliseconds
        let resumed = state.withLock { state -> [@Sendable () -> Void] in
            var waiting = state.waiting[agency] ?? []
            if let place = waiting.firstIndex(where: { $0.number == number }) {
                // Its client went away before its turn came.
                waiting.remove(at: place)
                state.waiting[agency] = waiting.isEmpty ? nil : waiting
                return []
            }
            var inWork = state.inWork[agency, default: 1] - 1
            let limit = state.isAlone(agency, at: now) ? Int.max : inWorkMax
            let count = min(waiting.count, max(0, limit - inWork))
            let resumed = waiting.prefix(count).map(\.resume)
            waiting.removeFirst(count)
            inWork += count
            state.waiting[agency] = waiting.isEmpty ? nil : waiting
            state.inWork[agency] = inWork == 0 ? nil : inWork
            return resumed
        }
        for resume in resumed { resume() }
    }
}
