internal import Exchange
internal import Storage
internal import Synchronization

/// Gives the disk back what purged letters leave, in the background. See `Compactor`.
final class Compaction: Sendable {
    /// How long a segment without letters stays, so that whoever looked a place up in it has opened it.
    private static let intervalMilliseconds = 60_000

    private let compactor: Compactor
    private let sequencer: Sequencer
    private let metrics: Metrics
    private let log: any EventLog
    /// Looking for garbage reads every letter's row, so it is done at the start and when something was
    /// purged.
    private let isDue = Atomic<Bool>(true)
    private let isStopping = Atomic<Bool>(false)
    private let stopping = CountingSemaphore()
    private let ended = CountingSemaphore()

    init(compactor: Compactor, sequencer: Sequencer, metrics: Metrics, log: any EventLog) {
        self.compactor = compactor
        self.sequencer = sequencer
        self.metrics = metrics
        self.log = log
    }

    func start() {
        Thread.start(named: "compaction") { [self] in
            while !stopping.wait(milliseconds: Self.intervalMilliseconds) {
                if isDue.exchange(false, ordering: .relaxed) { round() }
            }
            ended.signal()
        }
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        stopping.signal()
        ended.wait()
    }

    /// Something was purged.
    func look() { isDue.store(true, ordering: .relaxed) }

    private func round() {
        do throws(StorageError) {
            var passing: Set<Int64> = []
            while !isStopping.load(ordering: .relaxed), let segment = try compactor.next(passing: &passing) {
                guard commit(segment) else { return look() }
                metrics.segmentsCompacted.add()
            }
            for segment in passing {
                log.write(.error, "compaction_skipped", [("segment", .number(segment))])
            }
            let freed = try compactor.removeEmptied()
            metrics.bytesFreed.add(UInt64(freed.bytes))
            if freed.waiting > 0 { look() }
        } catch {
            // Nothing depends on it; the next round tries again.
            log.write(.error, "compaction_failed", [("cause", .text(error.message))])
        }
    }

    /// - Returns: false where the hub has no time for it now.
    private func commit(_ segment: CompactedSegment) -> Bool {
        let moving = Moving()
        let isTaken = sequencer.submit(.compact(segment)) { result, _ in
            if case .success = result { moving.isCommitted.store(true, ordering: .relaxed) }
            moving.isOver.signal()
        }
        guard isTaken else { return false }
        moving.isOver.wait()
        return moving.isCommitted.load(ordering: .relaxed)
    }

    /// One segment's way through the writer.
    private final class Moving: Sendable {
        let isCommitted = Atomic<Bool>(false)
        let isOver = CountingSemaphore()
    }
}
