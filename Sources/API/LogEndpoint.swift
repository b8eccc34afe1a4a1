internal import AuditLog
internal import Exchange
internal import HTTP
internal import Hub
internal import Storage
internal import Transport

/// `GET /log/…`: the audit log as C2SP tlog-tiles. It holds digests and codes only, so every role may read
/// it.
struct LogEndpoint {
    let hub: Hub

    func handle(_ request: RequestHead, _ path: [String], _ exchange: HTTPExchange) throws(Rejection) {
        guard request.method == "GET" || request.method == "HEAD" else {
            throw Rejection(.methodNotAllowed, "Nhật ký chỉ đọc được bằng GET hoặc HEAD.")
        }
        if path == ["checkpoint"] {
            guard let checkpoint = hub.checkpoint else { throw .notFound }
            return exchange.respond(Self.response(checkpoint.note, "text/plain; charset=utf-8", "no-cache"))
        }
        // Checkpoints that the hub keeps, so that a mirror can prove that the log only ever grew.
        if path.count == 2, path[0] == "checkpoint", let size = Int64(path[1]), size >= 0 {
            return hub.answer(exchange) { hub throws(StorageError) in
                guard let note = try hub.reader.checkpointNote(size: size) else { return nil }
                return Self.response(note, "text/plain; charset=utf-8", "no-cache")
            }
        }
        // What a third party said about the time of one of them, or of the first after it.
        if path.count == 2, path[0] == "timestamp", let size = Int64(path[1]), size > 0 {
            return hub.answer(exchange) { hub throws(StorageError) in
                guard let timestamp = try hub.reader.timestamp(covering: size - 1) else { return nil }
                var response = Self.response(timestamp.token, "application/timestamp-reply", "no-cache")
                response.head.fields.append("Link", "</log/checkpoint/\(timestamp.size)>; rel=\"describes\"")
                return response
            }
        }
        guard let resource = LogResource(path: path.joined(separator: "/")) else { throw .notFound }
        hub.answer(exchange) { hub throws(StorageError) in
            guard let bytes = try hub.reader.log(resource) else { return nil }
            return Self.response(bytes, "application/octet-stream", "public, max-age=31536000, immutable")
        }
    }

    private static func response(_ bytes: [UInt8], _ type: String, _ cache: String) -> Response {
        Response(
            head: ResponseHead(status: 200, fields: ["Content-Type": type, "Cache-Control": cache]),
            body: .bytes(bytes))
    }
}
