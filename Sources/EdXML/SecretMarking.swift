/// Whether a text is a marking of secrecy: Mật, Tối mật, Tuyệt mật. Letters so marked may not go through a
/// hub at all [edXML 4, rule 11].
///
/// edXML has no element for it, so senders write the marking where they can: as the whole text of an element
/// of their own, as `Độ mật: Tối mật`, or in front of the subject, in brackets or in capitals with a mark
/// behind it. Words that only contain it (bảo mật, mật độ, mật ong) are no marking.
enum SecretMarking {
    private static let markings: [[String]] = [["mật"], ["tối", "mật"], ["tuyệt", "mật"]]
    private static let labels: [[String]] = [["độ"], ["mức", "độ"], ["cấp", "độ"], ["dấu"]]
    private static let wordsMax = 5

    static func isIn(_ text: String) -> Bool {
        guard mayHold(text) else { return false }
        let first = words(text)
        if isMarking(first)
            || labels.contains(where: { label in
                // `Độ mật: Tối mật`, `Mức độ mật: Mật`
                let head = label == ["dấu"] ? label : label + ["mật"]
                return first.starts(with: head) && isMarking(Array(first.dropFirst(head.count)))
            })
        {
            return true
        }
        return isBracketed(text) || isInCapitals(text)
    }

    /// Looks for the word's beginning, an M and a vowel that may become its own, with its marks in one piece
    /// or apart, before anything costs more. Nothing but the letter M is an M in lower case or in another
    /// spelling of the same.
    private static func mayHold(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        guard bytes.count >= 4 else { return false }
        for index in 0..<(bytes.count - 3) where bytes[index] | 0x20 == 0x6D {
            switch (bytes[index + 1], bytes[index + 2], bytes[index + 3]) {
            case (0xE1, 0xBA, 0xAC), (0xE1, 0xBA, 0xAD), (0xE1, 0xBA, 0xA0), (0xE1, 0xBA, 0xA1),
                (0xC3, 0x82, _), (0xC3, 0xA2, _), (0x41, 0xCC, _), (0x61, 0xCC, _):
                return true
            default: break
            }
        }
        return false
    }

    private static func isMarking(_ words: [String]) -> Bool {
        markings.contains(words)
    }

    /// `[Mật] V/v …`, `(TỐI MẬT) …`
    private static func isBracketed(_ text: String) -> Bool {
        guard let first = text.first, "[({<【".contains(first) else { return false }
        let inside = text.dropFirst().prefix { !"])}>】".contains($0) }
        return inside.count < text.count - 1 && inside.count < 40 && isMarking(words(String(inside)))
    }

    /// `MẬT: V/v …`, `TUYỆT MẬT - …`
    private static func isInCapitals(_ text: String) -> Bool {
        let head = text.prefix { $0.isLetter || $0 == " " }
        let next = text.dropFirst(head.count).first
        guard let next, ":-–—.,;/|".contains(next), head.count < 40 else { return false }
        return String(head) == head.uppercased() && isMarking(words(String(head)))
    }

    /// The first words in lower case; compared as Unicode does, so that NFC and NFD are one.
    private static func words(_ text: String) -> [String] {
        text.lowercased().split(maxSplits: wordsMax, whereSeparator: { !$0.isLetter }).map(String.init)
    }
}
