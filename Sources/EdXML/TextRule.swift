internal import Exchange

/// What a text may look like, by the rule of its element.
enum TextRule {
    /// Without the white space that pretty-printing puts around a value.
    static func trimmed(_ bytes: [UInt8]) -> String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    static func flaw(
        in text: String, isTooLong: Bool, _ rule: ElementRule, _ limits: EdXMLLimits
    ) -> (code: RejectionCode, detail: String)? {
        switch rule.content {
        case .elements, .encoded: return nil
        case .text: return length(text, isTooLong, limits.textCharactersMax, rule)
        case .subject: return length(text, isTooLong, limits.subjectCharactersMax, rule)
        case .description: return length(text, isTooLong, limits.contentCharactersMax, rule)
        case .identifier(let kind):
            let bytesMax =
                switch kind {
                case .organ: limits.organIDBytesMax
                case .document: limits.documentIDBytesMax
                case .code, .date: limits.codeBytesMax
                }
            if isTooLong || text.utf8.count > bytesMax {
                return (.valueTooLong, "Nội dung <\(rule.tag.rawValue)> dài quá \(bytesMax) byte.")
            }
            // A letter must not go by a code that looks like another one on a screen.
            if isVisibleASCII(text, withBlanks: kind != .organ) { return nil }
            let isPlain = text.unicodeScalars.allSatisfy { scalar in
                FileName.isVisible(scalar) && (kind != .organ || !scalar.properties.isWhitespace)
            }
            if isPlain { return nil }
            return (
                .valueInvalid,
                "Nội dung <\(rule.tag.rawValue)> có xuống dòng, ký tự điều khiển hoặc ký tự ẩn."
            )
        }
    }

    /// What nearly all identifiers are, told without a look at Unicode's tables.
    private static func isVisibleASCII(_ text: String, withBlanks: Bool) -> Bool {
        let bytes = text.utf8Span.span
        let lowest: UInt8 = withBlanks ? 0x20 : 0x21
        for index in bytes.indices where bytes[index] < lowest || bytes[index] >= 0x7F { return false }
        return true
    }

    private static func length(
        _ text: String, _ isTooLong: Bool, _ charactersMax: Int, _ rule: ElementRule
    ) -> (code: RejectionCode, detail: String)? {
        // Bytes first: counting characters is for the few that are near the bound.
        if !isTooLong, text.utf8.count <= charactersMax || text.unicodeScalars.count <= charactersMax {
            return nil
        }
        return (.valueTooLong, "Nội dung <\(rule.tag.rawValue)> dài quá \(charactersMax) ký tự.")
    }
}
