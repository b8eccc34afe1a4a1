internal import Exchange
internal import Storage
internal import Synchronization

/// Purges letters whose time is over, in the background: one thread, a few at a time, so that those who send
/// and take letters meanwhile notice nothing.
final class Retention: Sendable {
    private static let pageCount = 256

    private struct State {
        var policy: RetentionPolicy
        /// Every document up to this one is purged: nothing to look at there again.
        var purgedUpTo: Int64 = 0
    }

    private let state: Mutex<State>
    private let reader: StoreReader
    private let sequencer: Sequencer
    private let compaction: Compaction
    private let metrics: Metrics
    private let log: any EventLog
    private let clock: Clock
    private let wakeUp = CountingSemaphore()
    private let ended = CountingSemaphore()
    private let isStopping = Atomic<Bool>(false)

    init(
        policy: RetentionPolicy, reader: StoreReader, sequencer: Sequencer, compaction: Compaction,
        metrics: Metrics, log: any EventLog, clock: Clock
    ) {
        state = Mutex(State(policy: policy))
        self.reader = reader
        self.sequencer = sequencer
        self.compaction = compaction
        self.metrics = metrics
        self.log = log
        self.clock = clock
    }

    func start() {
        Thread.start(named: "retention") { [self] in
            while !isStopping.load(ordering: .relaxed) {
                let policy = state.withLock { $0.policy }
                // Without a rule nothing is read at all.
                if policy.rules.contains(where: { $0.days != nil }) { round(by: policy) }
                _ = wakeUp.wait(milliseconds: policy.intervalSeconds * 1000)
            }
            ended.signal()
        }
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        wakeUp.signal()
        ended.wait()
    }

    func replace(_ policy: RetentionPolicy) {
        state.withLock { $0.policy = policy }
        wakeUp.signal()
    }

    private func round(by policy: RetentionPolicy) {
        var last = state.withLock { $0.purgedUpTo }
        var isUnbroken = true
        var count = 0
        do throws(StorageError) {
            while !isStopping.load(ordering: .relaxed) {
                let page = try reader.keptDocuments(after: last, limit: Self.pageCount)
                guard let end = page.last else { break }
                count += purge(page, by: policy)
                for document in page where isUnbroken {
                    isUnbroken = document.isPurged
                    if isUnbroken { state.withLock { $0.purgedUpTo = document.id } }
                }
                last = end.id
            }
        } catch {
            // Nothing depends on it; the next round tries again.
            log.write(.error, "retention_failed", [("cause", .text(error.message))])
        }
        guard count > 0 else { return }
        log.write(.info, "letters_purged", [("count", .number(Int64(count)))])
        compaction.look()
    }

    /// Asks for the page's due letters at once, which then share a commit, and waits for the answers.
    ///
    /// - Returns: how many were purged.
    private func purge(_ page: [KeptDocument], by policy: RetentionPolicy) -> Int {
        let now = clock.now()
        let answers = Answers()
        var asked = 0
        for document in page {
            guard !document.isPurged, let end = policy.end(of: document), end <= now,
                let period = policy.period(of: document)
            else { continue }
            let change = CustodyChange.purgeSettled(document.key, before: now.adding(seconds: -period))
            let isTaken = sequencer.submit(.custody(change)) { result, _ in
                if case .success(.purged(true)) = result {
                    answers.purged.wrappingAdd(1, ordering: .relaxed)
                }
                answers.came.signal()
            }
            // The hub is busy with letters: what is left waits for the next round.
            guard isTaken else { break }
            asked += 1
        }
        for _ in 0..<asked { answers.came.wait() }
        let purged = answers.purged.load(ordering: .relaxed)
        metrics.lettersPurged.add(UInt64(purged))
        return purged
    }

    private final class Answers: Sendable {
        let came = CountingSemaphore()
        let purged = Atomic<Int>(0)
    }
}
