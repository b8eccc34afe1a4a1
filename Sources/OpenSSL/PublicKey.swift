internal import COpenSSL

/// Owns one `EVP_PKEY` that holds a public key; freed when the last reference goes.
///
// Sendable because the key does not change after init, and OpenSSL takes its own locks for what it caches in
// it.
@safe package final class PublicKey: @unchecked Sendable {
    let handle: OpaquePointer
    package let kind: KeyKind

    /// Takes over one reference.
    init(adopting handle: OpaquePointer) {
        unsafe self.handle = handle
        kind = unsafe KeyKind(of: handle)
    }

    deinit { unsafe EVP_PKEY_free(handle) }

    /// The first `PUBLIC KEY` block of a PEM text.
    package convenience init(pem: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed: OpaquePointer? = unsafe MemoryBIO.reading(pem) { bio in
            unsafe PEM_read_bio_PUBKEY(bio, nil, refusePassphrase, nil)
        }
        guard let parsed = unsafe parsed else { throw .draining("reading a public key") }
        unsafe self.init(adopting: parsed)
    }

    /// SubjectPublicKeyInfo; bytes after it are an error.
    package convenience init(der: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed: OpaquePointer? = unsafe der.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let key = unsafe d2i_PUBKEY(nil, &position, buffer.count) else { return nil }
            guard unsafe position == buffer.baseAddress.map({ unsafe $0 + buffer.count }) else {
                unsafe EVP_PKEY_free(key)
                return nil
            }
            return unsafe key
        }
        guard let parsed = unsafe parsed else { throw .draining("reading a public key") }
        unsafe self.init(adopting: parsed)
    }

    /// An Ed25519 key from its 32 bytes.
    package convenience init(ed25519 bytes: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed: OpaquePointer? = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, buffer.baseAddress, buffer.count)
        }
        guard let parsed = unsafe parsed else { throw .draining("reading an Ed25519 key") }
        unsafe self.init(adopting: parsed)
    }

    /// The 32 bytes of an Ed25519 key; nil for every other kind.
    package var ed25519Bytes: [UInt8]? {
        guard kind == .ed25519 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        let done = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_PKEY_get_raw_public_key(handle, buffer.baseAddress, &count)
        }
        return done == 1 && count == 32 ? bytes : nil
    }

    /// SubjectPublicKeyInfo.
    package var der: [UInt8] {
        unsafe ASN1.encoded { unsafe i2d_PUBKEY(handle, $0) }
    }

    package var pem: [UInt8] {
        unsafe MemoryBIO.writing { bio in unsafe PEM_write_bio_PUBKEY(bio, handle) } ?? []
    }

    /// True where `signature` is this key's over `message`. Never throws: a signature that cannot be read, or
    /// an algorithm that does not fit the key, is one that does not verify.
    package func verifies(_ signature: [UInt8], over message: Span<UInt8>, _ algorithm: SignatureAlgorithm)
        -> Bool
    {
        guard kind.fits(algorithm) else { return false }
        var wire = signature
        if case .ecdsa(_, let encoding) = algorithm, case .ec(let curve) = kind {
            let count = curve.coordinateByteCount
            switch encoding {
            case .fixedLength:
                guard let der = ECDSASignature.der(fixedLength: signature, coordinateByteCount: count) else {
                    return false
                }
                wire = der
            case .der:
                guard ECDSASignature.fixedLength(der: signature, coordinateByteCount: count) != nil else {
                    return false
                }
            }
        }
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard
            unsafe EVP_DigestVerifyInit_ex(
                context, &parameters, algorithm.digest?.name, nil, nil, handle, nil) == 1,
            unsafe algorithm.apply(to: parameters)
        else { return false }
        return unsafe message.withUnsafeBufferPointer { buffer in
            unsafe wire.withUnsafeBufferPointer { signature in
                unsafe EVP_DigestVerify(
                    context, signature.baseAddress, signature.count, buffer.baseAddress, buffer.count) == 1
            }
        }
    }

    package func verifies(_ signature: [UInt8], over message: [UInt8], _ algorithm: SignatureAlgorithm)
        -> Bool
    {
        verifies(signature, over: message.span, algorithm)
    }
}

/// Without it OpenSSL asks for a passphrase on the terminal, and a daemon hangs.
let refusePassphrase:
    @convention(c) (UnsafeMutablePointer<CChar>?, CInt, CInt, UnsafeMutableRawPointer?) -> CInt = {
        _, _, _, _ in -1
    }

extension KeyKind {
    init(of key: OpaquePointer) {
        if unsafe EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1 {
            self = unsafe .rsa(bits: Int(EVP_PKEY_get_bits(key)))
        } else if unsafe EVP_PKEY_is_a(key, "ED25519") == 1 {
            self = .ed25519
        } else if unsafe EVP_PKEY_is_a(key, "EC") == 1, let curve = unsafe EllipticCurve(of: key) {
            self = .ec(curve)
        } else {
            self = .other
        }
    }

    func fits(_ algorithm: SignatureAlgorithm) -> Bool {
        switch (self, algorithm) {
        case (.rsa, .rsaPKCS1), (.rsa, .rsaPSS), (.ec, .ecdsa), (.ed25519, .ed25519): true
        default: false
        }
    }
}

extension EllipticCurve {
    /// Nil for other curves, and for parameters that are spelled out instead of named: those let a forger
    /// choose a base point of his own (CVE-2020-0601).
    fileprivate init?(of key: OpaquePointer) {
        var isExplicit: CInt = 0
        _ = unsafe EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &isExplicit)
        guard isExplicit == 0 else { return nil }
        var name = [CChar](repeating: 0, count: 64)
        let found = unsafe name.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_PKEY_get_group_name(key, buffer.baseAddress, buffer.count, nil)
        }
        guard found == 1 else { return nil }
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let curve = EllipticCurve.allCases.first(where: { $0.groupName == text }) else { return nil }
        self = curve
    }
}

extension SignatureAlgorithm {
    /// Sets what the algorithm has beyond key and digest.
    func apply(to parameters: OpaquePointer?) -> Bool {
        switch self {
        case .rsaPKCS1: unsafe EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1
        case .rsaPSS(_, let saltByteCount):
            unsafe EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, CInt(clamping: saltByteCount)) == 1
        case .ecdsa, .ed25519: true
        }
    }
}
