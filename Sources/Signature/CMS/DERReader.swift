/// Reads DER (X.690) strictly, without copying: one tag byte, definite and minimal lengths, nothing left
/// over.
struct DERReader {
    enum Fault: Error, Equatable {
        /// BER that DER forbids.
        case notDER
        /// The bytes end too early, or the value is not the expected one.
        case malformed
        case tooDeep
        case tooMany
    }

    struct Element {
        let tag: UInt8
        /// Tag and length included.
        let whole: Range<Int>
        let content: Range<Int>
    }

    enum Tag {
        static let boolean: UInt8 = 0x01
        static let integer: UInt8 = 0x02
        static let octetString: UInt8 = 0x04
        static let null: UInt8 = 0x05
        static let objectIdentifier: UInt8 = 0x06
        static let utcTime: UInt8 = 0x17
        static let generalizedTime: UInt8 = 0x18
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31

        /// `[number]` with elements inside.
        static func context(_ number: UInt8) -> UInt8 { 0xA0 | number }
        /// `[number]` with a value inside.
        static func contextPrimitive(_ number: UInt8) -> UInt8 { 0x80 | number }
    }

    static let depthMax = 32
    /// A CRL of ten thousand entries inside of a signature has fifty thousand.
    static let elementsMax = 500_000

    let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position == end }

    /// Reads what is inside `element`.
    func inside(_ element: Element) -> DERReader {
        DERReader(bytes, element.content)
    }

    func slice(_ range: Range<Int>) -> [UInt8] {
        Array(bytes[range])
    }

    /// The tag that comes next; nil at the end.
    var nextTag: UInt8? { position < end ? bytes[position] : nil }

    mutating func next() throws(Fault) -> Element {
        guard end - position >= 2 else { throw .malformed }
        let start = position
        let tag = bytes[position]
        // Tags of more than one byte appear nowhere in what we read.
        guard tag & 0x1F != 0x1F, tag != 0 else { throw .malformed }
        var length = Int(bytes[position + 1])
        position += 2
        if length == 0x80 { throw .notDER }
        if length > 0x80 {
            let count = length & 0x7F
            guard count <= 4 else { throw .malformed }
            guard end - position >= count else { throw .malformed }
            length = bytes[position..<position + count].reduce(0) { $0 << 8 | Int($1) }
            guard bytes[position] != 0, length >= 0x80 else { throw .notDER }
            position += count
        }
        guard length <= end - position else { throw .malformed }
        let content = position..<(position + length)
        position = content.upperBound
        return Element(tag: tag, whole: start..<position, content: content)
    }

    mutating func next(_ tag: UInt8) throws(Fault) -> Element {
        let element = try next()
        guard element.tag == tag else { throw .malformed }
        return element
    }

    /// The next element where it has that tag.
    mutating func optional(_ tag: UInt8) throws(Fault) -> Element? {
        nextTag == tag ? try next() : nil
    }

    func finish() throws(Fault) {
        guard isAtEnd else { throw .malformed }
    }

    /// A whole element's inside.
    mutating func sequence(_ tag: UInt8 = Tag.sequence) throws(Fault) -> DERReader {
        inside(try next(tag))
    }

    mutating func objectIdentifier() throws(Fault) -> [UInt8] {
        let element = try next(Tag.objectIdentifier)
        guard !element.content.isEmpty else { throw .malformed }
        return slice(element.content)
    }

    mutating func octetString() throws(Fault) -> [UInt8] {
        slice(try next(Tag.octetString).content)
    }

    /// A small number that is not negative.
    mutating func integer() throws(Fault) -> Int {
        let element = try next(Tag.integer)
        let digits = bytes[element.content]
        guard let first = digits.first, first < 0x80, digits.count <= 4 else { throw .malformed }
        return digits.reduce(0) { $0 << 8 | Int($1) }
    }

    /// Checks every element of the message, whoever reads it later: lengths, BOOLEAN, INTEGER, NULL, depth,
    /// count.
    ///
    /// A recursive descent on hostile input needs a bound, as does the number of elements.
    static func check(_ bytes: [UInt8]) throws(Fault) {
        var reader = DERReader(bytes)
        var count = 0
        try check(&reader, depth: 0, &count)
    }

    private static func check(_ reader: inout DERReader, depth: Int, _ count: inout Int) throws(Fault) {
        guard depth <= depthMax else { throw .tooDeep }
        while !reader.isAtEnd {
            count += 1
            guard count <= elementsMax else { throw .tooMany }
            let element = try reader.next()
            if element.tag & 0x20 != 0 {
                // Strings in pieces are BER; only SEQUENCE, SET and tagged values have something inside.
                let isUniversal = element.tag & 0xC0 == 0
                guard !isUniversal || element.tag == Tag.sequence || element.tag == Tag.set else {
                    throw .notDER
                }
                var inner = reader.inside(element)
                try check(&inner, depth: depth + 1, &count)
            } else {
                try check(element, in: reader)
            }
        }
    }

    private static func check(_ element: Element, in reader: DERReader) throws(Fault) {
        let content = reader.bytes[element.content]
        switch element.tag {
        case Tag.sequence & 0x1F, Tag.set & 0x1F: throw .malformed
        case Tag.boolean:
            guard content.count == 1, let value = content.first else { throw .malformed }
            guard value == 0 || value == 0xFF else { throw .notDER }
        case Tag.null:
            guard content.isEmpty else { throw .malformed }
        case Tag.integer:
            guard let first = content.first else { throw .malformed }
            if let second = content.dropFirst().first {
                let isPadded = first == 0 && second < 0x80 || first == 0xFF && second >= 0x80
                if isPadded { throw .notDER }
            }
        default: break
        }
    }
}
