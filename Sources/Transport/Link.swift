internal import CLinux
internal import Glibc
internal import OpenSSL

/// One connected socket, with or without TLS, owned by one reactor. Subclasses speak HTTP over it as a server
/// or as a client.
///
/// Edge-triggered: epoll tells once that the socket became readable or writable, and these flags remember it
/// until a call says EAGAIN. Not reading is all that back-pressure takes.
class Link: EventSource, @unchecked Sendable {
    // Sendable because every member is touched on the reactor's thread alone; others only hold the reference
    // in order to post to that thread.

    enum Phase {
        case connecting, handshaking, open
        /// The last byte is written and the sending side closed; what still comes is read and thrown away.
        case lingering
        case closed
    }

    let reactor: Reactor
    let socket: FileDescriptor
    /// Whose turn it is when this link is processed; the same for all links of one peer.
    var party = 0
    private(set) var tls: TLSSession?
    private(set) var phase: Phase
    var output = OutputQueue()
    private(set) var bytesReceived: Int64 = 0
    private(set) var bytesWritten: Int64 = 0

    /// Input that the subclass has not taken yet: at most one read buffer, since nothing is read before it
    /// is.
    private var pendingInput: [UInt8] = []
    private var mustParse = false
    private var isReadable = false
    private var isWritable = true
    private var isScheduled = false
    private var hasHungUp = false
    private var hasFailed = false
    private var lingerBytesLeft: Int64 = 0

    /// After this many bytes the others have their turn: one filled read buffer.
    private static let bytesPerTurnMax = Reactor.readBufferByteCount

    init(reactor: Reactor, socket: FileDescriptor, tls: TLSSession?, isConnecting: Bool) {
        self.reactor = reactor
        self.socket = socket
        self.tls = tls
        phase = isConnecting ? .connecting : tls == nil ? .open : .handshaking
        isWritable = !isConnecting
    }

    // MARK: what a subclass says

    /// Whether `received` should be called.
    var wantsInput: Bool { false }
    /// The handshake is done.
    func opened() {}
    /// Takes bytes of `input` from its start; returns how many. What it leaves comes again.
    func received(_ input: Span<UInt8>) -> Int { input.count }
    /// The peer sends no more. Not clean where TLS was cut off without its close_notify.
    func inputEnded(isClean: Bool) {}
    /// The peer closed, or with `isHard` the connection is dead, while no input was wanted.
    func peerHungUp(isHard: Bool) {}
    func outputDrained() {}
    /// A round of reading and writing is over.
    func processed() {}
    func failed(_ reason: String) {}
    /// The peer takes no more; it may have said why before.
    func outputFailed(_ reason: String) { fail(reason) }
    /// Once, when the socket has been closed.
    func didClose() {}

    // MARK: life

    /// Starts watching the socket; on the reactor's thread.
    func begin() {
        do {
            try reactor.register(
                self, socket.number, Epoll.input | Epoll.output | Epoll.peerClosed | Epoll.edge)
        } catch {
            failed("\(error)")
            close()
            return
        }
        if phase == .open { opened() }
        schedule()
    }

    func close() {
        guard phase != .closed else { return }
        // OpenSSL forgets a session that ends without close_notify: a client could not resume it.
        if phase == .open { tls?.sendCloseNotify() }
        phase = .closed
        reactor.unregister(self, socket.number)
        socket.close()
        tls = nil
        output.removeAll()
        pendingInput = []
        didClose()
    }

    override func shutDown() { close() }

    /// Closes once the peer has had its chance to read what was written: closing a socket with unread input
    /// would reset it and take the answer from the client's buffer. Where no input waits and none is
    /// expected, it closes at once.
    func closeGracefully(expectsInput: Bool, lingerBytesMax: Int64) {
        guard phase == .open else { return close() }
        guard expectsInput || hasUnreadInput else { return close() }
        tls?.sendCloseNotify()
        _ = Glibc.shutdown(socket.number, CInt(SHUT_WR))
        phase = .lingering
        pendingInput = []
        lingerBytesLeft = lingerBytesMax
        schedule()
    }

    private var hasUnreadInput: Bool {
        var count: CInt = 0
        if !pendingInput.isEmpty { return true }
        return unsafe ioctl(socket.number, UInt(FIONREAD), &count) != 0 || count > 0
    }

    /// Has `process` called soon; after anything that changes `wantsInput` or adds output.
    func schedule() {
        guard !isScheduled, phase != .closed else { return }
        isScheduled = true
        reactor.schedule(self)
    }

    /// As `schedule`, where the parser may have an event left that needs no further byte.
    func scheduleParsing() {
        mustParse = true
        schedule()
    }

    override func handle(events: UInt32) {
        if events & (Epoll.input | Epoll.peerClosed | Epoll.hangUp | Epoll.error) != 0 { isReadable = true }
        if events & (Epoll.output | Epoll.hangUp | Epoll.error) != 0 { isWritable = true }
        if events & (Epoll.peerClosed | Epoll.hangUp | Epoll.error) != 0 { hasHungUp = true }
        if events & (Epoll.hangUp | Epoll.error) != 0 { hasFailed = true }
        schedule()
    }

    /// One turn: all reading and writing that is possible now, up to a bound.
    func process() {
        isScheduled = false
        if phase == .connecting { finishConnecting() }
        if phase == .handshaking { handshake() }
        if phase == .lingering { return discardInput() }
        guard phase == .open else { return }
        flush()
        readInput()
        flush()
        guard phase == .open else { return }
        if hasHungUp, !wantsInput {
            hasHungUp = false
            peerHungUp(isHard: hasFailed)
        }
        if phase == .open { processed() }
    }

    /// Watched only from here on: epoll reports a socket that is not connecting yet as hung up.
    func connect(to address: SocketAddress) {
        let result = unsafe address.withSocketAddress { unsafe Glibc.connect(socket.number, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { return fail("\(SystemError("connect"))") }
        begin()
    }

    private func finishConnecting() {
        guard isWritable else { return }
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        _ = unsafe getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &code, &length)
        guard code == 0 else { return fail("\(SystemError("connect", code: code))") }
        phase = tls == nil ? .open : .handshaking
        if phase == .open { opened() }
    }

    private func handshake() {
        guard let tls else { return }
        switch tls.handshake() {
        case .done:
            phase = .open
            opened()
        case .wantsRead: isReadable = false
        case .wantsWrite: isWritable = false
        case .closed: fail("the peer closed during the TLS handshake")
        case .failed(let error): fail("\(error)")
        }
    }

    func fail(_ reason: String) {
        guard phase != .closed else { return }
        failed(reason)
        close()
    }

    // MARK: input

    private func readInput() {
        var budget = Link.bytesPerTurnMax
        while phase == .open, wantsInput {
            if mustParse || !pendingInput.isEmpty {
                mustParse = false
                var input: [UInt8] = []
                swap(&input, &pendingInput)
                let taken = received(input.span)
                if taken < input.count, phase == .open { pendingInput = Array(input[taken...]) }
                continue
            }
            guard budget > 0 else { return schedule() }
            guard isReadable || tls?.hasBufferedInput == true else { return }
            let (count, end) = fillReadBuffer()
            budget -= max(count, 1)
            bytesReceived += Int64(count)
            if count > 0 { deliver(count) }
            guard phase == .open, let end else { continue }
            switch end {
            case .closed(let isClean):
                // Still readable: whoever reads again later has to meet the end again.
                return inputEnded(isClean: isClean)
            case .failed(let error): return fail("\(error)")
            case .wantsRead, .wantsWrite, .done: return
            }
        }
    }

    private func deliver(_ count: Int) {
        let filled = unsafe UnsafeRawBufferPointer(rebasing: reactor.readBuffer[..<count])
        let input = unsafe filled.assumingMemoryBound(to: UInt8.self)
        let taken = unsafe received(input.span)
        if taken < count, phase == .open { pendingInput = unsafe Array(input[taken...]) }
    }

    /// Fills the reactor's buffer as far as it can: TLS gives at most one record of 16 KiB at a time, and a
    /// consumer that is called once for many records hashes and writes more cheaply. The second value says
    /// why it stopped; nil where the buffer is full.
    private func fillReadBuffer() -> (Int, TLSResult?) {
        var filled = 0
        while filled < Reactor.readBufferByteCount {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: reactor.readBuffer[filled...])
            let result = unsafe tls.map { unsafe $0.read(into: rest) } ?? readPlain(into: rest)
            switch result {
            case .done(let count): filled += count
            case .wantsRead:
                isReadable = false
                return (filled, result)
            case .wantsWrite:
                isWritable = false
                return (filled, result)
            case .closed, .failed: return (filled, result)
            }
        }
        return (filled, nil)
    }

    private func readPlain(into buffer: UnsafeMutableRawBufferPointer) -> TLSResult {
        while true {
            let count = unsafe recv(socket.number, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .done(count) }
            if count == 0 { return .closed(isClean: true) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wantsRead
            default: return .closed(isClean: false)
            }
        }
    }

    private func discardInput() {
        while phase == .lingering {
            let buffer = unsafe reactor.readBuffer
            let count = unsafe recv(socket.number, buffer.baseAddress, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            lingerBytesLeft -= Int64(count)
            if count <= 0 || lingerBytesLeft < 0 { close() }
        }
    }

    // MARK: output

    private func flush() {
        guard phase == .open, !output.isEmpty, isWritable else { return }
        var budget = Link.bytesPerTurnMax
        while !output.isEmpty {
            guard budget > 0 else { return schedule() }
            let result = tls == nil && output.frontFile != nil ? sendFile() : writeBuffered()
            switch result {
            case .done(let count): budget -= count
            case .wantsRead: return
            case .wantsWrite:
                isWritable = false
                return
            case .closed: return outputFailed("the peer closed while it was written to")
            case .failed(let error): return fail("\(error)")
            }
        }
        outputDrained()
    }

    private func writeBuffered() -> TLSResult {
        let buffer = unsafe reactor.writeBuffer
        guard let count = unsafe output.peek(into: buffer, untilFile: tls == nil) else {
            return .failed(OpenSSLError("read the file to be sent", reasons: []))
        }
        var written = 0
        while written < count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written..<count])
            let result = unsafe tls.map { unsafe $0.write(rest) } ?? writePlain(rest)
            guard case .done(let now) = result else { return result }
            written += now
            bytesWritten += Int64(now)
            output.consume(now)
        }
        return .done(written)
    }

    private func writePlain(_ buffer: UnsafeRawBufferPointer) -> TLSResult {
        while true {
            let count = unsafe send(socket.number, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
            if count >= 0 { return .done(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wantsWrite
            default: return .closed(isClean: false)
            }
        }
    }

    private func sendFile() -> TLSResult {
        guard let front = output.frontFile else { return .done(0) }
        var offset = off_t(front.offset)
        let want = Int(min(front.left, Int64(Link.bytesPerTurnMax)))
        while true {
            let count = unsafe sendfile(socket.number, front.slice.descriptor, &offset, want)
            if count > 0 {
                output.consume(count)
                bytesWritten += Int64(count)
                return .done(count)
            }
            if count == 0 { return .failed(OpenSSLError("read the file to be sent", reasons: [])) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wantsWrite
            default: return .closed(isClean: false)
            }
        }
    }

    /// Bytes that have left this machine and were acknowledged: a slow reader's progress shows here, while
    /// its socket becomes writable only now and then.
    var bytesAcknowledged: Int64 {
        var queued: CInt = 0
        guard unsafe ioctl(socket.number, UInt(TIOCOUTQ), &queued) == 0 else { return bytesWritten }
        return bytesWritten - Int64(queued)
    }
}
