/// A value with parameters, such as `multipart/form-data; boundary="x"` or `form-data; name="edoc"`
/// (RFC 9110 section 5.6.6).
package struct ParameterizedValue: Sendable, Equatable {
    /// In lower case.
    package let value: String
    /// Names in lower case, values without quotes and escapes, in order.
    package let parameters: [(name: String, value: String)]

    /// Nil where the syntax is broken or a parameter stands twice.
    package init?(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.skipSpace()
        let value = scanner.take { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 }
        guard !value.isEmpty else { return nil }
        var parameters: [(name: String, value: String)] = []
        scanner.skipSpace()
        while scanner.skip(0x3B) {
            scanner.skipSpace()
            if scanner.isAtEnd { break }
            let name = Scanner.lowercased(scanner.take { ByteClass.contains($0, in: ByteClass.token) })
            guard !name.isEmpty, scanner.skip(0x3D), let value = scanner.parameterValue(),
                !parameters.contains(where: { $0.name == name })
            else { return nil }
            parameters.append((name, value))
            scanner.skipSpace()
        }
        guard scanner.isAtEnd else { return nil }
        self.value = Scanner.lowercased(value)
        self.parameters = parameters
    }

    package subscript(parameter: String) -> String? {
        parameters.first { $0.name == parameter }?.value
    }

    package static func == (left: ParameterizedValue, right: ParameterizedValue) -> Bool {
        left.value == right.value && left.parameters.elementsEqual(right.parameters) { $0 == $1 }
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func skipSpace() {
            while !isAtEnd, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        }

        mutating func skip(_ byte: UInt8) -> Bool {
            guard !isAtEnd, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        mutating func take(while condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
            let start = position
            while !isAtEnd, condition(bytes[position]) { position += 1 }
            return bytes[start..<position]
        }

        /// A token, or a quoted string with its escapes taken out. A backslash only escapes a quote or
        /// itself: some browsers send paths with bare backslashes.
        mutating func parameterValue() -> String? {
            guard skip(0x22) else {
                let token = take { ByteClass.contains($0, in: ByteClass.token) }
                return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
            }
            var text: [UInt8] = []
            while !isAtEnd {
                let byte = bytes[position]
                position += 1
                if byte == 0x22 { return String(decoding: text, as: UTF8.self) }
                if byte == 0x5C, !isAtEnd, bytes[position] == 0x22 || bytes[position] == 0x5C {
                    text.append(bytes[position])
                    position += 1
                } else {
                    text.append(byte)
                }
            }
            return nil
        }

        static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
            String(decoding: bytes.map { ByteClass.lowercased($0) }, as: UTF8.self)
        }
    }
}
