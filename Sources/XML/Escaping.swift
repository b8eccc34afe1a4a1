/// What we write into XML of our own. Nothing is dropped silently: text that XML 1.0 cannot hold is asked
/// for with `isAllowed` first.
package enum XMLEscaping {
    /// Whether XML 1.0 can hold `text` at all (section 2.2): no controls but tab and line ends, no U+FFFE
    /// or U+FFFF.
    package static func isAllowed(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: true
            case 0..<0x20, 0xFFFE, 0xFFFF: false
            default: true
            }
        }
    }

    /// Appends `text` as element content; a carriage return as a reference, since a bare one would be
    /// read as a line feed.
    package static func appendText(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 0x26: bytes.append(contentsOf: "&amp;".utf8)
            case 0x3C: bytes.append(contentsOf: "&lt;".utf8)
            case 0x3E: bytes.append(contentsOf: "&gt;".utf8)
            case 0x0D: bytes.append(contentsOf: "&#xD;".utf8)
            default: bytes.append(byte)
            }
        }
    }

    /// Appends `text` as the inside of an attribute value in double quotes.
    package static func appendAttributeValue(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 0x26: bytes.append(contentsOf: "&amp;".utf8)
            case 0x3C: bytes.append(contentsOf: "&lt;".utf8)
            case 0x22: bytes.append(contentsOf: "&quot;".utf8)
            case 0x09: bytes.append(contentsOf: "&#x9;".utf8)
            case 0x0A: bytes.append(contentsOf: "&#xA;".utf8)
            case 0x0D: bytes.append(contentsOf: "&#xD;".utf8)
            default: bytes.append(byte)
            }
        }
    }
}
