package import Exchange

/// What one RFC 3161 timestamp is worth, and why.
package struct TimestampReport: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Over the signature value.
        case signature
        /// Over the signature with all its evidence.
        case archive
        /// Over a revision of a PDF.
        case document
    }

    package let kind: Kind
    /// Nil where the token could not be read.
    package let genTime: Instant?
    package let tsa: SignatureReport.Signer?
    package let indication: Indication
    /// Empty for a timestamp that passed without remarks.
    package let reasons: [SignatureReason]

    package var hasPassed: Bool { indication == .totalPassed }
}
