internal import COpenSSL
package import Exchange

/// Owns one `OCSP_BASICRESP`: the answer of a responder, RFC 6960 section 4.2. Parsed is not believed: see
/// `RevocationChecker`.
///
// Sendable because nothing changes after init.
@safe package final class OCSPResponse: @unchecked Sendable {
    /// A response about one certificate has 2 KiB; one that brings its responder's chain, 10.
    package static let byteCountMax = 256 << 10
    /// Certificates in the response that are looked at.
    static let certificatesMax = 8

    package enum Responder: Sendable, Hashable {
        /// DER of the subject.
        case name([UInt8])
        /// SHA-1 of the key, as RFC 6960 has it: it finds the certificate and proves nothing.
        case key([UInt8])
    }

    let handle: OpaquePointer
    /// The whole OCSPResponse.
    package let der: [UInt8]
    package let sha256: Digest256
    package let producedAt: Instant
    package let responder: Responder
    /// Those that can be read; others count for nothing.
    package let statements: [OCSPStatement]
    /// What the responder sent along to be known by.
    package let certificates: [Certificate]
    /// The extension's value: a DER OCTET STRING, as a rule.
    package let nonce: [UInt8]?

    /// - Throws: where `der` is not exactly one successful response in DER, with every critical extension
    ///   known.
    package init(der: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard der.count <= Self.byteCountMax else {
            throw OpenSSLError("reading an OCSP response", reasons: ["larger than 256 KiB"])
        }
        let outer = unsafe ASN1.parse(der, free: { unsafe OCSP_RESPONSE_free($0) }) { position, count in
            unsafe d2i_OCSP_RESPONSE(nil, position, count)
        }
        guard let outer = unsafe outer else { throw .draining("reading an OCSP response") }
        defer { unsafe OCSP_RESPONSE_free(outer) }
        let outcome = unsafe OCSP_response_status(outer)
        guard outcome == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            throw OpenSSLError("asking an OCSP responder", reasons: ["it answered with status \(outcome)"])
        }
        guard let basic = unsafe OCSP_response_get1_basic(outer) else {
            throw .draining("reading an OCSP response")
        }
        var isAdopted = false
        defer { if !isAdopted { unsafe OCSP_BASICRESP_free(basic) } }
        // The signature is checked over what OpenSSL encodes anew, so anything but that encoding is refused.
        guard unsafe Self.wrapped(basic) == der else {
            throw OpenSSLError("reading an OCSP response", reasons: ["not in DER"])
        }
        guard unsafe Self.knowsCriticalExtensions(of: basic) else {
            throw OpenSSLError("reading an OCSP response", reasons: ["an unknown critical extension"])
        }
        guard let producedAt = unsafe ASN1.instant(OCSP_resp_get0_produced_at(basic)),
            let responder = unsafe Responder(of: basic)
        else { throw OpenSSLError("reading an OCSP response", reasons: ["no time, or no responder"]) }
        self.producedAt = producedAt
        self.responder = responder
        statements = (0..<max(0, unsafe OCSP_resp_count(basic))).compactMap { index in
            unsafe OCSP_resp_get0(basic, index).flatMap { unsafe OCSPStatement(of: $0) }
        }
        certificates = unsafe Self.certificates(of: basic)
        nonce = unsafe Self.nonce(of: basic)
        unsafe handle = basic
        isAdopted = true
        self.der = der
        sha256 = SHA256.hash(der)
    }

    deinit { unsafe OCSP_BASICRESP_free(handle) }

    /// Every response of a PEM text, or the one that DER bytes are.
    package static func all(in bytes: [UInt8]) throws(OpenSSLError) -> [OCSPResponse] {
        if bytes.first == 0x30 { return [try OCSPResponse(der: bytes)] }
        var responses: [OCSPResponse] = []
        for block in PEMBlock.all(in: bytes) where block.label == "OCSP RESPONSE" {
            responses.append(try OCSPResponse(der: block.bytes))
        }
        return responses
    }

    /// The response that has `basic` (a BasicOCSPResponse, as CAdES keeps them) inside.
    package convenience init(basicDER basic: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed = unsafe ASN1.parse(basic, free: { unsafe OCSP_BASICRESP_free($0) }) { position, count in
            unsafe d2i_OCSP_BASICRESP(nil, position, count)
        }
        guard let parsed = unsafe parsed else { throw .draining("reading an OCSP response") }
        defer { unsafe OCSP_BASICRESP_free(parsed) }
        guard unsafe ASN1.encoded({ unsafe i2d_OCSP_BASICRESP(parsed, $0) }) == basic else {
            throw OpenSSLError("reading an OCSP response", reasons: ["not in DER"])
        }
        try self.init(der: unsafe Self.wrapped(parsed))
    }
}

extension OCSPResponse {
    /// The successful OCSPResponse around a BasicOCSPResponse; empty where it cannot be made.
    static func wrapped(_ basic: OpaquePointer) -> [UInt8] {
        guard let outer = unsafe OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic) else {
            return []
        }
        defer { unsafe OCSP_RESPONSE_free(outer) }
        return unsafe ASN1.encoded { unsafe i2d_OCSP_RESPONSE(outer, $0) }
    }

    private static func knowsCriticalExtensions(of basic: OpaquePointer) -> Bool {
        for index in 0..<(unsafe OCSP_BASICRESP_get_ext_count(basic)) {
            let item = unsafe OCSP_BASICRESP_get_ext(basic, index)
            let kind = unsafe OBJ_obj2nid(X509_EXTENSION_get_object(item))
            if unsafe kind != NID_id_pkix_OCSP_Nonce && X509_EXTENSION_get_critical(item) != 0 {
                return false
            }
        }
        return true
    }

    private static func certificates(of basic: OpaquePointer) -> [Certificate] {
        let list = unsafe OCSP_resp_get0_certs(basic)
        return (0..<min(max(0, unsafe OPENSSL_sk_num(list)), CInt(certificatesMax))).compactMap { index in
            guard let item = unsafe OPENSSL_sk_value(list, index).map({ OpaquePointer($0) }) else {
                return nil
            }
            return try? Certificate(der: unsafe ASN1.encoded { unsafe i2d_X509(item, $0) })
        }
    }

    private static func nonce(of basic: OpaquePointer) -> [UInt8]? {
        let index = unsafe OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1)
        guard index >= 0 else { return nil }
        return unsafe ASN1.bytes(X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, index)))
    }
}

extension OCSPResponse.Responder {
    fileprivate init?(of basic: OpaquePointer) {
        var key: UnsafePointer<ASN1_OCTET_STRING>?
        var name: OpaquePointer?
        guard unsafe OCSP_resp_get0_id(basic, &key, &name) == 1 else { return nil }
        if let key = unsafe key {
            self = unsafe .key(ASN1.bytes(key))
        } else if let name = unsafe name {
            self = unsafe .name(ASN1.der(of: name))
        } else {
            return nil
        }
    }
}
