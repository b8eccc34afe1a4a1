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
        guard let string = String(validating: bytes, as: UTF8.self) else { return nil }
        self.string = string
    }

    package var description: String { string }
    package var isEmpty: Bool { string.utf8.isEmpty }
    package var bytes: [UInt8] { Array(string.utf8) }

    package static func == (left: ExactString, right: ExactString) -> Bool {
        guard left.string.utf8.count == right.string.utf8.count else { return false }
        // In place: an iterator over UTF-8 views costs a hundred times a comparison of bytes, and names of
        // elements are compared for every element of every letter.
        return unsafe left.withBytes { left in
            unsafe right.withBytes { right in unsafe left.elementsEqual(right) }
        }
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
