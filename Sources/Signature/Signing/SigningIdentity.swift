package import OpenSSL

/// A certificate with its private key, and how the two sign.
package struct SigningIdentity: Sendable {
    package let certificate: Certificate
    package let key: PrivateKey
    /// Authorities above the certificate that go into the signature; the certificate itself is not among
    /// them.
    package let chain: [Certificate]
    /// ECDSA in its DER encoding; XML-DSig writes the other one.
    package let algorithm: SignatureAlgorithm

    /// - Parameters:
    ///   - digest: nil for the one that belongs to the curve's strength, SHA-256 for RSA.
    ///   - usesPSS: RSASSA-PSS instead of PKCS #1 v1.5; nothing to an elliptic curve.
    /// - Throws: `keyMismatch`, `weakKey`, `unsupportedKey`, `wrongKeyUsage`: what no verifier would accept
    ///   is better refused here, where somebody can choose another key.
    package init(
        certificate: Certificate, key: PrivateKey, chain: [Certificate] = [], digest: DigestAlgorithm? = nil,
        usesPSS: Bool = false
    ) throws(SigningError) {
        precondition(digest != .sha1, "nothing is signed with SHA-1")
        switch key.kind {
        case .rsa(let bits):
            guard bits >= 2048 else {
                throw SigningError(.weakKey, "khóa RSA \(bits) bit quá ngắn, cần ít nhất 2048 bit")
            }
            algorithm = usesPSS ? .rsaPSS(digest ?? .sha256) : .rsaPKCS1(digest ?? .sha256)
        case .ec(let curve): algorithm = .ecdsa(digest ?? curve.digest, .der)
        case .ed25519, .other:
            throw SigningError(.unsupportedKey, "khóa phải là RSA, hoặc ECDSA P-256, P-384, P-521")
        }
        guard let own = try? key.publicKey(), own.der == certificate.publicKey.der else {
            throw SigningError(.keyMismatch, "khóa riêng không thuộc về chứng thư \(certificate.subject)")
        }
        if let usage = certificate.keyUsage, usage.isDisjoint(with: [.digitalSignature, .nonRepudiation]) {
            throw SigningError(.wrongKeyUsage, "chứng thư \(certificate.subject) không được cấp để ký")
        }
        self.certificate = certificate
        self.key = key
        var seen = [certificate.sha256]
        var others: [Certificate] = []
        for authority in chain where !seen.contains(authority.sha256) {
            seen.append(authority.sha256)
            others.append(authority)
        }
        self.chain = others
    }

    /// The digest of the content and of the signature.
    package var digest: DigestAlgorithm { algorithm.digest ?? .sha256 }
}
