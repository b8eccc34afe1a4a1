internal import COpenSSL

/// Keeps secrets on a disk that others may read: AES-256-GCM, a random nonce for each.
package struct SealingKey: Sendable {
    package static let byteCount = 32
    private static let nonceByteCount = 12
    private static let tagByteCount = 16

    private let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Nonce, then as many bytes as `plain` has, then the tag.
    ///
    /// - Parameter place: what the secret belongs to; `open` gives it back for the same place only, so that
    ///   nobody can move one agency's secret into another one's row.
    package func seal(_ plain: [UInt8], for place: [UInt8]) -> [UInt8] {
        let nonce = SecureRandom.bytes(Self.nonceByteCount)
        let cipher = Cipher(key: bytes, nonce: nonce, encrypts: true)
        cipher.authenticate(place)
        let sealed = cipher.update(plain)
        guard cipher.finish() else { preconditionFailure("sealing in memory cannot fail") }
        return nonce + sealed + cipher.tag(count: Self.tagByteCount)
    }

    /// Nil where the bytes were changed, or sealed by another key or for another place.
    package func open(_ sealed: [UInt8], for place: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.nonceByteCount + Self.tagByteCount else { return nil }
        let tagStart = sealed.count - Self.tagByteCount
        let cipher = Cipher(key: bytes, nonce: Array(sealed[..<Self.nonceByteCount]), encrypts: false)
        cipher.authenticate(place)
        let plain = cipher.update(Array(sealed[Self.nonceByteCount..<tagStart]))
        cipher.expect(tag: Array(sealed[tagStart...]))
        return cipher.finish() ? plain : nil
    }
}

/// Owns one `EVP_CIPHER_CTX` of AES-256-GCM.
@safe private final class Cipher {
    private let context: OpaquePointer

    init(key: [UInt8], nonce: [UInt8], encrypts: Bool) {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory") }
        unsafe self.context = context
        let isReady = unsafe key.withUnsafeBufferPointer { key in
            unsafe nonce.withUnsafeBufferPointer { nonce in
                unsafe EVP_CipherInit_ex(
                    context, EVP_aes_256_gcm(), nil, key.baseAddress, nonce.baseAddress, encrypts ? 1 : 0)
            }
        }
        precondition(isReady == 1, "AES-256-GCM cannot start")
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Bytes that are bound to the secret and not part of it.
    func authenticate(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        var count: CInt = 0
        let isDone = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe EVP_CipherUpdate(context, nil, &count, input.baseAddress, CInt(input.count))
        }
        precondition(isDone == 1, "AES-256-GCM in use cannot fail")
    }

    func update(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return [] }
        var output = [UInt8](repeating: 0, count: bytes.count)
        var count: CInt = 0
        let isDone = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe EVP_CipherUpdate(
                    context, output.baseAddress, &count, input.baseAddress, CInt(input.count))
            }
        }
        precondition(isDone == 1 && Int(count) == bytes.count, "AES-256-GCM in use cannot fail")
        return output
    }

    func tag(count: Int) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: count)
        let isDone = unsafe tag.withUnsafeMutableBytes { tag in
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CInt(tag.count), tag.baseAddress)
        }
        precondition(isDone == 1, "AES-256-GCM has no tag")
        return tag
    }

    func expect(tag: [UInt8]) {
        var tag = tag
        _ = unsafe tag.withUnsafeMutableBytes { tag in
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(tag.count), tag.baseAddress)
        }
    }

    /// False where what was opened is not what was sealed.
    func finish() -> Bool {
        var rest = [UInt8](repeating: 0, count: 16)
        var count: CInt = 0
        ERR_clear_error()
        return unsafe rest.withUnsafeMutableBufferPointer { rest in
            unsafe EVP_CipherFinal_ex(context, rest.baseAddress, &count)
        } == 1
    }
}
