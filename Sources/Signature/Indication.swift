/// The three outcomes of ETSI EN 319 102-1 clause 5.1.3.
package enum Indication: String, Sendable, CaseIterable, Comparable {
    case totalPassed = "TOTAL-PASSED"
    case indeterminate = "INDETERMINATE"
    case totalFailed = "TOTAL-FAILED"

    /// From best to worst, so that a letter's indication is the maximum of its signatures'.
    package static func < (left: Indication, right: Indication) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .totalPassed: 0
        case .indeterminate: 1
        case .totalFailed: 2
        }
    }
}

/// The sub-indications of EN 319 102-1 table 6 that this project gives.
package enum SubIndication: String, Sendable, CaseIterable {
    case formatFailure = "FORMAT_FAILURE"
    case hashFailure = "HASH_FAILURE"
    case signatureCryptoFailure = "SIG_CRYPTO_FAILURE"
    /// At the time that counts: a timestamp's, else the receipt's. That time stands for the signing time, so
    /// the three that depend on it are failures and not doubts.
    case revoked = "REVOKED"
    case expired = "EXPIRED"
    case notYetValid = "NOT_YET_VALID"
    case signatureConstraintsFailure = "SIG_CONSTRAINTS_FAILURE"
    case chainConstraintsFailure = "CHAIN_CONSTRAINTS_FAILURE"
    case cryptoConstraintsFailure = "CRYPTO_CONSTRAINTS_FAILURE"
    case noSigningCertificateFound = "NO_SIGNING_CERTIFICATE_FOUND"
    case noCertificateChainFound = "NO_CERTIFICATE_CHAIN_FOUND"
    case certificateChainGeneralFailure = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    case revokedAuthority = "REVOKED_CA_NO_POE"
    /// The four that end in doubt, because nothing proves that the signature existed before.
    case revokedNoProof = "REVOKED_NO_POE"
    case outOfBoundsNoProof = "OUT_OF_BOUNDS_NO_POE"
    case cryptoConstraintsNoProof = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    case timestampOrderFailure = "TIMESTAMP_ORDER_FAILURE"
    case signedDataNotFound = "SIGNED_DATA_NOT_FOUND"
    case tryLater = "TRY_LATER"

    package var indication: Indication {
        switch self {
        case .formatFailure, .hashFailure, .signatureCryptoFailure, .revoked, .expired, .notYetValid:
            .totalFailed
        default: .indeterminate
        }
    }
}
