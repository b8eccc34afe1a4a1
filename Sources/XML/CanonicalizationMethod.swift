package import Exchange

/// The canonical forms that a signature may name, all without comments.
package enum CanonicalizationMethod: String, Sendable, CaseIterable {
    /// Canonical XML 1.0.
    case inclusive10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    /// Canonical XML 1.1.
    case inclusive11 = "http://www.w3.org/2006/12/xml-c14n11"
    /// Exclusive XML Canonicalization 1.0.
    case exclusive10 = "http://www.w3.org/2001/10/xml-exc-c14n#"

    /// The URI that stands in `Algorithm`.
    package var identifier: String { rawValue }

    /// Nil for every other algorithm, those with comments among them.
    package init?(identifier: ExactString) {
        guard let method = Self.allCases.first(where: { ExactString($0.rawValue) == identifier }) else {
            return nil
        }
        self = method
    }
}
