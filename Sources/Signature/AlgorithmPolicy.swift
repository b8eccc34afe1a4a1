package import OpenSSL

/// Which algorithms count. SHA-1 and MD5 cannot be named here at all.
package struct AlgorithmPolicy: Sendable, Hashable {
    /// RSASSA-PKCS1-v1_5, which deployed tokens mostly make.
    package var allowsRSAPKCS1 = true
    /// RSASSA-PSS, which Thông tư 15/2025 names.
    package var allowsRSAPSS = true
    package var allowsECDSA = true
    /// Bits.
    package var rsaBitsMin = 2048
    package var digests: Set<DigestAlgorithm> = Set(DigestAlgorithm.allCases)
    package var curves: Set<EllipticCurve> = Set(EllipticCurve.allCases)
    /// A signer whose revocation nobody publishes: false lets it pass, with a remark.
    package var requiresRevocationSource = false

    package init() {}

    /// What is wrong with `algorithm`; nil where it is allowed.
    func objection(to algorithm: SignatureAlgorithm) -> SignatureReason? {
        let isAllowed =
            switch algorithm {
            case .rsaPKCS1: allowsRSAPKCS1
            case .rsaPSS: allowsRSAPSS
            case .ecdsa: allowsECDSA
            case .ed25519: false
            }
        guard isAllowed else { return SignatureReason(.algorithmForbidden, algorithm.description) }
        if let digest = algorithm.digest, !digests.contains(digest) {
            return SignatureReason(.digestForbidden, digest.rawValue)
        }
        return nil
    }

    /// What is wrong with the signer's key; nil where it is allowed and fits `algorithm`.
    func objection(to key: KeyKind, for algorithm: SignatureAlgorithm) -> SignatureReason? {
        switch key {
        case .rsa(let bits):
            if bits < rsaBitsMin { return SignatureReason(.keyTooShort, "\(bits) < \(rsaBitsMin)") }
            switch algorithm {
            case .rsaPKCS1, .rsaPSS: return nil
            case .ecdsa, .ed25519: return SignatureReason(.keyMismatch)
            }
        case .ec(let curve):
            if !curves.contains(curve) { return SignatureReason(.keyForbidden, curve.rawValue) }
            guard case .ecdsa = algorithm else { return SignatureReason(.keyMismatch) }
            return nil
        case .ed25519, .other:
            return SignatureReason(.keyForbidden)
        }
    }
}
