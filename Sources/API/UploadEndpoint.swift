internal import Exchange
internal import HTTP
internal import Hub
internal import OpenSSL
internal import Transport

/// `/v1/uploads`: a message in several requests, after the IETF draft "Resumable Uploads for HTTP"
/// (draft-ietf-httpbis-resumable-upload), without its interim responses.
///
/// The client makes an upload, appends to it, and after a lost connection asks with HEAD how far it got. The
/// request that completes it is answered like `POST /v1/documents`.
struct UploadEndpoint {
    let hub: Hub

    static let partialType = "application/partial-upload"

    func create(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard let agency = caller.agency else { throw .forbidden }
        try hub.requireRoom()
        try hub.rates.admitLetter(agency.code)
        let contentType = request.fields["Content-Type"] ?? ""
        try SubmitEndpoint.check(contentType: contentType)
        // All that may be wrong with the request, before anything is made for it.
        let length = try request.uploadNumber("Upload-Length")
        let (sha256, completes) = (try request.representationDigest, try request.completesUpload)
        // A client that lost the answer to the first goes on with that one.
        let known = sha256.flatMap {
            hub.uploads.unfinished(of: agency.code, contentType: contentType, length: length, sha256: $0)
        }
        if let known, !request.hasBody, !completes { return exchange.respond(Self.created(known)) }
        try hub.requireRoom(for: length ?? 0)
        let upload = try hub.uploads.create(
            owner: agency.code, contentType: contentType, length: length, sha256: sha256)
        guard let writer = upload.beginWriting(at: 0) else { throw .overloaded }
        let body = UploadBody(
            hub: hub, upload: upload, writer: writer, caller: agency, exchange: exchange,
            completes: completes, isNew: true)
        exchange.receiveBody(body)
    }

    func append(
        _ identifier: String, _ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        let (agency, upload) = try find(identifier, caller)
        guard request.fields["Content-Type"]?.lowercased() == Self.partialType else {
            throw Rejection(.unsupportedMediaType, "Content-Type phải là \(Self.partialType).")
        }
        guard let offset = try request.uploadNumber("Upload-Offset") else {
            throw Rejection(.badRequest, "Thiếu Upload-Offset.")
        }
        try hub.requireRoom()
        try hub.rates.admitLetter(agency.code)
        let completes = try request.completesUpload
        guard let writer = upload.beginWriting(at: offset) else {
            if upload.isFinishing { throw Self.stillFinishing }
            return exchange.respond(Self.conflict(upload, exchange))
        }
        exchange.receiveBody(
            UploadBody(
                hub: hub, upload: upload, writer: writer, caller: agency, exchange: exchange,
                completes: completes, isNew: false))
    }

    /// HEAD: how far the upload is, or what it became.
    func look(_ identifier: String, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        let (_, upload) = try find(identifier, caller)
        if upload.isFinishing { throw Self.stillFinishing }
        exchange.respond(Response(head: ResponseHead(status: 204, fields: Self.fields(upload)), body: .none))
    }

    func cancel(_ identifier: String, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        let (_, upload) = try find(identifier, caller)
        hub.uploads.remove(upload)
        exchange.respond(Response(head: ResponseHead(status: 204, fields: [:]), body: .none))
    }

    private func find(_ identifier: String, _ caller: Caller) throws(Rejection) -> (Agency, Upload) {
        guard let agency = caller.agency else { throw .forbidden }
        guard let upload = hub.uploads.find(identifier, owner: agency.code) else { throw .notFound }
        return (agency, upload)
    }

    /// A place where bytes may go.
    static func created(_ upload: Upload) -> Response {
        var fields = fields(upload)
        fields.append("Location", "/v1/uploads/\(upload.identifier)")
        return Response(head: ResponseHead(status: 201, fields: fields), body: .none)
    }

    static func fields(_ upload: Upload) -> Fields {
        var fields: Fields = ["Cache-Control": "no-store"]
        if let key = upload.documentKey {
            fields.append("Upload-Complete", "?1")
            fields.append("Location", "/v1/documents/\(key)")
            return fields
        }
        fields.append("Upload-Complete", "?0")
        fields.append("Upload-Offset", String(upload.takeStock()))
        if let length = upload.length { fields.append("Upload-Length", String(length)) }
        return fields
    }

    /// The answer to an earlier request is on its way: asking again is all that the client need do.
    private static let stillFinishing = Rejection(
        .overloaded, "Trục đang đọc nội dung đã gửi đủ của lần gửi này; hãy hỏi lại bằng HEAD sau vài giây.",
        remedy: .retry(afterSeconds: 3))

    /// The offset is another one: the answer says which.
    static func conflict(_ upload: Upload, _ exchange: HTTPExchange) -> Response {
        let rejection = Rejection(
            .uploadConflict,
            "Upload-Offset không khớp với phần trục đã có; hãy hỏi lại bằng HEAD rồi gửi tiếp.")
        var response = rejection.response(requestID: exchange.requestID)
        fields(upload).forEach { name, value in
            if name != "Cache-Control" { response.head.fields.append(name, value) }
        }
        return response
    }
}

extension RequestHead {
    /// A whole number of the draft's fields (RFC 9651 Integer); nil where the field is absent.
    fileprivate func uploadNumber(_ name: String) throws(Rejection) -> Int64? {
        guard let text = fields[name] else { return nil }
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text)
        else { throw Rejection(.badRequest, "\(name) phải là số nguyên không âm.") }
        return number
    }

    /// `Upload-Complete` (RFC 9651 Boolean): whether this request brings the last byte.
    fileprivate var completesUpload: Bool {
        get throws(Rejection) {
            switch fields["Upload-Complete"] {
            case "?1": true
            case "?0", nil: false
            default: throw Rejection(.badRequest, "Upload-Complete phải là ?0 hoặc ?1.")
            }
        }
    }

    /// SHA-256 of the whole, from `Repr-Digest` (RFC 9530): `sha-256=:…:`.
    fileprivate var representationDigest: Digest256? {
        get throws(Rejection) {
            guard let text = fields["Repr-Digest"] else { return nil }
            let prefix = "sha-256=:"
            guard text.hasPrefix(prefix), text.hasSuffix(":"),
                let bytes = Base64.decode(Array(text.utf8.dropFirst(prefix.utf8.count).dropLast())),
                let digest = Digest256(bytes)
            else { throw Rejection(.badRequest, "Repr-Digest phải có dạng sha-256=:base64:.") }
            return digest
        }
    }
}

/// Bytes of one request, appended as they come; whatever came before the connection broke stays.
private final class UploadBody: BodyConsumer {
    private let hub: Hub
    private let upload: Upload
    private let writer: Int
    private let caller: Agency
    private let exchange: HTTPExchange
    private let completes: Bool
    private let isNew: Bool
    private var isOver = false

    init(
        hub: Hub, upload: Upload, writer: Int, caller: Agency, exchange: HTTPExchange, completes: Bool,
        isNew: Bool
    ) {
        self.hub = hub
        self.upload = upload
        self.writer = writer
        self.caller = caller
        self.exchange = exchange
        self.completes = completes
        self.isNew = isNew
    }

    deinit { upload.endWriting(writer) }

    func receive(_ bytes: Span<UInt8>) {
        // Whether the upload is ever completed or not: its bytes came.
        hub.rates.charge(caller.code, bytes: Int64(bytes.count))
        guard !isOver else { return }
        do {
            try hub.requireRoomStill()
            if try upload.append(bytes, writer: writer) { return }
            isOver = true
            exchange.respond(UploadEndpoint.conflict(upload, exchange))
        } catch {
            isOver = true
            exchange.refuse(error)
        }
    }

    func end() {
        guard !isOver else { return }
        guard completes else {
            if isNew { return exchange.respond(UploadEndpoint.created(upload)) }
            return exchange.respond(
                Response(
                    head: ResponseHead(status: 204, fields: UploadEndpoint.fields(upload)), body: .none))
        }
        guard upload.beginFinishing(writer: writer) else {
            return exchange.respond(UploadEndpoint.conflict(upload, exchange))
        }
        let (hub, upload, caller, exchange) = (hub, upload, caller, exchange)
        // Reading a gigabyte again takes a while: not on the reactor.
        let isTaken = hub.runBlocking(for: exchange.peer.party) { Self.submit(upload, hub, caller, exchange) }
        if !isTaken {
            upload.abandonFinishing()
            exchange.refuse(.overloaded)
        }
    }

    func abort() { isOver = true }

    private static func submit(_ upload: Upload, _ hub: Hub, _ caller: Agency, _ exchange: HTTPExchange) {
        do {
            if let announced = upload.sha256 {
                var digest = SHA256()
                try upload.forEachPiece { digest.update($0) }
                guard digest.finalize() == announced else {
                    hub.uploads.remove(upload)
                    return exchange.refuse(
                        Rejection(
                            .digestMismatch,
                            "SHA-256 của nội dung nhận được khác với Repr-Digest; hãy gửi lại từ đầu."))
                }
            }
            let consumer = try SubmitEndpoint(hub: hub).consumer(
                contentType: upload.contentType, length: upload.length, caller: caller, exchange: exchange,
                countsBytes: false
            ) { result in settle(upload, hub, result) }
            try upload.forEachPiece { consumer.receive($0.span) }
            consumer.end()
        } catch {
            upload.abandonFinishing()
            exchange.refuse(
                error as? Rejection
                    ?? Rejection(
                        .storageUnavailable, "Trục chưa đọc được phần đã gửi. Hãy thử lại sau.",
                        remedy: .retry(afterSeconds: 30), internalDetail: "\(error)"))
        }
    }

    private static func settle(_ upload: Upload, _ hub: Hub, _ result: Result<AcceptedMessage, Rejection>) {
        switch result {
        case .success(let message): upload.finish(as: message.key)
        case .failure(let rejection):
            // What will be refused again needs no room; what may pass later waits for its client.
            if case .senderMustCorrect = rejection.remedy {
                hub.uploads.remove(upload)
            } else {
                upload.abandonFinishing()
            }
        }
    }
}
