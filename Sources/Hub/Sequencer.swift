package import AuditLog
package import Exchange
package import Storage
internal import Synchronization

/// Groups what reactors and workers ask of the store into batches, on the one thread that owns the store.
///
/// A batch is what piled up while the one before was being made durable: under light load a letter waits
/// for nobody, under heavy load dozens share one fdatasync and one signature. What does not fit into a batch
/// waits for the next one, each agency's oldest in turn: who sends a thousand letters delays his own.
package final class Sequencer: Sendable {
    /// What became of a change, with the checkpoint that covers it. Called on the sequencer's thread: it must
    /// not block, and what it starts there runs before the next batch.
    package typealias Completion = @Sendable (Result<Outcome, Rejection>, SignedCheckpoint) -> Void

    private struct Job {
        let change: Change
        let byteCount: Int
        let completion: Completion
    }

    private struct Queue {
        /// Agencies in turns; what the hub does by itself is a party, too.
        var jobs = RoundRobin<AgencyCode?, Job>()
        var byteCount = 0
        var isStopping = false
        var isIdle = true
    }

    package struct Limits: Sendable {
        /// Changes that may wait.
        package var jobsMax = 8192
        /// Bytes of letters in memory that may wait.
        package var bytesMax = 128 << 20
        /// Weight of the changes in one batch, in letters to few recipients: bounds how long one commit
        /// takes, and with it how long somebody waits who came while it was being made.
        package var batchWeightMax = 16
        package var batchBytesMax = 32 << 20

        /// After so many milliseconds without a log entry what the store holds in memory is given back: an
        /// office hub's night is longer than its day.
        package var quietMillisecondsMax: Int64 = 2000

        package init() {}
    }

    private let queue = Mutex(Queue())
    private let wakeUp = CountingSemaphore()
    private let ended = CountingSemaphore()
    private let limits: Limits
    private let clock: Clock
    private let metrics: Metrics
    private let signer: CheckpointSigner
    private let published = Mutex<SignedCheckpoint?>(nil)

    package init(limits: Limits, clock: Clock, metrics: Metrics, signer: CheckpointSigner) {
        self.limits = limits
        self.clock = clock
        self.metrics = metrics
        self.signer = signer
    }

    package typealias Observer = @Sendable ([Change], [Result<Outcome, Rejection>], Instant) -> Void

    /// Starts the thread, which takes `store` for itself.
    ///
    /// - Parameters:
    ///   - observer: told of every commit before those who wait for it, on the sequencer's thread and in the
    ///     order of the commits; must not block.
    ///   - onFatal: the outcome of a commit is unknown, or the tree must not be signed: the daemon has to
    ///     stop, and reads the truth from disk when it starts again.
    package func start(
        _ store: sending Store, observer: @escaping Observer,
        onFatal: @escaping @Sendable (StorageError) -> Void
    ) throws(StorageError) {
        var first: SignedCheckpoint? = try signer.sign(store.tree)
        // Sendable because the box is emptied by the thread before it does anything else.
        published.withLock { [first] in $0 = first }
        nonisolated(unsafe) let box = store
        let checkpoint = first
        first = nil
        Thread.start(named: "sequencer") { [self] in
            run(unsafe box, checkpoint, observer, onFatal)
            // Before anybody may end the process.
            unsafe box.close()
            ended.signal()
        }
    }

    /// - Returns: false where too much waits already or the hub stops; the completion will not be called.
    package func submit(_ change: Change, byteCount: Int = 0, _ completion: @escaping Completion) -> Bool {
        let (isTaken, mustWake) = queue.withLock { queue in
            guard !queue.isStopping, queue.jobs.count < limits.jobsMax, queue.byteCount < limits.bytesMax
            else {
                return (false, false)
            }
            queue.jobs.append(
                Job(change: change, byteCount: byteCount, completion: completion), of: change.party)
            queue.byteCount += byteCount
            let wasIdle = queue.isIdle
            queue.isIdle = false
            return (true, wasIdle)
        }
        if mustWake { wakeUp.signal() }
        if !isTaken { metrics.requestsTurnedAway.add() }
        return isTaken
    }

    /// The checkpoint of the last batch; nil before the start.
    package var checkpoint: SignedCheckpoint? { published.withLock { $0 } }

    /// How many changes wait, for the metrics.
    package var waiting: Int { queue.withLock { $0.jobs.count } }

    /// Commits what was taken, refuses what comes later, ends the thread; blocks until then.
    package func stop() {
        let wasIdle = queue.withLock { queue in
            queue.isStopping = true
            defer { queue.isIdle = false }
            return queue.isIdle
        }
        if wasIdle { wakeUp.signal() }
        ended.wait()
    }

    private func run(
        _ store: Store, _ first: SignedCheckpoint?, _ observer: Observer,
        _ onFatal: @Sendable (StorageError) -> Void
    ) {
        var signed = first
        var isStored = false
        var weights = BatchWeights()
        /// When the log last grew; nil where memory was given back since then.
        var grown: Instant? = clock.now()
        while true {
            let batch = takeBatch(weights)
            if batch.isEmpty {
                if queue.withLock({ $0.isStopping && $0.jobs.isEmpty }) { return }
                continue
            }
            let started = clock.now()
            var answered = false
            metrics.batches.add()
            metrics.changes.add(UInt64(batch.count))
            do {
                let changes = batch.map(\.change)
                let results = try store.commit(changes, at: started, signed: isStored ? nil : signed)
                for (change, result) in zip(changes, results) { weights.note(change, result) }
                isStored = true
                if signed?.size != store.tree.size {
                    signed = try signer.sign(store.tree)
                    metrics.checkpointsSigned.add()
                    isStored = false
                    published.withLock { [signed] in $0 = signed }
                    grown = started
                }
                guard let signed else { return }
                observer(changes, results, started)
                for (job, result) in zip(batch, results) { job.completion(result, signed) }
                answered = true
                try store.keepLogShort()
                if let last = grown, started.milliseconds - last.milliseconds >= limits.quietMillisecondsMax {
                    store.releaseMemory()
                    Heap.releaseFreedMemory()
                    grown = nil
                }
            } catch {
                metrics.storageErrors.add()
                if !answered { fail(batch, error, signed) }
                if error.isFatal { return onFatal(error) }
            }
            metrics.batchMicroseconds.add(
                UInt64(max(0, clock.now().milliseconds - started.milliseconds)) * 1000)
        }
    }

    /// Nothing of the batch happened (or, where the outcome is unknown, nobody may be told that it did).
    private func fail(_ batch: [Job], _ error: StorageError, _ signed: SignedCheckpoint?) {
        guard let signed else { return }
        let rejection = Rejection(storage: error)
        for job in batch { job.completion(.failure(rejection), signed) }
    }

    private func takeBatch(_ weights: BatchWeights) -> [Job] {
        let batch = queue.withLock { queue -> [Job]? in
            guard !queue.jobs.isEmpty else {
                guard !queue.isStopping else { return [] }
                queue.isIdle = true
                return nil
            }
            var batch: [Job] = []
            var (weight, bytes) = (0, 0)
            while let next = queue.jobs.first {
                // What is heavy waits for a batch of its own: the light ones would have to wait for it.
                let added = weights.weight(of: next.change)
                guard
                    batch.isEmpty
                        || weight + added <= limits.batchWeightMax
                            && bytes + next.byteCount <= limits.batchBytesMax
                else { break }
                guard let job = queue.jobs.next() else { break }
                weight += added
                bytes += job.byteCount
                batch.append(job)
            }
            queue.byteCount -= bytes
            return batch
        }
        guard let batch else {
            wakeUp.wait()
            return []
        }
        return batch
    }
}

extension Change {
    /// Whose turn it takes; nil for what the hub does by itself.
    fileprivate var party: AgencyCode? {
        switch self {
        case .accept(let document): document.sender
        case .refuse(let letter): letter.caller
        case .lease(let recipient, _, _), .acknowledge(_, let recipient, _),
            .release(_, let recipient, _, _), .extend(_, let recipient, _, _),
            .conclude(_, let recipient, _):
            recipient
        default: nil
        }
    }
}

extension Rejection {
    static let storageFull = Rejection(
        .storageFull, "Trục hết chỗ lưu trữ. Văn bản chưa được nhận; hãy gửi lại sau.",
        remedy: .retry(afterSeconds: 60))

    /// What a caller is told when the store failed: never that it worked, never why in detail.
    init(storage error: StorageError) {
        switch error.code {
        case .diskFull:
            let full = Rejection.storageFull
            self.init(full.code, full.detail, remedy: full.remedy, internalDetail: error.message)
        default:
            self.init(
                .storageUnavailable, "Trục chưa ghi được văn bản. Văn bản chưa được nhận; hãy gửi lại sau.",
                remedy: .retry(afterSeconds: 30), internalDetail: error.message)
        }
    }
}
