/// Why a file is not read, or not further.
package struct PDFFault: Error, Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// Not built as ISO 32000-2 says. Nothing is repaired: what a lenient viewer makes of a broken file
        /// is its own guess, and the signature says nothing about it.
        case malformed
        /// Does not begin with `%PDF-`.
        case notPDF
        case encrypted
        /// A filter that no cross-reference and no object stream needs.
        case unsupported
        /// A bound of `PDFLimits` is passed.
        case tooLarge
        /// The source cannot be read.
        case unreadable
    }

    package let kind: Kind
    /// English, short.
    package let what: String
    /// Where in the file, in bytes; inside of an object stream, where in its content.
    package let offset: Int

    package init(_ kind: Kind, _ what: String, at offset: Int) {
        self.kind = kind
        self.what = what
        self.offset = offset
    }
}
