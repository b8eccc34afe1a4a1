/// Text as people type it into a search: lower case, without diacritics. `Sở Nội vụ` becomes `so noi vu`.
///
/// Letters with their marks arrive in one piece (NFC) or in several (NFD); both give the same bytes, so that
/// a name typed on one system is found on another.
enum FoldedText {
    /// ASCII letters and digits of `text`; everything else is a space. What has no ASCII letter behind it
    /// (other scripts) stays as its own UTF-8 in lower case.
    static func bytes(_ text: String) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x30...0x39, 0x61...0x7A: folded.append(UInt8(scalar.value))
            case 0x41...0x5A: folded.append(UInt8(scalar.value) | 0x20)
            // Marks that stand apart from their letter.
            case 0x0300...0x036F: continue
            case 0..<0x80: folded.append(0x20)
            default:
                if let letter = letters[scalar.value] {
                    folded.append(letter)
                } else {
                    folded += scalar.properties.lowercaseMapping.utf8
                }
            }
        }
        return folded
    }

    /// The words of `text`, in order; empty where it has none.
    static func words(_ text: String) -> [[UInt8]] {
        bytes(text).split(separator: 0x20).map(Array.init)
    }

    /// Every precomposed letter of Vietnamese, by its number.
    private static let letters: [UInt32: UInt8] = {
        let groups: [(UInt8, String)] = [
            (0x61, "àáảãạăằắẳẵặâầấẩẫậ"), (0x64, "đ"), (0x65, "èéẻẽẹêềếểễệ"), (0x69, "ìíỉĩị"),
            (0x6F, "òóỏõọôồốổỗộơờớởỡợ"), (0x75, "ùúủũụưừứửữự"), (0x79, "ỳýỷỹỵ"),
        ]
        var letters: [UInt32: UInt8] = [:]
        for (letter, marked) in groups {
            for scalar in (marked + marked.uppercased()).unicodeScalars { letters[scalar.value] = letter }
        }
        return letters
    }()
}
