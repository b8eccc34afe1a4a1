internal import COpenSSL

extension TrustStore {
    /// What the purpose asks of the chain beyond OpenSSL's own rules.
    static func check(_ chain: [Certificate], for purpose: ChainPurpose) throws(ChainFailure) {
        switch purpose {
        case .any: break
        case .documentSigning: try checkDocumentSigning(chain)
        case .timeStamping: try checkTimeStamping(chain)
        }
    }

    /// Our own rules on key usage and extended key usage, for certificates that sign documents.
    private static func checkDocumentSigning(_ chain: [Certificate]) throws(ChainFailure) {
        try checkSigningKey(chain)
        try check(
            chain, from: ExtendedKeyUsage.documentPurposes,
            otherwise: "the extended key usage does not include document signing")
    }

    /// RFC 3161 section 2.3: the extension is critical and names this one purpose.
    private static func checkTimeStamping(_ chain: [Certificate]) throws(ChainFailure) {
        try checkSigningKey(chain)
        guard let leaf = chain.first else { return }
        guard leaf.extendedKeyUsages == [ExtendedKeyUsage.timeStamping], leaf.isExtendedKeyUsageCritical
        else {
            throw ChainFailure(
                code: .extendedKeyUsage, depth: 0,
                detail: "the extended key usage is not critical, or not timestamping alone")
        }
        try check(
            chain, from: [ExtendedKeyUsage.timeStamping],
            otherwise: "the extended key usage does not include timestamping")
    }

    private static func checkSigningKey(_ chain: [Certificate]) throws(ChainFailure) {
        guard let usage = chain.first?.keyUsage else { return }
        if usage.isDisjoint(with: [.digitalSignature, .nonRepudiation]) {
            throw ChainFailure(
                code: .keyUsage, depth: 0, detail: "the key may sign neither documents nor anything else")
        }
    }

    /// An extended key usage on a CA binds what it issues, so the purposes shrink along the chain.
    private static func check(
        _ chain: [Certificate], from allowed: Set<String>, otherwise detail: String
    ) throws(ChainFailure) {
        var purposes = allowed
        for (depth, certificate) in chain.enumerated() {
            guard let named = certificate.extendedKeyUsages, !named.contains(ExtendedKeyUsage.any) else {
                continue
            }
            purposes.formIntersection(named)
            if purposes.isEmpty {
                throw ChainFailure(code: .extendedKeyUsage, depth: depth, detail: detail)
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
            case X509_V_ERR_UNSPECIFIED: .internalError
            // Among them X509_V_ERR_OUT_OF_MEM, which says that a tree of policies was given up.
            default: .constraint
            }
        let text = unsafe X509_verify_cert_error_string(Int(error)).map { unsafe String(cString: $0) }
        self.init(code: code, depth: Int(depth), detail: text ?? "error \(error)")
    }
}
