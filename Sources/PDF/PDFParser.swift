/// Reads objects, strictly and with bounded recursion.
struct PDFParser {
    var cursor: PDFCursor
    private(set) var values = 0
    private var limits: PDFLimits { cursor.budget.limits }
    /// What a value costs beside its bytes, most of which are few.
    private static let valueSteps = 16

    init(_ cursor: PDFCursor) {
        self.cursor = cursor
    }

    mutating func value(depth: Int = 0) throws(PDFFault) -> PDFValue {
        values += 1
        guard depth <= limits.depthMax else {
            throw PDFFault(.tooLarge, "nested too deep", at: cursor.position)
        }
        guard values <= limits.valuesMax else {
            throw PDFFault(.tooLarge, "too many values", at: cursor.position)
        }
        try cursor.budget.spend(Self.valueSteps, at: cursor.position)
        try cursor.skipSpace()
        guard let byte = try cursor.peek() else { throw cursor.fault("value expected") }
        switch byte {
        case 0x2F: return .name(try cursor.readName())
        case 0x28: return .string(try cursor.readLiteralString())
        case 0x3C: return try angle(depth: depth)
        case 0x5B: return .array(try array(depth: depth))
        case 0x30...0x39: return try numberOrReference()
        case 0x2B, 0x2D, 0x2E: return try cursor.readNumeric()
        default: return try constant()
        }
    }

    private mutating func constant() throws(PDFFault) -> PDFValue {
        let word = try cursor.readKeyword()
        switch String(decoding: word, as: UTF8.self) {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default: throw cursor.fault("value expected")
        }
    }

    /// `12 0 R` takes three looks ahead; whatever else begins with a number is that number.
    private mutating func numberOrReference() throws(PDFFault) -> PDFValue {
        let first = try cursor.readNumeric()
        guard case .integer(let number) = first, number <= 0xFFFF_FFFF else { return first }
        let after = cursor.position
        try cursor.skipSpace()
        if let byte = try cursor.peek(), PDFByte.isDigit(byte),
            let generation = try cursor.readShortNumber(digits: 5), generation <= 65_535
        {
            try cursor.skipSpace()
            if try cursor.peek() == 0x52 {
                try cursor.advance()
                if let byte = try cursor.peek(), PDFByte.isRegular(byte) {
                    throw cursor.fault("reference expected")
                }
                return .reference(PDFReference(number, generation))
            }
        }
        cursor.move(to: after)
        return first
    }

    private mutating func angle(depth: Int) throws(PDFFault) -> PDFValue {
        let start = cursor.position
        try cursor.advance()
        let isDictionary = try cursor.peek() == 0x3C
        cursor.move(to: start)
        guard isDictionary else { return .string(try cursor.readHexString()) }
        var places: [PDFName: Range<Int>]?
        return .dictionary(try dictionary(depth: depth, &places))
    }

    private mutating func array(depth: Int) throws(PDFFault) -> [PDFValue] {
        try cursor.advance()
        var values: [PDFValue] = []
        while true {
            try cursor.skipSpace()
            if try cursor.peek() == 0x5D {
                try cursor.advance()
                return values
            }
            values.append(try value(depth: depth + 1))
        }
    }

    /// - Parameter places: where the values stand, if the caller wants to know.
    mutating func dictionary(
        depth: Int = 0, _ places: inout [PDFName: Range<Int>]?
    ) throws(PDFFault) -> PDFDictionary {
        guard try cursor.take("<<") else { throw cursor.fault("dictionary expected") }
        var dictionary = PDFDictionary()
        while true {
            try cursor.skipSpace()
            guard let byte = try cursor.peek() else { throw cursor.fault("dictionary without an end") }
            if byte == 0x3E {
                guard try cursor.take(">>") else { throw cursor.fault(">> expected") }
                return dictionary
            }
            guard byte == 0x2F else { throw cursor.fault("key expected") }
            let key = try cursor.readName()
            try cursor.skipSpace()
            let start = cursor.position
            let value = try value(depth: depth + 1)
            guard dictionary[key] == nil else { throw cursor.fault("key \(key.text) twice") }
            dictionary[key] = value
            places?[key] = start..<cursor.position
        }
    }

    /// `n g obj`
    mutating func objectHead() throws(PDFFault) -> PDFReference {
        let number = try cursor.readNumber()
        try cursor.skipSpace()
        let generation = try cursor.readNumber()
        try cursor.skipSpace()
        guard try cursor.take("obj") else { throw cursor.fault("obj expected") }
        return PDFReference(number, generation)
    }

    /// An indirect object from its number to `endobj`.
    ///
    /// - Parameter length: finds a stream's length where it is a reference.
    mutating func object(
        length: (PDFReference) throws(PDFFault) -> Int?
    ) throws(PDFFault) -> PDFObject {
        let start = cursor.position
        let reference = try objectHead()
        try cursor.skipSpace()
        let begin = cursor
        var places: [PDFName: Range<Int>]? = [:]
        var value: PDFValue
        if try cursor.take("<<") {
            cursor = begin
            value = .dictionary(try dictionary(&places))
        } else {
            value = try self.value()
        }
        try cursor.skipSpace()
        var stream: Range<Int>?
        if try cursor.peek() == 0x73 {
            guard case .dictionary(let dictionary) = value else { throw cursor.fault("stream of what") }
            stream = try self.stream(dictionary, length: length)
            try cursor.skipSpace()
        }
        try cursor.expect("endobj")
        return PDFObject(
            reference: reference, value: value, range: start..<cursor.position, places: places ?? [:],
            stream: stream, weight: weight)
    }

    var weight: Int { values + cursor.stringBytes / 64 }

    private mutating func stream(
        _ dictionary: PDFDictionary, length find: (PDFReference) throws(PDFFault) -> Int?
    ) throws(PDFFault) -> Range<Int> {
        try cursor.expect("stream")
        // A carriage return alone would leave open whether the next line feed is data.
        if try cursor.peek() == 0x0D { try cursor.advance() }
        guard try cursor.next() == 0x0A else { throw cursor.fault("line feed after stream expected") }
        var length: Int?
        switch dictionary["Length"] {
        case .integer(let number): length = number
        case .reference(let reference): length = try find(reference)
        default: break
        }
        let start = cursor.position
        guard let length, length >= 0, length <= cursor.end - start else {
            throw cursor.fault("stream without a proper Length")
        }
        cursor.move(to: start + length)
        try cursor.skipLineEnd()
        try cursor.expect("endstream")
        return start..<start + length
    }
}
