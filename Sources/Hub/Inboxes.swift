package import Exchange
package import Storage
internal import Synchronization

/// One recipient's long poll.
///
/// A small object, not a thread: ten thousand offices may wait at once. It is answered exactly once, by
/// deliveries, by its time running out, or by the hub stopping.
package final class InboxPoll: Sendable {
    package typealias Answer = @Sendable (Result<[LeasedDelivery], Rejection>) -> Void

    fileprivate let recipient: AgencyCode
    fileprivate let limit: Int
    fileprivate let leaseSeconds: Int
    fileprivate let number: UInt64
    /// Until it is answered. In a struct: a closure by itself would be wrapped anew by each look at it.
    private struct Open {
        let answer: Answer
        var afterwards: (@Sendable () -> Void)?
    }
    private let open: Mutex<Open?>

    fileprivate init(
        recipient: AgencyCode, limit: Int, leaseSeconds: Int, number: UInt64, answer: @escaping Answer
    ) {
        self.recipient = recipient
        self.limit = limit
        self.leaseSeconds = leaseSeconds
        self.number = number
        open = Mutex(Open(answer: answer))
    }

    fileprivate var isOpen: Bool { open.withLock { $0 != nil } }

    /// - Returns: false where the poll was already answered.
    @discardableResult
    fileprivate func finish(_ result: Result<[LeasedDelivery], Rejection>) -> Bool {
        let closed = open.withLock { open in
            defer { open = nil }
            return open
        }
        closed?.answer(result)
        closed?.afterwards?()
        return closed != nil
    }

    /// Runs `block` once the poll is answered; at once if it is. One block.
    package func onFinish(_ block: @escaping @Sendable () -> Void) {
        let isOpen = open.withLock { open in
            open?.afterwards = block
            return open != nil
        }
        if !isOpen { block() }
    }
}

/// Leases deliveries to recipients, and keeps those waiting who found nothing.
///
/// Who waits is decided on the sequencer's thread, between two batches: a letter committed after a poll
/// found nothing is then always seen by that poll, because no batch runs in between.
package final class Inboxes: Sendable {
    private struct Waiting {
        var polls: [AgencyCode: [InboxPoll]] = [:]
        var nextNumber: UInt64 = 0
    }

    private let waiting = Mutex(Waiting())
    private let sequencer: Sequencer
    private let metrics: Metrics

    /// Polls of one agency that may wait.
    private let waitingPerAgencyMax: Int

    package init(sequencer: Sequencer, metrics: Metrics, waitingPerAgencyMax: Int) {
        self.waitingPerAgencyMax = waitingPerAgencyMax
        self.sequencer = sequencer
        self.metrics = metrics
    }

    /// Asks for deliveries; `answer` is called once, on the sequencer's thread or the caller's.
    ///
    /// - Parameter mayWait: false answers with an empty list at once where nothing waits.
    /// - Returns: the poll, to be ended by `end(_:)` when its time is over or its connection is gone.
    package func poll(
        recipient: AgencyCode, limit: Int, leaseSeconds: Int, mayWait: Bool,
        answer: @escaping InboxPoll.Answer
    ) -> InboxPoll {
        let number = waiting.withLock { waiting in
            waiting.nextNumber += 1
            return waiting.nextNumber
        }
        let poll = InboxPoll(
            recipient: recipient, limit: limit, leaseSeconds: leaseSeconds, number: number, answer: answer)
        lease(for: poll, mayWait: mayWait)
        return poll
    }

    /// Answers with an empty list if nothing came; what was being leased meanwhile is given back.
    package func end(_ poll: InboxPoll) {
        waiting.withLock { waiting in
            waiting.polls[poll.recipient]?.removeAll { $0.number == poll.number }
            if waiting.polls[poll.recipient]?.isEmpty == true { waiting.polls[poll.recipient] = nil }
        }
        poll.finish(.success([]))
    }

    /// To be called on the sequencer's thread when deliveries for `recipients` became available.
    ///
    /// One poll of each is woken; it wakes the next one if it found something. All of them at once would
    /// each ask the store, for one of them to find what there is.
    package func deliveriesArrived(for recipients: some Sequence<AgencyCode>) {
        for recipient in recipients { wakeNext(of: recipient) }
    }

    private func wakeNext(of recipient: AgencyCode) {
        let next = waiting.withLock { waiting -> InboxPoll? in
            guard var polls = waiting.polls.removeValue(forKey: recipient) else { return nil }
            let open = polls.firstIndex { $0.isOpen }
            let next = open.map { polls[$0] }
            polls.removeFirst(open.map { $0 + 1 } ?? polls.count)
            if !polls.isEmpty { waiting.polls[recipient] = polls }
            return next
        }
        if let next { lease(for: next, mayWait: true) }
    }

    package var waitingPolls: Int { waiting.withLock { $0.polls.values.reduce(0) { $0 + $1.count } } }

    /// Ends every poll; the hub is stopping.
    package func endAll() {
        let polls = waiting.withLock { waiting in
            defer { waiting.polls = [:] }
            return waiting.polls.values.flatMap { $0 }
        }
        for poll in polls { poll.finish(.success([])) }
    }

    private func lease(for poll: InboxPoll, mayWait: Bool) {
        let change = Change.lease(recipient: poll.recipient, limit: poll.limit, seconds: poll.leaseSeconds)
        let isTaken = sequencer.submit(change) { [self] result, _ in
            switch result {
            case .success(.leased(let deliveries)):
                guard !deliveries.isEmpty else {
                    if mayWait { wait(poll) } else { poll.finish(.success([])) }
                    return
                }
                metrics.deliveriesLeased.add(UInt64(deliveries.count))
                guard poll.finish(.success(deliveries)) else {
                    return giveBack(deliveries, of: poll.recipient)
                }
                wakeNext(of: poll.recipient)
            case .success: preconditionFailure("a lease gave another outcome")
            case .failure(let rejection): fail(poll, rejection)
            }
        }
        if !isTaken { fail(poll, .overloaded) }
    }

    /// What this one was woken for still waits: the next one tries.
    private func fail(_ poll: InboxPoll, _ rejection: Rejection) {
        poll.finish(.failure(rejection))
        wakeNext(of: poll.recipient)
    }

    private func wait(_ poll: InboxPoll) {
        let isTaken = waiting.withLock { waiting in
            guard poll.isOpen else { return true }
            guard waiting.polls[poll.recipient, default: []].count < waitingPerAgencyMax else { return false }
            waiting.polls[poll.recipient, default: []].append(poll)
            return true
        }
        if !isTaken { poll.finish(.failure(.tooManyPolls(max: waitingPerAgencyMax))) }
    }

    /// The connection went away while its deliveries were being leased: nobody knows their tokens, so
    /// holding them until the lease ends would only make the recipient wait.
    private func giveBack(_ deliveries: [LeasedDelivery], of recipient: AgencyCode) {
        for delivery in deliveries {
            let change = Change.release(
                delivery: delivery.id, recipient: recipient, token: delivery.token, reason: nil)
            _ = sequencer.submit(change) { [self] result, _ in
                if case .success = result { deliveriesArrived(for: [recipient]) }
            }
        }
    }
}

extension Rejection {
    fileprivate static func tooManyPolls(max: Int) -> Rejection {
        Rejection(
            .tooManyRequests,
            "Cơ quan đã có \(max) lượt chờ (long poll) cùng lúc; một lượt chờ là đủ để nhận mọi văn bản.",
            remedy: .retry(afterSeconds: 5))
    }

    /// Too much waits already.
    package static let overloaded = Rejection(
        .overloaded, "Trục đang quá tải. Hãy gửi lại sau ít giây.", remedy: .retry(afterSeconds: 2))
}
