package import HTTP
internal import Synchronization

/// A response whose end is not known when it begins. The connection ends with it, so that no length has to be
/// told; what the peer does not read is bounded.
package final class ResponseStream: Sendable {
    private let exchange: HTTPExchange
    private let connection: ServerConnection
    private let serial: UInt64
    private let unreadBytesMax: Int64
    private let isOver = Atomic<Bool>(false)
    /// What was written before `begin`; nil from then on.
    private let early = Mutex<[[UInt8]]?>([])

    init(_ exchange: HTTPExchange, _ connection: ServerConnection, _ serial: UInt64, unreadBytesMax: Int64) {
        self.exchange = exchange
        self.connection = connection
        self.serial = serial
        self.unreadBytesMax = unreadBytesMax
    }

    /// Once. `ended` runs once, on the reactor: when the peer has gone, the server drains or `end` was
    /// called; soon where the peer is gone already.
    package func begin(_ head: ResponseHead, ended: @escaping @Sendable () -> Void) {
        guard exchange.claim() else { return ended() }
        connection.onReactor { [self] in
            connection.beginStream(serial, head) { [self] in
                isOver.store(true, ordering: .relaxed)
                ended()
            }
            let waiting = early.withLock { early in
                defer { early = nil }
                return early ?? []
            }
            for bytes in waiting { connection.write(serial, bytes, unreadBytesMax: unreadBytesMax) }
        }
    }

    /// Ends the connection where the peer has left too much unread.
    ///
    /// - Returns: false where the stream is over.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        guard !isOver.load(ordering: .relaxed) else { return false }
        let isEarly = early.withLock { early in
            early?.append(bytes)
            return early != nil
        }
        guard !isEarly else { return true }
        connection.onReactor { [connection, serial, unreadBytesMax] in
            connection.write(serial, bytes, unreadBytesMax: unreadBytesMax)
        }
        return true
    }

    /// What was written still goes out.
    package func end() {
        connection.onReactor { [connection, serial] in connection.endStream(serial) }
    }
}
