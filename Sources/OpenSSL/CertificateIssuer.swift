internal import COpenSSL
package import Exchange

/// A certification authority for demonstrations and tests. Nothing in the hub issues certificates.
package final class CertificateIssuer: Sendable {
    package let certificate: Certificate
    package let key: PrivateKey

    /// An authority that exists already.
    package init(certificate: Certificate, key: PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Signs itself.
    package init(root profile: CertificateProfile, key: PrivateKey) throws(OpenSSLError) {
        self.key = key
        certificate = try Self.issue(profile, to: try key.publicKey(), by: nil, key: key)
    }

    package func issue(
        _ profile: CertificateProfile, to publicKey: PublicKey
    ) throws(OpenSSLError) -> Certificate {
        try Self.issue(profile, to: publicKey, by: certificate, key: key)
    }

    /// An authority below this one.
    package func intermediate(
        _ profile: CertificateProfile, key: PrivateKey
    ) throws(OpenSSLError) -> CertificateIssuer {
        CertificateIssuer(certificate: try issue(profile, to: try key.publicKey()), key: key)
    }

    private static func issue(
        _ profile: CertificateProfile, to publicKey: PublicKey, by issuer: Certificate?, key: PrivateKey
    ) throws(OpenSSLError) -> Certificate {
        ERR_clear_error()
        guard let draft = unsafe X509_new() else { throw .draining("making a certificate") }
        defer { unsafe X509_free(draft) }
        let serial = profile.serial ?? [0x40 | SecureRandom.bytes(1)[0] & 0x3F] + SecureRandom.bytes(15)
        guard unsafe X509_set_version(draft, 2) == 1,
            unsafe setInteger(X509_get_serialNumber(draft), to: serial),
            unsafe X509_set_pubkey(draft, publicKey.handle) == 1,
            unsafe setTime(profile.notBefore, { unsafe X509_set1_notBefore(draft, $0) }),
            unsafe setTime(profile.notAfter, { unsafe X509_set1_notAfter(draft, $0) })
        else { throw .draining("making a certificate") }
        let name = unsafe X509_get_subject_name(draft)
        for (attribute, value) in profile.subject {
            let bytes = Array(value.utf8)
            let isAdded = unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe X509_NAME_add_entry_by_txt(
                    name, attribute, LT_MBSTRING_UTF8, buffer.baseAddress, CInt(buffer.count), -1, 0)
            }
            guard isAdded == 1 else { throw .draining("naming a certificate's subject") }
        }
        let issuerName = unsafe issuer.map { unsafe X509_get_subject_name($0.handle) } ?? name
        guard unsafe X509_set_issuer_name(draft, issuerName) == 1 else {
            throw .draining("naming the issuer")
        }
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer?.handle ?? draft, draft, nil, nil, 0)
        for (name, value) in profile.allExtensions(isSelfSigned: issuer == nil) {
            guard let item = unsafe X509V3_EXT_nconf(nil, &context, name, value) else {
                throw .draining("making the extension \(name)")
            }
            defer { unsafe X509_EXTENSION_free(item) }
            guard unsafe X509_add_ext(draft, item, -1) == 1 else { throw .draining("adding \(name)") }
        }
        guard unsafe X509_sign(draft, key.handle, key.usualAlgorithm.digest?.method) > 0 else {
            throw .draining("signing a certificate")
        }
        return try Certificate(der: unsafe ASN1.encoded { unsafe i2d_X509(draft, $0) })
    }

    /// - Parameter scope: an issuing distribution point as OpenSSL's configuration writes it, for tests.
    package func revocationList(
        revoking revoked: [RevokedSerial] = [], thisUpdate: Instant, nextUpdate: Instant?, number: Int = 1,
        scope: String? = nil
    ) throws(OpenSSLError) -> CertificateList {
        ERR_clear_error()
        guard let draft = unsafe X509_CRL_new() else { throw .draining("making a CRL") }
        defer { unsafe X509_CRL_free(draft) }
        guard unsafe X509_CRL_set_version(draft, 1) == 1,
            unsafe X509_CRL_set_issuer_name(draft, X509_get_subject_name(certificate.handle)) == 1,
            unsafe Self.setTime(thisUpdate, { unsafe X509_CRL_set1_lastUpdate(draft, $0) }),
            nextUpdate.map({ time in
                unsafe Self.setTime(time, { unsafe X509_CRL_set1_nextUpdate(draft, $0) })
            }) ?? true
        else { throw .draining("making a CRL") }
        for item in revoked { try unsafe Self.add(item, to: draft) }
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, certificate.handle, nil, nil, draft, 0)
        guard let serial = unsafe ASN1_INTEGER_new() else { throw .draining("making a CRL") }
        defer { unsafe ASN1_INTEGER_free(serial) }
        guard unsafe ASN1_INTEGER_set_int64(serial, Int64(number)) == 1,
            unsafe X509_CRL_add1_ext_i2d(draft, NID_crl_number, serial, 0, 0) == 1
        else { throw .draining("numbering a CRL") }
        var extensions = [("authorityKeyIdentifier", "keyid:always")]
        if let scope { extensions.append(("issuingDistributionPoint", scope)) }
        for (name, value) in extensions {
            guard let item = unsafe X509V3_EXT_nconf(nil, &context, name, value) else {
                throw .draining("making the extension \(name)")
            }
            defer { unsafe X509_EXTENSION_free(item) }
            guard unsafe X509_CRL_add_ext(draft, item, -1) == 1 else { throw .draining("adding \(name)") }
        }
        guard unsafe X509_CRL_sort(draft) == 1,
            unsafe X509_CRL_sign(draft, key.handle, key.usualAlgorithm.digest?.method) > 0
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
        if item.reason != .unspecified {
            guard let reason = unsafe ASN1_ENUMERATED_new() else { throw .draining("revoking") }
            defer { unsafe ASN1_ENUMERATED_free(reason) }
            guard unsafe ASN1_ENUMERATED_set(reason, item.reason.rawValue) == 1,
                unsafe X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1
            else { throw .draining("revoking") }
        }
        guard unsafe X509_CRL_add0_revoked(list, entry) == 1 else { throw .draining("revoking") }
        isAdopted = true
    }

    private static func setInteger(_ target: UnsafeMutablePointer<ASN1_INTEGER>?, to magnitude: [UInt8])
        -> Bool
    {
        let number = unsafe magnitude.withUnsafeBufferPointer { buffer in
            unsafe BN_bin2bn(buffer.baseAddress, CInt(buffer.count), nil)
        }
        defer { unsafe BN_free(number) }
        return unsafe BN_to_ASN1_INTEGER(number, target) != nil
    }

    private static func setTime(_ instant: Instant, _ set: (UnsafeMutablePointer<ASN1_TIME>?) -> CInt) -> Bool
    {
        let time = unsafe ASN1.time(instant)
        defer { unsafe ASN1_TIME_free(time) }
        return unsafe set(time) == 1
    }
}
