/// Names of files come from strangers and end on a clerk's disk.
package enum FileName {
    /// Whether `name` can be used as it stands, on Linux and on Windows, without leaving its directory and
    /// without looking like something else.
    package static func isSafe(_ name: String, bytesMax: Int = 255) -> Bool {
        if name.isEmpty || name.utf8.count > bytesMax || name == "." || name == ".." { return false }
        // Windows drops a trailing dot or blank and reads a colon as a drive or a stream.
        if let last = name.utf8.last, last == 0x2E || last == 0x20 { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "/", "\\", ":", "*", "?", "\"", "<", ">", "|": false
            default: isVisible(scalar)
            }
        }
    }

    /// False for controls and for marks that turn or hide text, which make `gpj.exe` read as `exe.jpg`.
    static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x00AD, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFB, 0xE0000...0xE007F:
            false
        default: true
        }
    }

    /// In lower case, without the point; empty where there is none.
    package static func fileExtension(of name: String) -> String {
        guard let point = name.utf8.lastIndex(of: 0x2E), point != name.utf8.startIndex else { return "" }
        return String(name[name.utf8.index(after: point)...]).lowercased()
    }
}
