package import Exchange
package import OpenSSL

/// One thing that a verdict rests on, byte for byte, so that the verdict can be computed again without a
/// network. Named by its SHA-256: a CRL behind a thousand letters is kept once.
package struct EvidenceItem: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable { case certificate, crl, ocsp, timestamp }

    package let kind: Kind
    package let der: [UInt8]
    package let sha256: Digest256

    package init(_ kind: Kind, _ der: [UInt8]) {
        self.init(kind, der, SHA256.hash(der))
    }

    /// Where the digest is known already.
    package init(_ kind: Kind, _ der: [UInt8], _ sha256: Digest256) {
        self.kind = kind
        self.der = der
        self.sha256 = sha256
    }

    package init(_ certificate: Certificate) {
        self.init(.certificate, certificate.der, certificate.sha256)
    }

    package static func == (left: EvidenceItem, right: EvidenceItem) -> Bool {
        left.kind == right.kind && left.sha256 == right.sha256
    }
}
