/// Why a text is not JSON, and where.
package struct JSONSyntaxError: Error, Sendable, Equatable {
    /// 1-based.
    package let line: Int
    package let message: String
}

/// Reads RFC 8259 JSON, or JSON5 for files that people write. Bounded in depth and size.
package struct JSONReader {
    package enum Dialect: Sendable {
        case strict
        /// Comments, trailing commas, unquoted names, single quotes, hexadecimal numbers.
        case json5
    }

    package static let depthMax = 64
    package static let bytesMax = 256 << 20

    private let bytes: [UInt8]
    private let dialect: Dialect
    private var position = 0
    private var line = 1

    package static func read(_ bytes: [UInt8], dialect: Dialect = .strict) throws(JSONSyntaxError)
        -> JSONValue
    {
        guard bytes.count <= bytesMax else {
            throw JSONSyntaxError(line: 1, message: "the text is longer than \(bytesMax) bytes")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONSyntaxError(line: 1, message: "the text is not UTF-8")
        }
        var reader = JSONReader(bytes: bytes, dialect: dialect)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]), dialect == .json5 { reader.position = 3 }
        let value = try reader.value(depth: 0)
        try reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.error("something follows the value") }
        return value
    }

    private init(bytes: [UInt8], dialect: Dialect) {
        self.bytes = bytes
        self.dialect = dialect
    }

    private func error(_ message: String) -> JSONSyntaxError {
        JSONSyntaxError(line: line, message: message)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = next, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() throws(JSONSyntaxError) {
        while let byte = next {
            switch byte {
            case 0x0A:
                line += 1
                position += 1
            case 0x20, 0x09, 0x0D: position += 1
            case 0x2F where dialect == .json5: try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(JSONSyntaxError) {
        position += 1
        if take("/") {
            while let byte = next, byte != 0x0A { position += 1 }
        } else if take("*") {
            while true {
                guard let byte = next else { throw error("a comment is not closed") }
                position += 1
                if byte == 0x0A { line += 1 }
                if byte == 0x2A, take("/") { return }
            }
        } else {
            throw error("a lone '/'")
        }
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth < Self.depthMax else { throw error("nested deeper than \(Self.depthMax)") }
        try skipSpace()
        let start = line
        guard let byte = next else { throw error("a value is missing") }
        switch byte {
        case 0x7B: return JSONValue(.object(try members(depth: depth)), line: start)
        case 0x5B: return JSONValue(.array(try elements(depth: depth)), line: start)
        case 0x22: return JSONValue(.string(try string(quote: 0x22)), line: start)
        case 0x27 where dialect == .json5: return JSONValue(.string(try string(quote: 0x27)), line: start)
        default: return JSONValue(try word(), line: start)
        }
    }

    private mutating func members(depth: Int) throws(JSONSyntaxError) -> [JSONMember] {
        position += 1
        var members: [JSONMember] = []
        // Few names are compared with each other; many, which only an attacker has, are looked up.
        var names: Set<[UInt8]> = []
        while true {
            try skipSpace()
            if take("}") {
                guard members.isEmpty || dialect == .json5 else { throw error("a comma before '}'") }
                return members
            }
            let start = line
            let name = try memberName()
            guard Self.isNew(name, among: members, &names) else {
                throw error("the key \"\(name)\" stands twice")
            }
            try skipSpace()
            guard take(":") else { throw error("':' is missing after \"\(name)\"") }
            members.append(JSONMember(name: name, line: start, value: try value(depth: depth + 1)))
            try skipSpace()
            if take(",") { continue }
            guard take("}") else { throw error("',' or '}' is missing after \"\(name)\"") }
            return members
        }
    }

    private static let comparedMax = 24

    private static func isNew(
        _ name: String, among members: [JSONMember], _ names: inout Set<[UInt8]>
    ) -> Bool {
        if members.count < comparedMax {
            return !members.contains { $0.name.utf8.elementsEqual(name.utf8) }
        }
        if names.isEmpty { for member in members { names.insert(Array(member.name.utf8)) } }
        return names.insert(Array(name.utf8)).inserted
    }

    private mutating func memberName() throws(JSONSyntaxError) -> String {
        if next == 0x22 { return try string(quote: 0x22) }
        guard dialect == .json5 else { throw error("a name in quotes is missing") }
        if next == 0x27 { return try string(quote: 0x27) }
        let start = position
        while let byte = next, Self.isNameByte(byte) { position += 1 }
        guard position > start else { throw error("a name is missing") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x24, 0x5F: true
        default: false
        }
    }

    private mutating func elements(depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
        position += 1
        var values: [JSONValue] = []
        while true {
            try skipSpace()
            if take("]") {
                guard values.isEmpty || dialect == .json5 else { throw error("a comma before ']'") }
                return values
            }
            values.append(try value(depth: depth + 1))
            try skipSpace()
            if take(",") { continue }
            guard take("]") else { throw error("',' or ']' is missing") }
            return values
        }
    }

    private mutating func string(quote: UInt8) throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        // Nearly every string has nothing to be replaced in it, and is taken as it stands.
        while position < bytes.count, bytes[position] != quote, bytes[position] != 0x5C,
            bytes[position] >= 0x20
        { position += 1 }
        if next == quote {
            position += 1
            return String(decoding: bytes[start..<position - 1], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = next {
            position += 1
            switch byte {
            case quote: return String(decoding: text, as: UTF8.self)
            case 0x5C: try escape(into: &text)
            case 0..<0x20: throw error("a control character in a string")
            default: text.append(byte)
            }
        }
        throw error("a string is not closed")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        guard let byte = next else { throw error("a string is not closed") }
        position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75: text.append(contentsOf: Array(String(try escapedScalar()).utf8))
        case 0x27 where dialect == .json5: text.append(byte)
        case 0x0A where dialect == .json5: line += 1
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(UInt32(first)) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else {
            throw error("a lone surrogate")
        }
        let second = try hexadecimalUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw error("a lone surrogate") }
        return scalar
    }

    private mutating func hexadecimalUnit() throws(JSONSyntaxError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw error("an escape is cut") }
        let text = bytes[position..<position + 4]
        let isHexadecimal = text.allSatisfy { UInt8.hexadecimalDigits.contains($0) }
        guard isHexadecimal, let unit = UInt16(String(decoding: text, as: UTF8.self), radix: 16) else {
            throw error("an escape without four hexadecimal digits")
        }
        position += 4
        return unit
    }

    private mutating func word() throws(JSONSyntaxError) -> JSONValue.Content {
        let start = position
        while let byte = next, Self.isNameByte(byte) || byte == 0x2B || byte == 0x2D || byte == 0x2E {
            position += 1
        }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        switch word {
        case "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "": throw error("a value is missing")
        default: return try number(word)
        }
    }

    private func number(_ word: String) throws(JSONSyntaxError) -> JSONValue.Content {
        if dialect == .json5, word.hasPrefix("0x"), word.utf8.dropFirst(2).first != 0x2D,
            let value = Int64(word.dropFirst(2), radix: 16)
        {
            return .integer(value)
        }
        // Double(_:) reads more than JSON has: "1.", "0x1p3", "1_000".
        guard Self.isNumber(word.utf8) else { throw error("\"\(word)\" is no value") }
        if let value = Int64(word) { return .integer(value) }
        guard let value = Double(word), value.isFinite else { throw error("\"\(word)\" is no number") }
        return .double(value)
    }

    /// RFC 8259 section 6: `[ minus ] int [ frac ] [ exp ]`.
    private static func isNumber(_ word: String.UTF8View) -> Bool {
        var rest = word[...]
        func digits() -> Substring.UTF8View {
            let run = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(run.count)
            return run
        }
        if rest.first == 0x2D { rest.removeFirst() }
        let whole = digits()
        guard let first = whole.first, first != 0x30 || whole.count == 1 else { return false }
        if rest.first == 0x2E {
            rest.removeFirst()
            if digits().isEmpty { return false }
        }
        if rest.first == 0x65 || rest.first == 0x45 {
            rest.removeFirst()
            if rest.first == 0x2B || rest.first == 0x2D { rest.removeFirst() }
            if digits().isEmpty { return false }
        }
        return rest.isEmpty
    }
}

extension UInt8 {
    fileprivate static let hexadecimalDigits = Set("0123456789abcdefABCDEF".utf8)
}
