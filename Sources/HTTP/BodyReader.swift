/// Finds a message's body in the stream, RFC 9112 sections 6 and 7.1.
struct BodyReader: Sendable {
    enum Event: Equatable {
        /// Of the input that was passed; never empty.
        case body(Range<Int>)
        case end
    }

    private enum State {
        case length(Int64)
        case untilClose
        case chunkSize
        case chunkData(Int64)
        case chunkEnd
        case trailers
        case ended
    }

    /// Digits of a size and its extensions, which are read and thrown away.
    private static let chunkLineBytesMax = 256

    private var state: State
    private var lines = LineBuffer()
    private var trailers: HeaderSection
    private var bytesLeft: Int64

    init(_ framing: BodyFraming, limits: MessageLimits) throws(ProtocolError) {
        bytesLeft = limits.bodyBytesMax
        trailers = HeaderSection(bytesMax: limits.headerBytesMax, countMax: limits.headerCountMax)
        switch framing {
        case .none: state = .ended
        case .length(let length):
            guard length <= limits.bodyBytesMax else { throw BodyReader.tooLarge }
            state = length == 0 ? .ended : .length(length)
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        }
    }

    private static let tooLarge = ProtocolError(413, "the body is too large")

    var endsWithStream: Bool {
        if case .untilClose = state { true } else { false }
    }

    /// Known to be still on its way; nil where the framing does not tell.
    var bytesToCome: Int64? {
        switch state {
        case .length(let left): left
        case .ended: 0
        default: nil
        }
    }

    /// Nil once `input` is used up. After `.end` it is not called again.
    mutating func next(_ input: Span<UInt8>, at position: inout Int) throws(ProtocolError) -> Event? {
        while true {
            if case .ended = state { return .end }
            guard position < input.count else { return nil }
            switch state {
            case .length(let left):
                let range = take(left, of: input, at: &position)
                state = Int64(range.count) == left ? .ended : .length(left - Int64(range.count))
                return .body(range)
            case .untilClose:
                let range = take(Int64.max, of: input, at: &position)
                try spend(Int64(range.count))
                return .body(range)
            case .chunkSize:
                try readChunkSize(input, at: &position)
            case .chunkData(let left):
                let range = take(left, of: input, at: &position)
                state = Int64(range.count) == left ? .chunkEnd : .chunkData(left - Int64(range.count))
                return .body(range)
            case .chunkEnd:
                try readChunkEnd(input, at: &position)
            case .trailers:
                // Checked, bounded and dropped: nothing here needs a field that came after the body.
                if try trailers.read(input, at: &position) { state = .ended }
            case .ended: return .end
            }
        }
    }

    private func take(_ left: Int64, of input: Span<UInt8>, at position: inout Int) -> Range<Int> {
        let count = Int(min(left, Int64(input.count - position)))
        defer { position += count }
        return position..<position + count
    }

    private mutating func spend(_ count: Int64) throws(ProtocolError) {
        guard count <= bytesLeft else { throw BodyReader.tooLarge }
        bytesLeft -= count
    }

    private mutating func readChunkSize(_ input: Span<UInt8>, at position: inout Int) throws(ProtocolError) {
        let tooLong = ProtocolError.badRequest("a chunk size line is too long")
        guard
            let line = try lines.next(
                input, at: &position, bytesMax: BodyReader.chunkLineBytesMax, tooLong: tooLong)
        else { return }
        let size: Int64
        switch line {
        case .inInput(let range): size = try BodyReader.chunkSize(input, range)
        case .assembled(let bytes): size = try BodyReader.chunkSize(bytes.span, 0..<bytes.count)
        }
        try spend(size)
        state = size == 0 ? .trailers : .chunkData(size)
    }

    /// Hexadecimal digits, then nothing or `;` and extensions. No sign, no `0x`, no space before either.
    private static func chunkSize(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(ProtocolError) -> Int64 {
        let end = bytes.firstIndex(of: 0x3B, in: line) ?? line.upperBound
        guard (1...15).contains(end - line.lowerBound) else { throw .badRequest("a bad chunk size") }
        var size: Int64 = 0
        for index in line.lowerBound..<end {
            guard let digit = ByteClass.hexadecimalValue(bytes[index]) else {
                throw .badRequest("a bad chunk size")
            }
            size = size << 4 | Int64(digit)
        }
        guard end == line.upperBound || ByteClass.all(bytes, end..<line.upperBound, in: ByteClass.fieldValue)
        else {
            throw .badRequest("a control byte in a chunk extension")
        }
        return size
    }

    private mutating func readChunkEnd(_ input: Span<UInt8>, at position: inout Int) throws(ProtocolError) {
        let longer = ProtocolError.badRequest("a chunk is longer than its size")
        guard let line = try lines.next(input, at: &position, bytesMax: 0, tooLong: longer) else { return }
        if case .assembled(let bytes) = line, !bytes.isEmpty { throw longer }
        state = .chunkSize
    }
}
