internal import COpenSSL
internal import Exchange

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
        // Some extensions are not made without a configuration, though they look nothing up in it.
        let configuration = unsafe NCONF_new(nil)
        defer { unsafe NCONF_free(configuration) }
        unsafe X509V3_set_nconf(&context, configuration)
        for (name, value) in profile.allExtensions(isSelfSigned: issuer == nil) {
            guard let item = unsafe X509V3_EXT_nconf(nil, &context, name, value) else {
                throw .draining("making the extension \(name)")
            }
            defer { unsafe X509_EXTENSION_free(item) }
            guard unsafe X509_add_ext(draft, item, -1) == 1 else { throw .draining("adding \(name)") }
        }
        guard unsafe X509_sign(draft, key.handle, key.digest(named: profile.digest)) > 0 else {
            throw .draining("signing a certificate")
        }
        return try Certificate(der: unsafe ASN1.encoded { unsafe i2d_X509(draft, $0) })
    }

    static func setInteger(_ target: UnsafeMutablePointer<ASN1_INTEGER>?, to magnitude: [UInt8])
        -> Bool
    {
        let number = unsafe magnitude.withUnsafeBufferPointer { buffer in
            unsafe BN_bin2bn(buffer.baseAddress, CInt(buffer.count), nil)
        }
        defer { unsafe BN_free(number) }
        return unsafe BN_to_ASN1_INTEGER(number, target) != nil
    }

    static func setTime(_ instant: Instant, _ set: (UnsafeMutablePointer<ASN1_TIME>?) -> CInt) -> Bool {
        let time = unsafe ASN1.time(instant)
        defer { unsafe ASN1_TIME_free(time) }
        return unsafe set(time) == 1
    }
}
