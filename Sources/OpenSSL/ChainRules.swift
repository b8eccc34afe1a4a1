internal import COpenSSL

extension TrustStore {
    /// Our own rules on key usage and extended key usage, for certificates that sign documents.
    static func checkDocumentSigning(_ chain: [Certificate]) throws(ChainFailure) {
        guard let leaf = chain.first else { return }
        if let usage = leaf.keyUsage, usage.isDisjoint(with: [.digitalSignature, .nonRepudiation]) {
            throw ChainFailure(
                code: .keyUsage, depth: 0, detail: "the key may sign neither documents nor anything else")
        }
        // An extended key usage on a CA binds what it issues, so the purposes shrink along the chain.
        var purposes = ExtendedKeyUsage.documentPurposes
        for (depth, certificate) in chain.enumerated() {
            guard let named = certificate.extendedKeyUsages, !named.contains(ExtendedKeyUsage.any) else {
                continue
            }
            purposes.formIntersection(named)
            if purposes.isEmpty {
                throw ChainFailure(
                    code: .extendedKeyUsage, depth: depth,
                    detail: "the extended key usage does not include document signing")
            }
        }
    }
}

extension ChainFailure {
    init(openSSL error: CInt, depth: CInt) {
        let code: Code =
            switch error {
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED:
                .noPath
            case X509_V_ERR_CERT_HAS_EXPIRED: .expired
            case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
            case X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
                .badSignature
            case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK,
                X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
                .weakAlgorithm
            case X509_V_ERR_OUT_OF_MEM, X509_V_ERR_UNSPECIFIED: .internalError
            default: .constraint
            }
        let text = unsafe X509_verify_cert_error_string(Int(error)).map { unsafe String(cString: $0) }
        self.init(code: code, depth: Int(depth), detail: text ?? "error \(error)")
    }
}
