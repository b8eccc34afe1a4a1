internal import Exchange
internal import HTTP
internal import Hub
internal import Transport

/// `POST /v1/documents`: a letter or status message, alone or in a form with its detached signature.
struct SubmitEndpoint {
    let hub: Hub

    func handle(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard let agency = caller.agency else { throw .forbidden }
        try hub.requireRoom()
        try hub.rates.admitLetter(agency.code)
        let length = request.contentLength
        guard length ?? 0 <= hub.options.letterBytesMax + SubmitEndpoint.formBytesMax else {
            throw Rejection(
                .tooLarge, "Văn bản lớn hơn giới hạn \(hub.options.letterBytesMax) byte của trục.")
        }
        let turn = hub.turns.begin(for: agency.code, byteCount: length) { exchange.resumeBody() }
        exchange.receiveBody(
            try consumer(
                contentType: request.fields["Content-Type"] ?? "", length: length, caller: agency,
                exchange: exchange, turn: turn))
        if turn?.mayBegin == false { exchange.pauseBody() }
    }

    /// What takes the bytes of a message of that type and answers the exchange.
    ///
    /// - Parameters:
    ///   - countsBytes: false where the caller's rate was charged for them when they came.
    ///   - turn: Nil where the bytes lie here already.
    ///   - onSettled: is told what became of the message, before the client is.
    func consumer(
        contentType: String, length: Int64?, caller: Agency, exchange: HTTPExchange,
        turn: LetterTurns.Turn? = nil, countsBytes: Bool = true,
        onSettled: (@Sendable (Result<AcceptedMessage, Rejection>) -> Void)? = nil
    ) throws(Rejection) -> any BodyConsumer {
        let form = try Self.form(contentType)
        let submission = Submission(
            hub: hub, caller: caller, exchange: exchange,
            reading: try hub.intake.beginReading(
                expectedByteCount: length, from: caller.code, turn: turn),
            countsBytes: countsBytes,
            onSettled: onSettled)
        if let form { return FormSubmission(submission, parser: form) }
        return PlainSubmission(submission)
    }

    /// - Throws: where messages do not come in that type.
    static func check(contentType: String) throws(Rejection) {
        _ = try form(contentType)
    }

    /// Nil where the body is the message itself.
    private static func form(_ contentType: String) throws(Rejection) -> MultipartParser? {
        switch contentType.prefix(while: { $0 != ";" && $0 != " " && $0 != "\t" }).lowercased() {
        case "application/xml", "text/xml": return nil
        case "multipart/form-data":
            do {
                return try MultipartParser(contentType: contentType)
            } catch {
                throw Rejection(.badRequest, "Nội dung multipart/form-data sai: \(error.reason).")
            }
        default:
            throw Rejection(
                .unsupportedMediaType, "Content-Type phải là application/xml hoặc multipart/form-data.")
        }
    }

    /// What a form adds around the letter: delimiters, part headers, the signature.
    private static let formBytesMax: Int64 = 256 << 10
}

/// One message on its way in; confined to one thread, its connection's reactor but for resumed uploads.
private final class Submission {
    private let hub: Hub
    private let caller: Agency
    private let exchange: HTTPExchange
    private let directory: Directory
    private let started: Instant
    private let onSettled: (@Sendable (Result<AcceptedMessage, Rejection>) -> Void)?
    private let countsBytes: Bool
    private var reading: MessageReading?

    init(
        hub: Hub, caller: Agency, exchange: HTTPExchange, reading: MessageReading, countsBytes: Bool,
        onSettled: (@Sendable (Result<AcceptedMessage, Rejection>) -> Void)?
    ) {
        self.onSettled = onSettled
        self.countsBytes = countsBytes
        self.hub = hub
        self.caller = caller
        self.exchange = exchange
        self.reading = reading
        directory = hub.directory
        started = hub.clock.now()
    }

    private var answer: Answer {
        Answer(
            hub: hub, exchange: exchange, sender: caller.code, started: started, onSettled: onSettled)
    }

    func receive(_ bytes: Span<UInt8>) {
        // Whether the letter goes in or not: its bytes came.
        if countsBytes { hub.rates.charge(caller.code, bytes: Int64(bytes.count)) }
        guard let reading else { return }
        do {
            // A letter takes its time, and others write meanwhile.
            try hub.requireRoomStill()
            try reading.receive(bytes)
        } catch {
            refuse(error)
        }
    }

    func receiveSignature(_ bytes: Span<UInt8>) {
        guard let reading else { return }
        do {
            try reading.receiveSignature(bytes)
        } catch {
            refuse(error)
        }
    }

    func end() {
        guard let reading else { return }
        self.reading = nil
        let answer = answer
        hub.intake.accept(
            reading, from: caller, in: directory, requestID: exchange.requestID,
            terms: IntakeTerms(party: exchange.peer.party)
        ) { result in answer.give(result) }
    }

    /// The client went away; what was spooled is thrown away with the reading.
    func abort() {
        reading = nil
    }

    /// Tells the client at once, without waiting for the rest of a letter that can't go in.
    func refuse(_ rejection: Rejection) {
        guard let reading else { return }
        self.reading = nil
        let answer = answer
        hub.intake.refuse(
            rejection, from: caller, sha256: reading.sha256, requestID: exchange.requestID
        ) { result in answer.give(result) }
    }
}

/// Turns what became of a message into the HTTP answer and the operator's log line.
private struct Answer: Sendable {
    let hub: Hub
    let exchange: HTTPExchange
    let sender: AgencyCode
    let started: Instant
    let onSettled: (@Sendable (Result<AcceptedMessage, Rejection>) -> Void)?

    /// On the sequencer's thread, which has the next batch to make durable: receipt, answer and log line are
    /// made on the connection's reactor; what has to wait for the database or for files, on a worker.
    func give(_ result: Result<AcceptedMessage, Rejection>) {
        let isQuick = if case .success(let accepted) = result { accepted.isReceiptAtHand } else { true }
        if isQuick, onSettled == nil { return exchange.post { finish(result) } }
        let settle: @Sendable () -> Void = {
            onSettled?(result)
            finish(result)
        }
        if !hub.runBlocking(for: exchange.peer.party, settle) { settle() }
    }

    private func finish(_ result: Result<AcceptedMessage, Rejection>) {
        give(result.flatMap { accepted in Result { () throws(Rejection) in try accepted.receipt() } })
    }

    private func give(_ result: Result<Receipt, Rejection>) {
        let milliseconds = hub.clock.now().milliseconds - started.milliseconds
        switch result {
        case .success(let receipt):
            exchange.respond(
                .json(
                    receipt.json, status: receipt.isReplay ? 200 : 201,
                    fields: ["Location": "/v1/documents/\(receipt.key)"]))
            hub.log.write(
                .info, receipt.isReplay ? "replayed" : "accepted",
                [
                    ("requestId", .text(exchange.requestID)), ("sender", .text(sender.string)),
                    ("documentKey", .text(receipt.key.description)), ("milliseconds", .number(milliseconds)),
                ])
        case .failure(let rejection):
            exchange.refuse(rejection)
            var fields: [(String, LogValue)] = [
                ("requestId", .text(exchange.requestID)), ("sender", .text(sender.string)),
                ("code", .text(rejection.code.rawValue)), ("milliseconds", .number(milliseconds)),
            ]
            if !rejection.internalDetail.isEmpty { fields.append(("cause", .text(rejection.internalDetail))) }
            hub.log.write(.warning, "refused", fields)
        }
    }
}

/// The body is the message itself.
private final class PlainSubmission: BodyConsumer {
    private let submission: Submission

    init(_ submission: Submission) {
        self.submission = submission
    }

    func receive(_ bytes: Span<UInt8>) { submission.receive(bytes) }
    func end() { submission.end() }
    func abort() { submission.abort() }
}

/// The body is a form with the parts `edoc` and, optionally, `signature`.
private final class FormSubmission: BodyConsumer {
    private enum Part { case none, letter, signature }

    private let submission: Submission
    private var parser: MultipartParser
    private var part = Part.none
    private var seen: Set<String> = []

    init(_ submission: Submission, parser: MultipartParser) {
        self.submission = submission
        self.parser = parser
    }

    func receive(_ bytes: Span<UInt8>) {
        var position = 0
        do {
            while let event = try parser.next(bytes, at: &position) {
                try handle(event, bytes)
            }
        } catch let error as ProtocolError {
            submission.refuse(Rejection(.badRequest, "Nội dung multipart/form-data sai: \(error.reason)."))
        } catch let rejection as Rejection {
            submission.refuse(rejection)
        } catch {
            submission.refuse(Rejection(.badRequest, "Nội dung multipart/form-data sai."))
        }
    }

    func end() {
        do {
            try parser.finish()
        } catch {
            return submission.refuse(
                Rejection(.badRequest, "Nội dung multipart/form-data sai: \(error.reason)."))
        }
        guard seen.contains("edoc") else {
            return submission.refuse(Rejection(.badRequest, "Thiếu phần edoc trong multipart/form-data."))
        }
        submission.end()
    }

    func abort() { submission.abort() }

    private func handle(_ event: MultipartParser.Event, _ bytes: Span<UInt8>) throws {
        switch event {
        case .part(let head):
            guard ["edoc", "signature"].contains(head.name), seen.insert(head.name).inserted else {
                throw Rejection(
                    .badRequest, "Chỉ nhận mỗi phần edoc và signature một lần trong multipart/form-data.")
            }
            part = head.name == "edoc" ? .letter : .signature
        case .body(let range): receivePart(bytes.extracting(range))
        case .heldBody(let held): receivePart(held.span)
        case .partEnd: part = .none
        case .end: break
        }
    }

    private func receivePart(_ bytes: Span<UInt8>) {
        switch part {
        case .letter: submission.receive(bytes)
        case .signature: submission.receiveSignature(bytes)
        case .none: break
        }
    }
}
