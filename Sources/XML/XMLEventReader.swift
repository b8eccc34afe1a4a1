internal import CLibXML2
internal import Exchange
internal import Glibc

/// Reads XML 1.0 in UTF-8 as it comes and hands on its events; holds no more than an unfinished tag.
///
/// libxml2's push parser without DTD, entities, network or repair: a DOCTYPE is refused where it begins, any
/// entity but the five is undeclared and so an error, an error of any level but a warning ends the reading.
/// Events are the same whatever the pieces that `feed` is given, but for where a run of text is cut.
///
/// Not Sendable: one thread at a time.
@safe package final class XMLEventReader {
    let limits: XMLLimits
    let handler: any XMLEventHandler
    let parser: xmlParserCtxtPtr
    private var gate = InputGate()
    private let store: NameStore
    /// The store's, for as long as this document is read. Unchecked at run time: a look-up calls nobody.
    @exclusivity(unchecked) var names: NameTable
    /// Elements open, and begun so far.
    var count = ElementCount()
    private(set) var failure: XMLError?
    /// Asked for each event, and quicker than looking at `failure`.
    private(set) var hasFailed = false
    private var isFinished = false
    /// The document's first bytes, until there are enough to tell the encoding.
    private var head: [UInt8] = []
    private var headIsChecked = false
    /// Waits until it is worth another look at an unfinished tag: see `parse`.
    private var gathered: [UInt8] = []

    private static let pieceBytes = 64 << 10
    private static let longRunBytes = 512

    package init(limits: XMLLimits = XMLLimits(), handler: any XMLEventHandler) {
        self.limits = limits
        self.handler = handler
        xmlInitParser()
        store = NameStore.take()
        unsafe names = NameTable()
        unsafe swap(&names, &store.table)
        var callbacks = unsafe SAXCallbacks.table()
        guard let parser = unsafe xmlCreatePushParserCtxt(&callbacks, nil, nil, 0, nil) else {
            // Memory only: there is no input yet that could be wrong.
            preconditionFailure("libxml2 cannot make a parser")
        }
        unsafe self.parser = parser
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_HUGE.rawValue
        _ = unsafe xmlCtxtUseOptions(parser, CInt(bitPattern: options))
        // Nothing was read yet, so nothing points into the dictionary that the parser was made with.
        unsafe xmlDictFree(parser.pointee.dict)
        unsafe parser.pointee.dict = store.dictionary
        _ = unsafe xmlDictReference(store.dictionary)
        unsafe parser.pointee.userData = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        unsafe xmlFreeParserCtxt(parser)
        guard leavesNames else { return }
        unsafe swap(&names, &store.table)
        store.giveBack()
    }

    /// Whether the next document gets this one's names: see `NameStore`.
    var leavesNames: Bool { isFinished && !hasFailed && (unsafe store.isWorthKeeping(with: names)) }

    /// The end of what the handler was last told about.
    package var position: XMLPosition {
        guard let input = unsafe parser.pointee.input else { return XMLPosition(line: 1, column: 1) }
        return unsafe XMLPosition(line: Int(input.pointee.line), column: Int(input.pointee.col))
    }

    /// Nothing more is read after an error: each further call throws the same one.
    package func feed(_ bytes: Span<UInt8>) throws(XMLError) {
        precondition(!isFinished, "fed after the end")
        if let failure { throw failure }
        try unsafe bytes.withUnsafeBufferPointer { (all) throws(XMLError) in
            var rest = try unsafe headChecked(all)
            while !rest.isEmpty {
                let piece = unsafe UnsafeBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
                try unsafe passAroundRuns(piece)
                unsafe rest = UnsafeBufferPointer(rebasing: rest.dropFirst(Self.pieceBytes))
            }
        }
    }

    package func feed(_ bytes: [UInt8]) throws(XMLError) {
        try feed(bytes.span)
    }

    /// To be called at the end of the document: until then it may still be cut short.
    package func finish() throws(XMLError) {
        precondition(!isFinished, "finished twice")
        isFinished = true
        if let failure { throw failure }
        if !headIsChecked { try checkHead() }
        let fault = try unsafe gate.finish { (bytes) throws(XMLError) in try unsafe self.parse(bytes) }
        if !gathered.isEmpty { try parseGathered() }
        if let fault { throw fail(at: fault) }
        _ = unsafe xmlParseChunk(parser, nil, 0, 1)
        if let failure { throw failure }
        if unsafe parser.pointee.wellFormed == 0 {
            fail(.malformedXML, "Tệp XML không đúng cú pháp hoặc bị cắt ngang.")
        }
        if let failure { throw failure }
    }

    // MARK: - On the way to the parser

    /// - Returns: what of `bytes` goes on the ordinary way.
    private func headChecked(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) -> UnsafeBufferPointer<
        UInt8
    > {
        if headIsChecked { return unsafe bytes }
        let taken = min(4 - head.count, bytes.count)
        unsafe head.append(contentsOf: bytes.prefix(taken))
        if head.count == 4 { try checkHead() }
        return unsafe UnsafeBufferPointer(rebasing: bytes.dropFirst(taken))
    }

    /// Appendix F of XML 1.0: UTF-16 and UTF-32 show by their mark or by a zero among the first four bytes.
    private func checkHead() throws(XMLError) {
        headIsChecked = true
        if head.starts(with: [0xFE, 0xFF]) || head.starts(with: [0xFF, 0xFE]) || head.contains(0) {
            fail(.encodingNotUTF8, "Tệp phải được lưu bằng UTF-8, không phải UTF-16 hay UTF-32.")
        }
        if let failure { throw failure }
        try unsafe head.withUnsafeBufferPointer { (bytes) throws(XMLError) in try unsafe pass(bytes) }
    }

    private func pass(_ piece: UnsafeBufferPointer<UInt8>) throws(XMLError) {
        let fault = try unsafe gate.pass(piece) { (bytes) throws(XMLError) in try unsafe self.parse(bytes) }
        guard let fault else { return }
        // What stands before it is told first, however the bytes were cut.
        if !gathered.isEmpty { try parseGathered() }
        throw fail(at: fault)
    }

    /// Long runs of plain text, which nearly all of an attachment is, go round the gate and the parser.
    private func passAroundRuns(_ piece: UnsafeBufferPointer<UInt8>) throws(XMLError) {
        var start = 0
        while start < piece.count {
            let run = unsafe Self.longRun(in: piece, from: start)
            if run.lowerBound > start {
                try unsafe pass(UnsafeBufferPointer(rebasing: piece[start..<run.lowerBound]))
            }
            if !run.isEmpty {
                let text = unsafe UnsafeBufferPointer(rebasing: piece[run])
                if gate.isEmpty, isBetweenTags { unsafe emitPlain(text) } else { try unsafe pass(text) }
                if let failure { throw failure }
            }
            start = run.upperBound
        }
    }

    private func fail(at fault: InputGate.Fault) -> XMLError {
        let place = positionAfterUnread
        let error =
            switch fault {
            case .notUTF8:
                XMLError(
                    .encodingNotUTF8, line: place.line, column: place.column,
                    detail: "Có byte không hợp lệ trong UTF-8; hãy lưu tệp bằng UTF-8.")
            case .controlCharacter:
                XMLError(
                    .malformedXML, line: place.line, column: place.column,
                    detail: "Có ký tự điều khiển mà XML 1.0 không cho phép.")
            }
        fail(error)
        return error
    }

    /// The gate sees a byte before the parser has come so far: it may still wait for the end of a tag.
    private var positionAfterUnread: XMLPosition {
        var (line, column) = (position.line, position.column)
        func count(_ byte: UInt8) {
            if byte == 0x0A { (line, column) = (line + 1, 1) } else if byte & 0xC0 != 0x80 { column += 1 }
        }
        if let input = unsafe parser.pointee.input {
            for offset in 0..<unreadBytes { unsafe count(input.pointee.cur[offset]) }
        }
        for byte in gathered { count(byte) }
        return XMLPosition(line: line, column: column)
    }

    /// Long runs of plain text go round the parser where it stands between tags with nothing left unread;
    /// it would look at each byte twice more to say the same.
    private func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) {
        var start = 0
        while start < bytes.count {
            let run = unsafe Self.longRun(in: bytes, from: start)
            try unsafe parseMarkup(UnsafeBufferPointer(rebasing: bytes[start..<run.lowerBound]))
            let text = unsafe UnsafeBufferPointer(rebasing: bytes[run])
            if isBetweenTags { unsafe emitPlain(text) } else { try unsafe parseMarkup(text) }
            if let failure { throw failure }
            start = run.upperBound
        }
    }

    /// The next stretch of at least `longRunBytes` of plain text; empty, at the end, if there is none.
    private static func longRun(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int> {
        var probe = start
        while probe < bytes.count {
            let end = unsafe ByteScan.plainStop(bytes, from: probe)
            if end - probe >= longRunBytes / 2 {
                var first = probe
                while first > start, unsafe !isBoundary(bytes[first - 1]) { first -= 1 }
                if end - first >= longRunBytes { return first..<end }
            }
            probe = end + longRunBytes / 2
        }
        return bytes.count..<bytes.count
    }

    private static func isBoundary(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == 0x3E || byte == 0x3C || byte == 0x26 || byte == 0x5D
            || (byte < 0x20 && byte != 0x09 && byte != 0x0A)
    }

    private var isBetweenTags: Bool {
        guard gathered.isEmpty, count.depth > 0, failure == nil, let input = unsafe parser.pointee.input
        else {
            return false
        }
        return unsafe parser.pointee.instate == XML_PARSER_CONTENT && input.pointee.cur == input.pointee.end
    }

    private func emitPlain(_ text: UnsafeBufferPointer<UInt8>) {
        guard let base = text.baseAddress, !text.isEmpty, let input = unsafe parser.pointee.input else {
            return
        }
        var lines = 0
        var lineStart = 0
        while let found = unsafe memchr(base + lineStart, 0x0A, text.count - lineStart) {
            unsafe lineStart = UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
            lines += 1
            if lineStart == text.count { break }
        }
        if lines > 0 {
            unsafe input.pointee.line = CInt(clamping: Int(input.pointee.line) + lines)
            unsafe input.pointee.col = 1
        }
        unsafe input.pointee.col = CInt(clamping: Int(input.pointee.col) + text.count - lineStart)
        unsafe handler.plainText(text.span, at: position)
    }

    /// An unfinished tag is scanned again from its beginning with each piece; were pieces single bytes, that
    /// would cost the square of its length. So a piece waits until what is unread has grown by half.
    private func parseMarkup(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) {
        if bytes.isEmpty { return }
        let unread = unreadBytes
        if !gathered.isEmpty || unread > 1024 {
            unsafe gathered.append(contentsOf: bytes)
            if gathered.count < min(unread / 2, Self.pieceBytes) { return }
            return try parseGathered()
        }
        unsafe parseChunk(UnsafeRawBufferPointer(bytes))
        try checkAfterChunk()
    }

    private func parseGathered() throws(XMLError) {
        unsafe gathered.withUnsafeBytes { bytes in unsafe parseChunk(bytes) }
        gathered.removeAll(keepingCapacity: true)
        try checkAfterChunk()
    }

    private func parseChunk(_ bytes: UnsafeRawBufferPointer) {
        let characters = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        _ = unsafe xmlParseChunk(parser, characters, CInt(bytes.count), 0)
    }

    private func checkAfterChunk() throws(XMLError) {
        if failure == nil, unreadBytes > limits.tokenBytesMax {
            fail(.xmlTooLarge, "Một thẻ hoặc chú thích dài quá \(limits.tokenBytesMax) byte.")
        }
        if let failure { throw failure }
    }

    private var unreadBytes: Int {
        guard let input = unsafe parser.pointee.input else { return 0 }
        return unsafe input.pointee.end - input.pointee.cur
    }

    /// The first failure counts; the parser is told to stop.
    func fail(_ code: RejectionCode, _ detail: String, message: String = "") {
        let place = position
        fail(XMLError(code, line: place.line, column: place.column, detail: detail, message: message))
    }

    private func fail(_ error: XMLError) {
        guard failure == nil else { return }
        failure = error
        hasFailed = true
        unsafe xmlStopParser(parser)
    }
}

/// How deep the document is just now, and how large so far.
struct ElementCount {
    private(set) var depth = 0
    private(set) var total = 0

    mutating func begin() {
        depth += 1
        total += 1
    }

    mutating func end() { depth -= 1 }
}
