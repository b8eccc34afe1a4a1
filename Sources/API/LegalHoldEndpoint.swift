internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// Letters that must stay whatever retention says: `GET /v1/legal-holds`, and `PUT` and `DELETE` of
/// `/v1/documents/{key}/legal-hold`. For operators.
struct LegalHoldEndpoint {
    let hub: Hub

    private static let reasonBytesMax = 1000
    private static let limitMax = 1000

    func list(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard caller.has(.operator) else { throw .forbidden }
        let limit = try request.integer("limit", in: 1...Self.limitMax, default: 100)
        hub.answer(exchange) { hub throws(StorageError) in
            let holds = try hub.reader.legalHolds(limit: limit)
            return .json(
                JSONWriter.object { writer in
                    writer.name("holds")
                    writer.array(holds) { writer, hold in writer.object { hold.write(into: &$0) } }
                })
        }
    }

    func change(
        _ name: String, _ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        guard caller.has(.operator) else { throw .forbidden }
        guard let key = DocumentKey(name) else { throw .notFound }
        let isSet = request.method == "PUT"
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: 4096, exchange: exchange) { bytes in
                do throws(Rejection) {
                    let reason = try ReasonBody.read(bytes, bytesMax: Self.reasonBytesMax)
                    let answer: Hub.DeliveryAnswer = { result in
                        switch result {
                        case .success:
                            exchange.respond(
                                .json(
                                    JSONWriter.object { writer in
                                        writer.member("documentKey", key.description)
                                        writer.member("legalHold", isSet)
                                    }))
                        case .failure(let rejection): exchange.refuse(rejection)
                        }
                    }
                    if isSet {
                        hub.setLegalHold(key, reason: reason, by: caller.name, answer)
                    } else {
                        hub.liftLegalHold(key, reason: reason, by: caller.name, answer)
                    }
                } catch {
                    exchange.refuse(error)
                }
            })
    }
}

extension LegalHold {
    fileprivate func write(into object: inout JSONWriter) {
        object.member("documentKey", key.description)
        object.member("since", since)
        object.member("setBy", setBy)
        object.member("reason", reason)
    }
}
