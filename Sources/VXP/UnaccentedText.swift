/// Vietnamese as old software shows it: letters without their marks, nothing but ASCII, one line.
package enum UnaccentedText {
    package static func ascii(_ text: String) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x20..<0x7F: plain.append(UInt8(scalar.value))
            case 0x300...0x36F: continue
            case 0..<0x20: plain.append(0x20)
            default: plain += letters[scalar.value] ?? [0x3F]
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private static let letters: [UInt32: [UInt8]] = {
        let groups: [(String, String)] = [
            ("a", "àáảãạăằắẳẵặâầấẩẫậ"), ("d", "đ"), ("e", "èéẻẽẹêềếểễệ"), ("i", "ìíỉĩị"),
            ("o", "òóỏõọôồốổỗộơờớởỡợ"), ("u", "ùúủũụưừứửữự"), ("y", "ỳýỷỹỵ"),
        ]
        var letters: [UInt32: [UInt8]] = [:]
        for (letter, marked) in groups {
            for scalar in marked.unicodeScalars { letters[scalar.value] = Array(letter.utf8) }
            for scalar in marked.uppercased().unicodeScalars {
                letters[scalar.value] = Array(letter.uppercased().utf8)
            }
        }
        for (mark, plain) in [("–", "-"), ("—", "-"), ("…", "..."), ("“", "\""), ("”", "\""), ("’", "'")] {
            for scalar in mark.unicodeScalars { letters[scalar.value] = Array(plain.utf8) }
        }
        return letters
    }()
}
