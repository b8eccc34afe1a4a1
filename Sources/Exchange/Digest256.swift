/// A SHA-256 value. The value only: hashing itself is in the OpenSSL target.
package struct Digest256: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The 32 bytes as four big-endian words, so that order of values is order of bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package static let byteCount = 32

    /// Nil unless `bytes` are exactly 32. Over an array and not any collection: rows of the database come
    /// this way, and an iterator call for each byte took longer than reading the row.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(bytes.span, at: 0)
    }

    /// Nil unless `bytes` are exactly 32.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(bytes.span, at: 0)
    }

    /// For hash functions, which have the value as words.
    package init(bigEndianWords words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// Nil unless `hex` is 64 hexadecimal digits.
    package init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }

    /// The 32 bytes of `bytes` from `offset` on; nil where they are not all there. For rows of hashes, where
    /// a slice for each of them would cost more than reading it.
    package init?(_ bytes: Span<UInt8>, at offset: Int) {
        guard offset >= 0, bytes.count >= Self.byteCount, offset <= bytes.count - Self.byteCount else {
            return nil
        }
        func word(_ start: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in start..<start + 8 { value = value << 8 | UInt64(bytes[index]) }
            return value
        }
        words = (word(offset), word(offset + 8), word(offset + 16), word(offset + 24))
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        append(to: &bytes)
        return bytes
    }

    /// Adds the 32 bytes.
    package func append(to bytes: inout [UInt8]) {
        Self.append(words.0, to: &bytes)
        Self.append(words.1, to: &bytes)
        Self.append(words.2, to: &bytes)
        Self.append(words.3, to: &bytes)
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        var shift: UInt64 = 64
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    /// The value as the hash functions take it.
    package var bigEndianWords: (UInt64, UInt64, UInt64, UInt64) { words }

    /// Lower-case, 64 digits.
    package var hex: String { Hex.encode(bytes) }
    package var description: String { hex }

    package static func == (left: Digest256, right: Digest256) -> Bool {
        left.words == right.words
    }

    package static func < (left: Digest256, right: Digest256) -> Bool {
        left.words < right.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
