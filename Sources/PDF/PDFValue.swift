/// A name without its slash, with `#xx` decoded.
package struct PDFName: Sendable, Hashable, ExpressibleByStringLiteral {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(stringLiteral text: StaticString) {
        bytes = Array(text.description.utf8)
    }

    /// For messages.
    package var text: String { String(decoding: bytes.prefix(80), as: UTF8.self) }
}

package struct PDFReference: Sendable, Hashable {
    package let number: Int
    package let generation: Int

    package init(_ number: Int, _ generation: Int) {
        self.number = number
        self.generation = generation
    }
}

/// A direct object. Two are equal where they say the same, whatever the spacing and the order of keys.
package enum PDFValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// As it is written.
    case real([UInt8])
    case string([UInt8])
    case name(PDFName)
    case array([PDFValue])
    case dictionary(PDFDictionary)
    case reference(PDFReference)

    package var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    package var string: [UInt8]? { if case .string(let bytes) = self { bytes } else { nil } }
    package var name: PDFName? { if case .name(let name) = self { name } else { nil } }
    package var array: [PDFValue]? { if case .array(let values) = self { values } else { nil } }
    package var dictionary: PDFDictionary? { if case .dictionary(let value) = self { value } else { nil } }
    package var reference: PDFReference? { if case .reference(let value) = self { value } else { nil } }

    /// Whether it is a number other than zero; nothing else is asked of numbers with a point.
    package var isNonZeroNumber: Bool {
        switch self {
        case .integer(let number): number != 0
        case .real(let digits): digits.contains { (0x31...0x39).contains($0) }
        default: false
        }
    }

    /// Every reference in it, with the key of the outermost dictionary that it is below.
    package func forEachReference(_ body: (PDFReference, PDFName?) -> Void) {
        forEachReference(below: nil, body)
    }

    /// Every dictionary in it, itself included.
    package func forEachDictionary<Failure>(
        _ body: (PDFDictionary) throws(Failure) -> Void
    ) throws(Failure) {
        switch self {
        case .array(let values):
            for value in values { try value.forEachDictionary(body) }
        case .dictionary(let dictionary):
            try body(dictionary)
            for value in dictionary.entries.values { try value.forEachDictionary(body) }
        default: break
        }
    }

    private func forEachReference(below key: PDFName?, _ body: (PDFReference, PDFName?) -> Void) {
        switch self {
        case .reference(let reference): body(reference, key)
        case .array(let values): for value in values { value.forEachReference(below: key, body) }
        case .dictionary(let dictionary):
            for (name, value) in dictionary.entries { value.forEachReference(below: key ?? name, body) }
        default: break
        }
    }
}

/// Each key once: a file in which one stands twice is not read, because readers differ about which counts.
package struct PDFDictionary: Sendable, Equatable {
    package private(set) var entries: [PDFName: PDFValue] = [:]

    package init() {}

    package subscript(key: PDFName) -> PDFValue? {
        get { entries[key] }
        set { entries[key] = newValue }
    }

    package var keys: Set<PDFName> { Set(entries.keys) }
    package func isType(_ type: PDFName) -> Bool { entries["Type"] == .name(type) }
}

/// An indirect object as it stands in the file.
package struct PDFObject: Sendable {
    package let reference: PDFReference
    package let value: PDFValue
    /// From its number to `endobj`; nil inside of an object stream.
    package let range: Range<Int>?
    /// Where the values of its dictionary stand; empty inside of an object stream.
    package let places: [PDFName: Range<Int>]
    /// The bytes between `stream` and `endstream`, still encoded.
    package let stream: Range<Int>?
    /// What it takes up in memory, in values.
    package let weight: Int

    package var dictionary: PDFDictionary? { value.dictionary }
}
