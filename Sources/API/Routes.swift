internal import Exchange
package import HTTP
package import Hub
internal import OpenSSL
package import Transport

/// The native API: which call goes to which endpoint.
package struct Routes: RequestHandler {
    let hub: Hub
    /// `/log/…` without a client certificate.
    private let logIsPublic: Bool

    package init(hub: Hub, logIsPublic: Bool) {
        self.hub = hub
        self.logIsPublic = logIsPublic
    }

    package func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        do throws(Rejection) {
            try route(request, exchange)
        } catch {
            hub.metrics.refused(error.code)
            var response = error.response(requestID: exchange.requestID)
            if error.code == .methodNotAllowed {
                let allowed = AllowedMethods.of(request.target.segments)
                response.head.fields.append("Allow", allowed.joined(separator: ", "))
            }
            exchange.respond(response)
        }
    }

    private func route(_ request: RequestHead, _ exchange: HTTPExchange) throws(Rejection) {
        let segments = request.target.segments
        switch segments.first {
        case "log":
            try admitReader(exchange)
            try LogEndpoint(hub: hub).handle(request, Array(segments.dropFirst()), exchange)
        case "v1":
            let caller = try authenticate(exchange)
            if let agency = caller.agency { try hub.rates.admit(agency.code) }
            try routeV1(request, Array(segments.dropFirst()), caller, exchange)
        default: throw .notFound
        }
    }

    /// The log is outside of no limit: an agency's is its own, everybody else's is that of the address.
    private func admitReader(_ exchange: HTTPExchange) throws(Rejection) {
        var caller: Caller?
        if logIsPublic {
            caller = exchange.peer.certificate.flatMap { hub.directory.caller(certificate: $0.sha256) }
        } else {
            caller = try authenticate(exchange)
        }
        if let agency = caller?.agency { return try hub.rates.admit(agency.code) }
        try hub.rates.admit(address: exchange.peer.address)
    }

    /// The client certificate names the caller through the directory; the TLS layer has checked its chain.
    private func authenticate(_ exchange: HTTPExchange) throws(Rejection) -> Caller {
        guard let certificate = exchange.peer.certificate else {
            throw Rejection(.unknownCaller, "Cần chứng thư kết nối (TLS client certificate) của cơ quan.")
        }
        guard let caller = hub.directory.caller(certificate: certificate.sha256) else {
            throw Rejection(
                .unknownCaller,
                "Chứng thư kết nối (SHA-256 \(certificate.sha256.hex)) chưa được đăng ký trong danh bạ "
                    + "của trục."
            )
        }
        if let agency = caller.agency, agency.status == .retired || agency.status == .locked {
            throw Rejection(.agencyNotActive, "Cơ quan \(agency.code) đang bị khóa hoặc đã ngừng hoạt động.")
        }
        return caller
    }

    private func routeV1(
        _ request: RequestHead, _ path: [String], _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        let method = request.method
        let isRead = method == "GET" || method == "HEAD"
        switch (path.first, path.count) {
        case ("documents", 1) where method == "POST":
            try SubmitEndpoint(hub: hub).handle(request, caller, exchange)
        case ("uploads", 1) where method == "POST":
            try UploadEndpoint(hub: hub).create(request, caller, exchange)
        case ("uploads", 2) where method == "PATCH":
            try UploadEndpoint(hub: hub).append(path[1], request, caller, exchange)
        case ("uploads", 2) where method == "HEAD":
            try UploadEndpoint(hub: hub).look(path[1], caller, exchange)
        case ("uploads", 2) where method == "DELETE":
            try UploadEndpoint(hub: hub).cancel(path[1], caller, exchange)
        case ("documents", 2) where isRead:
            try DocumentEndpoint(hub: hub).trail(path[1], caller, exchange)
        case ("documents", 3) where isRead && path[2] == "content":
            try DocumentEndpoint(hub: hub).content(path[1], request, caller, exchange)
        case ("documents", 3) where isRead && path[2] == "signature":
            try DocumentEndpoint(hub: hub).signature(path[1], caller, exchange)
        case ("documents", 3) where isRead && path[2] == "receipt":
            try DocumentEndpoint(hub: hub).receipt(path[1], request, caller, exchange)
        case ("documents", 3) where isRead && path[2] == "evidence":
            try DocumentEndpoint(hub: hub).evidence(path[1], caller, exchange)
        // Not HEAD: it would lease deliveries and throw their tokens away.
        case ("inbox", 1) where method == "GET":
            try InboxEndpoint(hub: hub).poll(request, caller, exchange)
        case ("deliveries", 3) where method == "POST":
            try DeliveryEndpoint(hub: hub).handle(path[1], path[2], caller, exchange)
        case ("outbox", 1) where isRead:
            try OutboxEndpoint(hub: hub).list(request, caller, exchange)
        case ("overdue", 1) where isRead:
            try WatchEndpoint(hub: hub).overdue(request, caller, exchange)
        case ("alerts", 1) where isRead:
            try WatchEndpoint(hub: hub).alerts(request, caller, exchange)
        case ("documents", 3) where ["PUT", "DELETE"].contains(method) && path[2] == "legal-hold":
            try LegalHoldEndpoint(hub: hub).change(path[1], request, caller, exchange)
        case ("report", 1) where method == "GET":
            try ReportEndpoint(hub: hub).handle(request, caller, exchange)
        case ("inbox", 2) where method == "GET" && path[1] == "events":
            try EventsEndpoint(hub: hub).open(request, caller, exchange)
        case ("webhooks", _):
            try WebhookEndpoint(hub: hub).handle(request, Array(path.dropFirst()), caller, exchange)
        case ("legal-holds", 1) where isRead:
            try LegalHoldEndpoint(hub: hub).list(request, caller, exchange)
        case ("dead-letters", _):
            try DeadLetterEndpoint(hub: hub).handle(request, Array(path.dropFirst()), caller, exchange)
        case ("agencies", _):
            try AgencyEndpoint(hub: hub).handle(request, Array(path.dropFirst()), caller, exchange)
        default:
            throw AllowedMethods.of(request.target.segments).isEmpty ? .notFound : .methodNotAllowed
        }
    }
}

extension Rejection {
    static let notFound = Rejection(
        .notFound, "Không có gì ở địa chỉ này, hoặc không thuộc về cơ quan đang hỏi.")
    static let forbidden = Rejection(.forbidden, "Vai trò của chứng thư kết nối không được làm việc này.")
}

extension RequestHead {
    /// A whole number in the query, or `standard` where it is not there.
    func integer(
        _ name: String, in range: ClosedRange<Int>, default standard: Int
    ) throws(Rejection) -> Int {
        guard let text = target.value(of: name) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw Rejection(
                .badRequest,
                "Tham số \(name) phải là số nguyên từ \(range.lowerBound) đến \(range.upperBound).")
        }
        return number
    }

    /// A time in the query; nil where it is not there.
    func instant(_ name: String) throws(Rejection) -> Instant? {
        guard let text = target.value(of: name) else { return nil }
        guard let instant = Instant(rfc3339: text) else {
            throw Rejection(
                .badRequest,
                "Tham số \(name) phải là thời điểm RFC 3339, ví dụ 2026-11-20T00:00:00Z.")
        }
        return instant
    }
}
