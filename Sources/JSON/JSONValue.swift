/// A JSON value with the line it stands on, so that an operator is told where a key is wrong.
package struct JSONValue: Sendable {
    package enum Content: Sendable {
        case null
        case boolean(Bool)
        /// Whole numbers only within Int64; the formats of this project have no fractions.
        case integer(Int64)
        /// Any other number.
        case double(Double)
        case string(String)
        case array([JSONValue])
        /// In the order written; names are unique (a repeated one is a syntax error).
        case object([JSONMember])
    }

    package let content: Content
    /// 1-based.
    package let line: Int

    package init(_ content: Content, line: Int) {
        self.content = content
        self.line = line
    }
}

package struct JSONMember: Sendable {
    package let name: String
    package let line: Int
    package let value: JSONValue

    package init(name: String, line: Int, value: JSONValue) {
        self.name = name
        self.line = line
        self.value = value
    }
}

extension JSONValue {
    package var string: String? {
        if case .string(let text) = content { text } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let number) = content { number } else { nil }
    }

    package var boolean: Bool? {
        if case .boolean(let flag) = content { flag } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let values) = content { values } else { nil }
    }

    package var object: [JSONMember]? {
        if case .object(let members) = content { members } else { nil }
    }

    package var isNull: Bool {
        if case .null = content { true } else { false }
    }

    /// The member of that name, compared byte for byte; nil where this is no object or has none.
    package subscript(name: String) -> JSONValue? {
        object?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}
