internal import Exchange
internal import Files
internal import HTTP
internal import Hub
internal import Storage
internal import Transport

/// `getEdoc` and `downloadEdoc`: the exact bytes of one copy, which stays where it is.
struct FetchOperation {
    let hub: Hub

    /// Longer answers are written to a file without a name first: a letter of a gigabyte needs no more memory
    /// than one of a megabyte.
    private static let memoryBytesMax: Int64 = 1 << 20
    /// A multiple of three, so that base 64 of the pieces is that of the whole.
    private static let pieceBytes: Int64 = 3 * (256 << 10)

    func answer(
        _ operation: Operation, _ caller: VXPCaller, _ exchange: VXPExchange
    ) throws(VXPFailure) {
        // Both may be there with different values; here this one is always set anew.
        guard let asked = caller.parameters.text("docId") ?? caller.parameters.text("docid") else {
            throw VXPFailure(.badDocument, "thieu docId")
        }
        do {
            try hub.rates.admitLetter(caller.agency.code)
        } catch {
            throw VXPFailure(error)
        }
        let recipient = caller.agency.code
        exchange.answer { hub throws(StorageError) in
            guard let copy = try CopyLookup.find(asked, for: recipient, hub) else {
                return .failure(CopyLookup.unknown)
            }
            guard !copy.document.isPurged else {
                return .failure(VXPFailure(.badDocument, "noi dung da duoc xoa theo thoi han luu giu"))
            }
            let summary = copy.document.summary
            let content = try hub.reader.openSound(copy.document.payload, sha256: summary.sha256)
            hub.rates.charge(recipient, bytes: content.length)
            if operation == .downloadEdoc {
                let slice = FileSlice(
                    descriptor: content.file.descriptor, keeping: content.file, offset: content.offset,
                    length: content.length)
                let head = ResponseHead(status: 200, fields: ["Content-Type": "application/octet-stream"])
                return .success(Response(head: head, body: .file(slice)))
            }
            return .success(try Self.inJSON(content, hub))
        }
    }

    private static func inJSON(_ content: PayloadContent, _ hub: Hub) throws(StorageError) -> Response {
        let head = ResponseHead(status: 200, fields: Reply.fields)
        let before = Array(
            #"{"status":"OK","ErrorCode":"0","ErrorDesc":"\#(Reply.successText)","data":""#.utf8)
        let after = Array(#""}"#.utf8)
        if content.length <= memoryBytesMax {
            let bytes = try read(content, at: 0, count: content.length)
            return Response(head: head, body: .bytes(before + Array(Base64.encode(bytes).utf8) + after))
        }
        let file = try hub.reader.makeScratchFile()
        var written: Int64 = 0
        func write(_ bytes: [UInt8]) throws(StorageError) {
            do {
                try file.write(bytes, at: written)
            } catch {
                throw StorageError(.ioFailure, "\(error)")
            }
            written += Int64(bytes.count)
        }
        try write(before)
        var position: Int64 = 0
        while position < content.length {
            let count = min(pieceBytes, content.length - position)
            try write(Array(Base64.encode(try read(content, at: position, count: count)).utf8))
            position += count
        }
        try write(after)
        return Response(
            head: head,
            body: .file(FileSlice(descriptor: file.descriptor, keeping: file, offset: 0, length: written)))
    }

    private static func read(
        _ content: PayloadContent, at offset: Int64, count: Int64
    ) throws(StorageError) -> [UInt8] {
        do {
            return try content.file.read(at: content.offset + offset, count: Int(count))
        } catch {
            throw StorageError(.ioFailure, "\(error)")
        }
    }
}

/// From an identifier to the copy that it names.
enum CopyLookup {
    static let unknown = VXPFailure(
        .badDocument, "khong tim thay van ban voi docId nay trong hop den cua don vi")

    /// Nil where it names none of the recipient's, or one that is withheld from it.
    static func find(
        _ text: String, for recipient: AgencyCode, _ hub: Hub
    ) throws(StorageError) -> DeliveredCopy? {
        guard let delivery = TransportID.delivery(in: text), let copy = try hub.reader.copy(delivery),
            copy.recipient == recipient, ![.held, .withdrawn].contains(copy.state),
            !copy.document.isWithheld,
            copy.document.summary.kind != .notice,
            TransportID(.recipient, delivery: delivery, of: copy.document.summary.key).matches(text)
        else { return nil }
        return copy
    }
}
