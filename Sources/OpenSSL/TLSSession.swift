internal import COpenSSL
package import Exchange
internal import Glibc

/// Who the peer has proved to be.
package struct PeerCertificate: Sendable, Hashable {
    /// Of the certificate's DER.
    package let sha256: Digest256
    /// RFC 2253, UTF-8: `CN=Sở Nội vụ,O=…`. For logs; identity is the fingerprint.
    package let subject: String

    package init(sha256: Digest256, subject: String) {
        self.sha256 = sha256
        self.subject = subject
    }
}

/// What a call on a non-blocking session came to.
package enum TLSResult: Sendable {
    /// So many bytes were read or written; 0 for a handshake that is complete.
    case done(Int)
    case wantsRead
    case wantsWrite
    /// The peer closed; without its close_notify not clean, when a stranger may have cut the stream. HTTP
    /// bodies that state their length do not depend on it.
    case closed(isClean: Bool)
    case failed(OpenSSLError)
}

/// A session that a client may offer again to the same server.
@safe package final class TLSResumption: @unchecked Sendable {
    // Sendable because an SSL_SESSION is reference-counted by OpenSSL and not changed once it is offered.
    let session: OpaquePointer

    fileprivate init(taking session: OpaquePointer) {
        unsafe self.session = session
    }

    deinit { unsafe SSL_SESSION_free(session) }
}

/// Owns one `SSL` on a non-blocking socket, which it does not own. Used by one thread at a time.
@safe package final class TLSSession {
    private let ssl: OpaquePointer
    /// Keeps the context's lifetime visible; OpenSSL counts it as well.
    private let context: TLSContext

    package init(server context: TLSContext, socket: CInt) throws(OpenSSLError) {
        unsafe ssl = try TLSSession.make(context, socket)
        self.context = context
        unsafe SSL_set_accept_state(ssl)
    }

    /// - Parameter host: the name or address that the server's certificate must carry.
    package init(
        client context: TLSContext, socket: CInt, host: String, resuming resumption: TLSResumption? = nil
    ) throws(OpenSSLError) {
        unsafe ssl = try TLSSession.make(context, socket)
        self.context = context
        unsafe SSL_set_connect_state(ssl)
        let parameters = unsafe SSL_get0_param(ssl)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 {
            ERR_clear_error()
            guard !host.isEmpty, unsafe SSL_set1_host(ssl, host) == 1 else {
                throw .draining("expect the host \(host)")
            }
            var name = Array(host.utf8) + [0]
            unsafe name.withUnsafeMutableBytes { bytes in
                _ = unsafe SSL_ctrl(
                    ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, CLong(TLSEXT_NAMETYPE_host_name), bytes.baseAddress)
            }
        }
        if let resumption { unsafe SSL_set_session(ssl, resumption.session) }
    }

    deinit { unsafe SSL_free(ssl) }

    private static func make(_ context: TLSContext, _ socket: CInt) throws(OpenSSLError) -> OpaquePointer {
        ERR_clear_error()
        guard let ssl = unsafe SSL_new(context.context) else { throw .draining("make a TLS session") }
        guard unsafe SSL_set_fd(ssl, socket) == 1 else {
            unsafe SSL_free(ssl)
            throw .draining("attach a TLS session to its socket")
        }
        return unsafe ssl
    }

    package func handshake() -> TLSResult {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        return result == 1 ? .done(0) : failure(result, "TLS handshake")
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSResult {
        ERR_clear_error()
        let capacity = CInt(clamping: buffer.count)
        let result = unsafe SSL_read(ssl, buffer.baseAddress, capacity)
        return result > 0 ? .done(Int(result)) : failure(result, "TLS read")
    }

    /// After `.wantsRead` or `.wantsWrite` the next call must begin with the same bytes.
    package func write(_ buffer: UnsafeRawBufferPointer) -> TLSResult {
        guard unsafe !buffer.isEmpty else { return .done(0) }
        ERR_clear_error()
        let count = CInt(clamping: buffer.count)
        let result = unsafe SSL_write(ssl, buffer.baseAddress, count)
        return result > 0 ? .done(Int(result)) : failure(result, "TLS write")
    }

    /// Sends close_notify, once, if the socket takes it now.
    package func sendCloseNotify() {
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }

    private func failure(_ result: CInt, _ action: String) -> TLSResult {
        let savedErrno = errno
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .closed(isClean: true)
        case SSL_ERROR_SYSCALL:
            ERR_clear_error()
            if savedErrno == 0 || savedErrno == ECONNRESET || savedErrno == EPIPE {
                return .closed(isClean: false)
            }
            return .failed(OpenSSLError(action, reasons: ["errno \(savedErrno)"]))
        default:
            let code = ERR_peek_error()
            if code & 0xFF_FFFF == UInt(SSL_R_UNEXPECTED_EOF_WHILE_READING) {
                ERR_clear_error()
                return .closed(isClean: false)
            }
            return .failed(.draining(action))
        }
    }

    /// Whether bytes wait inside the session that no event of the socket will announce.
    package var hasBufferedInput: Bool { unsafe SSL_has_pending(ssl) == 1 }

    package var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// `TLSv1.3`.
    package var version: String { unsafe String(cString: SSL_get_version(ssl)) }

    /// `TLS_AES_256_GCM_SHA384`.
    package var cipher: String {
        unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { unsafe String(cString: $0) } ?? ""
    }

    /// What the client needs to resume; in TLS 1.3 only once the server's ticket has been read.
    package var resumption: TLSResumption? {
        guard let session = unsafe SSL_get1_session(ssl) else { return nil }
        guard unsafe SSL_SESSION_is_resumable(session) == 1 else {
            unsafe SSL_SESSION_free(session)
            return nil
        }
        return unsafe TLSResumption(taking: session)
    }

    /// Nil where the peer showed none; one that is there has been verified, in a resumed session by the
    /// handshake that began it.
    package var peerCertificate: PeerCertificate? {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        defer { unsafe X509_free(certificate) }
        guard unsafe SSL_get_verify_result(ssl) == X509_V_OK else { return nil }
        var digest = [UInt8](repeating: 0, count: Digest256.byteCount)
        guard unsafe X509_digest(certificate, EVP_sha256(), &digest, nil) == 1, let sha256 = Digest256(digest)
        else {
            ERR_clear_error()
            return nil
        }
        let subject = unsafe TLSSession.text(of: X509_get_subject_name(certificate))
        return PeerCertificate(sha256: sha256, subject: subject)
    }

    /// Lets go of the certificates that the peer sent beside its own. They have been verified, and parsed
    /// they take 6 KiB; ten thousand connections that wait hold the same few.
    package func forgetPeerChain() {
        // The session's own stack, not a copy; a ticket has only the peer's own certificate in it.
        guard let chain = unsafe SSL_get_peer_cert_chain(ssl) else { return }
        while let certificate = unsafe OPENSSL_sk_pop(chain) {
            unsafe X509_free(OpaquePointer(certificate))
        }
    }

    /// Certificates that the session holds beside the peer's own, for tests.
    var peerChainCount: Int {
        let sent = unsafe OPENSSL_sk_num(SSL_get_peer_cert_chain(ssl))
        let verified = unsafe OPENSSL_sk_num(SSL_get0_verified_chain(ssl))
        return Int(max(0, sent) + max(0, verified))
    }

    /// XN_FLAG_RFC2253 of openssl/x509.h (a macro that Swift does not see) without ASN1_STRFLGS_ESC_MSB:
    /// Vietnamese names stay readable in logs.
    private static let rfc2253: UInt = 0x0111_0313

    private static func text(of name: OpaquePointer?) -> String {
        guard let memory = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(memory) }
        guard unsafe X509_NAME_print_ex(memory, name, 0, TLSSession.rfc2253) >= 0 else {
            ERR_clear_error()
            return ""
        }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = unsafe BIO_read(memory, &bytes, CInt(bytes.count))
        return String(decoding: bytes.prefix(Int(max(0, count))), as: UTF8.self)
    }
}
