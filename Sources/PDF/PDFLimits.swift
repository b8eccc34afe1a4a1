/// What one PDF may cost. Everything is bounded by counts, never by a clock.
package struct PDFLimits: Sendable {
    /// Nested arrays and dictionaries.
    package var depthMax = 48
    /// Increments of one file.
    package var revisionsMax = 256
    /// Entries of all cross-reference sections together; 40 bytes of memory each.
    package var entriesMax = 300_000
    /// Values in one object; some 100 bytes of memory each.
    package var valuesMax = 200_000
    /// Values in objects that are kept: form fields, and what later revisions changed.
    package var keptValuesMax = 400_000
    /// Bytes of the strings of one object. A signature's value is the longest that is looked at.
    package var stringBytesMax = 5 << 20
    /// Of one cross-reference or object stream, unpacked.
    package var inflatedBytesMax = 16 << 20
    /// Bytes read, parsed and unpacked for one file, and steps of searching. A few nanoseconds each.
    package var workMax = 600_000_000

    package init() {}
}

/// Counts what reading one file has cost so far.
final class PDFBudget {
    let limits: PDFLimits
    private(set) var work = 0

    init(_ limits: PDFLimits) {
        self.limits = limits
    }

    func spend(_ steps: Int, at offset: Int) throws(PDFFault) {
        work += steps
        if work > limits.workMax { throw PDFFault(.tooLarge, "too much work", at: offset) }
    }
}
