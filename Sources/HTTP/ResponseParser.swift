/// Reads the responses of one connection to a server, as strictly and as bounded as requests are read: a
/// client that talks to another province's hub trusts it no further than that.
package struct ResponseParser: Sendable {
    package enum Event: Sendable, Equatable {
        /// 1xx; the final response is still to come.
        case interim(status: Int)
        case head(ResponseHead, keepAlive: Bool, framing: BodyFraming)
        /// Bytes of the body: a range, never empty, of the input that was passed.
        case body(Range<Int>)
        case end
    }

    private struct StatusLine {
        let status: Int
        let minorVersion: Int
    }

    private enum State {
        case statusLine
        case fields(StatusLine, HeaderSection)
        case body(BodyReader)
    }

    private static let interimCountMax = 16

    private let limits: MessageLimits
    private var state = State.statusLine
    private var lines = LineBuffer()
    private var answersHEAD = false
    private var interimCount = 0

    package init(limits: MessageLimits = MessageLimits()) {
        self.limits = limits
    }

    /// To be called before the response to `method` is read: one to HEAD has a length but no body.
    package mutating func expectResponse(to method: String) {
        answersHEAD = method == "HEAD"
        interimCount = 0
    }

    /// The next event, or nil once `input` is used up. Advances `position` past what it has taken.
    package mutating func next(
        _ input: Span<UInt8>, at position: inout Int
    ) throws(ProtocolError) -> Event? {
        if case .statusLine = state {
            let tooLong = ProtocolError.badRequest("the status line is too long")
            guard
                let line = try lines.next(
                    input, at: &position, bytesMax: limits.targetBytesMax, tooLong: tooLong)
            else { return nil }
            let statusLine: StatusLine
            switch line {
            case .inInput(let range): statusLine = try ResponseParser.statusLine(input, range)
            case .assembled(let bytes):
                statusLine = try ResponseParser.statusLine(bytes.span, 0..<bytes.count)
            }
            let section = HeaderSection(bytesMax: limits.headerBytesMax, countMax: limits.headerCountMax)
            state = .fields(statusLine, section)
        }
        if case .fields(let line, var section) = state {
            state = .statusLine
            let isWhole = try section.read(input, at: &position)
            guard isWhole else {
                state = .fields(line, section)
                return nil
            }
            return try head(line, section.fields)
        }
        guard case .body(var reader) = state else { return nil }
        let event = try reader.next(input, at: &position)
        state = event == .end ? .statusLine : .body(reader)
        switch event {
        case .body(let range): return .body(range)
        case .end: return .end
        case nil: return nil
        }
    }

    /// The server has closed. True where that is how the body ends; throws where it cuts a response.
    package mutating func finish() throws(ProtocolError) -> Bool {
        switch state {
        case .statusLine where lines.isEmpty: return false
        case .body(let reader) where reader.endsWithStream:
            state = .statusLine
            return true
        default: throw .badRequest("the connection ended inside a response")
        }
    }

    private mutating func head(_ line: StatusLine, _ fields: Fields) throws(ProtocolError) -> Event {
        if line.status < 200 {
            interimCount += 1
            guard line.status != 101, interimCount <= ResponseParser.interimCountMax else {
                throw .badRequest("an unexpected interim response")
            }
            return .interim(status: line.status)
        }
        let stated = try fields.framing(minorVersion: line.minorVersion)
        let hasNoBody = answersHEAD || line.status == 204 || line.status == 304
        let framing = hasNoBody ? BodyFraming.none : stated ?? .untilClose
        state = .body(try BodyReader(framing, limits: limits))
        let keepAlive =
            framing != .untilClose && KeepAlive.isWanted(by: fields, minorVersion: line.minorVersion)
        return .head(
            ResponseHead(status: line.status, fields: fields), keepAlive: keepAlive, framing: framing)
    }

    /// `HTTP/1.x SP 3DIGIT SP [reason]`.
    private static func statusLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(ProtocolError)
        -> StatusLine
    {
        let start = line.lowerBound
        guard line.count >= 12, bytes.matches(Array("HTTP/1.".utf8), at: start), bytes[start + 8] == 0x20,
            (0x30...0x31).contains(bytes[start + 7]), line.count == 12 || bytes[start + 12] == 0x20,
            ByteClass.all(bytes, line, in: ByteClass.fieldValue)
        else { throw .badRequest("a malformed status line") }
        var status = 0
        for index in start + 9..<start + 12 {
            guard (0x30...0x39).contains(bytes[index]) else { throw .badRequest("a malformed status") }
            status = status * 10 + Int(bytes[index] - 0x30)
        }
        guard (100...599).contains(status) else { throw .badRequest("a malformed status") }
        return StatusLine(status: status, minorVersion: Int(bytes[start + 7] - 0x30))
    }
}
