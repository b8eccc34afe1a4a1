internal import Synchronization

/// One timer that has been set; forgets its block as soon as it has fired or is cancelled.
package final class TimerToken: Sendable {
    /// In a struct: a closure by itself would be wrapped anew by each look at it.
    private struct Pending {
        let block: @Sendable () -> Void
    }
    private let pending: Mutex<Pending?>

    init(_ block: @escaping @Sendable () -> Void) {
        pending = Mutex(Pending(block: block))
    }

    /// From any thread. A block that is running already runs to its end.
    package func cancel() {
        _ = take()  // Dies here, outside of the lock: what it captured may cancel timers in turn.
    }

    var isCancelled: Bool { pending.withLock { $0 == nil } }

    func fire() {
        take()?.block()
    }

    private func take() -> Pending? {
        pending.withLock { pending in
            defer { pending = nil }
            return pending
        }
    }
}

/// A binary heap of timers, owned by one reactor.
struct TimerHeap {
    private struct Entry {
        let deadline: Int64
        let token: TimerToken
    }

    private var entries: [Entry] = []
    private var sizeAtLastSweep = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// Of the earliest timer, in milliseconds of the monotonic clock.
    var nextDeadline: Int64? { entries.first?.deadline }

    mutating func insert(_ token: TimerToken, at deadline: Int64) {
        // Answered long polls leave cancelled timers behind; without a sweep a busy hub would carry every one
        // of them until its time comes.
        if entries.count > 256, entries.count > 2 * sizeAtLastSweep { sweep() }
        entries.append(Entry(deadline: deadline, token: token))
        siftUp(entries.count - 1)
    }

    /// The earliest timer if it is due.
    mutating func popDue(_ now: Int64) -> TimerToken? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        siftDown(0)
        return first.token
    }

    private mutating func sweep() {
        entries.removeAll { $0.token.isCancelled }
        sizeAtLastSweep = entries.count
        guard entries.count > 1 else { return }
        for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard entries[index].deadline < entries[parent].deadline else { return }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if entries[child].deadline < entries[least].deadline { least = child }
            }
            guard least != index else { return }
            entries.swapAt(index, least)
            index = least
        }
    }
}
