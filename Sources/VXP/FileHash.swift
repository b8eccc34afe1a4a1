package import Exchange

/// `hash-file` as the library writes it: SHA-256 in hexadecimal, but every byte without its leading zero
/// (`0b` is `b`), which seven of eight files have somewhere.
package enum FileHash {
    package static func unpadded(_ digest: Digest256) -> String {
        digest.bytes.map { String($0, radix: 16) }.joined()
    }

    /// Whether `text` stands for `digest`, in either spelling.
    package static func matches(_ text: String, _ digest: Digest256) -> Bool {
        let text = text.lowercased()
        return text == digest.hex || text == unpadded(digest)
    }
}
