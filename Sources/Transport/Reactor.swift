internal import CLinux
internal import Exchange
internal import Glibc
internal import HTTP
internal import Synchronization

/// Something with a descriptor that a reactor watches.
class EventSource {
    /// The place in the reactor's table; -1 while not registered.
    fileprivate(set) var slot = -1

    /// On the reactor's thread. `events` are those of epoll.
    func handle(events: UInt32) {}

    /// The server stops taking work: finish what is begun, then close.
    func drain() {}

    /// Close now.
    func shutDown() {}
}

/// One thread around one epoll. Everything it owns is touched by that thread alone; other threads send it
/// blocks through `post`.
@safe final class Reactor: @unchecked Sendable {
    // Sendable because only `post`, `isCurrent` and the counters are used from other threads; they are locked
    // or atomic.

    private struct Slot {
        /// Sits in epoll's data beside the index: an event that was fetched before its descriptor was closed
        /// must not reach the connection that got the same slot since.
        var generation: UInt32 = 0
        var source: EventSource?
    }

    private struct Job: Sendable {
        let party: Int
        let block: @Sendable () -> Void
    }

    private struct Inbox {
        var jobs: [Job] = []
        var isStopped = false
    }

    private enum Work {
        case link(Link)
        case job(@Sendable () -> Void)
    }

    static let readBufferByteCount = 128 << 10
    static let writeBufferByteCount = 128 << 10
    private static let eventCountMax = 256
    /// After that long what arrived meanwhile is looked for: the time of a letter of 50 KiB, which costs a
    /// hundred times as much as the look.
    private static let sliceNanoseconds: Int64 = 1_000_000
    private static let wakeupData = UInt64.max

    private let epoll: FileDescriptor
    private let wakeup: Wakeup
    private let inbox = Mutex(Inbox())
    private let threadID = Atomic<UInt>(0)
    private var thread: pthread_t?
    /// Connections, for handing new ones to the reactor that has fewest.
    let connectionCount = Atomic<Int>(0)

    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var timers = TimerHeap()
    private var ready = RoundRobin<Int, Work>()
    private var isStopping = false
    private(set) var isDraining = false
    /// Of the loop's current round, in milliseconds of the monotonic clock.
    private(set) var now = Clock.milliseconds()
    /// One pair per reactor, not per connection: 10,000 idle ones would need a gigabyte.
    let readBuffer: UnsafeMutableRawBufferPointer
    let writeBuffer: UnsafeMutableRawBufferPointer

    init() throws(SystemError) {
        let number = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard number >= 0 else { throw SystemError("epoll_create1") }
        epoll = FileDescriptor(number)
        wakeup = try Wakeup()
        unsafe readBuffer = .allocate(byteCount: Reactor.readBufferByteCount, alignment: 64)
        unsafe writeBuffer = .allocate(byteCount: Reactor.writeBufferByteCount, alignment: 64)
        // Edge-triggered, so that the counter need not be read back at every wake-up.
        try control(EPOLL_CTL_ADD, wakeup.file.number, Epoll.input | Epoll.edge, Reactor.wakeupData)
    }

    deinit {
        unsafe readBuffer.deallocate()
        unsafe writeBuffer.deallocate()
    }

    var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Runs `block` on the reactor's thread, after those that the same party posted before. Dropped once the
    /// reactor has stopped.
    func post(for party: Int = 0, _ block: @escaping @Sendable () -> Void) {
        let mustWake = inbox.withLock { inbox -> Bool in
            if inbox.isStopped { return false }
            inbox.jobs.append(Job(party: party, block: block))
            return inbox.jobs.count == 1
        }
        if mustWake { wakeup.signal() }
    }

    // MARK: thread

    func start() throws(SystemError) {
        guard thread == nil else { return }
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { context in
                let reactor = unsafe Unmanaged<Reactor>.fromOpaque(context!).takeRetainedValue()
                reactor.run()
                return nil
            }, context)
        guard result == 0 else {
            unsafe Unmanaged<Reactor>.fromOpaque(context).release()
            throw SystemError("pthread_create", code: result)
        }
        self.thread = thread
    }

    /// Closes every connection and ends the thread; blocks until it has ended. Not from the reactor itself.
    func stopAndJoin() {
        guard let thread else { return }
        post { [self] in
            for source in slots.compactMap(\.source) { source.shutDown() }
            isStopping = true
        }
        pthread_join(thread, nil)
        self.thread = nil
    }

    private func run() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        var events = unsafe [epoll_event](repeating: epoll_event(), count: Reactor.eventCountMax)
        while !isStopping {
            let count = unsafe epoll_wait(epoll.number, &events, CInt(events.count), waitMilliseconds())
            now = Clock.milliseconds()
            for index in 0..<max(0, Int(count)) {
                unsafe dispatch(events[index].data.u64, events[index].events)
            }
            takeJobs()
            while let token = timers.popDue(now) { token.fire() }
            work()
        }
        // A job may hold an exchange whose end posts a job: it finds the inbox stopped, not growing for ever.
        let dropped = inbox.withLock { inbox -> [Job] in
            inbox.isStopped = true
            defer { inbox.jobs = [] }
            return inbox.jobs
        }
        _ = dropped
        timers = TimerHeap()
        ready.removeAll()
    }

    private func waitMilliseconds() -> CInt {
        if !ready.isEmpty { return 0 }
        guard let deadline = timers.nextDeadline else { return -1 }
        return CInt(clamping: max(0, deadline - Clock.milliseconds()))
    }

    private func dispatch(_ data: UInt64, _ events: UInt32) {
        guard data != Reactor.wakeupData else { return }
        let index = Int(data & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(data >> 32) else { return }
        slots[index].source?.handle(events: events)
    }

    private func takeJobs() {
        let jobs = inbox.withLock { inbox -> [Job] in
            var jobs: [Job] = []
            swap(&jobs, &inbox.jobs)
            return jobs
        }
        for job in jobs { ready.append(.job(job.block), of: job.party) }
    }

    /// Parties in turns, for a while: whoever has little to say is heard between two letters of one who has
    /// much, and what arrived meanwhile is looked for before that one's next.
    private func work() {
        let end = Clock.nanoseconds() + Reactor.sliceNanoseconds
        while let next = ready.next() {
            switch next {
            case .link(let link): link.process()
            case .job(let block): block()
            }
            if Clock.nanoseconds() >= end { return }
        }
    }

    // MARK: for the thread's own sources

    /// All input and output happens in `Link.process`, called from the loop: a handler that answers one
    /// connection from within another's read must not overwrite the buffer that this read is still using.
    func schedule(_ link: Link) {
        ready.append(.link(link), of: link.party)
    }

    func register(_ source: EventSource, _ socket: CInt, _ events: UInt32) throws(SystemError) {
        let index = freeSlots.popLast() ?? slots.count
        if index == slots.count { slots.append(Slot()) }
        let data = UInt64(slots[index].generation) << 32 | UInt64(index)
        do {
            try control(EPOLL_CTL_ADD, socket, events, data)
        } catch {
            freeSlots.append(index)
            throw error
        }
        slots[index].source = source
        source.slot = index
    }

    /// The descriptor itself is closed by its owner, on this thread, right after.
    func unregister(_ source: EventSource, _ socket: CInt) {
        guard source.slot >= 0 else { return }
        try? control(EPOLL_CTL_DEL, socket, 0, 0)
        slots[source.slot].source = nil
        slots[source.slot].generation &+= 1
        freeSlots.append(source.slot)
        source.slot = -1
    }

    func changeInterest(_ source: EventSource, _ socket: CInt, _ events: UInt32) {
        guard source.slot >= 0 else { return }
        let data = UInt64(slots[source.slot].generation) << 32 | UInt64(source.slot)
        try? control(EPOLL_CTL_MOD, socket, events, data)
    }

    func timer(at deadline: Int64, _ block: @escaping @Sendable () -> Void) -> TimerToken {
        let token = TimerToken(block)
        insert(token, at: deadline)
        return token
    }

    func insert(_ token: TimerToken, at deadline: Int64) {
        timers.insert(token, at: deadline)
    }

    func startDraining() {
        isDraining = true
        for source in slots.compactMap(\.source) { source.drain() }
    }

    private func control(_ operation: CInt, _ socket: CInt, _ events: UInt32, _ data: UInt64)
        throws(SystemError)
    {
        var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: data))
        guard unsafe epoll_ctl(epoll.number, operation, socket, &event) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    // MARK: the Date field

    private var dateSecond: Int64 = -1
    private var dateText = ""

    /// RFC 9110 section 6.6.1; written once a second, not once a response.
    var date: String {
        let second = Clock.wallSeconds()
        if second != dateSecond {
            dateSecond = second
            dateText = HTTPDate.format(Instant(seconds: second))
        }
        return dateText
    }
}

/// Bits of epoll_event.events, which C spells as an enumeration.
enum Epoll {
    static let input: UInt32 = 0x001
    static let output: UInt32 = 0x004
    static let error: UInt32 = 0x008
    static let hangUp: UInt32 = 0x010
    static let peerClosed: UInt32 = 0x2000
    static let edge: UInt32 = 1 << 31
}
