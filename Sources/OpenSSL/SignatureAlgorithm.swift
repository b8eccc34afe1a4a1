/// How a signature is made, with the digest that it is made over.
package enum SignatureAlgorithm: Hashable, Sendable, CustomStringConvertible {
    /// RSASSA-PKCS1-v1_5, RFC 8017 section 8.2.
    case rsaPKCS1(DigestAlgorithm)
    /// RSASSA-PSS, RFC 8017 section 8.1: MGF1 with the same digest; the salt must be exactly that long.
    case rsaPSS(DigestAlgorithm, saltByteCount: Int)
    case ecdsa(DigestAlgorithm, ECDSAEncoding)
    /// RFC 8032, pure.
    case ed25519

    package enum ECDSAEncoding: Hashable, Sendable {
        /// `SEQUENCE { r, s }`, as CMS and X.509 write it.
        case der
        /// r ‖ s, each as long as the curve's order, as XML-DSig writes it.
        case fixedLength
    }

    /// PSS with a salt as long as the digest, as RFC 6931 and most software have it.
    package static func rsaPSS(_ digest: DigestAlgorithm) -> SignatureAlgorithm {
        .rsaPSS(digest, saltByteCount: digest.byteCount)
    }

    /// Nil for Ed25519, which hashes in its own way.
    package var digest: DigestAlgorithm? {
        switch self {
        case .rsaPKCS1(let digest), .rsaPSS(let digest, _), .ecdsa(let digest, _): digest
        case .ed25519: nil
        }
    }

    package var description: String {
        switch self {
        case .rsaPKCS1(let digest): "RSA with \(digest.rawValue)"
        case .rsaPSS(let digest, _): "RSA-PSS with \(digest.rawValue)"
        case .ecdsa(let digest, _): "ECDSA with \(digest.rawValue)"
        case .ed25519: "Ed25519"
        }
    }
}

/// What a key is. Anything that this project does not use is `other`.
package enum KeyKind: Hashable, Sendable {
    case rsa(bits: Int)
    case ec(EllipticCurve)
    case ed25519
    case other
}

package enum EllipticCurve: String, Sendable, CaseIterable, Hashable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"

    /// OpenSSL's name of it.
    var groupName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        }
    }

    /// Bytes of r, and of s, in the fixed-length encoding.
    package var coordinateByteCount: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The digest that belongs to the curve's strength.
    package var digest: DigestAlgorithm {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        case .p521: .sha512
        }
    }
}
