/// A place in a source, with a piece of it at hand.
struct PDFCursor {
    private let source: any PDFSource
    let budget: PDFBudget
    /// Nothing is read from here on.
    let end: Int
    private(set) var position: Int
    private var block: [UInt8] = []
    private var blockStart: Int
    private var nextBlockBytes = 1 << 10
    /// Of all strings read so far.
    private(set) var stringBytes = 0

    private static let blockBytesMax = 64 << 10

    init(_ source: any PDFSource, at position: Int, end: Int? = nil, _ budget: PDFBudget) {
        self.source = source
        self.budget = budget
        self.end = min(end ?? source.byteCount, source.byteCount)
        self.position = max(0, position)
        blockStart = self.position
    }

    /// The byte that comes next; nil at the end.
    mutating func peek() throws(PDFFault) -> UInt8? {
        let place = position - blockStart
        if place >= 0, place < block.count { return block[place] }
        guard position < end else { return nil }
        let count = min(nextBlockBytes, end - position)
        try budget.spend(count / 8 + 64, at: position)
        block = try source.read(at: position, count: count)
        guard block.count == count else { throw PDFFault(.unreadable, "short read", at: position) }
        blockStart = position
        nextBlockBytes = min(nextBlockBytes * 4, Self.blockBytesMax)
        return block[0]
    }

    mutating func next() throws(PDFFault) -> UInt8? {
        let byte = try peek()
        if byte != nil {
            position += 1
            if position & 0xFFF == 0 { try budget.spend(0x1000, at: position) }
        }
        return byte
    }

    mutating func advance() throws(PDFFault) { _ = try next() }

    mutating func move(to place: Int) { position = max(0, place) }

    mutating func countString(_ count: Int) throws(PDFFault) {
        stringBytes += count
        guard stringBytes <= budget.limits.stringBytesMax else {
            throw PDFFault(.tooLarge, "strings too long", at: position)
        }
    }

    /// Takes `text` where it comes next; otherwise stays.
    mutating func take(_ text: StaticString) throws(PDFFault) -> Bool {
        let start = position
        for index in 0..<text.utf8CodeUnitCount {
            guard try next() == Self.byte(of: text, index) else {
                position = start
                return false
            }
        }
        return true
    }

    private static func byte(of text: StaticString, _ index: Int) -> UInt8 {
        unsafe text.utf8Start[index]
    }

    mutating func skipSpace() throws(PDFFault) {
        while let byte = try peek() {
            if PDFByte.isSpace(byte) {
                try advance()
            } else if byte == 0x25 {
                try skipLine()
            } else {
                return
            }
        }
    }

    /// White space without comments, not endlessly.
    mutating func skipBlanks(_ most: Int) throws(PDFFault) {
        let start = position
        while let byte = try peek(), PDFByte.isSpace(byte) {
            guard position - start < most else { throw fault("too much white space") }
            try advance()
        }
    }

    private mutating func skipLine() throws(PDFFault) {
        while let byte = try peek(), byte != 0x0A, byte != 0x0D { try advance() }
    }

    /// One end of line, where there is one.
    mutating func skipLineEnd() throws(PDFFault) {
        if try peek() == 0x0D { try advance() }
        if try peek() == 0x0A { try advance() }
    }

    func fault(_ what: String) -> PDFFault { PDFFault(.malformed, what, at: position) }
}

/// Classes of characters (ISO 32000-2 section 7.2.3).
package enum PDFByte {
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 || byte == 0x0C || byte == 0
    }

    static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x28, 0x29, 0x3C, 0x3E, 0x5B, 0x5D, 0x7B, 0x7D, 0x2F, 0x25: true
        default: false
        }
    }

    static func isRegular(_ byte: UInt8) -> Bool { !isSpace(byte) && !isDelimiter(byte) }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    package static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
