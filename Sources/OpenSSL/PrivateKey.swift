internal import COpenSSL

/// Owns one `EVP_PKEY` that holds a private key; OpenSSL wipes it when the last reference goes.
///
// Sendable because the key does not change after init, and OpenSSL takes its own locks for what it caches in
// it.
@safe package final class PrivateKey: @unchecked Sendable {
    package enum Specification: Sendable, Hashable {
        /// 2048 bits or more.
        case rsa(bits: Int)
        case ec(EllipticCurve)
        case ed25519
    }

    let handle: OpaquePointer
    package let kind: KeyKind

    private init(adopting handle: OpaquePointer) {
        unsafe self.handle = handle
        kind = unsafe KeyKind(of: handle)
    }

    deinit { unsafe EVP_PKEY_free(handle) }

    package static func generate(_ specification: Specification) throws(OpenSSLError) -> PrivateKey {
        ERR_clear_error()
        let name =
            switch specification {
            case .rsa: "RSA"
            case .ec: "EC"
            case .ed25519: "ED25519"
            }
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil) else {
            throw .draining("preparing a key")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_keygen_init(context) == 1 else { throw .draining("preparing a key") }
        let isSet =
            switch specification {
            case .rsa(let bits): unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, CInt(clamping: bits)) == 1
            case .ec(let curve): unsafe EVP_PKEY_CTX_set_group_name(context, curve.groupName) == 1
            case .ed25519: true
            }
        guard isSet else { throw .draining("choosing a key's size") }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_generate(context, &key) == 1, let key = unsafe key else {
            throw .draining("generating a key")
        }
        return unsafe PrivateKey(adopting: key)
    }

    /// The first private key of a PEM text, PKCS #8 or traditional. An encrypted one is refused.
    package convenience init(pem: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed: OpaquePointer? = unsafe MemoryBIO.reading(pem) { bio in
            unsafe PEM_read_bio_PrivateKey(bio, nil, refusePassphrase, nil)
        }
        guard let parsed = unsafe parsed else { throw .draining("reading a private key") }
        unsafe self.init(adopting: parsed)
    }

    /// An Ed25519 key from its 32-byte seed.
    package convenience init(ed25519Seed seed: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed: OpaquePointer? = unsafe seed.withUnsafeBufferPointer { buffer in
            unsafe EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, buffer.baseAddress, buffer.count)
        }
        guard let parsed = unsafe parsed else { throw .draining("reading an Ed25519 key") }
        unsafe self.init(adopting: parsed)
    }

    /// The 32-byte seed of an Ed25519 key; nil for every other kind.
    package var ed25519Seed: [UInt8]? {
        guard kind == .ed25519 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        let done = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_PKEY_get_raw_private_key(handle, buffer.baseAddress, &count)
        }
        return done == 1 && count == 32 ? bytes : nil
    }

    /// PKCS #8, not encrypted: what is written to disk is protected by the file's mode.
    package var pem: [UInt8] {
        unsafe MemoryBIO.writing { bio in
            unsafe PEM_write_bio_PKCS8PrivateKey(bio, handle, nil, nil, 0, nil, nil)
        } ?? []
    }

    package func publicKey() throws(OpenSSLError) -> PublicKey {
        ERR_clear_error()
        return try PublicKey(der: unsafe ASN1.encoded { unsafe i2d_PUBKEY(handle, $0) })
    }

    /// The algorithm that this key signs with unless told otherwise.
    package var usualAlgorithm: SignatureAlgorithm {
        switch kind {
        case .ec(let curve): .ecdsa(curve.digest, .der)
        case .ed25519: .ed25519
        case .rsa, .other: .rsaPKCS1(.sha256)
        }
    }

    /// What OpenSSL's own signing functions are told; the usual one where `name` is nil.
    func digest(named name: String?) -> OpaquePointer? {
        guard let name else { return unsafe usualAlgorithm.digest?.method }
        return unsafe EVP_get_digestbyname(name)
    }

    package func sign(
        _ message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) throws(OpenSSLError) -> [UInt8] {
        guard kind.fits(algorithm) else {
            throw OpenSSLError("signing with \(algorithm)", reasons: ["the key is of another kind"])
        }
        ERR_clear_error()
        guard let context = unsafe EVP_MD_CTX_new() else { throw .draining("signing") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard
            unsafe EVP_DigestSignInit_ex(context, &parameters, algorithm.digest?.name, nil, nil, handle, nil)
                == 1,
            unsafe algorithm.apply(to: parameters)
        else { throw .draining("signing") }
        var signature = [UInt8](repeating: 0, count: unsafe Int(EVP_PKEY_get_size(handle)))
        var count = signature.count
        let done = unsafe message.withUnsafeBufferPointer { buffer in
            unsafe signature.withUnsafeMutableBufferPointer { output in
                unsafe EVP_DigestSign(context, output.baseAddress, &count, buffer.baseAddress, buffer.count)
            }
        }
        guard done == 1, count <= signature.count else { throw .draining("signing") }
        signature.removeLast(signature.count - count)
        guard case .ecdsa(_, .fixedLength) = algorithm, case .ec(let curve) = kind else { return signature }
        guard
            let raw = ECDSASignature.fixedLength(
                der: signature, coordinateByteCount: curve.coordinateByteCount)
        else { throw OpenSSLError("signing", reasons: ["an ECDSA signature of an unexpected form"]) }
        return raw
    }

    package func sign(_ message: [UInt8], _ algorithm: SignatureAlgorithm) throws(OpenSSLError) -> [UInt8] {
        try sign(message.span, algorithm)
    }
}
