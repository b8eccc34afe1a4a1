internal import COpenSSL
package import Exchange

/// Names a certificate as RFC 6960 does: hashes of its issuer's name and key, and its serial number.
///
/// SHA-1 is allowed here and only here: it identifies, it proves nothing, and most responders use it. Whoever
/// finds another issuer with the same hashes still needs that issuer's signature.
package struct OCSPCertificateID: Sendable, Hashable {
    package enum Hash: String, Sendable, CaseIterable {
        case sha1 = "SHA1"
        case sha256 = "SHA256"
        case sha384 = "SHA384"
        case sha512 = "SHA512"
    }

    package let hash: Hash
    package let issuerNameHash: [UInt8]
    package let issuerKeyHash: [UInt8]
    /// Magnitude, as in `Certificate.serial`.
    package let serial: [UInt8]

    /// Nil where OpenSSL lacks the hash.
    package init?(_ certificate: Certificate, issuer: Certificate, hash: Hash = .sha1) {
        guard let method = unsafe EVP_get_digestbyname(hash.rawValue) else { return nil }
        var name = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var key = name
        var nameCount: CUnsignedInt = 0
        var keyCount: CUnsignedInt = 0
        guard
            unsafe X509_NAME_digest(X509_get_subject_name(issuer.handle), method, &name, &nameCount) == 1,
            unsafe X509_pubkey_digest(issuer.handle, method, &key, &keyCount) == 1
        else { return nil }
        self.hash = hash
        issuerNameHash = Array(name.prefix(Int(nameCount)))
        issuerKeyHash = Array(key.prefix(Int(keyCount)))
        serial = certificate.serial
    }

    /// Nil for a hash that we do not use, and for a negative serial number.
    init?(of single: OpaquePointer) {
        var name: UnsafeMutablePointer<ASN1_OCTET_STRING>?
        var key: UnsafeMutablePointer<ASN1_OCTET_STRING>?
        var number: UnsafeMutablePointer<ASN1_INTEGER>?
        var algorithm: OpaquePointer?
        let id = unsafe OCSP_SINGLERESP_get0_id(single)
        guard unsafe OCSP_id_get0_info(&name, &algorithm, &key, &number, id) == 1 else { return nil }
        let kind = unsafe OBJ_obj2nid(algorithm)
        switch kind {
        case NID_sha1: hash = .sha1
        case NID_sha256: hash = .sha256
        case NID_sha384: hash = .sha384
        case NID_sha512: hash = .sha512
        default: return nil
        }
        guard let number = unsafe number, unsafe ASN1_STRING_type(number) == V_ASN1_INTEGER else {
            return nil
        }
        issuerNameHash = unsafe ASN1.bytes(name)
        issuerKeyHash = unsafe ASN1.bytes(key)
        serial = unsafe ASN1.bytes(number)
    }
}

/// What an OCSP response says of one certificate: a SingleResponse.
package struct OCSPStatement: Sendable, Equatable {
    package enum Status: Sendable, Equatable {
        case good
        case revoked(at: Instant, reason: RevocationReason)
        /// The responder does not know the certificate.
        case unknown
    }

    package let certificate: OCSPCertificateID
    package let status: Status
    package let thisUpdate: Instant
    /// Nil where the responder has news at any time.
    package let nextUpdate: Instant?
    /// The responder still knows certificates that expired since then; nil where it does not say.
    package let archiveCutoff: Instant?

    /// Nil where times cannot be read, or for a critical extension that we do not know: such a statement does
    /// not count.
    init?(of single: OpaquePointer) {
        for index in 0..<(unsafe OCSP_SINGLERESP_get_ext_count(single)) {
            let item = unsafe OCSP_SINGLERESP_get_ext(single, index)
            guard unsafe X509_EXTENSION_get_critical(item) != 0 else { continue }
            let kind = unsafe OBJ_obj2nid(X509_EXTENSION_get_object(item))
            guard [NID_crl_reason, NID_invalidity_date, NID_id_pkix_OCSP_archiveCutoff].contains(kind) else {
                return nil
            }
        }
        var reasonNumber: CInt = 0
        var revokedTime: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var this: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var next: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        let kind = unsafe OCSP_single_get0_status(single, &reasonNumber, &revokedTime, &this, &next)
        guard let id = unsafe OCSPCertificateID(of: single), let thisUpdate = unsafe ASN1.instant(this) else {
            return nil
        }
        nextUpdate = unsafe ASN1.instant(next)
        guard unsafe next == nil || nextUpdate != nil else { return nil }
        switch kind {
        case V_OCSP_CERTSTATUS_GOOD: status = .good
        case V_OCSP_CERTSTATUS_REVOKED:
            // A date that cannot be read must not make a revoked certificate good.
            let processed = unsafe ASN1.instant(revokedTime) ?? .distantPast
            let invalid = unsafe Self.time(NID_invalidity_date, in: single)
            status = .revoked(
                at: min(processed, invalid ?? processed),
                reason: RevocationReason(rawValue: Int(reasonNumber)) ?? .unspecified)
        default: status = .unknown
        }
        certificate = id
        self.thisUpdate = thisUpdate
        archiveCutoff = unsafe Self.time(NID_id_pkix_OCSP_archiveCutoff, in: single)
    }

    private static func time(_ kind: CInt, in single: OpaquePointer) -> Instant? {
        guard let value = unsafe OCSP_SINGLERESP_get1_ext_d2i(single, kind, nil, nil) else { return nil }
        let time = unsafe value.assumingMemoryBound(to: ASN1_GENERALIZEDTIME.self)
        defer { unsafe ASN1_GENERALIZEDTIME_free(time) }
        return unsafe ASN1.instant(time)
    }
}
