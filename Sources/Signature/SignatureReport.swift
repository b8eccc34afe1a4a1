package import Exchange
package import OpenSSL

/// What one signature is worth, and why.
package struct SignatureReport: Sendable {
    /// The family; `level` says how much of its own evidence a signature carries.
    package enum Format: String, Sendable, CaseIterable {
        case none
        case xmlDSig = "XML-DSig"
        case xades = "XAdES"
        case cms = "CMS"
        case cades = "CAdES"
        case pades = "PAdES"
        /// `adbe.pkcs7.detached` in a PDF.
        case pkcs7 = "PKCS7"
        /// A document timestamp that stands in a PDF by itself.
        case documentTimestamp = "RFC3161"
    }

    package struct Signer: Sendable, Equatable {
        /// RFC 4514.
        package let subject: String
        package let issuer: String
        /// Hexadecimal.
        package let serial: String
        package let sha256: Digest256

        package init(_ certificate: Certificate) {
            subject = certificate.subject
            issuer = certificate.issuer
            serial = certificate.serialHex
            sha256 = certificate.sha256
        }
    }

    package struct Revocation: Sendable, Equatable {
        package enum Status: String, Sendable { case good, revoked, unknown }

        package let status: Status
        /// `crl` or `ocsp`, where one was used.
        package let source: String?
        /// SHA-256 of the CRL or response used.
        package let evidence: Digest256?
        package let thisUpdate: Instant?
        package let revokedAt: Instant?
        /// Why the certificate was revoked, or why the status is unknown.
        package let cause: String?
    }

    package let format: Format
    /// Nil for formats without AdES levels, and where the signature could not be read.
    package let level: SignatureLevel?
    package let indication: Indication
    package let subIndication: SubIndication?
    package let signer: Signer?
    package let role: SignerRole
    /// `ECDSA with SHA-256`; nil where none could be read.
    package let algorithm: String?
    /// As the signer claims; no proof of anything.
    package let signingTime: Instant?
    /// The time that the signature was judged at: that of the earliest valid timestamp over it, else the
    /// receipt's. Nil where there was nothing to judge.
    package let bestSigningTime: Instant?
    /// In the order in which they stand in the signature.
    package let timestamps: [TimestampReport]
    /// What was signed: `whole document without its signature`, `detached content`.
    package let coverage: String?
    /// The signature field of a PDF; nil elsewhere.
    package let field: String?
    /// The attachment that the signature stands in; nil for the letter's own.
    package let document: String?
    package let revocation: Revocation?
    /// Empty for a signature that passed without remarks; remarks do not lower the indication.
    package let reasons: [SignatureReason]
    /// Leaf first.
    package let chain: [Certificate]
    /// All that the answer rests on, each item once.
    package let evidence: [EvidenceItem]

    package var isUnsigned: Bool { format == .none }
    package var hasPassed: Bool { indication == .totalPassed }

    /// `CAdES-T`, `XML-DSig`.
    package var formatName: String { format.rawValue + (level.map { "-\($0.rawValue)" } ?? "") }

    /// genTime of the earliest valid timestamp over the signature.
    package var timestamp: Instant? { timestamps.filter(\.hasPassed).compactMap(\.genTime).min() }
}

/// Baseline levels of ETSI EN 319 122-1, 132-1 and 142-1.
package enum SignatureLevel: String, Sendable, CaseIterable, Comparable {
    /// Who signed what.
    case b = "B"
    /// And when it existed: a valid timestamp over the signature.
    case t = "T"
    /// And the certificates and revocation data to judge it by.
    case lt = "LT"
    /// And a timestamp over all of that.
    case lta = "LTA"

    package static func < (left: SignatureLevel, right: SignatureLevel) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .b: 0
        case .t: 1
        case .lt: 2
        case .lta: 3
        }
    }
}

/// Whose signature it is in the words of Nghị định 30/2020: the person's who signs, or the agency's.
package enum SignerRole: String, Sendable, CaseIterable {
    case leader
    case seal
    /// Neither certificate nor field tells; nothing is guessed.
    case unknown
}
