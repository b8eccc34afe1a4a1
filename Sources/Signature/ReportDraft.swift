internal import Exchange
internal import OpenSSL

/// Collects findings on the way to a report. The first failure gives the sub-indication: what comes after it
/// may only follow from it.
struct ReportDraft {
    var format: SignatureReport.Format
    var level: SignatureLevel?
    var coverage: String?
    var signer: Certificate?
    var role = SignerRole.unknown
    var algorithm: String?
    var signingTime: Instant?
    var bestSigningTime: Instant?
    var timestamps: [TimestampReport] = []
    /// Name of the signature field in a PDF.
    var field: String?
    /// Name of the attachment that holds the signature.
    var document: String?
    var revocation: SignatureReport.Revocation?
    var chain: [Certificate] = []
    private(set) var evidence: [EvidenceItem] = []
    private(set) var failures: [SignatureReason] = []
    private(set) var remarks: [SignatureReason] = []

    init(_ format: SignatureReport.Format) {
        self.format = format
    }

    mutating func fail(_ reason: SignatureReason) {
        if !failures.contains(reason) { failures.append(reason) }
    }

    /// Failures that all others may only follow from.
    mutating func fail(first reasons: [SignatureReason]) {
        failures = reasons + failures.filter { !reasons.contains($0) }
    }

    mutating func remark(_ reason: SignatureReason) {
        if !remarks.contains(reason) { remarks.append(reason) }
    }

    mutating func apply(_ ruling: AlgorithmPolicy.Ruling) {
        switch ruling {
        case .allowed: break
        case .tolerated(let reason): remark(reason)
        case .refused(let reason): fail(reason)
        }
    }

    /// Notes what an answer rests on; what is there already stays as it is.
    mutating func rest(on items: [EvidenceItem]) {
        evidence.reserveCapacity(evidence.count + items.count)
        for item in items where !evidence.contains(item) { evidence.append(item) }
    }

    var hasFailed: Bool { !failures.isEmpty }

    var indication: Indication { failures.map(\.subIndication.indication).max() ?? .totalPassed }

    func report() -> SignatureReport {
        let worst = indication
        return SignatureReport(
            format: format, level: level, indication: worst,
            subIndication: failures.first { $0.subIndication.indication == worst }?.subIndication,
            signer: signer.map(SignatureReport.Signer.init), role: role, algorithm: algorithm,
            signingTime: signingTime, bestSigningTime: bestSigningTime, timestamps: timestamps,
            coverage: coverage, field: field, document: document, revocation: revocation,
            reasons: failures + remarks, chain: chain, evidence: evidence)
    }
}
