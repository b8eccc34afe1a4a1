internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `GET /v1/inbox`: leases what waits for the caller, or waits for it.
struct InboxEndpoint {
    let hub: Hub

    private static let waitSecondsMax = 60
    private static let limitMax = 100

    func poll(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard let agency = caller.agency else { throw .forbidden }
        let wait = try request.integer("wait", in: 0...Self.waitSecondsMax, default: 0)
        let limit = try request.integer("limit", in: 1...Self.limitMax, default: 10)
        if request.target.value(of: "peek") == "1" { return peek(agency.code, limit, exchange) }
        let lease = try request.integer(
            "lease", in: 1...hub.options.leaseSecondsMax, default: hub.options.leaseSecondsDefault)
        let inboxes = hub.inboxes
        let poll = inboxes.poll(
            recipient: agency.code, limit: limit, leaseSeconds: lease, mayWait: wait > 0
        ) { result in
            // The sequencer's thread has the next batch to make durable.
            exchange.post {
                switch result {
                case .success(let deliveries): exchange.respond(.json(Self.json(deliveries)))
                case .failure(let rejection): exchange.refuse(rejection)
                }
            }
        }
        // Without waiting too: what is leased for a client that is gone goes back at once.
        exchange.onAbort { inboxes.end(poll) }
        guard wait > 0 else { return }
        let timer = exchange.after(milliseconds: Int64(wait) * 1000) { inboxes.end(poll) }
        poll.onFinish { timer.cancel() }
        exchange.onDrain { inboxes.end(poll) }
    }

    /// Looks without taking a lease.
    private func peek(_ code: AgencyCode, _ limit: Int, _ exchange: HTTPExchange) {
        hub.answer(exchange) { hub throws(StorageError) in
            let waiting = try hub.reader.inbox(recipient: code, limit: limit)
            return .json(
                JSONWriter.object { writer in
                    writer.name("deliveries")
                    writer.array(waiting) { writer, delivery in
                        writer.object { object in
                            object.member("deliveryId", String(delivery.id))
                            object.member("state", delivery.state.rawValue)
                            object.member("attempt", delivery.attempt)
                            Self.write(delivery.document, into: &object)
                        }
                    }
                })
        }
    }

    private static func json(_ deliveries: [LeasedDelivery]) -> [UInt8] {
        JSONWriter.object { writer in
            writer.name("deliveries")
            writer.array(deliveries) { writer, delivery in
                writer.object { object in
                    object.member("deliveryId", String(delivery.id))
                    object.member("lease", delivery.token.description)
                    object.member("leasedUntil", delivery.leasedUntil)
                    object.member("attempt", delivery.attempt)
                    write(delivery.document, into: &object)
                }
            }
        }
    }

    private static func write(_ document: DocumentSummary, into object: inout JSONWriter) {
        object.member("kind", document.kind.rawValue)
        object.member("documentKey", document.key.description)
        object.member("documentId", document.documentID)
        object.member("sender", document.sender)
        object.member("subject", document.subject)
        object.member("priority", document.priority.rawValue)
        object.member("size", document.byteCount)
        object.member("sha256", document.sha256.hex)
        object.member("acceptedAt", document.acceptedAt)
        object.member("hasDetachedSignature", document.hasDetachedSignature)
    }
}

extension Hub {
    /// Answers a request whose reply needs the database, off the reactor.
    func answer(
        _ exchange: HTTPExchange,
        _ body: @escaping @Sendable (Hub) throws(StorageError) -> Response?
    ) {
        let isTaken = runBlocking(for: exchange.peer.party) { [self] in
            do throws(StorageError) {
                if let response = try body(self) {
                    exchange.respond(response)
                } else {
                    exchange.refuse(.notFound)
                }
            } catch {
                log.write(
                    .error, "read_failed",
                    [("requestId", .text(exchange.requestID)), ("cause", .text(error.message))])
                exchange.refuse(
                    Rejection(
                        .storageUnavailable, "Trục chưa đọc được dữ liệu. Hãy thử lại sau.",
                        remedy: .retry(afterSeconds: 5)))
            }
        }
        if !isTaken { exchange.refuse(.overloaded) }
    }
}
