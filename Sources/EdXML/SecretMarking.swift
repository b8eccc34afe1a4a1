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

    /// Looks for the vowel of the word, in one piece or with its marks apart, before anything costs more.
    private static func mayHold(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            // Each of the first bytes below is one of these; nearly none of a text's is.
            for index in 0..<max(0, bytes.count - 1) where unsafe bytes[index] >= 0xBA {
                switch unsafe (bytes[index], bytes[index + 1]) {
                case (0xBA, 0xAC), (0xBA, 0xAD), (0xCC, 0x82), (0xCC, 0xA3), (0xC3, 0xA2), (0xC3, 0x82),
                    (0xBA, 0xA0), (0xBA, 0xA1):
                    return true
                default: break
                }
            }
            return false
        }
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
