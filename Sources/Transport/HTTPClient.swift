internal import Glibc
package import HTTP
package import OpenSSL
internal import Synchronization

/// Connections to other servers, over reactors of their own.
package final class HTTPClient: Sendable {
    private let reactors: [Reactor]
    private let tls: TLSContext?
    private let limits: MessageLimits
    private let nextReactor = Atomic<Int>(0)
    private let sessions = SessionCache()

    /// - Parameter tls: a client's context; nil for plain HTTP.
    /// - Parameter limits: of the responses.
    package init(
        reactors count: Int = 1, tls: TLSContext?, limits: MessageLimits = MessageLimits()
    ) throws(SystemError) {
        _ = signal(SIGPIPE, SIG_IGN)
        var reactors: [Reactor] = []
        for _ in 0..<max(1, count) { reactors.append(try Reactor()) }
        self.reactors = reactors
        self.tls = tls
        self.limits = limits
        for reactor in reactors { try reactor.start() }
    }

    deinit { stop() }

    /// Closes every connection, failing what is in flight, and ends the reactors. Not from a reactor.
    package func stop() {
        for reactor in reactors { reactor.stopAndJoin() }
    }

    /// Looks the name up (which blocks) and begins to connect (which does not). A request may be sent at
    /// once.
    ///
    /// - Parameters:
    ///   - host: a name, or an address without brackets; what the server's certificate must carry.
    ///   - isPlain: without TLS, though the client has a context for it.
    ///   - mayConnect: every address that the name has now must be allowed, and one of these is connected to:
    ///     there is no second look-up that could give another.
    package func connect(
        host: String, port: UInt16, isPlain: Bool = false,
        mayConnect: ((SocketAddress) -> Bool)? = nil
    ) throws(ClientError) -> ClientConnection {
        let addresses = SocketAddress.resolve(host: host, port: port)
        guard !addresses.isEmpty else { throw .unreachable("there is no host \(host)") }
        if let mayConnect, let closed = addresses.first(where: { !mayConnect($0) }) {
            throw .invalid("\(host) has the address \(closed.host), which is not to be connected to")
        }
        let index = nextReactor.wrappingAdd(1, ordering: .relaxed).oldValue
        let connection = ClientConnection(
            host: host, port: port, addresses: addresses, reactor: reactors[index % reactors.count],
            tls: isPlain ? nil : tls, limits: limits, sessions: sessions)
        connection.start()
        return connection
    }

}

/// What servers gave us to resume with, by `host:port`.
private final class SessionCache: Sendable {
    private let sessions = Mutex<[String: TLSResumption]>([:])

    subscript(key: String) -> TLSResumption? {
        get { sessions.withLock { $0[key] } }
        set { sessions.withLock { $0[key] = newValue } }
    }
}

/// One connection to a server, open until either side closes it. Its methods may be called from any thread.
package final class ClientConnection: @unchecked Sendable {
    // Sendable because everything that changes is touched on the reactor's thread alone.

    private struct Pending {
        let head: [UInt8]
        let request: ClientRequest
        let receiver: any ResponseReceiver
        let stallMilliseconds: Int64
    }

    private let host: String
    private let port: UInt16
    private let reactor: Reactor
    private let tls: TLSContext?
    private let limits: MessageLimits
    private let sessions: SessionCache
    private var addresses: [SocketAddress]
    private var link: ClientLink?
    private var pending: Pending?
    private var failure: ClientError?

    fileprivate init(
        host: String, port: UInt16, addresses: [SocketAddress], reactor: Reactor, tls: TLSContext?,
        limits: MessageLimits, sessions: SessionCache
    ) {
        self.host = host
        self.port = port
        self.addresses = addresses
        self.reactor = reactor
        self.tls = tls
        self.limits = limits
        self.sessions = sessions
    }

    private var sessionKey: String { "\(host):\(port)" }

    /// As the Host field has it: servers with many names may know themselves without the usual port only.
    private var authority: String {
        let name = host.utf8.contains(0x3A) ? "[\(host)]" : host
        return port == (tls == nil ? 80 : 443) ? name : "\(name):\(port)"
    }

    fileprivate func start() {
        reactor.post { [self] in connectToNextAddress() }
    }

    /// Sends one request; the next may be sent once `receiver` has got its end. Sending while another is in
    /// flight fails the new one.
    ///
    /// - Parameter stallSecondsMax: how long nothing may move in either direction, connecting included. A
    ///   long poll needs more than it waits.
    package func send(
        _ request: ClientRequest, stallSecondsMax: Double = 30, to receiver: any ResponseReceiver
    ) {
        nonisolated(unsafe) let receiver = receiver
        let milliseconds = Int64(min(max(stallSecondsMax, 0.001), 1e6) * 1000)
        onReactor { [self] in begin(request, milliseconds, unsafe receiver) }
    }

    package func close() {
        onReactor { [self] in
            addresses = []
            failure = failure ?? .connectionLost("closed by us")
            link?.close()
        }
    }

    /// Runs `block` on this connection's reactor.
    package func post(_ block: @escaping @Sendable () -> Void) {
        reactor.post(block)
    }

    private func onReactor(_ block: @escaping @Sendable () -> Void) {
        if reactor.isCurrent { block() } else { reactor.post(block) }
    }

    private func begin(_ request: ClientRequest, _ milliseconds: Int64, _ receiver: any ResponseReceiver) {
        if let failure {
            // Closed since, so that nothing of this request was sent; but the first failure tells more.
            guard case .connectionLost(let reason) = failure else { return receiver.failed(failure) }
            return receiver.failed(.unreachable(reason))
        }
        guard pending == nil else { return receiver.failed(.invalid("a request is in flight")) }
        var head: [UInt8] = []
        let hasBody = request.body.byteCount > 0 || !["GET", "HEAD"].contains(request.method)
        do {
            try RequestWriter.write(
                method: request.method, target: request.target, host: authority, fields: request.fields,
                contentLength: hasBody ? request.body.byteCount : nil, into: &head)
        } catch {
            return receiver.failed(.invalid(error.reason))
        }
        let next = Pending(head: head, request: request, receiver: receiver, stallMilliseconds: milliseconds)
        guard let link, link.phase == .open else {
            pending = next
            self.link?.limitStalls(milliseconds: milliseconds)
            return
        }
        guard link.isIdle else { return receiver.failed(.invalid("a request is in flight")) }
        send(next, over: link)
    }

    private func send(_ next: Pending, over link: ClientLink) {
        link.limitStalls(milliseconds: next.stallMilliseconds)
        link.send(next.head, next.request, next.receiver)
    }

    // MARK: the link, on the reactor

    private func connectToNextAddress() {
        guard !addresses.isEmpty else { return }
        let address = addresses.removeFirst()
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0)
        guard number >= 0 else { return giveUp(.unreachable("\(SystemError("socket"))")) }
        let socket = FileDescriptor(number)
        SocketOption.set(number, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        var session: TLSSession?
        if let tls {
            do {
                session = try TLSSession(
                    client: tls, socket: number, host: host, resuming: sessions[sessionKey])
            } catch {
                return giveUp(.handshake("\(error)"))
            }
        }
        let link = ClientLink(self, reactor: reactor, socket: socket, tls: session, limits: limits)
        self.link = link
        if let pending { link.limitStalls(milliseconds: pending.stallMilliseconds) }
        link.connect(to: address)
    }

    func linkOpened(_ link: ClientLink) {
        guard let next = pending else { return }
        pending = nil
        send(next, over: link)
    }

    func store(_ resumption: TLSResumption) {
        sessions[sessionKey] = resumption
    }

    func linkClosed(_ link: ClientLink, _ error: ClientError, hadOpened: Bool) {
        guard self.link === link else { return }
        self.link = nil
        if !hadOpened, case .unreachable = error, !addresses.isEmpty { return connectToNextAddress() }
        giveUp(error)
    }

    private func giveUp(_ error: ClientError) {
        failure = failure ?? error
        let unanswered = pending
        pending = nil
        unanswered?.receiver.failed(error)
    }
}
