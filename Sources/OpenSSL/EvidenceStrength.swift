internal import COpenSSL

/// Which signatures over certificates, CRLs and OCSP responses prove something today: SHA-2 or Ed25519, by a
/// key of 112 bits of security or more. The chain's own are judged by OpenSSL's security level 2, which says
/// the same.
enum EvidenceStrength {
    static func isStrong(_ algorithm: UnsafePointer<X509_ALGOR>?) -> Bool {
        guard let algorithm = unsafe algorithm else { return false }
        var digest = NID_undef
        var key = NID_undef
        let kind = unsafe OBJ_obj2nid(algorithm.pointee.algorithm)
        guard unsafe OBJ_find_sigid_algs(kind, &digest, &key) == 1 else { return false }
        if digest == NID_undef, key == NID_rsassaPss { digest = unsafe pssDigest(algorithm) }
        return [NID_sha256, NID_sha384, NID_sha512].contains(digest) || key == NID_ED25519
    }

    static func isStrong(_ key: KeyKind) -> Bool {
        switch key {
        case .rsa(let bits): bits >= 2048
        case .ec, .ed25519: true
        case .other: false
        }
    }

    /// The digest that RSASSA-PSS parameters name; SHA-1 where they name none, as RFC 4055 has it.
    private static func pssDigest(_ algorithm: UnsafePointer<X509_ALGOR>) -> CInt {
        var type: CInt = 0
        var value: UnsafeRawPointer?
        unsafe X509_ALGOR_get0(nil, &type, &value, algorithm)
        guard type == V_ASN1_SEQUENCE, let value = unsafe value else { return NID_sha1 }
        let bytes = unsafe ASN1.bytes(value.assumingMemoryBound(to: ASN1_STRING.self))
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let parameters = unsafe d2i_RSA_PSS_PARAMS(nil, &position, buffer.count) else {
                return NID_undef
            }
            defer { unsafe RSA_PSS_PARAMS_free(parameters) }
            guard let hash = unsafe parameters.pointee.hashAlgorithm else { return NID_sha1 }
            return unsafe OBJ_obj2nid(hash.pointee.algorithm)
        }
    }
}

extension Certificate {
    /// True where `issuer` is named as the issuer and its key signed the certificate, with an algorithm that
    /// is evidence today. Says nothing of times and uses.
    package func isSigned(by issuer: Certificate) -> Bool {
        guard issuerDER == issuer.subjectDER else { return false }
        var algorithm: UnsafePointer<X509_ALGOR>?
        unsafe X509_get0_signature(nil, &algorithm, handle)
        guard unsafe EvidenceStrength.isStrong(algorithm) else { return false }
        ERR_clear_error()
        defer { ERR_clear_error() }
        return unsafe X509_verify(handle, issuer.publicKey.handle) == 1
    }
}

extension OCSPResponse {
    /// True where `key` signed the response, with an algorithm that is evidence today.
    func isSigned(by key: PublicKey) -> Bool {
        guard EvidenceStrength.isStrong(key.kind),
            unsafe EvidenceStrength.isStrong(OCSP_resp_get0_tbs_sigalg(handle)),
            let content = unsafe OCSP_resp_get0_respdata(handle)
        else { return false }
        ERR_clear_error()
        defer { ERR_clear_error() }
        return unsafe ASN1_item_verify(
            OCSP_RESPDATA_it(), OCSP_resp_get0_tbs_sigalg(handle), OCSP_resp_get0_signature(handle),
            UnsafeRawPointer(content), key.handle) == 1
    }
}
