internal import Glibc
package import OpenSSL
internal import Synchronization

package struct ListenerConfiguration: Sendable {
    /// `127.0.0.1:8443` or `[::1]:0`; with port 0 the kernel chooses.
    package var address: String
    /// Nil for plain HTTP.
    package var tls: TLSContext?
    package var limits: ConnectionLimits

    package init(address: String, tls: TLSContext?, limits: ConnectionLimits = ConnectionLimits()) {
        self.address = address
        self.tls = tls
        self.limits = limits
    }
}

/// HTTP/1.1 over TCP or TLS: some listeners, one reactor per core.
package final class Server: Sendable {
    private let reactors: [Reactor]
    private let listeners = Mutex<[Listener]>([])
    private let counters = ServerCounters()
    private let requestIDs = RequestIDs()
    private let allClosed: Wakeup

    /// - Parameter count: of reactors; the number of cores if left out.
    package init(reactors count: Int = Server.coreCount) throws(SystemError) {
        // A peer that closes while it is written to must cost one connection, not the process.
        _ = signal(SIGPIPE, SIG_IGN)
        var reactors: [Reactor] = []
        for _ in 0..<max(1, count) { reactors.append(try Reactor()) }
        self.reactors = reactors
        allClosed = try Wakeup()
    }

    package static var coreCount: Int { max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }

    /// Binds at once and accepts as soon as the server is started.
    ///
    /// - Returns: the address with its real port.
    package func listen(
        _ configuration: ListenerConfiguration, handler: any RequestHandler
    ) throws(SystemError) -> SocketAddress {
        let number = listeners.withLock { $0.count }
        let reactor = reactors[number % reactors.count]
        let listener = try Listener(
            configuration, handler: handler, reactors: reactors, reactor: reactor, counters: counters,
            requestIDs: requestIDs, onLastClose: { [allClosed] in allClosed.signal() })
        listeners.withLock { $0.append(listener) }
        reactor.post { listener.begin() }
        return listener.address
    }

    package func start() throws(SystemError) {
        for reactor in reactors { try reactor.start() }
    }

    /// New connections get `context`; those that exist keep theirs. False where nothing listens there.
    @discardableResult
    package func replaceTLS(_ context: TLSContext, on address: SocketAddress) -> Bool {
        guard let listener = listeners.withLock({ $0.first { $0.address == address } }) else { return false }
        listener.replaceTLS(context)
        return true
    }

    package var statistics: ServerStatistics { counters.snapshot }

    /// Stops accepting, closes idle connections, lets requests in flight end (they are told through
    /// `HTTPExchange.onDrain`), closes what is left and ends the reactors. Blocks; not from a reactor.
    ///
    /// - Returns: whether all ended within the time.
    @discardableResult
    package func drain(secondsMax: Double) -> Bool {
        for reactor in reactors { reactor.post { reactor.startDraining() } }
        let end = Clock.milliseconds() + Int64(min(max(secondsMax, 0), 1e6) * 1000)
        // Every reactor has to answer first: one could still hold an accepted socket in its inbox.
        for reactor in reactors { reactor.post { [allClosed] in allClosed.signal() } }
        while counters.connectionsOpen.load(ordering: .acquiring) > 0 {
            let left = end - Clock.milliseconds()
            guard left > 0 else { break }
            _ = allClosed.wait(milliseconds: left)
        }
        let hasEnded = counters.connectionsOpen.load(ordering: .acquiring) == 0
        for reactor in reactors { reactor.stopAndJoin() }
        return hasEnded
    }
}
