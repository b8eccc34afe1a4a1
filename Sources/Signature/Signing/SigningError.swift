/// Why nothing is signed.
package struct SigningError: Error, Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable {
        /// The private key does not belong to the certificate.
        case keyMismatch = "key_mismatch"
        /// RSA below 2048 bits.
        case weakKey = "weak_key"
        /// Neither RSA nor one of the three named curves.
        case unsupportedKey = "unsupported_key"
        /// The certificate's key usage is for something else.
        case wrongKeyUsage = "wrong_key_usage"
        /// The letter holds a ds:Signature already.
        case alreadySigned = "already_signed"
        /// No edXMLHeader to put a signature into, an empty one, or two.
        case notALetter = "not_a_letter"
        /// A PDF that is broken, encrypted, or has that field already.
        case invalidDocument = "invalid_document"
        /// The file was written to while it was being signed.
        case inputChanged = "input_changed"
    }

    package let code: Code
    /// Vietnamese: what to do.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
