package import Exchange
internal import Synchronization

/// What letters that are on their way in may hold in memory, all of them together and those of one agency.
///
/// Each has bounds of its own, and thousands of connections may each be just below them: only a common
/// budget keeps a few callers from taking the daemon's memory, and its share keeps one from taking it all.
package final class MemoryBudget: Sendable {
    private struct State {
        var held = 0
        var byAgency: [AgencyCode: Int] = [:]
        /// Letters on their way in.
        var letters: [AgencyCode: Int] = [:]
    }

    private let bytesMax: Int
    private let perAgencyMax: Int
    private let lettersPerAgencyMax: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - bytesMax: one agency gets a quarter of it.
    ///   - lettersPerAgencyMax: that one agency may have on their way in at a time.
    package init(bytesMax: Int, lettersPerAgencyMax: Int = .max) {
        self.lettersPerAgencyMax = lettersPerAgencyMax
        self.bytesMax = bytesMax
        perAgencyMax = bytesMax / 4
    }

    /// Bytes that are held now.
    package var held: Int { state.withLock { $0.held } }

    /// - Throws: `too_many_requests` where the agency has too many letters on their way in already.
    package func open(for agency: AgencyCode) throws(Rejection) -> Share {
        let isFree = state.withLock { state in
            guard state.letters[agency, default: 0] < lettersPerAgencyMax else { return false }
            state.letters[agency, default: 0] += 1
            return true
        }
        guard isFree else { throw .tooManyLetters }
        return Share(self, agency)
    }

    fileprivate func close(_ agency: AgencyCode, held: Int) {
        _ = change(agency, by: -held)
        state.withLock { state in
            let left = state.letters[agency, default: 1] - 1
            state.letters[agency] = left > 0 ? left : nil
        }
    }

    fileprivate enum Answer { case taken, agencyHasTooMuch, allHaveTooMuch }

    fileprivate func change(_ agency: AgencyCode, by delta: Int) -> Answer {
        state.withLock { state in
            let own = state.byAgency[agency, default: 0] + delta
            if delta > 0 {
                guard own <= perAgencyMax else { return .agencyHasTooMuch }
                guard state.held + delta <= bytesMax else { return .allHaveTooMuch }
            }
            state.held += delta
            state.byAgency[agency] = own == 0 ? nil : own
            return .taken
        }
    }

    /// One letter's part, given back when nobody holds it any more. One thread at a time.
    package final class Share: Sendable {
        private let budget: MemoryBudget
        private let agency: AgencyCode
        private let held = Atomic<Int>(0)
        /// Changes of less than this are not worth the lock.
        private static let stepBytes = 16 << 10

        fileprivate init(_ budget: MemoryBudget, _ agency: AgencyCode) {
            self.budget = budget
            self.agency = agency
        }

        deinit { budget.close(agency, held: held.load(ordering: .relaxed)) }

        /// - Parameter byteCount: what the letter holds now.
        /// - Throws: `too_many_requests` where its sender's letters hold too much, `overloaded` where all do.
        package func hold(_ byteCount: Int) throws(Rejection) {
            let rounded = (byteCount + Self.stepBytes - 1) / Self.stepBytes * Self.stepBytes
            let before = held.load(ordering: .relaxed)
            if rounded == before { return }
            switch budget.change(agency, by: rounded - before) {
            case .taken: held.store(rounded, ordering: .relaxed)
            case .agencyHasTooMuch: throw .tooManyLetters
            case .allHaveTooMuch: throw .overloaded
            }
        }
    }
}

extension Rejection {
    fileprivate static let tooManyLetters = Rejection(
        .tooManyRequests,
        "Cơ quan đang gửi quá nhiều văn bản cùng lúc. Hãy gửi lần lượt, gửi lại sau ít giây.",
        remedy: .retry(afterSeconds: 5))
}
