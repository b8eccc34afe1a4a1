internal import Exchange
internal import HTTP
internal import Hub
internal import Transport

/// `GET /v1/inbox/events`: server-sent events, as browsers' EventSource reads them.
struct EventsEndpoint {
    let hub: Hub

    /// Below what proxies take for a dead connection.
    private static let heartbeatMilliseconds: Int64 = 15_000
    /// The client comes again, and is looked at again: a certificate may have been withdrawn meanwhile.
    private static let streamMilliseconds: Int64 = 3_600_000
    /// What a client that does not read may leave in the hub's memory.
    private static let unreadBytesMax: Int64 = 64 << 10

    func open(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard let agency = caller.agency else { throw .forbidden }
        let last = request.fields["Last-Event-ID"].flatMap { $0.isEmpty || $0.utf8.count > 64 ? nil : $0 }
        let head = ResponseHead(
            status: 200,
            fields: [
                "Content-Type": "text/event-stream", "Cache-Control": "no-store",
                // Proxies that collect answers would keep the events to themselves.
                "X-Accel-Buffering": "no",
            ])
        let streams = hub.streams
        let stream = exchange.makeStream(unreadBytesMax: Self.unreadBytesMax)
        guard let token = streams.open(agency.code, lastEventID: last, write: { stream.write($0) }) else {
            throw Rejection(
                .tooManyRequests, "Có quá nhiều kết nối nhận sự kiện đang mở.",
                remedy: .retry(afterSeconds: 30))
        }
        stream.begin(head) { streams.close(token) }
        exchange.after(milliseconds: Self.streamMilliseconds) { stream.end() }
        beat(stream, exchange)
    }

    private func beat(_ stream: ResponseStream, _ exchange: HTTPExchange) {
        exchange.after(milliseconds: Self.heartbeatMilliseconds) {
            // A comment, which clients pass over.
            if stream.write([0x3A, 0x0A, 0x0A]) { beat(stream, exchange) }
        }
    }
}
