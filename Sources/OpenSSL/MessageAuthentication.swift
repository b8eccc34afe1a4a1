internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
package enum MessageAuthentication {
    /// 32 bytes. Compare them with `ConstantTime.equal` only.
    package static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: DigestAlgorithm.sha256.byteCount)
        var length: CUnsignedInt = 0
        let isMade = unsafe key.withUnsafeBytes { key in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe code.withUnsafeMutableBufferPointer { code in
                    unsafe HMAC(
                        EVP_sha256(), key.baseAddress, CInt(key.count), message.baseAddress, message.count,
                        code.baseAddress, &length) != nil
                }
            }
        }
        precondition(isMade && Int(length) == code.count, "HMAC-SHA256 of bytes in memory cannot fail")
        return code
    }
}
