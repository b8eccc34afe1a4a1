internal import Glibc

/// Finds where an element ends in the bytes of a document, for a document that a parser has accepted.
///
/// The parser cannot tell: it sees bytes after line ends were normalised, and gathers what is unfinished. So
/// this knows just enough of XML to tell tags from comments, CDATA and instructions that look like tags;
/// everything else is the parser's business.
struct HeaderEndFinder {
    private enum State {
        case text
        /// After `<`.
        case opened
        case startTag
        case quoted(UInt8)
        case endTag
        case instruction
        /// After `<!`.
        case declaration
        /// After `<!-`.
        case commentOpened
        case comment
        case cdata
    }

    enum Outcome: Equatable {
        /// Offset of the `<` of its end tag.
        case end(Int64)
        /// `<name/>`
        case emptyElement
    }

    /// Which start tag of the document is the element's, counted from 1.
    private let ordinal: Int
    private var state = State.text
    private var started = 0
    /// Open elements from the wanted one on; 0 before it.
    private var depth = 0
    private var tagOffset: Int64 = 0
    private var lastWasSlash = false
    /// How many of the bytes that may end a comment, CDATA section or instruction stand in a row.
    private var run = 0
    private var position: Int64 = 0

    init(startTag ordinal: Int) {
        self.ordinal = ordinal
    }

    /// Takes the next bytes; an outcome ends the search.
    mutating func feed(_ bytes: Span<UInt8>) -> Outcome? {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            var index = 0
            while index < buffer.count {
                if case .text = state {
                    guard let base = buffer.baseAddress,
                        let found = unsafe memchr(base + index, 0x3C, buffer.count - index)
                    else { break }
                    index = unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
                    tagOffset = position + Int64(index)
                    state = .opened
                } else if let outcome = unsafe take(buffer[index]) {
                    return outcome
                }
                index += 1
            }
            position += Int64(buffer.count)
            return nil
        }
    }

    private mutating func take(_ byte: UInt8) -> Outcome? {
        switch state {
        case .text: preconditionFailure("text is skipped as a whole")
        case .opened: open(byte)
        case .startTag:
            if byte == 0x3E { return endStartTag() }
            lastWasSlash = byte == 0x2F
            if byte == 0x22 || byte == 0x27 { state = .quoted(byte) }
        case .quoted(let quote): if byte == quote { state = .startTag }
        case .endTag: if byte == 0x3E { return endElement() }
        case .instruction: close(byte, after: 0x3F, times: 1)
        case .declaration:
            state = byte == 0x2D ? .commentOpened : .cdata
            run = 0
        case .commentOpened: state = .comment
        case .comment: close(byte, after: 0x2D, times: 2)
        case .cdata: close(byte, after: 0x5D, times: 2)
        }
        return nil
    }

    private mutating func open(_ byte: UInt8) {
        run = 0
        lastWasSlash = false
        switch byte {
        case 0x2F: state = .endTag
        case 0x3F: state = .instruction
        case 0x21: state = .declaration
        default: state = .startTag
        }
    }

    private mutating func close(_ byte: UInt8, after ending: UInt8, times: Int) {
        if byte == ending {
            run += 1
        } else if byte == 0x3E, run >= times {
            state = .text
        } else {
            run = 0
        }
    }

    private mutating func endStartTag() -> Outcome? {
        state = .text
        started += 1
        if started == ordinal, lastWasSlash { return .emptyElement }
        if started >= ordinal, !lastWasSlash { depth += 1 }
        return nil
    }

    private mutating func endElement() -> Outcome? {
        state = .text
        guard depth > 0 else { return nil }
        depth -= 1
        return depth == 0 ? .end(tagOffset) : nil
    }
}
