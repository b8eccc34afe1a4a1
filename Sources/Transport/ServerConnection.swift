internal import Exchange
internal import HTTP
internal import OpenSSL
internal import Synchronization

/// One client's connection: requests one after the other, each with its exchange.
final class ServerConnection: Link, @unchecked Sendable {
    // Sendable because it is a Link: everything of it belongs to its reactor.

    private struct Request {
        let serial: UInt64
        let requestID: String
        let minorVersion: Int
        let isHEAD: Bool
        let isPersistent: Bool
        var awaitsContinue: Bool
        var consumer: (any BodyConsumer)?
        var hasBodyEnded = false
        var isPaused = false
        var hasResponded = false
        var abortBlocks: [@Sendable () -> Void] = []
        var drainBlocks: [@Sendable () -> Void] = []
        /// There where its response is a stream that goes on.
        var streamEnded: (@Sendable () -> Void)?
    }

    /// A rest of this size is read to its end after an early response, so that the connection lives on.
    private static let bodyRestBytesMax: Int64 = 64 << 10
    /// The next pipelined request waits while more than this is still to be written.
    private static let outputBytesMax: Int64 = 64 << 10

    let listener: Listener
    private let address: SocketAddress
    private var peer: Peer?
    private var parser: RequestParser
    private var serial: UInt64 = 0
    private var request: Request?
    private var closesAfterOutput = false
    private var wasRefused = false
    private(set) var watch: ConnectionWatch
    private var timer: TimerToken?
    private var timerDeadline = Int64.max
    /// Of all bodies on this connection, for the lowest rate.
    private var bodyBytesReceived: Int64 = 0

    init(
        reactor: Reactor, socket: FileDescriptor, tls: TLSSession?, address: SocketAddress, listener: Listener
    ) {
        self.listener = listener
        self.address = address
        parser = RequestParser(limits: listener.limits.message)
        watch = ConnectionWatch(limits: listener.limits)
        super.init(reactor: reactor, socket: socket, tls: tls, isConnecting: false)
        party = address.host.hashValue
    }

    /// Runs `block` on the reactor: now, if this is its thread.
    func onReactor(_ block: @escaping @Sendable () -> Void) {
        if reactor.isCurrent { block() } else { post(block) }
    }

    /// Runs `block` on the reactor in the turn of the connection's party, after what was posted here before.
    func post(_ block: @escaping @Sendable () -> Void) {
        reactor.post(for: party, block)
    }

    override func begin() {
        expect(phase == .handshaking ? .handshake : .header)
        super.begin()
    }

    override func opened() {
        let isResumed = tls?.isResumed ?? false
        if isResumed { listener.counters.sessionsResumed.increment() }
        let peer = Peer(address: address.host, certificate: tls?.peerCertificate, isResumed: isResumed)
        party = peer.party
        self.peer = peer
        tls?.forgetPeerChain()
        expect(.header)
    }

    // MARK: input

    override var wantsInput: Bool {
        if closesAfterOutput { return false }
        guard let request else { return output.byteCount <= ServerConnection.outputBytesMax }
        return !request.hasBodyEnded && !request.isPaused
    }

    override func received(_ input: Span<UInt8>) -> Int {
        var position = 0
        do {
            while phase == .open, wantsInput, let event = try parser.next(input, at: &position) {
                switch event {
                case .head(let head): beginRequest(head)
                case .body(let range):
                    bodyBytesReceived += Int64(range.count)
                    request?.consumer?.receive(input.extracting(range))
                case .end: endBody()
                }
            }
        } catch {
            listener.counters.requestsMalformed.increment()
            refuse(error.status, error.reason)
            return input.count
        }
        return position
    }

    private func beginRequest(_ head: RequestHead) {
        serial += 1
        listener.counters.requests.increment()
        let requestID = listener.nextRequestID()
        let exchange = HTTPExchange(
            connection: self, serial: serial, requestID: requestID,
            peer: peer ?? Peer(address: address.host, certificate: nil, isResumed: false))
        request = Request(
            serial: serial, requestID: requestID, minorVersion: head.minorVersion,
            isHEAD: head.method == "HEAD",
            isPersistent: KeepAlive.isWanted(by: head.fields, minorVersion: head.minorVersion),
            awaitsContinue: head.expectsContinue)
        listener.handler.handle(head, on: exchange)
        if request?.serial == serial, request?.consumer != nil, request?.awaitsContinue == true {
            request?.awaitsContinue = false
            output.append(ResponseWriter.continueLine)
        }
    }

    private func endBody() {
        guard let consumer = request?.consumer else {
            request?.hasBodyEnded = true
            return finishRequest()
        }
        request?.hasBodyEnded = true
        request?.consumer = nil
        consumer.end()
        finishRequest()
    }

    /// The next request may be read once this one is read and answered.
    private func finishRequest() {
        guard let request, request.hasBodyEnded, request.hasResponded, request.streamEnded == nil
        else { return }
        self.request = nil
        if !closesAfterOutput { scheduleParsing() }
    }

    override func inputEnded(isClean: Bool) {
        if let request, request.hasBodyEnded { return peerHungUp(isHard: false) }
        // Between requests that is the usual end; inside one, the request was cut and must not be acted on.
        if output.isEmpty { close() } else { closesAfterOutput = true }
    }

    override func peerHungUp(isHard: Bool) {
        guard let request, !request.hasResponded else {
            if isHard || self.request?.streamEnded != nil { close() }
            return
        }
        if isHard || !request.abortBlocks.isEmpty { close() }
    }

    override func failed(_ reason: String) {
        if phase == .handshaking { listener.counters.handshakesFailed.increment() }
    }

    override func outputDrained() {
        if closesAfterOutput { linger() }
    }

    override func didClose() {
        timer?.cancel()
        timer = nil
        let unfinished = request
        request = nil
        listener.connectionClosed(from: address, on: reactor)
        guard let unfinished else { return }
        // Posted, since this may be inside a call into the same consumer.
        if let consumer = unfinished.consumer { abort(consumer) }
        if let ended = unfinished.streamEnded { post(ended) }
        guard !unfinished.hasResponded else { return }
        listener.counters.requestsAborted.increment()
        for block in unfinished.abortBlocks { post(block) }
    }

    private func abort(_ consumer: any BodyConsumer) {
        nonisolated(unsafe) let consumer = consumer
        post { unsafe consumer.abort() }
    }

    // MARK: what the exchange asks for

    func receiveBody(_ serial: UInt64, _ consumer: any BodyConsumer) {
        guard request?.serial == serial, request?.hasResponded == false else { return abort(consumer) }
        request?.consumer = consumer
    }

    func pauseBody(_ serial: UInt64) {
        guard request?.serial == serial else { return }
        request?.isPaused = true
    }

    func resumeBody(_ serial: UInt64) {
        guard request?.serial == serial, request?.isPaused == true else { return }
        request?.isPaused = false
        scheduleParsing()
    }

    func onAbort(_ serial: UInt64, _ block: @escaping @Sendable () -> Void) {
        guard request?.serial == serial else {
            if serial == self.serial, phase == .closed { post(block) }
            return
        }
        if request?.hasResponded == false { request?.abortBlocks.append(block) }
    }

    func onDrain(_ serial: UInt64, _ block: @escaping @Sendable () -> Void) {
        guard request?.serial == serial, request?.hasResponded == false else { return }
        if reactor.isDraining { post(block) } else { request?.drainBlocks.append(block) }
    }

    func handlerGaveUp(_ serial: UInt64) {
        let requestID = request?.serial == serial ? request?.requestID : nil
        respond(serial, .problem(500, "the request was given up", requestID: requestID ?? ""))
    }

    func respond(_ serial: UInt64, _ response: Response) {
        guard phase == .open, var request, request.serial == serial, !request.hasResponded else { return }
        request.hasResponded = true
        request.abortBlocks = []
        request.drainBlocks = []
        var isPersistent =
            request.isPersistent && listener.limits.keepsConnections && !reactor.isDraining
        if !request.hasBodyEnded {
            if let consumer = request.consumer { abort(consumer) }
            request.consumer = nil
            request.isPaused = false
            let rest = parser.bodyBytesToCome ?? Int64.max
            // Whoever waits for 100 may send the body after all, or not: only closing is unambiguous.
            if request.awaitsContinue || rest > ServerConnection.bodyRestBytesMax { isPersistent = false }
        }
        self.request = request
        write(response, request, requestID: request.requestID, isPersistent: isPersistent)
        finishRequest()
        schedule()
    }

    private func write(_ response: Response, _ request: Request?, requestID: String, isPersistent: Bool) {
        var head = response.head
        head.fields.append("Date", reactor.date)
        head.fields.append("X-Request-ID", requestID)
        let hasNoLength = head.status < 200 || head.status == 204 || head.status == 304
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        ResponseWriter.write(
            head, contentLength: hasNoLength ? nil : response.body.byteCount, keepAlive: isPersistent,
            minorVersion: request?.minorVersion ?? 1, into: &bytes)
        output.append(bytes)
        if !hasNoLength, request?.isHEAD != true {
            switch response.body {
            case .none: break
            case .bytes(let body): output.append(body)
            case .file(let slice): output.append(slice)
            }
        }
        if !isPersistent { closesAfterOutput = true }
    }

    // MARK: streams

    func beginStream(_ serial: UInt64, _ head: ResponseHead, ended: @escaping @Sendable () -> Void) {
        guard phase == .open, var request, request.serial == serial, !request.hasResponded else {
            return post(ended)
        }
        request.hasResponded = true
        request.abortBlocks = []
        request.drainBlocks = []
        request.streamEnded = ended
        self.request = request
        var head = head
        head.fields.append("Date", reactor.date)
        head.fields.append("X-Request-ID", request.requestID)
        var bytes: [UInt8] = []
        // Its end is the connection's end.
        ResponseWriter.write(
            head, contentLength: nil, keepAlive: false, minorVersion: request.minorVersion, into: &bytes)
        output.append(bytes)
        if reactor.isDraining { endStream(serial) } else { schedule() }
    }

    func write(_ serial: UInt64, _ bytes: [UInt8], unreadBytesMax: Int64) {
        guard phase == .open, !closesAfterOutput, let request, request.serial == serial,
            request.streamEnded != nil
        else { return }
        guard output.byteCount + Int64(bytes.count) <= unreadBytesMax else { return close() }
        output.append(bytes)
        schedule()
    }

    func endStream(_ serial: UInt64) {
        guard phase == .open, !closesAfterOutput, let request, request.serial == serial,
            request.streamEnded != nil
        else { return }
        closesAfterOutput = true
        if output.isEmpty { linger() } else { schedule() }
    }

    /// Answers what no handler will, and closes.
    private func refuse(_ status: Int, _ reason: String) {
        guard phase == .open, !closesAfterOutput else { return close() }
        wasRefused = true
        if let request, request.hasResponded {
            // The answer is on its way already; a second one would be read as the next request's.
            closesAfterOutput = true
        } else {
            if let consumer = request?.consumer { abort(consumer) }
            for block in request?.abortBlocks ?? [] { post(block) }
            let requestID = request?.requestID ?? listener.nextRequestID()
            let refusal = listener.handler.refusal(
                status, reason, method: parser.method, requestID: requestID)
            write(refusal, request, requestID: requestID, isPersistent: false)
            request = nil
        }
        if output.isEmpty { linger() } else { schedule() }
    }

    private func linger() {
        closeGracefully(
            expectsInput: wasRefused || request?.hasBodyEnded == false,
            lingerBytesMax: listener.limits.lingerBytesMax)
        if phase == .lingering { expect(.linger) }
    }

    override func drain() {
        guard phase == .open else { return phase == .handshaking ? close() : () }
        guard let request else {
            if parser.isBetweenRequests, output.isEmpty { close() }
            return
        }
        self.request?.drainBlocks = []
        for block in request.drainBlocks { block() }
        endStream(request.serial)
    }

    // MARK: time limits

    override func processed() {
        guard !closesAfterOutput || !output.isEmpty else { return }
        if !output.isEmpty {
            expect(.output)
        } else if let request {
            expect(request.hasBodyEnded || request.isPaused ? .nothing : .body)
        } else if !parser.isBetweenRequests || serial == 0 {
            expect(.header)
        } else if reactor.isDraining {
            close()
        } else {
            expect(.idle)
        }
    }

    private func expect(_ next: ConnectionWatch.Subject) {
        guard next != watch.subject || next == .idle else { return }
        let progress = next == .output ? bytesAcknowledged : bodyBytesReceived
        watch.begin(next, at: reactor.now, progress: progress)
        armTimer()
    }

    /// One timer per connection, left where it is when a deadline moves back: it then fires for nothing,
    /// once, instead of being set anew for every request.
    private func armTimer() {
        guard watch.deadline < timerDeadline else { return }
        timer?.cancel()
        timerDeadline = watch.deadline
        timer = reactor.timer(at: timerDeadline) { [weak self] in self?.timerFired() }
    }

    private func timerFired() {
        timerDeadline = Int64.max
        guard phase != .closed else { return }
        let progress = watch.subject == .output ? bytesAcknowledged : bodyBytesReceived
        guard watch.isOverdue(at: reactor.now, progress: progress) else { return armTimer() }
        listener.counters.timeouts.increment()
        switch watch.subject {
        case .header where !parser.isBetweenRequests: refuse(408, "the header section came too slowly")
        case .body: refuse(408, "the body came too slowly")
        default: close()
        }
    }
}
