internal import HTTP
internal import Hub
internal import Synchronization
internal import Transport

/// Closed loop: every connection sends the next letter as soon as it has the receipt of the last. All of
/// them on one reactor.
final class AcceptLoad: Sendable {
    private let letters: [[UInt8]]
    private let client: HTTPClient
    private let connections: [ClientConnection]
    private let next = Atomic<Int>(0)
    private let deadline = Atomic<Int>(0)
    private let latencies = Mutex<[Int]>([])
    private let failure = Mutex<String?>(nil)
    private let laneEnded = CountingSemaphore()

    init(_ world: BenchWorld, letters: [[UInt8]], connections count: Int) throws {
        self.letters = letters
        client = try HTTPClient(reactors: 1, tls: try world.access.tls(BenchWorld.sender))
        let (host, port) = try world.hub.hostAndPort()
        connections = try (0..<count).map { [client] _ in try client.connect(host: host, port: port) }
        // Handshakes are not what is measured.
        for connection in connections {
            connection.send(
                ClientRequest(method: "GET", target: "/v1/outbox?limit=1"), to: Lane(self, connection))
        }
        for _ in connections { laneEnded.wait() }
        try throwFailure()
    }

    /// Latencies in microseconds.
    func run(microseconds: Int) throws -> [Int] {
        deadline.store(MonotonicClock.microseconds + microseconds, ordering: .relaxed)
        for connection in connections { Lane(self, connection).sendNext() }
        for _ in connections { laneEnded.wait() }
        client.stop()
        try throwFailure()
        return latencies.withLock { $0 }
    }

    private func throwFailure() throws {
        if let reason = failure.withLock({ $0 }) {
            throw CommandFailure(.refused, "máy khách đo tải dừng: \(reason)")
        }
    }

    /// One connection's loop; lives on the reactor, held by the request in flight.
    private final class Lane: ResponseReceiver {
        private let load: AcceptLoad
        private let connection: ClientConnection
        private var started = 0
        private var status = 0

        init(_ load: AcceptLoad, _ connection: ClientConnection) {
            self.load = load
            self.connection = connection
        }

        func sendNext() {
            let index = load.next.wrappingAdd(1, ordering: .relaxed).oldValue
            started = MonotonicClock.microseconds
            guard index < load.letters.count, started < load.deadline.load(ordering: .relaxed) else {
                load.laneEnded.signal()
                return
            }
            connection.send(.letter(load.letters[index]), to: self)
        }

        func sent(_ byteCount: Int64) {}
        func head(_ head: ResponseHead) { status = head.status }
        func body(_ bytes: Span<UInt8>) {}

        func end() {
            switch status {
            case 201:
                let took = MonotonicClock.microseconds - started
                load.latencies.withLock { $0.append(took) }
                sendNext()
            case 200: load.laneEnded.signal()
            default: fail("HTTP \(status)")
            }
        }

        func failed(_ error: ClientError) { fail("\(error)") }

        private func fail(_ reason: String) {
            load.failure.withLock { $0 = $0 ?? reason }
            load.laneEnded.signal()
        }
    }
}

extension ClientRequest {
    static func letter(_ bytes: [UInt8]) -> ClientRequest {
        ClientRequest(
            method: "POST", target: "/v1/documents", fields: ["Content-Type": "application/xml"],
            body: .bytes(bytes))
    }
}

/// Connections of one agency's software that are not blocked by one another: a request takes an idle one, or
/// waits for the next that becomes idle.
final class ConnectionPool: Sendable {
    typealias Answer = @Sendable (Result<(status: Int, body: [UInt8]), ClientError>) -> Void

    private struct State {
        var idle: [ClientConnection] = []
        var waiting: [(request: ClientRequest, answer: Answer)] = []
    }

    private let client: HTTPClient
    private let host: String
    private let port: UInt16
    private let state = Mutex(State())

    init(_ world: BenchWorld, agency: String, connections count: Int) throws {
        client = try HTTPClient(reactors: 1, tls: try world.access.tls(agency))
        (host, port) = try world.hub.hostAndPort()
        try add(count)
    }

    /// Begins to connect `count` more.
    func add(_ count: Int) throws {
        for _ in 0..<count {
            let connection = try client.connect(host: host, port: port)
            state.withLock { $0.idle.append(connection) }
        }
    }

    /// Waits for the handshakes of all that are idle: they are not what is measured.
    func warmUp() {
        let answered = CountingSemaphore()
        let count = state.withLock { $0.idle.count }
        // Whatever goes wrong shows again with the first request that counts.
        for _ in 0..<count {
            send(ClientRequest(method: "GET", target: "/v1/outbox?limit=1")) { _ in answered.signal() }
        }
        for _ in 0..<count { answered.wait() }
    }

    /// `answer` is called on the client's reactor.
    func send(_ request: ClientRequest, _ answer: @escaping Answer) {
        let connection = state.withLock { state -> ClientConnection? in
            if let idle = state.idle.popLast() { return idle }
            state.waiting.append((request, answer))
            return nil
        }
        if let connection { send(request, over: connection, answer) }
    }

    private func send(_ request: ClientRequest, over connection: ClientConnection, _ answer: @escaping Answer)
    {
        let exchange = Exchange { [self] result in
            let next = state.withLock { state -> (request: ClientRequest, answer: Answer)? in
                if !state.waiting.isEmpty { return state.waiting.removeFirst() }
                state.idle.append(connection)
                return nil
            }
            if let next { send(next.request, over: connection, next.answer) }
            answer(result)
        }
        connection.send(request, stallSecondsMax: 120, to: exchange)
    }

    func stop() { client.stop() }

    private final class Exchange: ResponseReceiver {
        private let answer: Answer
        private var status = 0
        private var bytes: [UInt8] = []

        init(_ answer: @escaping Answer) { self.answer = answer }

        func sent(_ byteCount: Int64) {}
        func head(_ head: ResponseHead) { status = head.status }
        func body(_ piece: Span<UInt8>) {
            unsafe piece.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        }
        func end() { answer(.success((status, bytes))) }
        func failed(_ error: ClientError) { answer(.failure(error)) }
    }
}
