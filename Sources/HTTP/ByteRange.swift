/// What a Range field asks for of a representation whose length is known, RFC 9110 section 14.
package enum ByteRange: Sendable, Equatable {
    /// No range, several, or one that is malformed: 200 with everything.
    case whole
    /// 206.
    case part(Range<Int64>)
    /// 416 with `Content-Range: bytes */length`.
    case unsatisfiable

    /// - Parameter length: of the whole, in bytes.
    package init(_ field: String?, length: Int64) {
        self = .whole
        guard let field, let equals = field.utf8.firstIndex(of: 0x3D),
            Fields.equalIgnoringCase(field.utf8[..<equals], "bytes".utf8)
        else { return }
        let range = field.utf8[field.utf8.index(after: equals)...]
        guard let dash = range.firstIndex(of: 0x2D) else { return }
        let first = range[..<dash]
        let last = range[range.index(after: dash)...]
        if first.isEmpty {
            guard let count = ByteRange.number(last) else { return }
            self = count == 0 || length == 0 ? .unsatisfiable : .part(max(0, length - count)..<length)
            return
        }
        guard let start = ByteRange.number(first) else { return }
        guard let end = last.isEmpty ? Int64.max : ByteRange.number(last), end >= start else { return }
        self = start >= length ? .unsatisfiable : .part(start..<min(end, length - 1) + 1)
    }

    /// `bytes 0-99/1000` for a part of `length` bytes.
    package static func contentRange(_ part: Range<Int64>, length: Int64) -> String {
        "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(length)"
    }

    /// Saturates: a number with too many digits is larger than any length, which is all that matters.
    private static func number(_ digits: Substring.UTF8View) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(Substring(digits)) ?? Int64.max
    }
}
