/// Names one document at this hub: 32 lower-case hexadecimal digits.
///
/// Safe in a URL, as a file name and as a word in JSON, which the sender's DocumentId
/// (`H37.12,2026/11/20,482/SKHCN-CĐS`) is not. Derived from what makes a sending unique, so that a resend
/// after a lost reply finds the same key.
package struct DocumentKey: Hashable, Sendable, CustomStringConvertible {
    package static let byteCount = 16

    package let bytes: [UInt8]

    /// The first 16 bytes of `digest`, which hashes what makes the document unique.
    package init(truncating digest: Digest256) {
        bytes = Array(digest.bytes.prefix(Self.byteCount))
    }

    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    package init?(_ text: some StringProtocol) {
        guard let bytes = Hex.decode(text), bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    package var description: String { Hex.encode(bytes) }
}
