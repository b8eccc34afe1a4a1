internal import Exchange
internal import OpenSSL

/// What a document's events tell about its signature; made by `XMLSignatureReader` only. Nothing in it is
/// verified yet but the structure.
package struct XMLSignatureEvidence: Sendable {
    enum Content: Sendable {
        case unsigned(SignatureReason)
        case refused([SignatureReason])
        case signed(SignedDocument)
    }

    let content: Content

    init(_ content: Content) {
        self.content = content
    }

    /// False where the document has no ds:Signature at all.
    package var isPresent: Bool {
        if case .unsigned = content { false } else { true }
    }

    /// All that verification needs; small, whatever the size of the letter.
    struct SignedDocument: Sendable {
        let signedInfo: [UInt8]
        let algorithm: SignatureAlgorithm
        let value: [UInt8]
        let digestAlgorithm: DigestAlgorithm
        /// From the signature, and of the document that was read.
        let expectedDigest: [UInt8]
        let actualDigest: [UInt8]
        let certificates: [[UInt8]]
        let properties: Properties?

        struct Stamp: Sendable {
            let token: [UInt8]
            /// Nil where it could not be computed.
            let digest: [UInt8]?
        }

        struct Properties: Sendable {
            let expectedDigest: [UInt8]
            let actualDigest: [UInt8]
            let digestAlgorithm: DigestAlgorithm
            let signingTime: Instant?
            let signingCertificate: XAdESProperties.CertificateDigest?
            /// Digests of what the timestamps must be over, by their own algorithms, with their tokens.
            let signatureTimestamps: [Stamp]
            let archiveTimestamps: [Stamp]
            /// An archive timestamp covers all evidence.
            let isWholeArchived: Bool
            let certificates: [[UInt8]]
            let revocation: RevocationValues
        }
    }
}
