package import Exchange
package import OpenSSL
package import Signature
internal import Storage

/// A message whose signatures were judged. Only `Verification` makes one.
package struct VerifiedMessage: Sendable {
    package let read: ReadMessage
    package let verdict: Verdict
    /// The certificates behind signatures that passed, or that nothing but unknown revocation stands against.
    package let signers: [Digest256]
    /// What the verdict rests on; nil where nothing was verified.
    let evidence: Evidence?

    fileprivate init(read: ReadMessage, verdict: Verdict, signers: [Digest256], evidence: Evidence?) {
        self.evidence = evidence
        self.read = read
        self.verdict = verdict
        self.signers = signers
    }
}

/// Judges the organisation's signature in the letter, the detached one beside it, and those in its PDFs.
package struct Verification: Sendable {
    private let rules: JudgingRules

    package init(rules: JudgingRules) {
        self.rules = rules
    }

    /// The verdict is the worst of all signatures present; with none it is "unsigned", which is no pass.
    ///
    /// - Parameter contentDigest: digest of the letter's bytes for a detached signature that does not use
    ///   SHA-256.
    package func verify(
        _ read: ReadMessage, policy: Agency.SignaturePolicy, at instant: Instant,
        contentDigest: (DigestAlgorithm) -> [UInt8]?
    ) -> VerifiedMessage {
        guard policy != .off else {
            return VerifiedMessage(read: read, verdict: .notVerified, signers: [], evidence: nil)
        }
        let verifier = rules.verifier
        var reports: [SignatureReport] = []
        if read.evidence.isPresent { reports.append(verifier.verify(read.evidence, at: instant)) }
        if let cms = read.detachedSignature {
            reports.append(verifier.verify(cms: cms, contentDigest: contentDigest, at: instant))
        }
        // A leader signs his PDF with a certificate of his own, which nobody registers for the agency.
        let signers = reports.filter { $0.hasPassed || $0.restsOnUnknownRevocation }
            .compactMap { $0.signer?.sha256 }
        for document in read.documents {
            reports += verifier.verify(pdf: document.source, at: instant, document: document.name)
        }
        let verdict = Verdict(signatures: reports)
        return VerifiedMessage(
            read: read, verdict: verdict, signers: signers, evidence: rules.evidence(of: verdict))
    }
}
