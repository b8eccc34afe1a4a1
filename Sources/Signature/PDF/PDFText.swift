internal import Exchange

/// Text strings (ISO 32000-2 section 7.9.2), for showing and comparing names.
enum PDFText {
    /// As it is where it is ASCII, else UTF-16.
    static func encode(_ text: String) -> [UInt8] {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return Array(text.utf8) }
        return [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    static func decode(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0xFE, 0xFF]) {
            let units = stride(from: 2, to: bytes.count - 1, by: 2).map {
                UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
            }
            return String(decoding: units, as: UTF16.self)
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            return String(decoding: bytes.dropFirst(3), as: UTF8.self)
        }
        return String(String.UnicodeScalarView(bytes.map(scalar)))
    }

    /// PDFDocEncoding (annex D) is Latin-1 but for these. A lock may name in UTF-16 what the field has so.
    private static let accents = Array(
        "\u{2D8}\u{2C7}\u{2C6}\u{2D9}\u{2DD}\u{2DB}\u{2DA}\u{2DC}".unicodeScalars)
    private static let signs = Array("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž".unicodeScalars)

    private static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        switch byte {
        case 0x18...0x1F: accents[Int(byte) - 0x18]
        case 0x80...0x9E: signs[Int(byte) - 0x80]
        case 0xA0: "€"
        default: Unicode.Scalar(byte)
        }
    }

    /// `D:20261120120000+07'00'`, ISO 32000-2 section 7.9.4; nil for what is no time.
    static func time(_ bytes: [UInt8]) -> Instant? {
        var text = bytes[...]
        if text.starts(with: "D:".utf8) { text = text.dropFirst(2) }
        let digits = Array(text.prefix(14))
        guard digits.count == 14, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        func number(_ place: Int, _ count: Int) -> Int {
            digits[place..<place + count].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        let zone = Array(text.dropFirst(14))
        guard
            let local = Instant(
                year: number(0, 4), month: number(4, 2), day: number(6, 2), hour: number(8, 2),
                minute: number(10, 2), second: number(12, 2))
        else { return nil }
        guard let sign = zone.first, sign == 0x2B || sign == 0x2D else { return local }
        let parts = zone.dropFirst().split(separator: 0x27).map { part in
            part.count == 2 && part.allSatisfy { (0x30...0x39).contains($0) }
                ? part.reduce(0) { $0 * 10 + Int($1 - 0x30) } : 99
        }
        guard let hours = parts.first, hours < 24, parts.dropFirst().first ?? 0 < 60 else { return nil }
        let seconds = Int64(hours * 3600 + (parts.dropFirst().first ?? 0) * 60)
        return local.adding(seconds: sign == 0x2B ? -seconds : seconds)
    }
}
