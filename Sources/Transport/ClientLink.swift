internal import HTTP
internal import OpenSSL

/// One socket to a server: one request at a time, kept alive between them.
final class ClientLink: Link, @unchecked Sendable {
    // Sendable because it is a Link: everything of it belongs to its reactor.

    /// A cycle until the link closes: the reactor may hold the link longer than the caller the connection.
    private let connection: ClientConnection
    private var parser: ResponseParser
    private var receiver: (any ResponseReceiver)?
    private var keepsAlive = true
    private var responseHasBegun = false
    private var hasOpened = false
    private var hasStoredSession = false
    private var failure: ClientError?
    private var bytesWrittenBefore: Int64 = 0
    private var timer: TimerToken?
    private var progressAtTimer: Int64 = 0

    init(
        _ connection: ClientConnection, reactor: Reactor, socket: FileDescriptor, tls: TLSSession?,
        limits: MessageLimits
    ) {
        self.connection = connection
        parser = ResponseParser(limits: limits)
        super.init(reactor: reactor, socket: socket, tls: tls, isConnecting: true)
    }

    var isIdle: Bool { phase == .open && receiver == nil }

    override func opened() {
        hasOpened = true
        connection.linkOpened(self)
    }

    func send(_ head: [UInt8], _ request: ClientRequest, _ receiver: any ResponseReceiver) {
        self.receiver = receiver
        responseHasBegun = false
        bytesWrittenBefore = bytesWritten
        parser.expectResponse(to: request.method)
        output.append(head)
        switch request.body {
        case .none: break
        case .bytes(let bytes): output.append(bytes)
        case .file(let slice): output.append(slice)
        }
        schedule()
    }

    // MARK: input

    /// Always: an idle connection that the server closes must be noticed before the next request.
    override var wantsInput: Bool { true }

    override func received(_ input: Span<UInt8>) -> Int {
        var position = 0
        do {
            while phase == .open, receiver != nil, let event = try parser.next(input, at: &position) {
                switch event {
                case .interim: break
                case .head(let head, let keepAlive, _):
                    responseHasBegun = true
                    keepsAlive = keepAlive
                    receiver?.head(head)
                case .body(let range): receiver?.body(input.extracting(range))
                case .end: endResponse()
                }
            }
        } catch {
            fail(.malformedResponse(error.reason))
            return input.count
        }
        // Bytes that belong to no request: whoever sent them is not to be listened to further.
        if position < input.count, phase == .open { close() }
        return input.count
    }

    private func endResponse() {
        let ended = receiver
        receiver = nil
        timer?.cancel()
        timer = nil
        storeSession()
        // An answer before the request was sent whole: the rest would be read as another request.
        if !keepsAlive || !output.isEmpty { close() }
        ended?.end()
    }

    private func storeSession() {
        guard !hasStoredSession, let resumption = tls?.resumption else { return }
        hasStoredSession = true
        connection.store(resumption)
    }

    override func inputEnded(isClean: Bool) {
        guard receiver != nil else { return close() }
        do {
            guard try parser.finish() else {
                return fail(.connectionLost("the server closed before it answered"))
            }
            // Without a length only the end of the stream says that a body is whole, and a stranger can forge
            // it.
            guard isClean else { return fail(.connectionLost("the stream was cut")) }
            keepsAlive = false
            endResponse()
        } catch {
            fail(.connectionLost("the server closed inside its answer"))
        }
    }

    override func outputFailed(_ reason: String) {
        // A server that refuses early closes while it is written to; its answer may be there to be read.
        output.removeAll()
        keepsAlive = false
    }

    override func processed() {
        guard let receiver else { return }
        receiver.sent(bytesWritten - bytesWrittenBefore)
    }

    // MARK: failure

    private func fail(_ error: ClientError) {
        failure = failure ?? error
        close()
    }

    override func failed(_ reason: String) {
        guard failure == nil else { return }
        switch phase {
        case .connecting: failure = .unreachable(reason)
        case .handshaking: failure = .handshake(reason)
        default: failure = .connectionLost(reason)
        }
    }

    override func didClose() {
        timer?.cancel()
        timer = nil
        let unanswered = receiver
        receiver = nil
        let error = failure ?? .connectionLost("the connection was closed")
        unanswered?.failed(error)
        connection.linkClosed(self, error, hadOpened: hasOpened)
    }

    // MARK: time

    /// Fails the link when no byte moves in either direction for so long.
    func limitStalls(milliseconds: Int64) {
        timer?.cancel()
        progressAtTimer = progress
        timer = reactor.timer(at: reactor.now &+ milliseconds) { [weak self] in
            guard let self, phase != .closed else { return }
            if progress == progressAtTimer {
                fail(.timedOut)
            } else {
                limitStalls(milliseconds: milliseconds)
            }
        }
    }

    private var progress: Int64 { bytesReceived &+ bytesAcknowledged }
}
