internal import COpenSSL

/// A question to an OCSP responder about one certificate: RFC 6960 section 4.1, not signed.
package struct OCSPRequest: Sendable {
    package let der: [UInt8]
    package let certificate: OCSPCertificateID
    /// Nil where the question has none.
    package let nonce: [UInt8]?

    /// - Parameters:
    ///   - hash: SHA-1 is what every responder knows.
    ///   - nonce: ties the answer to this question; RFC 9654 wants 32 bytes. Responders that prepare their
    ///     answers leave it out.
    package init(
        for certificate: Certificate, issuer: Certificate, hash: OCSPCertificateID.Hash = .sha1,
        nonce: [UInt8]? = SecureRandom.bytes(32)
    ) throws(OpenSSLError) {
        ERR_clear_error()
        let failure = "making an OCSP request"
        guard let id = OCSPCertificateID(certificate, issuer: issuer, hash: hash),
            let method = unsafe EVP_get_digestbyname(hash.rawValue),
            let draft = unsafe OCSP_REQUEST_new()
        else { throw .draining(failure) }
        defer { unsafe OCSP_REQUEST_free(draft) }
        guard let name = unsafe OCSP_cert_to_id(method, certificate.handle, issuer.handle) else {
            throw .draining(failure)
        }
        guard unsafe OCSP_request_add0_id(draft, name) != nil else {
            unsafe OCSP_CERTID_free(name)
            throw .draining(failure)
        }
        if var bytes = nonce {
            guard unsafe OCSP_request_add1_nonce(draft, &bytes, CInt(bytes.count)) == 1 else {
                throw .draining(failure)
            }
        }
        der = unsafe ASN1.encoded { unsafe i2d_OCSP_REQUEST(draft, $0) }
        self.certificate = id
        self.nonce = nonce
    }

    package enum Answer: String, Sendable {
        case answered
        /// It speaks of other certificates.
        case otherCertificate
        /// It answers another question: an old response, replayed.
        case otherNonce
    }

    /// Whether `response` answers this question at all. What it is worth, `TrustStore` says.
    ///
    /// A response without a nonce is taken: its times say how old it is.
    package func answer(_ response: OCSPResponse) -> Answer {
        guard response.statements.contains(where: { $0.certificate == certificate }) else {
            return .otherCertificate
        }
        guard let nonce, let echo = response.nonce else { return .answered }
        let wrapped = nonce.count < 0x80 ? [0x04, UInt8(nonce.count)] + nonce : nonce
        return echo == wrapped || echo == nonce ? .answered : .otherNonce
    }
}
