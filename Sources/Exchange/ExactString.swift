/// Text that is compared byte for byte.
///
/// Swift's own `==` takes "é" in NFC and NFD, or K and the Kelvin sign, for equal. An identifier that
/// was signed must not match another one that only looks alike, so identifiers are of this type.
package struct ExactString: Hashable, Sendable, Comparable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    package let string: String

    package init(_ string: String) {
        self.string = string
    }

    package init(stringLiteral value: String) {
        self.string = value
    }

    /// Nil where `bytes` are not valid UTF-8; nothing is repaired.
    package init?(utf8 bytes: [UInt8]) {
        // Not `String(validating:as:)`: that is generic, and looks its own types up at each call.
        guard let text = try? UTF8Span(validating: bytes.span) else { return nil }
        string = String(copying: text)
    }

    package var description: String { string }
    package var isEmpty: Bool { string.utf8.isEmpty }
    package var bytes: [UInt8] { Array(string.utf8) }

    package static func == (left: ExactString, right: ExactString) -> Bool {
        // Nearly all comparisons are settled by the length, which is there without a call.
        guard left.string.utf8.count == right.string.utf8.count else { return false }
        // In place and eight bytes at a time: names of elements are compared for every element of every
        // letter, and namespaces are long.
        let (left, right) = (left.string.utf8Span.span, right.string.utf8Span.span)
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in unsafe Self.areEqual(left, right) }
        }
    }

    private static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= left.count {
            let words = unsafe (
                left.loadUnaligned(fromByteOffset: index, as: UInt64.self),
                right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            )
            if words.0 != words.1 { return false }
            index += 8
        }
        while index < left.count {
            if unsafe left[index] != right[index] { return false }
            index += 1
        }
        return true
    }

    private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var text = string
        return text.withUTF8(body)
    }

    package static func < (left: ExactString, right: ExactString) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        unsafe withBytes { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}
