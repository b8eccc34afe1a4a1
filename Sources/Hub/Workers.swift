internal import Glibc
internal import Synchronization

/// A few threads for work that blocks: reads from the database, syncing a large file.
///
/// Kept off the reactors, where one slow read would hold up every connection of that core, and off Swift's
/// cooperative pool, which has no threads to spare for blocking.
package final class Workers: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var isStopping = false
        var running = 0
    }

    private let state = Mutex(State())
    private let available = CountingSemaphore()
    private let stopped = CountingSemaphore()
    private let threadCount: Int
    /// Jobs that may wait before callers are told to come back later.
    private let waitingMax: Int

    package init(threads: Int, waitingMax: Int) {
        threadCount = threads
        self.waitingMax = waitingMax
        for _ in 0..<threads {
            Thread.start(named: "worker") { [self] in work() }
        }
    }

    /// - Returns: false where too much waits already, or the pool is stopping; the job was not taken.
    package func run(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopping, state.jobs.count - state.head < waitingMax else { return false }
            state.jobs.append(job)
            return true
        }
        if isTaken { available.signal() }
        return isTaken
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
            let job = state.withLock { state -> (@Sendable () -> Void)? in
                guard state.head < state.jobs.count else { return nil }
                let job = state.jobs[state.head]
                state.head += 1
                if state.head == state.jobs.count || state.head > 1024 {
                    state.jobs.removeFirst(state.head)
                    state.head = 0
                }
                return job
            }
            if let job {
                job()
            } else if state.withLock({ $0.isStopping }) {
                break
            }
        }
        stopped.signal()
    }
}
