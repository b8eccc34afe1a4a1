internal import Exchange
internal import Glibc
internal import Synchronization

/// A few threads for work that blocks: reads from the database, PDFs, syncing a large file, names of hosts.
///
/// Kept off the reactors, where one slow read would hold up every connection of that core, and off Swift's
/// cooperative pool, which has no threads to spare for blocking.
///
/// Parties have their turns, and none of them all of the threads: an agency whose PDFs take seconds to judge,
/// or whose webhooks name a server that does not answer, waits for itself.
package final class Workers: Sendable {
    private struct Job {
        let party: Int
        let run: @Sendable () -> Void
    }

    private struct State {
        /// What a thread takes next; of each party no more than may be at work.
        var ready = RoundRobin<Int, Job>()
        /// What waits until something of the same party has ended.
        var parked: [Int: FIFO<Job>] = [:]
        /// Ready or at work; parties that have neither are left out.
        var inWork: [Int: Int] = [:]
        /// Ready or parked.
        var waiting = 0
        var isStopping = false

        /// - Returns: false where the job has to wait for one of its party.
        mutating func add(_ job: Job, partyMax: Int) -> Bool {
            waiting += 1
            guard inWork[job.party, default: 0] < partyMax else {
                parked[job.party, default: FIFO()].append(job)
                return false
            }
            inWork[job.party, default: 0] += 1
            ready.append(job, of: job.party)
            return true
        }

        mutating func take() -> Job? {
            guard let job = ready.next() else { return nil }
            waiting -= 1
            return job
        }

        /// - Returns: whether a thread is to look: another one of the party may begin now, or all is done.
        mutating func end(_ party: Int) -> Bool {
            if let next = parked[party]?.next() {
                if parked[party]?.isEmpty == true { parked[party] = nil }
                ready.append(next, of: party)
                return true
            }
            let left = inWork[party, default: 1] - 1
            inWork[party] = left == 0 ? nil : left
            // Those who looked for the end while something was parked have gone back to sleep.
            return isStopping && waiting == 0
        }
    }

    /// The hub itself, where nobody has asked.
    package static let hub = 0

    private let state = Mutex(State())
    private let available = CountingSemaphore()
    private let stopped = CountingSemaphore()
    private let threadCount: Int
    private let partyMax: Int
    /// Jobs that may wait before callers are told to come back later.
    private let waitingMax: Int

    /// - Parameter partyMax: threads that one party may have at a time; nil for all of them.
    package init(threads: Int, partyMax: Int? = nil, waitingMax: Int) {
        threadCount = threads
        self.partyMax = max(1, partyMax ?? threads)
        self.waitingMax = waitingMax
        for _ in 0..<threads {
            Thread.start(named: "worker") { [self] in work() }
        }
    }

    /// - Parameter party: whose turn it takes: `Peer.party`, or `hub`.
    /// - Returns: false where too much waits already, or the pool is stopping; the job was not taken.
    package func run(for party: Int = hub, _ job: @escaping @Sendable () -> Void) -> Bool {
        let taken = state.withLock { state -> (isTaken: Bool, isReady: Bool) in
            guard !state.isStopping, state.waiting < waitingMax else { return (false, false) }
            return (true, state.add(Job(party: party, run: job), partyMax: partyMax))
        }
        if taken.isReady { available.signal() }
        return taken.isTaken
    }

    /// Ends the threads once what was taken is done; blocks until then.
    package func stop() {
        state.withLock { $0.isStopping = true }
        for _ in 0..<threadCount { available.signal() }
        for _ in 0..<threadCount { stopped.wait() }
    }

    private func work() {
        while true {
            available.wait()
            if let job = state.withLock({ $0.take() }) {
                job.run()
                if state.withLock({ $0.end(job.party) }) { available.signal() }
            } else if state.withLock({ $0.isStopping && $0.waiting == 0 }) {
                // Another one may have been woken for the end while something was still parked.
                available.signal()
                break
            }
        }
        stopped.signal()
    }
}
