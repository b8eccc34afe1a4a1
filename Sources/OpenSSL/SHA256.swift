internal import COpenSSL
package import Exchange

/// SHA-256 as a value: its state lies inside its owner, so that a Merkle node costs no allocation.
///
/// Through the low-level functions, on purpose: `EVP_DigestInit` costs more than hashing the 65 bytes of a
/// node does. They use the processor's SHA instructions all the same.
package struct SHA256: ~Copyable {
    private var context = SHA256_CTX()

    package init() {
        _ = unsafe LT_SHA256_Init(&context)
    }

    package mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            _ = unsafe LT_SHA256_Update(&context, start, buffer.count)
        }
    }

    package mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    /// One byte: the prefix that keeps leaves and nodes of a tree apart.
    package mutating func update(byte: UInt8) {
        unsafe withUnsafePointer(to: byte) { pointer in
            _ = unsafe LT_SHA256_Update(&context, pointer, 1)
        }
    }

    /// The 32 bytes of `digest`, without making an array of them.
    package mutating func update(_ digest: Digest256) {
        let words = digest.bigEndianWords
        let bytes = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        unsafe withUnsafeBytes(of: bytes) { buffer in
            _ = unsafe LT_SHA256_Update(&context, buffer.baseAddress, buffer.count)
        }
    }

    /// The digest of everything so far; starts anew, so that one value serves many messages.
    package mutating func finalize() -> Digest256 {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { buffer in
            guard let start = buffer.baseAddress else { return }
            _ = unsafe LT_SHA256_Final(start.assumingMemoryBound(to: UInt8.self), &context)
        }
        _ = unsafe LT_SHA256_Init(&context)
        return Digest256(
            bigEndianWords: (
                UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2),
                UInt64(bigEndian: words.3)
            ))
    }

    package static func hash(_ bytes: [UInt8]) -> Digest256 {
        hash(bytes.span)
    }

    package static func hash(_ bytes: Span<UInt8>) -> Digest256 {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }
}
