internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `/v1/webhooks`: an agency says where it wants to be told. Operators see all of them and may end any.
struct WebhookEndpoint {
    let hub: Hub

    private static let limitMax = 1000
    private static let bodyBytesMax = 8192
    private static let urlBytesMax = 1000

    /// - Parameter path: behind `/v1/webhooks`.
    func handle(
        _ request: RequestHead, _ path: [String], _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        guard caller.agency != nil || caller.has(.operator) else { throw .forbidden }
        switch (request.method, path.count) {
        case ("GET", 0), ("HEAD", 0):
            let limit = try request.integer("limit", in: 1...Self.limitMax, default: 100)
            list(limit, caller, exchange)
        case ("POST", 0): try add(caller, exchange)
        case ("DELETE", 1): change(.remove(id: try number(path[0]), agency: caller.agency?.code), exchange)
        case ("POST", 2) where path[1] == "enable":
            change(.enable(id: try number(path[0]), agency: caller.agency?.code), exchange)
        case ("POST", 2) where path[1] == "test":
            change(.test(id: try number(path[0]), agency: caller.agency?.code), exchange)
        default:
            guard path.count <= 2 else { throw .notFound }
            throw .methodNotAllowed
        }
    }

    private func number(_ text: String) throws(Rejection) -> Int64 {
        guard let number = Int64(text), number > 0 else { throw .notFound }
        return number
    }

    private func list(_ limit: Int, _ caller: Caller, _ exchange: HTTPExchange) {
        hub.answer(exchange) { hub throws(StorageError) in
            let webhooks = try hub.reader.webhooks(agency: caller.agency?.code, limit: limit)
            return .json(
                JSONWriter.object { writer in
                    writer.name("webhooks")
                    writer.array(webhooks) { writer, webhook in writer.object { webhook.write(into: &$0) } }
                })
        }
    }

    private func change(_ change: WebhookChange, _ exchange: HTTPExchange) {
        hub.changeWebhook(change) { result in
            switch result {
            case .success: exchange.respond(.json(JSONWriter.object { $0.member("done", true) }))
            case .failure(let rejection): exchange.refuse(rejection)
            }
        }
    }

    /// `{"url": "https://…", "events": ["delivery.waiting"]}`. The secret is in the answer, and nowhere else.
    private func add(_ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard let agency = caller.agency else { throw .forbidden }
        guard let sender = hub.options.webhooks.sender else {
            throw Rejection(.webhooksForbidden, "Người vận hành trục không cho phép webhook.")
        }
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: Self.bodyBytesMax, exchange: exchange) { bytes in
                do throws(Rejection) {
                    let (url, kinds) = try Self.read(bytes)
                    // The name of its host is looked up, which blocks.
                    let isTaken = hub.runBlocking(for: exchange.peer.party) {
                        if let objection = sender.objection(url) {
                            return exchange.refuse(Rejection(.webhookURLRefused, objection))
                        }
                        Self.add(url, kinds, agency.code, hub, exchange)
                    }
                    if !isTaken { throw .overloaded }
                } catch {
                    exchange.refuse(error)
                }
            })
    }

    private static func add(
        _ url: String, _ kinds: [ExchangeNotice.Kind], _ agency: AgencyCode, _ hub: Hub,
        _ exchange: HTTPExchange
    ) {
        let secret = WebhookMessage.makeSecret()
        let change = WebhookChange.add(
            agency: agency, url: url, secret: secret, kinds: kinds,
            perAgencyMax: hub.options.webhooks.perAgencyMax)
        hub.changeWebhook(change) { result in
            switch result {
            case .success(.webhook(let number)):
                let body = JSONWriter.object { writer in
                    writer.member("id", String(number))
                    writer.member("url", url)
                    writer.name("events")
                    writer.array(kinds) { $0.string($1.rawValue) }
                    writer.member("secret", WebhookMessage.text(ofSecret: secret))
                }
                exchange.respond(.json(body, status: 201))
            case .success: preconditionFailure("adding a webhook gave another outcome")
            case .failure(let rejection): exchange.refuse(rejection)
            }
        }
    }

    private static func read(
        _ bytes: [UInt8]
    ) throws(Rejection) -> (url: String, kinds: [ExchangeNotice.Kind]) {
        guard let value = try? JSONReader.read(bytes), let url = value["url"]?.string,
            url.utf8.count <= urlBytesMax
        else {
            throw Rejection(.badRequest, "Cần \"url\": địa chỉ https, không quá \(urlBytesMax) byte.")
        }
        guard let events = value["events"], !events.isNull else {
            return (url, ExchangeNotice.Kind.allCases)
        }
        var kinds: [ExchangeNotice.Kind] = []
        for item in events.array ?? [] {
            guard let kind = item.string.flatMap({ ExchangeNotice.Kind(rawValue: $0) }) else {
                let words = ExchangeNotice.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw Rejection(.badRequest, "\"events\" chỉ gồm: \(words).")
            }
            if !kinds.contains(kind) { kinds.append(kind) }
        }
        guard !kinds.isEmpty else { throw Rejection(.badRequest, "\"events\" phải là danh sách khác rỗng.") }
        return (url, kinds)
    }
}

extension Webhook {
    fileprivate func write(into object: inout JSONWriter) {
        object.member("id", String(id))
        object.member("agency", agency)
        object.member("url", url)
        object.name("events")
        object.array(kinds) { $0.string($1.rawValue) }
        object.member("state", isActive ? "active" : "disabled")
        object.member("createdAt", createdAt)
        if let succeededAt { object.member("lastSuccessAt", succeededAt) }
        if let failingSince { object.member("failingSince", failingSince) }
        object.member("lastError", optional: lastError)
        object.member("waiting", waiting)
        object.member("dropped", dropped)
    }
}
