internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `GET /v1/outbox`: what the caller sent and where each delivery stands.
struct OutboxEndpoint {
    let hub: Hub

    private static let limitMax = 500

    func list(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard let agency = caller.agency else { throw .forbidden }
        let limit = try request.integer("limit", in: 1...Self.limitMax, default: 100)
        let since = try request.instant("since") ?? Instant(milliseconds: 0)
        var position: OutboxPosition?
        if let text = request.target.value(of: "after") {
            guard let named = OutboxPosition(text) else {
                throw Rejection(.badRequest, "Tham số after phải là giá trị next của trang trước.")
            }
            position = named
        }
        hub.answer(exchange) { [position] hub throws(StorageError) in
            let page = try hub.reader.outbox(
                sender: agency.code, since: since, from: position, limit: limit)
            return .json(
                JSONWriter.object { writer in
                    writer.name("documents")
                    writer.array(page.documents) { Self.write($1, into: &$0) }
                    writer.member("next", optional: page.next?.description)
                })
        }
    }

    private static func write(_ sent: SentDocument, into writer: inout JSONWriter) {
        writer.object { object in
            object.member("documentKey", sent.summary.key.description)
            object.member("documentId", sent.summary.documentID)
            object.member("kind", sent.summary.kind.rawValue)
            object.member("subject", sent.summary.subject)
            object.member("acceptedAt", sent.summary.acceptedAt)
            object.name("deliveries")
            object.array(sent.deliveries) { writer, delivery in
                writer.object { object in
                    object.member("recipient", delivery.recipient)
                    object.member("state", delivery.state.rawValue)
                    object.member("stage", delivery.cycle.stage.rawValue)
                    object.member("lastStatus", optional: delivery.lastStatus)
                    if let request = delivery.cycle.request {
                        object.member("request", "\(request.operation.rawValue)_\(request.state)")
                    }
                }
            }
        }
    }
}
