/// Swift source with comments and literals blanked out, so that braces and words in them do not count.
///
/// Not a parser: it knows strings (raw, multi-line, with interpolation), comments (nested) and raw
/// identifiers, which is all that counting lines and finding declarations needs. Line feeds stay where they
/// are.
struct SwiftText {
    let code: [Character]

    init(_ text: String) {
        var blanker = Blanker(Array(text))
        code = blanker.run()
    }

    /// 1-based line of a position in `code`.
    func line(at position: Int) -> Int { 1 + code[..<position].count { $0.isNewline } }

    /// Words with their positions, in order.
    var words: [(text: String, position: Int)] {
        var words: [(String, Int)] = []
        var position = 0
        while position < code.count {
            guard Self.isWord(code[position]) else {
                position += 1
                continue
            }
            let start = position
            while position < code.count, Self.isWord(code[position]) { position += 1 }
            words.append((String(code[start..<position]), start))
        }
        return words
    }

    static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}

private struct Blanker {
    private let source: [Character]
    private var output: [Character]
    private var position = 0

    init(_ source: [Character]) {
        self.source = source
        output = source
    }

    mutating func run() -> [Character] {
        while position < source.count {
            if starts("//") {
                while position < source.count, !source[position].isNewline { blank() }
            } else if starts("/*") {
                blockComment()
            } else if source[position] == "`" {
                blank()
                while position < source.count, source[position] != "`" { blank() }
                blank()
            } else if !literal() {
                position += 1
            }
        }
        return output
    }

    private func starts(_ text: String) -> Bool {
        source[position...].starts(with: text)
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where position < source.count {
            if !source[position].isNewline { output[position] = " " }
            position += 1
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && position < source.count
    }

    /// Blanks a string literal that begins here; false where none does.
    private mutating func literal() -> Bool {
        var hashes = 0
        while position + hashes < source.count, source[position + hashes] == "#" { hashes += 1 }
        guard position + hashes < source.count, source[position + hashes] == "\"" else { return false }
        let marks = String(repeating: "#", count: hashes)
        let quote = source[(position + hashes)...].starts(with: "\"\"\"") ? "\"\"\"" : "\""
        let (end, escape) = (quote + marks, "\\" + marks)
        blank(hashes + quote.count)
        while position < source.count, !starts(end) {
            guard starts(escape) else {
                blank()
                continue
            }
            blank(escape.count)
            if position < source.count, source[position] == "(" { interpolation() } else { blank() }
        }
        blank(end.count)
        return true
    }

    private mutating func interpolation() {
        var depth = 0
        repeat {
            if literal() { continue }
            if source[position] == "(" { depth += 1 }
            if source[position] == ")" { depth -= 1 }
            blank()
        } while depth > 0 && position < source.count
    }
}
