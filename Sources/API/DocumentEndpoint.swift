internal import Exchange
internal import Files
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `GET /v1/documents/{key}` and what hangs below it, for those whom the document concerns.
///
/// A document that does not concern the caller is answered like one that does not exist: 404 tells nothing.
struct DocumentEndpoint {
    let hub: Hub

    /// The exact bytes as the sender signed them, whole or a range.
    func content(
        _ name: String, _ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        let isHEAD = request.method == "HEAD"
        if let agency = caller.agency, !isHEAD { try hub.rates.admitLetter(agency.code) }
        let auditorsMayRead = hub.policy.auditorsMayReadLetters
        if caller.agency == nil, !(caller.has(.auditor) && auditorsMayRead) { throw .forbidden }
        // A range is for GET alone, RFC 9110 section 14.2.
        let range = isHEAD ? nil : request.fields["Range"]
        let ifRange = request.fields["If-Range"]
        let ifNoneMatch = request.fields["If-None-Match"]
        hub.answer(exchange) { hub throws(StorageError) in
            guard let document = try Self.find(name, for: caller, hub) else { return nil }
            if document.isPurged {
                return Rejection(.payloadPurged, "Nội dung văn bản đã được xóa theo thời hạn lưu giữ.")
                    .response(requestID: exchange.requestID)
            }
            let tag = "\"\(document.summary.sha256.hex)\""
            let length = document.summary.byteCount
            var fields: Fields = [
                "ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache",
            ]
            if EntityTag.isNamed(by: ifNoneMatch, current: tag) {
                return Response(head: ResponseHead(status: 304, fields: fields), body: .none)
            }
            let isNotice = document.summary.kind == .notice
            fields.append("Content-Type", isNotice ? "application/json" : "application/xml")
            let isRangeAllowed = EntityTag.allowsRange(ifRange: ifRange, current: tag)
            let part: Range<Int64>
            var status = 200
            switch ByteRange(isRangeAllowed ? range : nil, length: length) {
            case .whole: part = 0..<length
            case .part(let asked):
                part = asked
                status = 206
                fields.append("Content-Range", ByteRange.contentRange(asked, length: length))
            case .unsatisfiable:
                let rejection = Rejection(.rangeNotSatisfiable, "Range nằm ngoài văn bản (\(length) byte).")
                var response = rejection.response(requestID: exchange.requestID)
                response.head.fields.append("Content-Range", "bytes */\(length)")
                return response
            }
            let payload = try hub.reader.openSound(
                document.payload, sha256: document.summary.sha256)
            if let agency = caller.agency, !isHEAD {
                hub.rates.charge(agency.code, bytes: part.upperBound - part.lowerBound)
            }
            let slice = FileSlice(
                descriptor: payload.file.descriptor, keeping: payload.file,
                offset: payload.offset + part.lowerBound, length: part.upperBound - part.lowerBound)
            return Response(head: ResponseHead(status: status, fields: fields), body: .file(slice))
        }
    }

    /// The detached signature that came with the letter.
    func signature(_ name: String, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        hub.answer(exchange) { hub throws(StorageError) in
            guard let document = try Self.find(name, for: caller, hub),
                let signature = try hub.reader.detachedSignature(document.summary.key)
            else { return nil }
            return Response(
                head: ResponseHead(
                    status: 200,
                    fields: [
                        "Content-Type": "application/pkcs7-signature", "Cache-Control": "private, no-cache",
                    ]),
                body: .bytes(signature))
        }
    }

    /// The receipt: a C2SP tlog-proof, or JSON where the caller asks for that.
    func receipt(
        _ name: String, _ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        let wantsJSON = request.fields["Accept"]?.contains("application/json") ?? false
        hub.answer(exchange) { hub throws(StorageError) in
            guard let document = try Self.find(name, for: caller, hub),
                let acceptance = try hub.reader.acceptance(document.summary.key)
            else { return nil }
            let receipt = try hub.receipts.receipt(for: acceptance, checkpoint: nil)
            if wantsJSON { return .json(receipt.json) }
            return Response(
                head: ResponseHead(
                    status: 200,
                    fields: [
                        "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "private, no-cache",
                        "Content-Disposition": "attachment; filename=\"\(receipt.key).tlog-proof\"",
                    ]),
                body: .bytes(receipt.proof))
        }
    }

    /// What became of the document: verdict, every delivery's state, statuses, log indexes.
    func trail(_ name: String, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        hub.answer(exchange) { hub throws(StorageError) in
            guard let document = try Self.find(name, for: caller, hub),
                let trail = try hub.reader.trail(document.summary.key)
            else { return nil }
            return .json(
                TrailDocument(
                    document: document, trail: trail, viewer: caller,
                    relations: try Self.relations(of: trail, document, caller, hub),
                    stampsTime: hub.options.timestampAuthority != nil
                ).json)
        }
    }

    /// A recipient learns of another letter only where it is one of that letter's recipients.
    private static func relations(
        of trail: Trail, _ document: StoredDocument, _ caller: Caller, _ hub: Hub
    ) throws(StorageError) -> [TrailRelation] {
        guard let agency = caller.agency, agency.code != document.summary.sender,
            agency.code != document.caller
        else { return trail.relations }
        var known: [TrailRelation] = []
        for relation in trail.relations {
            guard let other = try hub.reader.document(relation.key), try concerns(other, caller, hub)
            else { continue }
            known.append(relation)
        }
        return known
    }

    /// What the verdict rests on, to compute it again without the hub: for everybody who may see the trail.
    /// Auditors too: it says who signed and by what, not what the letter says.
    func evidence(_ name: String, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        hub.answer(exchange) { hub throws(StorageError) in
            guard let document = try Self.find(name, for: caller, hub),
                let trail = try hub.reader.trail(document.summary.key)
            else { return nil }
            let (file, length) = try EvidenceArchive.write(document, trail, hub)
            let slice = FileSlice(descriptor: file.descriptor, keeping: file, offset: 0, length: length)
            return Response(
                head: ResponseHead(
                    status: 200,
                    fields: [
                        "Content-Type": "application/x-tar", "Cache-Control": "no-store",
                        "Content-Disposition":
                            "attachment; filename=\"\(document.summary.key).evidence.tar\"",
                    ]),
                body: .file(slice))
        }
    }

    /// By key, or by the DocumentId that people know; nil where the caller has no business with it.
    private static func find(
        _ name: String, for caller: Caller, _ hub: Hub
    ) throws(StorageError) -> StoredDocument? {
        if let key = DocumentKey(name) {
            guard let document = try hub.reader.document(key) else { return nil }
            return try concerns(document, caller, hub) ? document : nil
        }
        for document in try hub.reader.documents(documentID: ExactString(name)) {
            if try concerns(document, caller, hub) { return document }
        }
        return nil
    }

    private static func concerns(
        _ document: StoredDocument, _ caller: Caller, _ hub: Hub
    ) throws(StorageError) -> Bool {
        switch caller {
        case .agency(let agency):
            if document.summary.sender == agency.code || document.caller == agency.code { return true }
            // Who would have received a withheld letter learns nothing of it, not even by its key; whose copy
            // was withdrawn has no business with the letter any more.
            if document.isWithheld { return false }
            return try hub.reader.isRecipient(agency.code, of: document.summary.key)
        case .principal(let principal): return principal.role == .auditor || principal.role == .operator
        }
    }
}
