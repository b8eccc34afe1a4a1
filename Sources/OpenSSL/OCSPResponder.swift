internal import COpenSSL
package import Exchange

/// An OCSP responder for demonstrations and tests. Nothing in the hub answers OCSP requests.
package struct OCSPResponder: Sendable {
    package let certificate: Certificate
    package let key: PrivateKey

    /// One statement to be made.
    package struct Statement: Sendable {
        package var certificate: Certificate
        package var issuer: Certificate
        package var status: OCSPStatement.Status
        package var thisUpdate: Instant
        package var nextUpdate: Instant?
        package var hash: OCSPCertificateID.Hash = .sha1
        package var invalidityDate: Instant?
        package var archiveCutoff: Instant?
        /// Others, as OpenSSL's configuration writes them.
        package var extensions: [(name: String, value: String)] = []

        package init(
            _ certificate: Certificate, issuer: Certificate, _ status: OCSPStatement.Status,
            thisUpdate: Instant, nextUpdate: Instant?
        ) {
            self.certificate = certificate
            self.issuer = issuer
            self.status = status
            self.thisUpdate = thisUpdate
            self.nextUpdate = nextUpdate
        }
    }

    /// How a response is made, beside what it states.
    package struct Form: Sendable {
        package var producedAt: Instant
        /// The request's bytes.
        package var nonce: [UInt8]?
        package var namesItselfByKey = false
        package var bringsCertificate = true
        /// Sent along after the responder's own.
        package var certificates: [Certificate] = []
        /// OpenSSL's name of it; the key's usual one where nil.
        package var digest: String?
        package var extensions: [(name: String, value: String)] = []

        package init(producedAt: Instant) {
            self.producedAt = producedAt
        }
    }

    package init(certificate: Certificate, key: PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    package func respond(_ statements: [Statement], _ form: Form) throws(OpenSSLError) -> OCSPResponse {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let draft = unsafe OCSP_BASICRESP_new() else { throw .draining("making an OCSP response") }
        defer { unsafe OCSP_BASICRESP_free(draft) }
        for statement in statements { try unsafe Self.add(statement, to: draft) }
        for (name, value) in form.extensions {
            let item = unsafe try Self.made(name, value)
            defer { unsafe X509_EXTENSION_free(item) }
            guard unsafe OCSP_BASICRESP_add_ext(draft, item, -1) == 1 else {
                throw .draining("adding \(name)")
            }
        }
        if var nonce = form.nonce {
            guard unsafe OCSP_basic_add1_nonce(draft, &nonce, CInt(nonce.count)) == 1 else {
                throw .draining("adding a nonce")
            }
        }
        try unsafe sign(draft, form)
        return try OCSPResponse(der: unsafe OCSPResponse.wrapped(draft))
    }

    private func sign(_ draft: OpaquePointer, _ form: Form) throws(OpenSSLError) {
        // OpenSSL writes the present into producedAt unless told not to, and offers no way to write another
        // time: so it is set in place.
        guard let field = unsafe OCSP_resp_get0_produced_at(draft),
            unsafe ASN1_GENERALIZEDTIME_set(
                UnsafeMutablePointer(mutating: field), time_t(form.producedAt.seconds)) != nil,
            let others = unsafe OPENSSL_sk_new_null()
        else { throw .draining("dating an OCSP response") }
        defer { unsafe OPENSSL_sk_free(others) }
        for certificate in form.certificates {
            _ = unsafe OPENSSL_sk_push(others, UnsafeRawPointer(certificate.handle))
        }
        let flags =
            OCSP_NOTIME | (form.namesItselfByKey ? OCSP_RESPID_KEY : 0)
            | (form.bringsCertificate ? 0 : OCSP_NOCERTS)
        guard
            unsafe OCSP_basic_sign(
                draft, certificate.handle, key.handle, key.digest(named: form.digest), others,
                CUnsignedLong(flags)) == 1
        else { throw .draining("signing an OCSP response") }
    }

    private static func add(_ statement: Statement, to draft: OpaquePointer) throws(OpenSSLError) {
        let failure = "making an OCSP statement"
        guard let method = unsafe EVP_get_digestbyname(statement.hash.rawValue),
            let id = unsafe OCSP_cert_to_id(method, statement.certificate.handle, statement.issuer.handle)
        else { throw .draining(failure) }
        defer { unsafe OCSP_CERTID_free(id) }
        var kind = V_OCSP_CERTSTATUS_GOOD
        var reasonNumber: CInt = 0
        var revoked: UnsafeMutablePointer<ASN1_TIME>?
        switch statement.status {
        case .good: break
        case .unknown: kind = V_OCSP_CERTSTATUS_UNKNOWN
        case .revoked(let date, let reason):
            kind = V_OCSP_CERTSTATUS_REVOKED
            reasonNumber = CInt(reason.rawValue)
            unsafe revoked = ASN1_GENERALIZEDTIME_set(nil, time_t(date.seconds))
        }
        let this = unsafe ASN1_GENERALIZEDTIME_set(nil, time_t(statement.thisUpdate.seconds))
        let next = unsafe statement.nextUpdate.flatMap {
            unsafe ASN1_GENERALIZEDTIME_set(nil, time_t($0.seconds))
        }
        defer {
            unsafe ASN1_GENERALIZEDTIME_free(revoked)
            unsafe ASN1_GENERALIZEDTIME_free(this)
            unsafe ASN1_GENERALIZEDTIME_free(next)
        }
        guard let single = unsafe OCSP_basic_add1_status(draft, id, kind, reasonNumber, revoked, this, next)
        else { throw .draining(failure) }
        let dates = [
            (NID_invalidity_date, statement.invalidityDate),
            (NID_id_pkix_OCSP_archiveCutoff, statement.archiveCutoff),
        ]
        for (kind, date) in dates {
            guard let date else { continue }
            let time = unsafe ASN1_GENERALIZEDTIME_set(nil, time_t(date.seconds))
            defer { unsafe ASN1_GENERALIZEDTIME_free(time) }
            guard unsafe OCSP_SINGLERESP_add1_ext_i2d(single, kind, time, 0, 0) == 1 else {
                throw .draining(failure)
            }
        }
        for (name, value) in statement.extensions {
            let item = unsafe try made(name, value)
            defer { unsafe X509_EXTENSION_free(item) }
            guard unsafe OCSP_SINGLERESP_add_ext(single, item, -1) == 1 else { throw .draining(failure) }
        }
    }

    private static func made(_ name: String, _ value: String) throws(OpenSSLError) -> OpaquePointer {
        guard let item = unsafe X509V3_EXT_nconf(nil, nil, name, value) else {
            throw .draining("making the extension \(name)")
        }
        return unsafe item
    }
}
