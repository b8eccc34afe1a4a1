package import Exchange
package import OpenSSL

/// Which algorithms count, after Thông tư 15/2025. MD5 cannot be allowed at all, SHA-1 only until a date.
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

    /// SHA-1 in a signature that is proven to be older than that: for one agency whose software or tokens
    /// cannot do better yet. Never in timestamps, nor in certificates, CRLs and OCSP responses. The verdict
    /// says that it rests on the exception.
    package var sha1Until: Instant?

    package init() {}

    /// What the policy says of an algorithm in a signature of a certain time.
    enum Ruling {
        case allowed
        /// Only by an exception, which the verdict must name.
        case tolerated(SignatureReason)
        case refused(SignatureReason)
    }

    func ruling(on algorithm: SignatureAlgorithm, at time: Instant) -> Ruling {
        if let objection = objection(to: algorithm, ignoringDigest: algorithm.digest == .sha1) {
            return .refused(objection)
        }
        guard algorithm.digest == .sha1 else { return .allowed }
        return sha1Ruling(at: time, otherwise: SignatureReason(.algorithmForbidden, algorithm.description))
    }

    func ruling(on digest: DigestAlgorithm, at time: Instant) -> Ruling {
        if digest == .sha1 {
            return sha1Ruling(at: time, otherwise: SignatureReason(.digestForbidden, digest.rawValue))
        }
        return digests.contains(digest)
            ? .allowed : .refused(SignatureReason(.digestForbidden, digest.rawValue))
    }

    private func sha1Ruling(at time: Instant, otherwise reason: SignatureReason) -> Ruling {
        guard let sha1Until else { return .refused(reason) }
        return time < sha1Until
            ? .tolerated(SignatureReason(.sha1Tolerated, sha1Until.rfc3339))
            : .refused(SignatureReason(.sha1Expired, sha1Until.rfc3339))
    }

    /// What is wrong with `algorithm`; nil where it is allowed.
    func objection(to algorithm: SignatureAlgorithm) -> SignatureReason? {
        objection(to: algorithm, ignoringDigest: false)
    }

    private func objection(
        to algorithm: SignatureAlgorithm, ignoringDigest: Bool
    ) -> SignatureReason? {
        let isAllowed =
            switch algorithm {
            case .rsaPKCS1: allowsRSAPKCS1
            case .rsaPSS: allowsRSAPSS
            case .ecdsa: allowsECDSA
            case .ed25519: false
            }
        guard isAllowed else { return SignatureReason(.algorithmForbidden, algorithm.description) }
        if let digest = algorithm.digest, !ignoringDigest, !digests.contains(digest) {
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
