internal import CLinux
internal import Glibc
internal import OpenSSL
internal import Synchronization

/// One listening socket: accepts, keeps the caps, and hands each connection to the reactor that has fewest.
///
/// One socket for all reactors, rather than SO_REUSEPORT: the kernel would spread 64 connections by hash, and
/// a core with 40 of them would be the bottleneck.
final class Listener: EventSource, @unchecked Sendable {
    // Sendable because the accepting side belongs to one reactor; the rest is locked, atomic or constant.

    private static let acceptsPerTurnMax = 64
    private static let backOffMilliseconds: Int64 = 100

    let address: SocketAddress
    let limits: ConnectionLimits
    let handler: any RequestHandler
    let counters: ServerCounters
    private let socket: FileDescriptor
    private let tls: Mutex<TLSContext?>
    private let reactor: Reactor
    private let reactors: [Reactor]
    private let callers = Mutex<[[UInt8]: Int]>([:])
    private let connectionCount = Atomic<Int>(0)
    private let requestIDs: RequestIDs
    private let onLastClose: @Sendable () -> Void

    init(
        _ configuration: ListenerConfiguration, handler: any RequestHandler, reactors: [Reactor],
        reactor: Reactor,
        counters: ServerCounters, requestIDs: RequestIDs, onLastClose: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        guard let wanted = SocketAddress(configuration.address) else {
            throw SystemError("listen on \(configuration.address)", code: EINVAL)
        }
        socket = try Listener.bind(wanted)
        address = SocketAddress.bound(to: socket.number) ?? wanted
        limits = configuration.limits
        tls = Mutex(configuration.tls)
        self.handler = handler
        self.reactors = reactors
        self.reactor = reactor
        self.counters = counters
        self.requestIDs = requestIDs
        self.onLastClose = onLastClose
    }

    private static func bind(_ address: SocketAddress) throws(SystemError) -> FileDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = Glibc.socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0)
        guard number >= 0 else { throw SystemError("socket") }
        let socket = FileDescriptor(number)
        SocketOption.set(number, SOL_SOCKET, SO_REUSEADDR, 1)
        let result = unsafe address.withSocketAddress { unsafe Glibc.bind(number, $0, $1) }
        guard result == 0 else { throw SystemError("bind \(address)") }
        guard Glibc.listen(number, 4096) == 0 else { throw SystemError("listen on \(address)") }
        return socket
    }

    func replaceTLS(_ context: TLSContext) {
        tls.withLock { $0 = context }
    }

    func nextRequestID() -> String { requestIDs.next() }

    /// On the accepting reactor.
    func begin() {
        guard !reactor.isDraining else { return close() }
        try? reactor.register(self, socket.number, Epoll.input)
    }

    override func drain() { close() }
    override func shutDown() { close() }

    private func close() {
        reactor.unregister(self, socket.number)
        socket.close()
    }

    override func handle(events: UInt32) {
        for _ in 0..<Listener.acceptsPerTurnMax {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let flags = CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
            let number = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
                unsafe accept4(
                    socket.number, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                    &length,
                    flags)
            }
            if number >= 0 {
                accepted(FileDescriptor(number), SocketAddress(storage))
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EAGAIN: return
            default: return backOff()
            }
        }
    }

    /// Out of descriptors or memory: the connection stays in the queue, so asking again at once would spin.
    private func backOff() {
        reactor.changeInterest(self, socket.number, 0)
        _ = reactor.timer(at: reactor.now + Listener.backOffMilliseconds) { [self] in
            reactor.changeInterest(self, socket.number, Epoll.input)
        }
    }

    private func accepted(_ socket: FileDescriptor, _ address: SocketAddress?) {
        guard let address, admit(address) else {
            counters.connectionsRefused.increment()
            return socket.close()
        }
        counters.connectionsAccepted.increment()
        counters.connectionsOpen.increment()
        SocketOption.set(socket.number, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        let target = leastLoaded()
        target.connectionCount.increment()
        if target === reactor {
            open(socket, address, on: target)
        } else {
            target.post { [self] in open(socket, address, on: target) }
        }
    }

    private func leastLoaded() -> Reactor {
        var least = reactors[0]
        for other in reactors.dropFirst()
        where other.connectionCount.load(ordering: .relaxed) < least.connectionCount.load(ordering: .relaxed)
        {
            least = other
        }
        return least
    }

    private func open(_ socket: FileDescriptor, _ address: SocketAddress, on target: Reactor) {
        var session: TLSSession?
        if let context = tls.withLock({ $0 }) {
            session = try? TLSSession(server: context, socket: socket.number)
            guard session != nil else {
                counters.handshakesFailed.increment()
                socket.close()
                return connectionClosed(from: address, on: target)
            }
        }
        guard !target.isDraining else {
            socket.close()
            return connectionClosed(from: address, on: target)
        }
        ServerConnection(reactor: target, socket: socket, tls: session, address: address, listener: self)
            .begin()
    }

    private func admit(_ address: SocketAddress) -> Bool {
        guard connectionCount.load(ordering: .relaxed) < limits.connectionsMax else { return false }
        let isAdmitted = callers.withLock { callers -> Bool in
            let count = callers[address.callerKey, default: 0]
            guard count < limits.connectionsPerAddressMax else { return false }
            callers[address.callerKey] = count + 1
            return true
        }
        if isAdmitted { connectionCount.increment() }
        return isAdmitted
    }

    /// On the connection's reactor; once for each that was admitted.
    func connectionClosed(from address: SocketAddress, on target: Reactor) {
        callers.withLock { callers in
            let count = callers[address.callerKey, default: 1]
            callers[address.callerKey] = count > 1 ? count - 1 : nil
        }
        connectionCount.wrappingSubtract(1, ordering: .relaxed)
        target.connectionCount.wrappingSubtract(1, ordering: .relaxed)
        let left = counters.connectionsOpen.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        if left == 0 { onLastClose() }
    }
}

/// setsockopt for the options that are one number.
enum SocketOption {
    static func set(_ socket: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        _ = unsafe setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}

/// Numbers requests: 16 hexadecimal digits, unique for one run and unlikely to meet those of another.
final class RequestIDs: Sendable {
    private let counter: Atomic<UInt64>

    init() {
        counter = Atomic(UInt64.random(in: 0...UInt64.max))
    }

    func next() -> String {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        var text: [UInt8] = []
        text.reserveCapacity(16)
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 0x0F
            text.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
