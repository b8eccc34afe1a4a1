internal import Exchange
internal import HTTP
package import OpenSSL
internal import Synchronization

/// Who is at the other end of a connection.
package struct Peer: Sendable {
    /// Without the port.
    package let address: String
    /// Verified; nil where the client showed none.
    package let certificate: PeerCertificate?
    /// Whether the TLS session was resumed; false without TLS.
    package let isResumed: Bool

    /// Whose turn it is: the client's certificate's, or where it showed none its address's.
    package var party: Int { certificate?.sha256.hashValue ?? address.hashValue }
}

/// One request and its response. Methods may be called from any thread except where said; each hops to the
/// connection's reactor by itself.
package final class HTTPExchange: Sendable {
    /// 16 hexadecimal digits; also sent as X-Request-ID.
    package let requestID: String
    package let peer: Peer

    private let connection: ServerConnection
    private let serial: UInt64
    private let hasResponded = Atomic<Bool>(false)

    init(connection: ServerConnection, serial: UInt64, requestID: String, peer: Peer) {
        self.connection = connection
        self.serial = serial
        self.requestID = requestID
        self.peer = peer
    }

    deinit {
        // A handler that lost its exchange would leave the client waiting for ever.
        guard !hasResponded.load(ordering: .relaxed) else { return }
        connection.onReactor { [connection, serial] in connection.handlerGaveUp(serial) }
    }

    /// Takes the body; on the reactor's thread, inside `handle(_:on:)` only. Without it a body is thrown away
    /// within a small bound.
    package func receiveBody(_ consumer: any BodyConsumer) {
        precondition(connection.reactor.isCurrent, "receiveBody is called inside handle(_:on:)")
        connection.receiveBody(serial, consumer)
    }

    /// Once; later calls do nothing, nor does it if the peer is gone. Before the body's end it is a refusal:
    /// the consumer is aborted and the connection closed, unless little of the body is left.
    package func respond(_ response: Response) {
        guard claim() else { return }
        connection.onReactor { [connection, serial] in connection.respond(serial, response) }
    }

    /// A response that goes on for as long as the handler wants; answered by its `begin`.
    ///
    /// - Parameter unreadBytesMax: what the peer may leave unread before it is cut off.
    package func makeStream(unreadBytesMax: Int64) -> ResponseStream {
        ResponseStream(self, connection, serial, unreadBytesMax: unreadBytesMax)
    }

    /// - Returns: false where the request has its response already.
    func claim() -> Bool {
        !hasResponded.exchange(true, ordering: .acquiringAndReleasing)
    }

    /// No more of the body is read until `resumeBody`; up to one read buffer that was read before still comes
    /// only after it. Calls do not nest.
    package func pauseBody() {
        connection.onReactor { [connection, serial] in connection.pauseBody(serial) }
    }

    package func resumeBody() {
        connection.onReactor { [connection, serial] in connection.resumeBody(serial) }
    }

    /// Runs `block` on the reactor if the peer goes away before the response; at once if it has. A request
    /// with such a block is given up when the client closes; one without still gets its answer if the client
    /// only closed its sending side.
    package func onAbort(_ block: @escaping @Sendable () -> Void) {
        connection.onReactor { [connection, serial] in connection.onAbort(serial, block) }
    }

    /// Runs `block` on the reactor when the server begins to drain; at once if it has begun.
    package func onDrain(_ block: @escaping @Sendable () -> Void) {
        connection.onReactor { [connection, serial] in connection.onDrain(serial, block) }
    }

    /// Runs `block` on the reactor once the time is over, unless it is cancelled.
    @discardableResult
    package func after(milliseconds: Int64, _ block: @escaping @Sendable () -> Void) -> TimerToken {
        let reactor = connection.reactor
        let token = TimerToken(block)
        let deadline = Clock.milliseconds() &+ max(0, milliseconds)
        connection.onReactor { reactor.insert(token, at: deadline) }
        return token
    }

    /// Runs `block` on this exchange's reactor, after what was posted before.
    package func post(_ block: @escaping @Sendable () -> Void) {
        connection.post(block)
    }
}
