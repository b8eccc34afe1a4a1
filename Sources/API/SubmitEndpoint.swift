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
        let length = request.contentLength
        guard length ?? 0 <= hub.options.letterBytesMax + SubmitEndpoint.formBytesMax else {
            throw Rejection(
                .tooLarge, "Văn bản lớn hơn giới hạn \(hub.options.letterBytesMax) byte của trục.")
        }
        let submission = Submission(
            hub: hub, caller: agency, exchange: exchange,
            reading: hub.intake.beginReading(expectedByteCount: length))
        switch request.mediaType {
        case "application/xml", "text/xml":
            exchange.receiveBody(PlainSubmission(submission))
        case "multipart/form-data":
            do {
                let parser = try MultipartParser(contentType: request.fields["Content-Type"])
                exchange.receiveBody(FormSubmission(submission, parser: parser))
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

extension RequestHead {
    /// In lower case, without parameters; empty where there is none.
    fileprivate var mediaType: String {
        let value = fields["Content-Type"] ?? ""
        return value.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
    }
}

/// One message on its way in; confined to its connection's reactor.
private final class Submission {
    private let hub: Hub
    private let caller: Agency
    private let exchange: HTTPExchange
    private let directory: Directory
    private let started: Instant
    private var reading: MessageReading?

    init(hub: Hub, caller: Agency, exchange: HTTPExchange, reading: MessageReading) {
        self.hub = hub
        self.caller = caller
        self.exchange = exchange
        self.reading = reading
        directory = hub.directory
        started = hub.clock.now()
    }

    func receive(_ bytes: Span<UInt8>) {
        guard let reading else { return }
        do {
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
        let answer = Answer(hub: hub, exchange: exchange, sender: caller.code, started: started)
        hub.intake.accept(
            reading, from: caller, in: directory, requestID: exchange.requestID
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
        let answer = Answer(hub: hub, exchange: exchange, sender: caller.code, started: started)
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

    func give(_ result: Result<Receipt, Rejection>) {
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
