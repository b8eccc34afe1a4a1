/// Reads the requests of one connection: bytes in, events out; no socket, no clock (RFC 9112).
///
/// It stops at every event, so that the owner decides whether the next request may be read yet. The first
/// error is final: the owner answers with its status and closes.
package struct RequestParser: Sendable {
    package enum Event: Sendable, Equatable {
        case head(RequestHead)
        /// Bytes of the body: a range, never empty, of the input that was passed.
        case body(Range<Int>)
        /// The request is whole; what follows in the input belongs to the next one.
        case end
    }

    private enum State {
        case requestLine
        case fields(RequestLine, HeaderSection)
        case body(BodyReader)
    }

    private struct RequestLine {
        let method: String
        let target: RequestTarget
        let minorVersion: Int
    }

    private static let methodBytesMax = 32

    private let limits: MessageLimits
    private var state = State.requestLine
    private var lines = LineBuffer()
    private var maySkipEmptyLine = true
    /// Of the request that is being read or was read last.
    package private(set) var method: String?

    package init(limits: MessageLimits = MessageLimits()) {
        self.limits = limits
    }

    /// Whether no byte of a next request has come: only then may an idle connection be closed silently.
    package var isBetweenRequests: Bool {
        if case .requestLine = state { lines.isEmpty } else { false }
    }

    /// Of the body that is being read; nil where chunks do not tell.
    package var bodyBytesToCome: Int64? {
        if case .body(let reader) = state { reader.bytesToCome } else { 0 }
    }

    /// The next event, or nil once `input` is used up. Advances `position` past what it has taken.
    package mutating func next(
        _ input: Span<UInt8>, at position: inout Int
    ) throws(ProtocolError) -> Event? {
        if case .requestLine = state {
            guard let line = try readRequestLine(input, at: &position) else { return nil }
            method = line.method
            let section = HeaderSection(bytesMax: limits.headerBytesMax, countMax: limits.headerCountMax)
            state = .fields(line, section)
        }
        if case .fields(let line, var section) = state {
            // The section is moved out of the state, not copied: a copy would be made for every piece that
            // comes.
            state = .requestLine
            let isWhole = try section.read(input, at: &position)
            guard isWhole else {
                state = .fields(line, section)
                return nil
            }
            return .head(try head(line, section.fields))
        }
        guard case .body(var reader) = state else { return nil }
        let event = try reader.next(input, at: &position)
        state = event == .end ? .requestLine : .body(reader)
        switch event {
        case .body(let range): return .body(range)
        case .end:
            maySkipEmptyLine = true
            return .end
        case nil: return nil
        }
    }

    private mutating func head(_ line: RequestLine, _ fields: Fields) throws(ProtocolError) -> RequestHead {
        try RequestParser.checkHost(fields, minorVersion: line.minorVersion)
        for expectation in fields.values(of: "Expect") where line.minorVersion >= 1 {
            guard Fields.equalIgnoringCase(expectation.utf8, "100-continue".utf8) else {
                throw ProtocolError(417, "an unknown expectation")
            }
        }
        let framing = try fields.framing(minorVersion: line.minorVersion) ?? .none
        state = .body(try BodyReader(framing, limits: limits))
        return RequestHead(
            method: line.method, target: line.target, minorVersion: line.minorVersion, fields: fields,
            framing: framing)
    }

    /// RFC 9112 section 3.2: one Host in HTTP/1.1, no less and no more, and nothing but a host in it.
    private static func checkHost(_ fields: Fields, minorVersion: Int) throws(ProtocolError) {
        let count = fields.count(of: "Host")
        guard count == 1 || (count == 0 && minorVersion == 0) else {
            throw .badRequest("not exactly one Host field")
        }
        guard ByteClass.all(fields["Host"] ?? "", in: ByteClass.host) else { throw .badRequest("a bad Host") }
    }

    private mutating func readRequestLine(
        _ input: Span<UInt8>, at position: inout Int
    ) throws(ProtocolError) -> RequestLine? {
        let bytesMax = limits.targetBytesMax + RequestParser.methodBytesMax
        let tooLong = ProtocolError(414, "the request line is too long")
        while let line = try lines.next(input, at: &position, bytesMax: bytesMax, tooLong: tooLong) {
            let requestLine: RequestLine?
            switch line {
            case .inInput(let range): requestLine = try parseRequestLine(input, range)
            case .assembled(let bytes): requestLine = try parseRequestLine(bytes.span, 0..<bytes.count)
            }
            if let requestLine { return requestLine }
        }
        return nil
    }

    /// `method SP target SP version`, each space one space. Nil for the one empty line that RFC 9112
    /// section 2.2 forgives before a request.
    private mutating func parseRequestLine(
        _ bytes: Span<UInt8>, _ line: Range<Int>
    ) throws(ProtocolError) -> RequestLine? {
        if line.isEmpty, maySkipEmptyLine {
            maySkipEmptyLine = false
            return nil
        }
        guard let first = bytes.firstIndex(of: 0x20, in: line),
            let second = bytes.firstIndex(of: 0x20, in: first + 1..<line.upperBound)
        else { throw .badRequest("a malformed request line") }
        let method = line.lowerBound..<first
        guard !method.isEmpty, ByteClass.all(bytes, method, in: ByteClass.token) else {
            throw .badRequest("a method that is no token")
        }
        guard method.count <= RequestParser.methodBytesMax else {
            throw ProtocolError(501, "an unknown method")
        }
        let minorVersion = try RequestParser.minorVersion(bytes, second + 1..<line.upperBound)
        guard second - first - 1 <= limits.targetBytesMax else {
            throw ProtocolError(414, "the request target is too long")
        }
        let target = try RequestTarget(bytes.extracting(first + 1..<second))
        return RequestLine(
            method: String(decoding: Array(bytes, method), as: UTF8.self), target: target,
            minorVersion: minorVersion)
    }

    private static func minorVersion(_ bytes: Span<UInt8>, _ version: Range<Int>) throws(ProtocolError) -> Int
    {
        guard version.count == 8, bytes.matches(Array("HTTP/".utf8), at: version.lowerBound),
            bytes[version.lowerBound + 6] == 0x2E
        else { throw .badRequest("a malformed request line") }
        let major = bytes[version.lowerBound + 5]
        let minor = bytes[version.lowerBound + 7]
        guard (0x30...0x39).contains(major), (0x30...0x39).contains(minor) else {
            throw .badRequest("a malformed version")
        }
        guard major == 0x31, minor <= 0x31 else { throw ProtocolError(505, "an unknown version of HTTP") }
        return Int(minor - 0x30)
    }
}
