import Foundation
import HTTP
import OpenSSL
import Synchronization
import Testing
import Transport

/// An agency's software that is told by push: an HTTPS server on loopback with the world's certificate.
final class WebhookReceiver: RequestHandler {
    struct Push: Sendable {
        let identifier: String
        let timestamp: String
        let signature: String
        let body: [UInt8]
    }

    private let server: Server
    private let box: Box
    let url: String
    /// What it answers.
    let status: Mutex<Int>
    private let pushes = Mutex<[Push]>([])
    private let came = DispatchSemaphore(value: 0)

    private final class Box: RequestHandler {
        let receiver = Mutex<WebhookReceiver?>(nil)

        func handle(_ request: RequestHead, on exchange: HTTPExchange) {
            receiver.withLock { $0 }?.handle(request, on: exchange)
        }
    }

    init(_ world: World, status: Int = 204) throws {
        self.status = Mutex(status)
        server = try Server(reactors: 1)
        box = Box()
        let tls = try TLSContext(
            serverCertificate: world.path("server.pem"), key: world.path("server.key"))
        let address = try server.listen(
            ListenerConfiguration(address: "127.0.0.1:0", tls: tls, limits: ConnectionLimits()), handler: box)
        url = "https://\(address)/hook"
        box.receiver.withLock { $0 = self }
        try server.start()
    }

    func stop() {
        box.receiver.withLock { $0 = nil }
        _ = server.drain(secondsMax: 1)
    }

    /// The next push, waited for.
    func next() -> Push {
        came.wait()
        return pushes.withLock { $0.removeFirst() }
    }

    func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        let fields = request.fields
        exchange.receiveBody(
            Body { [self] bytes in
                exchange.respond(Response(head: ResponseHead(status: status.withLock { $0 })))
                pushes.withLock {
                    $0.append(
                        Push(
                            identifier: fields["webhook-id"] ?? "",
                            timestamp: fields["webhook-timestamp"] ?? "",
                            signature: fields["webhook-signature"] ?? "", body: bytes))
                }
                came.signal()
            })
    }

    private final class Body: BodyConsumer {
        private var bytes: [UInt8] = []
        private let done: ([UInt8]) -> Void

        init(_ done: @escaping ([UInt8]) -> Void) { self.done = done }

        func receive(_ piece: Span<UInt8>) {
            for index in piece.indices { bytes.append(piece[index]) }
        }

        func end() { done(bytes) }
        func abort() {}
    }
}

/// A client of server-sent events that waits for texts.
final class EventListener: ResponseReceiver {
    private let text = Mutex("")
    private let moved = DispatchSemaphore(value: 0)
    private let client: HTTPClient
    private let connection: ClientConnection
    private let status = Mutex<Int?>(nil)
    private let hasEnded = Mutex(false)

    init(_ world: World, _ agency: String, lastEventID: String? = nil) throws {
        let parts = world.api.split(separator: ":")
        client = try HTTPClient(tls: try world.tls(agency))
        connection = try client.connect(host: String(parts[0]), port: UInt16(parts[1]) ?? 0)
        var fields: Fields = [:]
        if let lastEventID { fields.append("Last-Event-ID", lastEventID) }
        connection.send(
            ClientRequest(method: "GET", target: "/v1/inbox/events", fields: fields), stallSecondsMax: 120,
            to: self)
    }

    func close() { connection.close() }

    /// All that came, once it holds `wanted`.
    func wait(for wanted: String) -> String {
        while true {
            let now = text.withLock { $0 }
            if now.contains(wanted) || hasEnded.withLock({ $0 }) { return now }
            moved.wait()
        }
    }

    /// All that came, once the stream has ended.
    func waitForEnd() -> String {
        while !hasEnded.withLock({ $0 }) { moved.wait() }
        return text.withLock { $0 }
    }

    var lastID: String? {
        text.withLock { $0 }.components(separatedBy: "\n").last { $0.hasPrefix("id: ") }?.dropFirst(4)
            .description
    }

    func sent(_ byteCount: Int64) {}
    func head(_ head: ResponseHead) { status.withLock { $0 = head.status } }

    func body(_ bytes: Span<UInt8>) {
        var piece: [UInt8] = []
        for index in bytes.indices { piece.append(bytes[index]) }
        text.withLock { $0 += String(decoding: piece, as: UTF8.self) }
        moved.signal()
    }

    func end() {
        hasEnded.withLock { $0 = true }
        moved.signal()
    }

    func failed(_ error: ClientError) {
        text.withLock { $0 += "\nfailed: \(error)" }
        end()
    }
}
