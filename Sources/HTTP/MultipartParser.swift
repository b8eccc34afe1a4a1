/// What stands before the bytes of one part of a form, RFC 7578 section 4.
package struct PartHead: Sendable, Equatable {
    package let name: String
    /// As the sender wrote it; never to be used as a path.
    package let filename: String?
    /// In lower case, without parameters; `text/plain` where nothing is said.
    package let contentType: String
}

package struct MultipartLimits: Sendable, Equatable {
    package var partCountMax = 16
    package var headerBytesMax = 8192
    package var headerCountMax = 16

    package init() {}
}

/// Reads multipart/form-data (RFC 7578, RFC 2046 section 5.1) as a stream; memory does not grow with a part.
///
/// Strict where leniency would let two readers see two forms: nothing before the first delimiter, no space
/// after a delimiter, nothing but a line end after the last. What is wrong is answered with 400.
package struct MultipartParser: Sendable {
    package enum Event: Sendable, Equatable {
        case part(PartHead)
        /// Bytes of the part: a range, never empty, of the input that was passed.
        case body(Range<Int>)
        /// Bytes of the part that came in earlier input and looked like the start of a delimiter until now.
        case heldBody([UInt8])
        case partEnd
        /// The closing delimiter; nothing but a line end may follow.
        case end
    }

    private enum State {
        /// How much of the delimiter has been seen; the first one lacks its CR LF.
        case opening(matched: Int)
        /// "\r\n" or "--" must come; the byte that has come already.
        case afterDelimiter(first: UInt8?)
        case fields(HeaderSection)
        case body(matched: Int)
        case epilogue(count: Int)
    }

    private static let boundaryBytesMax = 70

    private let limits: MultipartLimits
    /// CR LF, two dashes and the boundary. A boundary holds no CR, so a delimiter can begin only at a CR and
    /// a failed match never has to go back further than its own start.
    private let delimiter: [UInt8]
    private var state = State.opening(matched: 2)
    private var partCount = 0

    /// - Parameter contentType: the request's. Throws 415 where it is not multipart/form-data, 400 where its
    ///   boundary is missing or not what RFC 2046 allows.
    package init(contentType: String?, limits: MultipartLimits = MultipartLimits()) throws(ProtocolError) {
        guard let value = contentType.flatMap({ ParameterizedValue($0) }),
            value.value == "multipart/form-data"
        else { throw ProtocolError(415, "the body is not multipart/form-data") }
        let boundary = Array((value["boundary"] ?? "").utf8)
        let allowed = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ".utf8)
        guard (1...MultipartParser.boundaryBytesMax).contains(boundary.count),
            boundary.allSatisfy({ allowed.contains($0) }), boundary.last != 0x20
        else { throw .badRequest("a bad multipart boundary") }
        delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + boundary
        self.limits = limits
    }

    /// The next event, or nil once `input` is used up. Advances `position` past what it has taken.
    package mutating func next(
        _ input: Span<UInt8>, at position: inout Int
    ) throws(ProtocolError) -> Event? {
        while position < input.count {
            switch state {
            case .opening(let matched):
                guard input[position] == delimiter[matched] else {
                    throw .badRequest("a multipart body that does not begin with its boundary")
                }
                position += 1
                state =
                    matched + 1 == delimiter.count
                    ? .afterDelimiter(first: nil) : .opening(matched: matched + 1)
            case .afterDelimiter(let first):
                if try readAfterDelimiter(input[position], first) {
                    position += 1
                    return .end
                }
                position += 1
            case .fields(var section):
                state = .opening(matched: 0)
                let isWhole = try section.read(input, at: &position)
                guard isWhole else {
                    state = .fields(section)
                    return nil
                }
                state = .body(matched: 0)
                return .part(try MultipartParser.partHead(section.fields))
            case .body(let matched):
                if let event = readBody(input, at: &position, matched) { return event }
            case .epilogue(let count):
                guard count < 2, input[position] == delimiter[count] else {
                    throw .badRequest("bytes after the last part")
                }
                position += 1
                state = .epilogue(count: count + 1)
            }
        }
        return nil
    }

    /// The request's body has ended; throws where the form has not.
    package func finish() throws(ProtocolError) {
        guard case .epilogue = state else { throw .badRequest("the form has no closing boundary") }
    }

    /// True for the closing delimiter.
    private mutating func readAfterDelimiter(_ byte: UInt8, _ first: UInt8?) throws(ProtocolError) -> Bool {
        switch (first, byte) {
        case (nil, 0x0D), (nil, 0x2D):
            state = .afterDelimiter(first: byte)
            return false
        case (0x0D, 0x0A):
            guard partCount < limits.partCountMax else { throw .badRequest("too many parts") }
            partCount += 1
            state = .fields(HeaderSection(bytesMax: limits.headerBytesMax, countMax: limits.headerCountMax))
            return false
        case (0x2D, 0x2D):
            state = .epilogue(count: 0)
            return true
        default: throw .badRequest("bytes after a multipart boundary")
        }
    }

    private mutating func readBody(_ input: Span<UInt8>, at position: inout Int, _ alreadyMatched: Int)
        -> Event?
    {
        var matched = alreadyMatched
        if matched > 0 {
            while matched < delimiter.count, position < input.count, input[position] == delimiter[matched] {
                matched += 1
                position += 1
            }
            if matched == delimiter.count { return endPart() }
            guard position < input.count else {
                state = .body(matched: matched)
                return nil
            }
            state = .body(matched: 0)
            return .heldBody(Array(delimiter[..<matched]))
        }
        let start = position
        while let candidate = input.firstIndex(of: 0x0D, in: position..<input.count) {
            matched = 1
            while matched < delimiter.count, candidate + matched < input.count,
                input[candidate + matched] == delimiter[matched]
            {
                matched += 1
            }
            if matched == delimiter.count || candidate + matched == input.count {
                position = candidate
                if start < candidate {
                    return .body(start..<candidate)
                }
                position = candidate + matched
                if matched == delimiter.count { return endPart() }
                state = .body(matched: matched)
                return nil
            }
            position = candidate + matched
        }
        position = input.count
        return .body(start..<input.count)
    }

    private mutating func endPart() -> Event {
        state = .afterDelimiter(first: nil)
        return .partEnd
    }

    private static func partHead(_ fields: Fields) throws(ProtocolError) -> PartHead {
        guard fields.count(of: "Content-Disposition") == 1,
            let disposition = fields["Content-Disposition"].flatMap({ ParameterizedValue($0) }),
            disposition.value == "form-data", let name = disposition["name"], !name.isEmpty
        else { throw .badRequest("a part without the name of its field") }
        // RFC 7578 section 4.7 gives up encodings; one that is declared would change what the bytes mean.
        if let encoding = fields["Content-Transfer-Encoding"] {
            guard ["binary", "8bit", "7bit"].contains(encoding.lowercased()) else {
                throw .badRequest("a part in a transfer encoding")
            }
        }
        let type = fields["Content-Type"].map { ParameterizedValue($0)?.value ?? "" } ?? "text/plain"
        return PartHead(name: name, filename: disposition["filename"], contentType: type)
    }
}
