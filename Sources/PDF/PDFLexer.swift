/// Strings, names and numbers (ISO 32000-2 section 7.3), each from its first byte to its last.
extension PDFCursor {
    /// Digits only, as in object numbers and offsets.
    mutating func readNumber() throws(PDFFault) -> Int {
        var number = 0
        var count = 0
        while let byte = try peek(), PDFByte.isDigit(byte) {
            guard count < 18 else { throw fault("number too long") }
            number = number * 10 + Int(byte - 0x30)
            count += 1
            try advance()
        }
        guard count > 0 else { throw fault("number expected") }
        return number
    }

    mutating func readNumeric() throws(PDFFault) -> PDFValue {
        let start = position
        if let number = try readShortNumber() { return .integer(number) }
        move(to: start)
        var text: [UInt8] = []
        var hasPoint = false
        var digits = 0
        while let byte = try peek(), PDFByte.isRegular(byte) {
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x2E where !hasPoint: hasPoint = true
            case 0x2B where text.isEmpty, 0x2D where text.isEmpty: break
            default: throw fault("not a number")
            }
            guard text.count < 64 else { throw fault("number too long") }
            text.append(byte)
            try advance()
        }
        guard digits > 0 else { throw fault("not a number") }
        if hasPoint { return .real(text) }
        guard let number = Int(String(decoding: text, as: UTF8.self)) else { return .real(text) }
        return .integer(number)
    }

    /// What nearly every number is: digits alone, not many.
    ///
    /// - Returns: nil for all else, somewhere inside of it.
    mutating func readShortNumber(digits most: Int = 15) throws(PDFFault) -> Int? {
        var number = 0
        var count = 0
        while let byte = try peek(), PDFByte.isRegular(byte) {
            guard PDFByte.isDigit(byte), count < most else { return nil }
            number = number * 10 + Int(byte - 0x30)
            count += 1
            try advance()
        }
        return count > 0 ? number : nil
    }

    mutating func readName() throws(PDFFault) -> PDFName {
        try advance()
        var bytes: [UInt8] = []
        while let byte = try peek(), PDFByte.isRegular(byte) {
            try advance()
            guard byte == 0x23 else {
                bytes.append(byte)
                continue
            }
            guard let high = try next().flatMap(PDFByte.hexValue),
                let low = try next().flatMap(PDFByte.hexValue), high | low != 0
            else { throw fault("bad # in a name") }
            bytes.append(high << 4 | low)
        }
        guard bytes.count <= 4096 else { throw PDFFault(.tooLarge, "name too long", at: position) }
        return PDFName(bytes)
    }

    mutating func readHexString() throws(PDFFault) -> [UInt8] {
        try advance()
        var bytes: [UInt8] = []
        var high: UInt8?
        while let byte = try next() {
            if byte == 0x3E {
                // An odd digit out stands for itself and a zero.
                if let high { bytes.append(high << 4) }
                return bytes
            }
            if PDFByte.isSpace(byte) { continue }
            guard let digit = PDFByte.hexValue(byte) else { throw fault("not hexadecimal") }
            guard let first = high else {
                high = digit
                continue
            }
            bytes.append(first << 4 | digit)
            high = nil
            try countString(1)
        }
        throw fault("string without an end")
    }

    mutating func readLiteralString() throws(PDFFault) -> [UInt8] {
        try advance()
        var bytes: [UInt8] = []
        var open = 1
        while let byte = try next() {
            switch byte {
            case 0x28: open += 1
            case 0x29:
                open -= 1
                if open == 0 { return bytes }
            case 0x5C:
                try readEscape(into: &bytes)
                continue
            case 0x0D:
                // Whatever ends a line is one line feed.
                if try peek() == 0x0A { try advance() }
                bytes.append(0x0A)
                continue
            default: break
            }
            bytes.append(byte)
            try countString(1)
        }
        throw fault("string without an end")
    }

    private mutating func readEscape(into bytes: inout [UInt8]) throws(PDFFault) {
        guard let byte = try next() else { throw fault("string without an end") }
        switch byte {
        case 0x6E: bytes.append(0x0A)
        case 0x72: bytes.append(0x0D)
        case 0x74: bytes.append(0x09)
        case 0x62: bytes.append(0x08)
        case 0x66: bytes.append(0x0C)
        case 0x0A: break
        case 0x0D: if try peek() == 0x0A { try advance() }
        case 0x30...0x37:
            var code = Int(byte - 0x30)
            for _ in 0..<2 {
                guard let digit = try peek(), (0x30...0x37).contains(digit) else { break }
                code = code * 8 + Int(digit - 0x30)
                try advance()
            }
            bytes.append(UInt8(truncatingIfNeeded: code))
        default: bytes.append(byte)
        }
    }

    /// Letters up to the next space or delimiter.
    mutating func readKeyword() throws(PDFFault) -> [UInt8] {
        var bytes: [UInt8] = []
        while let byte = try peek(), PDFByte.isRegular(byte), bytes.count < 16 {
            bytes.append(byte)
            try advance()
        }
        return bytes
    }

    /// `word`, and nothing grown onto it.
    mutating func expect(_ word: StaticString) throws(PDFFault) {
        guard try take(word) else { throw fault("\(word) expected") }
        if let byte = try peek(), PDFByte.isRegular(byte) { throw fault("\(word) expected") }
    }
}
