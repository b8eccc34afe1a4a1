package import Exchange
package import OpenSSL

/// What one signature is worth, and why.
package struct SignatureReport: Sendable {
    package enum Format: String, Sendable {
        case none
        case xmlDSig = "XML-DSig"
        case xadesB = "XAdES-B"
        case cms = "CMS"
        case cadesB = "CAdES-B"
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
        /// `crl`, where one was used.
        package let source: String?
        /// SHA-256 of the CRL used.
        package let evidence: Digest256?
        package let thisUpdate: Instant?
        package let revokedAt: Instant?
        /// Why the certificate was revoked, or why the status is unknown.
        package let cause: String?
    }

    package let format: Format
    package let indication: Indication
    package let subIndication: SubIndication?
    package let signer: Signer?
    /// `ECDSA with SHA-256`; nil where none could be read.
    package let algorithm: String?
    /// As the signer claims; no proof of anything.
    package let signingTime: Instant?
    /// What was signed: `whole document without its signature`, `detached content`.
    package let coverage: String?
    package let revocation: Revocation?
    /// Empty for a signature that passed without remarks; remarks do not lower the indication.
    package let reasons: [SignatureReason]
    /// Leaf first; what evidence is kept of.
    package let chain: [Certificate]

    package var isUnsigned: Bool { format == .none }
    package var hasPassed: Bool { indication == .totalPassed }
}

/// Collects findings on the way to a report. The first failure gives the sub-indication: what comes after it
/// may only follow from it.
struct ReportDraft {
    var format: SignatureReport.Format
    var coverage: String?
    var signer: Certificate?
    var algorithm: String?
    var signingTime: Instant?
    var revocation: SignatureReport.Revocation?
    var chain: [Certificate] = []
    private(set) var failures: [SignatureReason] = []
    private(set) var remarks: [SignatureReason] = []

    init(_ format: SignatureReport.Format) {
        self.format = format
    }

    mutating func fail(_ reason: SignatureReason) {
        if !failures.contains(reason) { failures.append(reason) }
    }

    mutating func remark(_ reason: SignatureReason) {
        remarks.append(reason)
    }

    var hasFailed: Bool { !failures.isEmpty }

    func report() -> SignatureReport {
        let worst = failures.map(\.subIndication.indication).max() ?? .totalPassed
        return SignatureReport(
            format: format, indication: worst,
            subIndication: failures.first { $0.subIndication.indication == worst }?.subIndication,
            signer: signer.map(SignatureReport.Signer.init), algorithm: algorithm, signingTime: signingTime,
            coverage: coverage, revocation: revocation, reasons: failures + remarks, chain: chain)
    }
}
