internal import Exchange
internal import Files
internal import HTTP
internal import Hub
internal import JSON
internal import OpenSSL
internal import Storage
internal import Transport

/// `/v1/dead-letters`: what recipients never took, for operators.
struct DeadLetterEndpoint {
    let hub: Hub

    private static let limitMax = 500
    private static let reasonBytesMax = 1000

    /// - Parameter path: behind `/v1/dead-letters`.
    func handle(
        _ request: RequestHead, _ path: [String], _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        guard caller.has(.operator) else { throw .forbidden }
        let isRead = request.method == "GET" || request.method == "HEAD"
        guard let identifier = path.first else {
            guard isRead else { throw .methodNotAllowed }
            return try list(request, exchange)
        }
        guard let delivery = Int64(identifier), delivery > 0, path.count == 2 else { throw .notFound }
        switch path[1] {
        case "export":
            guard isRead else { throw .methodNotAllowed }
            export(delivery, exchange)
        case "requeue", "exported", "return":
            guard request.method == "POST" else { throw .methodNotAllowed }
            switch path[1] {
            case "requeue": requeue(delivery, exchange)
            case "exported": confirmExport(delivery, caller, exchange)
            default: giveBack(delivery, caller, exchange)
            }
        default: throw .notFound
        }
    }

    private func list(_ request: RequestHead, _ exchange: HTTPExchange) throws(Rejection) {
        let limit = try request.integer("limit", in: 1...Self.limitMax, default: 100)
        let after = try request.integer("after", in: 0...Int.max, default: 0)
        hub.answer(exchange) { hub throws(StorageError) in
            let dead = try hub.reader.deadLetters(after: Int64(after), limit: limit)
            return .json(
                JSONWriter.object { writer in
                    writer.name("deliveries")
                    writer.array(dead) { writer, delivery in
                        writer.object { delivery.write(into: &$0) }
                    }
                })
        }
    }

    private func requeue(_ delivery: Int64, _ exchange: HTTPExchange) {
        hub.requeue(delivery) { result in
            switch result {
            case .success:
                exchange.respond(
                    .json(
                        JSONWriter.object { writer in
                            writer.member("deliveryId", String(delivery))
                            writer.member("state", DeliveryState.queued.rawValue)
                        }))
            case .failure(let rejection): exchange.refuse(rejection)
            }
        }
    }

    private func export(_ delivery: Int64, _ exchange: HTTPExchange) {
        hub.answer(exchange) { hub throws(StorageError) in
            guard let dead = try hub.reader.deadLetter(delivery),
                let document = try hub.reader.document(dead.document.key)
            else { return nil }
            guard !document.isPurged else {
                return Rejection(.payloadPurged, "Nội dung văn bản đã được xóa theo thời hạn lưu giữ.")
                    .response(requestID: exchange.requestID)
            }
            let (file, length) = try DeadLetterArchive.write(dead, document, hub)
            let slice = FileSlice(descriptor: file.descriptor, keeping: file, offset: 0, length: length)
            return Response(
                head: ResponseHead(
                    status: 200,
                    fields: [
                        "Content-Type": "application/x-tar", "Cache-Control": "no-store",
                        "Content-Disposition": "attachment; filename=\"dead-letter-\(delivery).tar\"",
                    ]),
                body: .file(slice))
        }
    }

    /// `{"sha256": "…"}`, of the letter's bytes as they lie on the operator's disk.
    private func confirmExport(_ delivery: Int64, _ caller: Caller, _ exchange: HTTPExchange) {
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: 4096, exchange: exchange) { bytes in
                let text = (try? JSONReader.read(bytes))?["sha256"]?.string
                guard let sha256 = text.flatMap({ Digest256(hex: $0) }) else {
                    return exchange.refuse(
                        Rejection(
                            .badRequest, "Thiếu \"sha256\": SHA-256 (hex) của văn bản đã lưu trên đĩa."))
                }
                hub.confirmExport(of: delivery, sha256: sha256, by: caller.name) { result in
                    switch result {
                    case .success:
                        exchange.respond(
                            .json(
                                JSONWriter.object { writer in
                                    writer.member("deliveryId", String(delivery))
                                    writer.member("exported", true)
                                }))
                    case .failure(let rejection): exchange.refuse(rejection)
                    }
                }
            })
    }

    /// `{"reason": "…"}`, in Vietnamese, for the sender's clerk.
    private func giveBack(_ delivery: Int64, _ caller: Caller, _ exchange: HTTPExchange) {
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: 4096, exchange: exchange) { bytes in
                do throws(Rejection) {
                    let reason = try ReasonBody.read(bytes, bytesMax: Self.reasonBytesMax)
                    let isTaken = hub.runBlocking(for: exchange.peer.party) {
                        hub.returnDeadLetter(delivery, reason: reason, by: caller.name) { result in
                            Self.answerReturn(delivery, result, exchange)
                        }
                    }
                    if !isTaken { throw .overloaded }
                } catch {
                    exchange.refuse(error)
                }
            })
    }

    private static func answerReturn(
        _ delivery: Int64, _ result: Result<Outcome, Rejection>, _ exchange: HTTPExchange
    ) {
        switch result {
        case .success(.accepted(let acceptance)):
            exchange.respond(
                .json(
                    JSONWriter.object { writer in
                        writer.member("deliveryId", String(delivery))
                        writer.member("returned", true)
                        writer.member("statusKey", acceptance.key.description)
                    }))
        case .success: preconditionFailure("a return gave another outcome")
        case .failure(let rejection): exchange.refuse(rejection)
        }
    }
}

/// A body that gives a person's reason: `{"reason": "…"}`.
enum ReasonBody {
    static func read(_ bytes: [UInt8], bytesMax: Int) throws(Rejection) -> String {
        guard let reason = (try? JSONReader.read(bytes))?["reason"]?.string,
            !reason.allSatisfy(\.isWhitespace), reason.utf8.count <= bytesMax
        else {
            throw Rejection(
                .badRequest, "Cần \"reason\": lý do bằng chữ, khác rỗng, không quá \(bytesMax) byte.")
        }
        return reason
    }
}

extension Rejection {
    static let methodNotAllowed = Rejection(
        .methodNotAllowed, "Địa chỉ này không nhận phương thức HTTP đã dùng.")
}

extension DeadDelivery {
    func write(into object: inout JSONWriter) {
        object.member("deliveryId", String(id))
        object.member("recipient", recipient)
        object.member("documentKey", document.key.description)
        object.member("documentId", document.documentID)
        object.member("kind", document.kind.rawValue)
        object.member("sender", document.sender)
        object.member("acceptedAt", document.acceptedAt)
        object.member("size", document.byteCount)
        object.member("sha256", document.sha256.hex)
        object.member("attempts", attempt)
        object.member("reason", optional: releaseReason)
        if let exportedAt { object.member("exportedAt", exportedAt) }
        if let returnedAt { object.member("returnedAt", returnedAt) }
    }
}
