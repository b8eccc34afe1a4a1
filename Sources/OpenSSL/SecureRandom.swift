internal import COpenSSL

package enum SecureRandom {
    /// `count` bytes from OpenSSL's private generator. Stops the process where it fails: a key or a token
    /// that somebody can guess is worse than no service.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe RAND_priv_bytes(buffer.baseAddress, CInt(count))
        }
        precondition(done == 1, "the random generator failed")
        return bytes
    }
}

package enum ConstantTime {
    /// Compares secrets (tokens, MACs) in a time that does not tell how many leading bytes agree.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { first in
            unsafe right.withUnsafeBytes { second in
                unsafe CRYPTO_memcmp(first.baseAddress, second.baseAddress, first.count) == 0
            }
        }
    }
}
