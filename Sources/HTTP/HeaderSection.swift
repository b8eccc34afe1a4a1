/// The fields of one message, or of one trailer section, line by line (RFC 9112 section 5).
struct HeaderSection: Sendable {
    private(set) var fields = Fields()
    private var lines = LineBuffer()
    private var bytesLeft: Int
    private var countLeft: Int

    init(bytesMax: Int, countMax: Int) {
        bytesLeft = bytesMax
        countLeft = countMax
    }

    /// True once the empty line after the last field has been read; false when `input` is used up before.
    mutating func read(_ input: Span<UInt8>, at position: inout Int) throws(ProtocolError) -> Bool {
        let tooLarge = ProtocolError(431, "the header section is too large")
        while let line = try lines.next(input, at: &position, bytesMax: bytesLeft, tooLong: tooLarge) {
            let isEnd: Bool
            switch line {
            case .inInput(let range): isEnd = try take(input, range)
            case .assembled(let bytes): isEnd = try take(bytes.span, 0..<bytes.count)
            }
            if isEnd { return true }
        }
        return false
    }

    private mutating func take(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(ProtocolError) -> Bool {
        if line.isEmpty { return true }
        guard countLeft > 0 else { throw ProtocolError(431, "too many fields") }
        countLeft -= 1
        bytesLeft = max(0, bytesLeft - line.count - 2)
        guard bytes[line.lowerBound] != 0x20, bytes[line.lowerBound] != 0x09 else {
            throw .badRequest("a folded field line")
        }
        guard let colon = bytes.firstIndex(of: 0x3A, in: line) else {
            throw .badRequest("a field without a colon")
        }
        let name = line.lowerBound..<colon
        // A space before the colon is no token either: some would read `Content-Length :`, some would not.
        guard !name.isEmpty, ByteClass.all(bytes, name, in: ByteClass.token) else {
            throw .badRequest("a field name that is no token")
        }
        var start = colon + 1
        var end = line.upperBound
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        guard ByteClass.all(bytes, start..<end, in: ByteClass.fieldValue) else {
            throw .badRequest("a control byte in a field value")
        }
        guard HeaderSection.isUTF8(bytes, start..<end) else {
            throw .badRequest("a field value that is not UTF-8")
        }
        fields.append(bytes, name: name, value: start..<end)
        return false
    }

    private static func isUTF8(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var common: UInt8 = 0
        for index in range { common |= bytes[index] }
        return common < 0x80 || String(validating: Array(bytes, range), as: UTF8.self) != nil
    }
}

extension Fields {
    /// The one framing that the fields state; nil where they state none. RFC 9112 section 6.3, read strictly:
    /// whatever two readers might read in two ways is refused.
    func framing(minorVersion: Int) throws(ProtocolError) -> BodyFraming? {
        let lengths = count(of: "Content-Length")
        let codings = count(of: "Transfer-Encoding")
        guard lengths + codings <= 1 else {
            throw .badRequest("more than one statement of the body's length")
        }
        if let coding = self["Transfer-Encoding"] {
            guard minorVersion >= 1 else { throw .badRequest("Transfer-Encoding in HTTP/1.0") }
            guard Fields.equalIgnoringCase(coding.utf8, "chunked".utf8) else {
                // An unknown coding alone is 501 by RFC 9112 section 6.1; an odd spelling of chunked is an
                // attack.
                let isOneToken = !coding.isEmpty && ByteClass.all(coding, in: ByteClass.token)
                throw isOneToken
                    ? ProtocolError(501, "an unknown transfer coding") : .badRequest("bad transfer coding")
            }
            return .chunked
        }
        guard let length = self["Content-Length"] else { return nil }
        guard (1...18).contains(length.utf8.count), length.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(length)
        else { throw .badRequest("Content-Length is no number") }
        return .length(value)
    }
}
