/// Conditions on a strong entity tag, RFC 9110 section 13.
package enum EntityTag {
    /// Whether If-None-Match holds for `current` (in quotes), so that the answer is 304. Weak comparison, as
    /// section 13.1.2 asks.
    package static func isNamed(by ifNoneMatch: String?, current: String) -> Bool {
        guard let ifNoneMatch else { return false }
        return listed(ifNoneMatch).contains { $0 == "*" || $0 == current || $0 == "W/" + current }
    }

    /// Whether a Range may be honoured: no If-Range, or one with this very tag. A date or a weak tag proves
    /// nothing about bytes, so the whole is sent.
    package static func allowsRange(ifRange: String?, current: String) -> Bool {
        ifRange == nil || ifRange == current
    }

    /// Splits at commas outside of quotes.
    private static func listed(_ field: String) -> [String] {
        var tags: [String] = []
        var tag: [UInt8] = []
        var isQuoted = false
        for byte in field.utf8 {
            if byte == 0x22 { isQuoted.toggle() }
            if byte == 0x2C, !isQuoted {
                tags.append(String(decoding: tag, as: UTF8.self))
                tag = []
            } else if isQuoted || (byte != 0x20 && byte != 0x09) {
                tag.append(byte)
            }
        }
        tags.append(String(decoding: tag, as: UTF8.self))
        return tags
    }
}
