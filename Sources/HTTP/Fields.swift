/// A header section: fields in the order they came, names compared without regard to case (RFC 9110
/// section 5.1).
///
/// One array of bytes for all of them, since a request has a dozen fields and a handler looks at three.
package struct Fields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    private struct Line: Sendable, Equatable {
        var nameStart: Int32
        var valueStart: Int32
        var valueEnd: Int32
    }

    private var bytes: [UInt8] = []
    private var lines: [Line] = []

    package init() {}

    /// Skips, like `append`, what may not be written.
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    package var count: Int { lines.count }
    package var isEmpty: Bool { lines.isEmpty }

    /// Adds a field at the end. False, and nothing is added, where the name is no token or the value holds
    /// CR, LF, NUL or another control byte: a value that a stranger chose must not begin a new line.
    @discardableResult
    package mutating func append(_ name: String, _ value: String) -> Bool {
        guard !name.isEmpty, ByteClass.all(name, in: ByteClass.token),
            ByteClass.all(value, in: ByteClass.fieldValue), bytes.count < 1 << 24
        else { return false }
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        let valueStart = bytes.count
        bytes.append(contentsOf: value.utf8)
        lines.append(
            Line(nameStart: Int32(start), valueStart: Int32(valueStart), valueEnd: Int32(bytes.count)))
        return true
    }

    /// Takes the place of every field of that name; the same rules as `append`.
    @discardableResult
    package mutating func set(_ name: String, _ value: String) -> Bool {
        lines = lines.filter { !matches($0, name) }
        return append(name, value)
    }

    /// The first field of that name; nil where there is none. Text that is not UTF-8 never gets in here.
    package subscript(name: String) -> String? {
        for line in lines where matches(line, name) { return value(of: line) }
        return nil
    }

    package func values(of name: String) -> [String] {
        lines.filter { matches($0, name) }.map { value(of: $0) }
    }

    package func count(of name: String) -> Int {
        lines.reduce(0) { matches($1, name) ? $0 + 1 : $0 }
    }

    /// Whether a comma-separated list such as Connection's names `token`, in any case, in any of its fields.
    package func contains(_ name: String, token: String) -> Bool {
        for line in lines where matches(line, name) {
            for item in value(of: line).utf8.split(separator: 0x2C) {
                let trimmed = Fields.trimmed(item)
                if Fields.equalIgnoringCase(trimmed, token.utf8) { return true }
            }
        }
        return false
    }

    package func forEach(_ body: (_ name: String, _ value: String) -> Void) {
        for line in lines {
            body(
                String(decoding: bytes[Int(line.nameStart)..<Int(line.valueStart)], as: UTF8.self),
                value(of: line))
        }
    }

    /// `name: value` and CR LF for each.
    package func write(into output: inout [UInt8]) {
        for line in lines {
            output.append(contentsOf: bytes[Int(line.nameStart)..<Int(line.valueStart)])
            output.append(0x3A)
            output.append(0x20)
            output.append(contentsOf: bytes[Int(line.valueStart)..<Int(line.valueEnd)])
            output.append(0x0D)
            output.append(0x0A)
        }
    }

    /// For the parser, which has checked both ranges of `line`.
    mutating func append(_ line: Span<UInt8>, name: Range<Int>, value: Range<Int>) {
        let start = bytes.count
        bytes.append(line, name)
        let valueStart = bytes.count
        bytes.append(line, value)
        lines.append(
            Line(nameStart: Int32(start), valueStart: Int32(valueStart), valueEnd: Int32(bytes.count)))
    }

    private func value(of line: Line) -> String {
        String(decoding: bytes[Int(line.valueStart)..<Int(line.valueEnd)], as: UTF8.self)
    }

    private func matches(_ line: Line, _ name: String) -> Bool {
        guard Int(line.valueStart - line.nameStart) == name.utf8.count else { return false }
        return Fields.equalIgnoringCase(bytes[Int(line.nameStart)..<Int(line.valueStart)], name.utf8)
    }

    /// ASCII case only.
    static func equalIgnoringCase(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        left.elementsEqual(right) { ByteClass.lowercased($0) == ByteClass.lowercased($1) }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }
}
