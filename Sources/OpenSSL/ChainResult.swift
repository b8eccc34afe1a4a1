package import Exchange

/// What is known about a certificate's revocation at a time. Three answers, on purpose: a CRL that did not
/// arrive makes nobody revoked, and nobody good.
package enum RevocationStatus: Sendable, Equatable {
    case good(RevocationSource)
    case revoked(at: Instant, reason: RevocationReason, RevocationSource)
    case unknown(Cause)

    package enum Cause: String, Sendable, CaseIterable {
        /// Neither the certificate nor the configuration names a source: there is nothing to ask.
        case noSource = "no_source"
        /// A source is named, but nothing that covers the certificate is at hand.
        case noData = "no_data"
        /// What is at hand is too old for the time in question.
        case stale
        /// What is at hand is from the future.
        case notYetValid = "not_yet_valid"
        /// What is at hand does not verify, or is signed with a broken algorithm.
        case notAuthentic = "not_authentic"
        /// Whether the OCSP responder's own certificate was revoked cannot be told.
        case responderUnknown = "responder_unknown"
        /// The responder that speaks for the issuer has never heard of the certificate.
        case unknownToResponder = "unknown_to_responder"
        /// Suspended at that time; the issuer has not decided yet.
        case onHold = "on_hold"
    }
}

/// Why no valid chain leads from a certificate to an anchor.
package struct ChainFailure: Error, Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable {
        case noPath = "no_path"
        case badSignature = "bad_signature"
        case expired
        case notYetValid = "not_yet_valid"
        case weakAlgorithm = "weak_algorithm"
        /// Path length, name constraints, unknown critical extensions, policies, malformed extensions.
        case constraint
        case keyUsage = "key_usage"
        case extendedKeyUsage = "extended_key_usage"
        case internalError = "internal_error"
    }

    package let code: Code
    /// 0 for the signer itself.
    package let depth: Int
    /// English, from OpenSSL or from our own rule.
    package let detail: String
}

/// The outcome of validating one certificate at one time.
package struct ChainResult: Sendable {
    /// Leaf first, anchor last; only the leaf where there is no chain.
    package let chain: [Certificate]
    /// Nil where the chain holds (revocation apart).
    package let failure: ChainFailure?
    /// For each certificate of the chain but the anchor.
    package let revocation: [RevocationStatus]
    /// The CRLs and OCSP responses that these answers rest on, each once.
    package let evidence: RevocationData
    /// Times for which this result holds, both ends included.
    package let holds: ClosedRange<Instant>

    package var signerRevocation: RevocationStatus { revocation.first ?? .unknown(.noSource) }

    /// Trusted, and nobody in the chain revoked or in doubt. A certificate for which nobody publishes
    /// anything does not stand in the way.
    package var isTrusted: Bool {
        failure == nil
            && revocation.allSatisfy { status in
                switch status {
                case .good, .unknown(.noSource): true
                case .revoked, .unknown: false
                }
            }
    }
}

/// What a certificate is asked to be good for.
package enum ChainPurpose: String, Sendable, Hashable {
    /// Signs letters and files; key usage and extended key usage are judged by our own rules, because
    /// OpenSSL's nearest purpose (smime_sign) refuses certificates made for document signing.
    case documentSigning
    /// Signs RFC 3161 timestamps, and nothing else.
    case timeStamping
    /// The chain only.
    case any
}
