/// How long things may be. Longer is a design question, not a matter of wrapping.
enum SizeRules {
    static let fileLinesMax = 400
    static let bodyLinesMax = 70
    static let lineColumnsMax = 110

    static func fileLength(_ path: String, _ text: String) -> [Problem] {
        let count = lines(of: text).count
        return count <= fileLinesMax ? [] : [Problem(path, 0, "\(count) lines, more than \(fileLinesMax)")]
    }

    static func lineLength(_ path: String, _ text: String) -> [Problem] {
        lines(of: text).enumerated().compactMap { number, line in
            guard line.count > lineColumnsMax else { return nil }
            return Problem(path, number + 1, "\(line.count) columns, more than \(lineColumnsMax)")
        }
    }

    /// Functions, initialisers, subscripts and computed properties, from their first word to the closing
    /// brace.
    static func bodyLength(_ path: String, _ text: String) -> [Problem] {
        let source = SwiftText(text)
        return source.words.compactMap { word, position in
            guard let end = bodyEnd(source.code, word, position) else { return nil }
            let first = source.line(at: position)
            let count = source.line(at: end) - first + 1
            guard count > bodyLinesMax else { return nil }
            return Problem(path, first, "\(word) of \(count) lines, more than \(bodyLinesMax)")
        }
    }

    /// Where the body of the declaration that `word` begins ends; nil where there is none.
    private static func bodyEnd(_ code: [Character], _ word: String, _ position: Int) -> Int? {
        guard ["func", "init", "deinit", "subscript", "var"].contains(word) else { return nil }
        // `self.init(…)` and `.init(…)` are calls.
        let before = code[..<position].last { !$0.isWhitespace }
        if before == "." { return nil }
        guard let start = bodyStart(code, after: position + word.count, isProperty: word == "var") else {
            return nil
        }
        var depth = 0
        for index in start..<code.count {
            if code[index] == "{" { depth += 1 }
            if code[index] == "}" {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    /// The opening brace of a declaration; a line that ends outside of parentheses ends one without a body,
    /// unless the next goes on with the signature.
    private static func bodyStart(_ code: [Character], after start: Int, isProperty: Bool) -> Int? {
        let goesOn = ["{", "->", "throws", "async", "rethrows", "where", ":", ")"]
        var depth = 0
        for index in start..<code.count {
            switch code[index] {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case "=" where depth == 0 && isProperty: return nil
            case "}", ";": if depth == 0 { return nil }
            case "\n":
                guard depth == 0 else { continue }
                let rest = code[index...].drop { $0.isWhitespace }
                guard goesOn.contains(where: { rest.starts(with: $0) }) else { return nil }
            default: break
            }
            if depth < 0 { return nil }
        }
        return nil
    }
}
