internal import COpenSSL
package import Exchange

/// What a CRL to be issued shall say.
package struct RevocationListProfile: Sendable {
    package var revoked: [RevokedSerial] = []
    package var thisUpdate: Instant
    package var nextUpdate: Instant?
    package var number = 1
    /// An issuing distribution point and others, as OpenSSL's configuration writes them.
    package var extensions: [(name: String, value: String)] = []
    /// OpenSSL's name of it; the key's usual one where nil.
    package var digest: String?

    package init(thisUpdate: Instant, nextUpdate: Instant?) {
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
    }
}

/// A certificate to be named in a CRL.
package struct RevokedSerial: Sendable {
    package var serial: [UInt8]
    package var date: Instant
    package var reason: RevocationReason
    /// From when on the certificate is held for invalid.
    package var invalidityDate: Instant?
    /// Others of the entry, as OpenSSL's configuration writes them.
    package var extensions: [(name: String, value: String)] = []

    package init(
        serial: [UInt8], date: Instant, reason: RevocationReason = .unspecified,
        invalidityDate: Instant? = nil
    ) {
        self.serial = serial
        self.date = date
        self.reason = reason
        self.invalidityDate = invalidityDate
    }
}

extension CertificateIssuer {
    /// - Parameter scope: an issuing distribution point as OpenSSL's configuration writes it, for tests.
    package func revocationList(
        revoking revoked: [RevokedSerial] = [], thisUpdate: Instant, nextUpdate: Instant?, number: Int = 1,
        scope: String? = nil
    ) throws(OpenSSLError) -> CertificateList {
        var profile = RevocationListProfile(thisUpdate: thisUpdate, nextUpdate: nextUpdate)
        profile.revoked = revoked
        profile.number = number
        if let scope { profile.extensions = [("issuingDistributionPoint", scope)] }
        return try revocationList(profile)
    }

    package func revocationList(_ profile: RevocationListProfile) throws(OpenSSLError) -> CertificateList {
        ERR_clear_error()
        guard let draft = unsafe X509_CRL_new() else { throw .draining("making a CRL") }
        defer { unsafe X509_CRL_free(draft) }
        guard unsafe X509_CRL_set_version(draft, 1) == 1,
            unsafe X509_CRL_set_issuer_name(draft, X509_get_subject_name(certificate.handle)) == 1,
            unsafe Self.setTime(profile.thisUpdate, { unsafe X509_CRL_set1_lastUpdate(draft, $0) }),
            profile.nextUpdate.map({ time in
                unsafe Self.setTime(time, { unsafe X509_CRL_set1_nextUpdate(draft, $0) })
            }) ?? true
        else { throw .draining("making a CRL") }
        for item in profile.revoked { try unsafe Self.add(item, to: draft) }
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, certificate.handle, nil, nil, draft, 0)
        guard let serial = unsafe ASN1_INTEGER_new() else { throw .draining("making a CRL") }
        defer { unsafe ASN1_INTEGER_free(serial) }
        guard unsafe ASN1_INTEGER_set_int64(serial, Int64(profile.number)) == 1,
            unsafe X509_CRL_add1_ext_i2d(draft, NID_crl_number, serial, 0, 0) == 1
        else { throw .draining("numbering a CRL") }
        for (name, value) in [("authorityKeyIdentifier", "keyid:always")] + profile.extensions {
            guard let item = unsafe X509V3_EXT_nconf(nil, &context, name, value) else {
                throw .draining("making the extension \(name)")
            }
            defer { unsafe X509_EXTENSION_free(item) }
            guard unsafe X509_CRL_add_ext(draft, item, -1) == 1 else { throw .draining("adding \(name)") }
        }
        guard unsafe X509_CRL_sort(draft) == 1,
            unsafe X509_CRL_sign(draft, key.handle, key.digest(named: profile.digest)) > 0
        else { throw .draining("signing a CRL") }
        return try CertificateList(der: unsafe ASN1.encoded { unsafe i2d_X509_CRL(draft, $0) })
    }

    private static func add(_ item: RevokedSerial, to list: OpaquePointer) throws(OpenSSLError) {
        guard let entry = unsafe X509_REVOKED_new() else { throw .draining("revoking") }
        var isAdopted = false
        defer { if !isAdopted { unsafe X509_REVOKED_free(entry) } }
        guard let serial = unsafe ASN1_INTEGER_new() else { throw .draining("revoking") }
        defer { unsafe ASN1_INTEGER_free(serial) }
        guard unsafe setInteger(serial, to: item.serial),
            unsafe X509_REVOKED_set_serialNumber(entry, serial) == 1,
            unsafe setTime(item.date, { unsafe X509_REVOKED_set_revocationDate(entry, $0) })
        else { throw .draining("revoking") }
        try unsafe addExtensions(of: item, to: entry)
        guard unsafe X509_CRL_add0_revoked(list, entry) == 1 else { throw .draining("revoking") }
        isAdopted = true
    }

    private static func addExtensions(
        of item: RevokedSerial, to entry: OpaquePointer
    ) throws(OpenSSLError) {
        if item.reason != .unspecified {
            guard let reason = unsafe ASN1_ENUMERATED_new() else { throw .draining("revoking") }
            defer { unsafe ASN1_ENUMERATED_free(reason) }
            guard unsafe ASN1_ENUMERATED_set(reason, item.reason.rawValue) == 1,
                unsafe X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1
            else { throw .draining("revoking") }
        }
        if let date = item.invalidityDate {
            let time = unsafe ASN1_GENERALIZEDTIME_set(nil, time_t(date.seconds))
            defer { unsafe ASN1_GENERALIZEDTIME_free(time) }
            guard unsafe X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, time, 0, 0) == 1 else {
                throw .draining("revoking")
            }
        }
        for (name, value) in item.extensions {
            guard let made = unsafe X509V3_EXT_nconf(nil, nil, name, value) else {
                throw .draining("making the extension \(name)")
            }
            defer { unsafe X509_EXTENSION_free(made) }
            guard unsafe X509_REVOKED_add_ext(entry, made, -1) == 1 else { throw .draining("revoking") }
        }
    }
}
