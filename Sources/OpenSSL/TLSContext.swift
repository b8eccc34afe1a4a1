internal import COpenSSL

/// Owns one `SSL_CTX`: keys, anchors and rules of TLS. Immutable once made, so that a reload is a new context
/// put in the old one's place; the connections of the old one live on until they end.
///
/// TLS 1.2 and 1.3 only, forward secrecy and AEAD only, no renegotiation, no compression, no early data
/// (which could be replayed). Session tickets are sealed with keys that are drawn anew for every context:
/// a session cannot outlive an anchor that a reload has removed.
@safe package final class TLSContext: @unchecked Sendable {
    // Sendable because an SSL_CTX is reference-counted and locked by OpenSSL, and nobody changes it after
    // init.

    package enum ClientCertificates: Sendable {
        case none
        /// Asked for; one that does not verify ends the handshake, none at all is let in.
        case optional
        case required
    }

    package enum Role: Sendable {
        case server, client
    }

    /// How long a session may be resumed without a full handshake.
    package static let sessionSecondsMax = 3600

    package let role: Role
    let context: OpaquePointer

    /// A server's context from PEM files.
    ///
    /// - Parameter certificate: leaf first, then intermediates.
    /// - Parameter clientAnchors: what client certificates must lead to. An intermediate or a leaf listed
    ///   here is an anchor as well.
    /// - Throws: where a file cannot be read or the key is not the certificate's.
    package init(
        serverCertificate certificate: String, key: String, clientAnchors: [String] = [],
        clientCertificates: ClientCertificates = .none
    ) throws(OpenSSLError) {
        let context = try unsafe TLSContext.make(TLS_server_method())
        unsafe self.context = context
        role = .server
        try loadIdentity(certificate: certificate, key: key)
        try loadAnchors(clientAnchors)
        try nameIssuers(clientAnchors)
        switch clientCertificates {
        case .none: break
        case .optional: unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        case .required:
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        unsafe SSL_CTX_set_cert_verify_callback(context, TLSContext.verifyKeepingNothing, nil)
        try enableResumption()
    }

    /// OpenSSL's own verification, whose chain is then let go: it would stay with the connection for as long
    /// as that lasts, and nobody asks for it.
    private static let verifyKeepingNothing:
        @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt = { verification, _ in
            let result = unsafe X509_verify_cert(verification)
            unsafe X509_STORE_CTX_set0_verified_chain(verification, nil)
            return result
        }

    /// A client's context: servers are verified against `anchors` (PEM files), always.
    package init(
        clientAnchors anchors: [String], certificate: String? = nil, key: String? = nil
    ) throws(OpenSSLError) {
        unsafe context = try TLSContext.make(TLS_client_method())
        role = .client
        if let certificate, let key { try loadIdentity(certificate: certificate, key: key) }
        try loadAnchors(anchors)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }

    deinit { unsafe SSL_CTX_free(context) }

    private static func make(_ method: OpaquePointer?) throws(OpenSSLError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(method) else { throw .draining("make a TLS context") }
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, CLong(TLS1_2_VERSION), nil)
        unsafe SSL_CTX_set_options(context, Option.all)
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_MODE, Mode.all, nil)
        unsafe SSL_CTX_set_max_early_data(context, 0)
        let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
        guard unsafe SSL_CTX_set_cipher_list(context, ciphers) == 1 else {
            throw .draining("choose TLS ciphers")
        }
        // A key behind a pass phrase would make OpenSSL ask at a terminal that a daemon does not have.
        unsafe SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
        // One read of the socket may then bring several records; the buffer is given back when it is empty.
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, nil)
        unsafe SSL_CTX_set_default_read_buffer_len(context, 64 << 10)
        return unsafe context
    }

    private func loadIdentity(certificate: String, key: String) throws(OpenSSLError) {
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw .draining("read the TLS certificate \(certificate)")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            throw .draining("read the TLS key \(key)")
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw .draining("match the TLS key with its certificate")
        }
    }

    private func loadAnchors(_ files: [String]) throws(OpenSSLError) {
        for file in files {
            guard unsafe SSL_CTX_load_verify_file(context, file) == 1 else {
                throw .draining("read the anchors \(file)")
            }
        }
        unsafe X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }

    /// Browsers choose among their certificates by the issuers named here.
    private func nameIssuers(_ files: [String]) throws(OpenSSLError) {
        guard let first = files.first else { return }
        guard let names = unsafe SSL_load_client_CA_file(first) else {
            throw .draining("read anchors of \(first)")
        }
        unsafe SSL_CTX_set_client_CA_list(context, names)
        for file in files.dropFirst() {
            guard unsafe SSL_add_file_cert_subjects_to_stack(names, file) == 1 else {
                throw .draining("read anchors of \(file)")
            }
        }
    }

    /// Stateless tickets: they carry the client's certificate, and cost the server no memory.
    private func enableResumption() throws(OpenSSLError) {
        let name = Array("lienthong".utf8)
        // Without a session-id context OpenSSL refuses to resume sessions with client certificates.
        guard unsafe SSL_CTX_set_session_id_context(context, name, UInt32(name.count)) == 1 else {
            throw .draining("name the TLS session context")
        }
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, CLong(SSL_SESS_CACHE_OFF), nil)
        unsafe SSL_CTX_set_timeout(context, TLSContext.sessionSecondsMax)
        unsafe SSL_CTX_set_num_tickets(context, 1)
    }

    /// Values of function-like macros of openssl/ssl.h, which Swift does not see.
    private enum Option {
        static let cipherServerPreference: UInt64 = 1 << 22
        static let noCompression: UInt64 = 1 << 17
        static let noRenegotiation: UInt64 = 1 << 30
        static let all = cipherServerPreference | noCompression | noRenegotiation
    }

    /// Values of macros of openssl/ssl.h.
    private enum Mode {
        static let enablePartialWrite = 0x01
        static let acceptMovingWriteBuffer = 0x02
        /// An idle connection must not hold its two record buffers of 17 KiB and 64 KiB.
        static let releaseBuffers = 0x10
        static let all = enablePartialWrite | acceptMovingWriteBuffer | releaseBuffers
    }
}
