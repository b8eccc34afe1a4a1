internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import OpenSSL
internal import Transport

/// `sendEdoc`: a letter or status message on its way into the hub, by the same intake as every other one.
struct SendOperation {
    private let caller: VXPCaller
    private let exchange: VXPExchange
    private let hash: String
    private let kind: DocumentKind?
    private let form: MultipartParser?
    private let length: Int64?

    init(_ caller: VXPCaller, _ request: RequestHead, _ exchange: VXPExchange) throws(VXPFailure) {
        self.caller = caller
        self.exchange = exchange
        length = request.contentLength
        let kinds = try caller.kinds()
        kind = kinds.count == 1 ? kinds[0] : nil
        if let from = caller.parameters.text("from"), from != caller.systemID {
            throw VXPFailure(
                .senderNotAllowed, "Don vi gui \(from) khong dung voi ma da dang ky: \(caller.systemID)")
        }
        // The only thing that ties the body to the signature.
        guard let hash = caller.parameters.text("hash-file") else {
            throw VXPFailure(.badDocument, "thieu hash-file (SHA-256 cua tep)")
        }
        self.hash = hash
        let type = request.fields["Content-Type"] ?? ""
        guard type.lowercased().hasPrefix("multipart/form-data") else {
            form = nil
            return
        }
        do {
            form = try MultipartParser(contentType: type)
        } catch {
            throw VXPFailure(.badDocument, "multipart/form-data sai: \(error.reason)")
        }
    }

    func consumer(_ hub: Hub) throws(VXPFailure) -> any BodyConsumer {
        do throws(Rejection) {
            try hub.requireRoom()
            try hub.rates.admitLetter(caller.agency.code)
            let turn = hub.turns.begin(for: caller.agency.code, byteCount: length) { [http = exchange.http] in
                http.resumeBody()
            }
            if turn?.mayBegin == false { exchange.http.pauseBody() }
            let reading = try hub.intake.beginReading(
                expectedByteCount: length, from: caller.agency.code, turn: turn)
            return SentBody(
                hub: hub, caller: caller, exchange: exchange, hash: hash, kind: kind, form: form,
                reading: reading)
        } catch {
            throw VXPFailure(error)
        }
    }
}

/// The body on its way: the file and CR LF, or a form with the part `file_doc`. Refused or not, all of it is
/// read.
private final class SentBody: BodyConsumer {
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    private let hub: Hub
    private let caller: VXPCaller
    private let exchange: VXPExchange
    private let hash: String
    private let kind: DocumentKind?
    private let directory: Directory
    private let started: Instant
    private let reading: MessageReading
    private var form: MultipartParser?
    private var isInFile = false
    private var hasFile = false
    private var digest = SHA256()
    /// The last two bytes that came, as long as they may be the line end that is not the file's.
    private var held: [UInt8] = []
    /// What is wrong with the letter, told once all of it is here.
    private var refusal: Rejection?
    /// What is wrong with its way here.
    private var failure: VXPFailure?

    init(
        hub: Hub, caller: VXPCaller, exchange: VXPExchange, hash: String, kind: DocumentKind?,
        form: MultipartParser?, reading: MessageReading
    ) {
        self.hub = hub
        self.caller = caller
        self.exchange = exchange
        self.hash = hash
        self.kind = kind
        self.form = form
        directory = hub.directory
        started = hub.clock.now()
        self.reading = reading
    }

    func receive(_ bytes: Span<UInt8>) {
        // Whether the letter goes in or not: its bytes came.
        hub.rates.charge(caller.agency.code, bytes: Int64(bytes.count))
        if form != nil { receiveForm(bytes) } else { receiveRaw(bytes) }
    }

    func abort() {}

    private func receiveRaw(_ bytes: Span<UInt8>) {
        hasFile = true
        guard bytes.count >= 2 else {
            held += (0..<bytes.count).map { bytes[$0] }
            if held.count > 2 {
                let over = Array(held.dropLast(2))
                held.removeFirst(over.count)
                take(over.span)
            }
            return
        }
        if !held.isEmpty { take(held.span) }
        take(bytes.extracting(0..<bytes.count - 2))
        held = [bytes[bytes.count - 2], bytes[bytes.count - 1]]
    }

    private func receiveForm(_ bytes: Span<UInt8>) {
        guard failure == nil else { return }
        var position = 0
        do throws(ProtocolError) {
            while let event = try form?.next(bytes, at: &position) {
                switch event {
                case .part(let head):
                    isInFile = head.name == "file_doc"
                    if isInFile, hasFile {
                        failure = VXPFailure(.badDocument, "multipart co hai phan file_doc")
                    }
                    if isInFile { hasFile = true }
                case .body(let range): if isInFile { take(bytes.extracting(range)) }
                case .heldBody(let held): if isInFile { take(held.span) }
                case .partEnd: isInFile = false
                case .end: break
                }
            }
        } catch {
            failure = VXPFailure(.badDocument, "multipart/form-data sai: \(error.reason)")
        }
    }

    /// Bytes of the file itself.
    private func take(_ bytes: Span<UInt8>) {
        guard bytes.count > 0 else { return }
        digest.update(bytes)
        guard refusal == nil else { return }
        do {
            try hub.requireRoomStill()
            try reading.receive(bytes)
        } catch {
            refusal = error
        }
    }

    func end() {
        if form != nil {
            do throws(ProtocolError) {
                try form?.finish()
            } catch {
                failure = failure ?? VXPFailure(.badDocument, "multipart/form-data sai: \(error.reason)")
            }
        } else if held != Self.lineEnd {
            // Not the library's: the hash decides whether these two are the file's.
            take(held.span)
        }
        if let failure { return exchange.fail(failure) }
        guard hasFile else { return exchange.fail(VXPFailure(.badDocument, "khong co tep trong yeu cau")) }
        // First: of a file that was damaged on its way nothing else is worth saying.
        let sha256 = digest.finalize()
        guard FileHash.matches(hash, sha256) else {
            return exchange.fail(
                VXPFailure(
                    .badDocument,
                    "hash-file khong khop voi tep nhan duoc (SHA-256 \(sha256.hex)); tep bi cat hoac bi sua "
                        + "tren duong truyen"))
        }
        let answer = SentAnswer(hub: hub, exchange: exchange, sender: caller.agency.code, started: started)
        if let refusal {
            hub.intake.refuse(
                refusal, from: caller.agency, sha256: sha256, requestID: exchange.http.requestID
            ) { answer.give($0) }
        } else {
            var terms = IntakeTerms(party: exchange.http.peer.party)
            terms.kind = kind
            // Such software signs PDFs and no XML.
            terms.countsSignedAttachments = true
            hub.intake.accept(
                reading, from: caller.agency, in: directory, requestID: exchange.http.requestID, terms: terms
            ) { answer.give($0) }
        }
    }
}

/// Turns what became of a message into the reply and the operator's log line.
private struct SentAnswer: Sendable {
    let hub: Hub
    let exchange: VXPExchange
    let sender: AgencyCode
    let started: Instant

    /// On the sequencer's thread, which must not be kept.
    func give(_ result: Result<AcceptedMessage, Rejection>) {
        exchange.http.post { finish(result) }
    }

    private func finish(_ result: Result<AcceptedMessage, Rejection>) {
        switch result {
        case .success(let message):
            exchange.respond(Reply.success { $0.member("DocId", message.transportID.description) })
            hub.log.write(
                .info, message.isReplay ? "replayed" : "accepted",
                [
                    ("requestId", .text(exchange.http.requestID)), ("sender", .text(sender.string)),
                    ("documentKey", .text(message.key.description)), ("face", .text("vxp")),
                    ("milliseconds", .number(hub.clock.now().milliseconds - started.milliseconds)),
                ])
        case .failure(let rejection): exchange.fail(VXPFailure(rejection))
        }
    }
}
