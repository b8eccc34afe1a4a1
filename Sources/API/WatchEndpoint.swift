internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `GET /v1/overdue` and `GET /v1/alerts`: what recipients owe, for the senders of the letters and for
/// operators.
struct WatchEndpoint {
    let hub: Hub

    private static let limitMax = 500

    func overdue(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard caller.agency != nil || caller.has(.operator) else { throw .forbidden }
        let limit = try request.integer("limit", in: 1...Self.limitMax, default: 100)
        let at = try request.instant("at") ?? hub.clock.now()
        let sender = caller.agency?.code
        hub.answer(exchange) { hub throws(StorageError) in
            let overdue = try hub.reader.overdue(sender: sender, at: at, limit: limit)
            return .json(
                JSONWriter.object { writer in
                    writer.member("at", at)
                    writer.name("unconfirmed")
                    writer.array(overdue.unconfirmed) { Self.write($1, showsSubject: sender != nil, &$0) }
                    writer.name("uncompleted")
                    writer.array(overdue.uncompleted) { Self.write($1, showsSubject: sender != nil, &$0) }
                })
        }
    }

    private static func write(
        _ overdue: OverdueDelivery, showsSubject: Bool, _ writer: inout JSONWriter
    ) {
        writer.object { object in
            object.member("documentKey", overdue.document.key.description)
            object.member("documentId", overdue.document.documentID)
            object.member("code", overdue.code)
            object.member("sender", overdue.document.sender)
            if showsSubject { object.member("subject", overdue.document.subject) }
            object.member("priority", overdue.document.priority.rawValue)
            object.member("acceptedAt", overdue.document.acceptedAt)
            object.member("recipient", overdue.recipient)
            object.member("recipientName", overdue.recipientName)
            object.member("stage", overdue.cycle.stage.rawValue)
            object.member("due", overdue.due)
        }
    }

    func alerts(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard caller.agency != nil || caller.has(.operator) else { throw .forbidden }
        let limit = try request.integer("limit", in: 1...Self.limitMax, default: 100)
        let after = try request.integer("after", in: 0...Int.max, default: 0)
        let agency = caller.agency?.code
        hub.answer(exchange) { hub throws(StorageError) in
            let alerts = try hub.reader.alerts(after: Int64(after), agency: agency, limit: limit)
            return .json(
                JSONWriter.object { writer in
                    writer.name("alerts")
                    writer.array(alerts) { writer, alert in
                        writer.object { object in
                            object.member("alertId", alert.id)
                            object.member("deliveryId", String(alert.delivery))
                            object.member("documentKey", alert.documentKey.description)
                            object.member("documentId", alert.documentID)
                            object.member("sender", alert.sender)
                            object.member("recipient", alert.recipient)
                            object.member("priority", alert.priority.rawValue)
                            object.member("acceptedAt", alert.acceptedAt)
                            object.member("raisedAt", alert.raisedAt)
                        }
                    }
                })
        }
    }
}
