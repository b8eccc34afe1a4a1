package import Exchange

/// Why a document is not read any further, and where.
package struct XMLError: Error, Sendable, Equatable {
    /// One of malformedXML, encodingNotUTF8, doctypeForbidden, xmlTooDeep, xmlTooLarge.
    package let code: RejectionCode
    /// 1-based; 0 where it is not known.
    package let line: Int
    package let column: Int
    /// Vietnamese: what to change.
    package let detail: String
    /// English, for the operator's log: the parser's own words.
    package let message: String

    package init(_ code: RejectionCode, line: Int, column: Int, detail: String, message: String = "") {
        self.code = code
        self.line = line
        self.column = column
        self.detail = detail
        self.message = message
    }

    package var finding: Finding {
        Finding(path: "", line: line, column: column, code: code, detail: detail)
    }

    package var rejection: Rejection {
        Rejection(code, detail, findings: [finding], internalDetail: message)
    }
}

/// Bounds on what a document may make the reader hold or do. Text between tags is not among them: it is
/// passed on as it comes and never held.
package struct XMLLimits: Sendable {
    /// Elements inside one another; a letter needs eight.
    package var depthMax = 64
    /// Attributes and namespace declarations of one element.
    package var attributesMax = 64
    /// Values of one element's attributes together.
    package var attributeBytesMax = 64 << 10
    /// A local name or a prefix.
    package var nameBytesMax = 256
    /// A namespace's URI.
    package var namespaceBytesMax = 1024
    /// A tag, comment or processing instruction that has begun and not ended. A long tag costs time quadratic
    /// in the number of its attributes before they can be counted, so this is not generous.
    package var tokenBytesMax = 128 << 10
    /// Distinct names in the document.
    package var namesMax = 4096
    /// Elements in the document: 3,500 recipients with nine children each are 35,000.
    package var elementsMax = 1_000_000

    package init() {}
}
