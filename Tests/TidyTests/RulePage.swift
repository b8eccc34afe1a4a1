/// Pages of rules: each rule names the file that enforces it and a test that shows it.
enum RulePage {
    /// Problems of every row of a table with the column "enforced in".
    ///
    /// - Parameters:
    ///   - codes: What the second column's code marks may name; nil where it holds something else.
    ///   - text: Of a file of the tree; nil where there is none.
    static func problems(
        _ path: String, _ page: String, codes: Set<String>? = nil, text: (String) -> String?
    ) -> [Problem] {
        var problems: [Problem] = []
        var isRuleTable = false
        for (number, line) in lines(of: page).enumerated() {
            guard line.hasPrefix("|") else {
                isRuleTable = false
                continue
            }
            let cells = line.split(separator: "|").map { $0.trimmed }
            if cells.contains("enforced in") {
                isRuleTable = true
                continue
            }
            if !isRuleTable || line.hasPrefix("|-") { continue }
            func find(_ what: String) { problems.append(Problem(path, number + 1, what)) }
            guard cells.count == 4, !cells.contains("") else {
                find("a rule has a text, a source, a file and a test")
                continue
            }
            if let codes {
                let named = marked(cells[1])
                if named.isEmpty { find("no code tells of it") }
                for code in named where !codes.contains(code) { find("no code \(code)") }
            }
            for file in marked(cells[2]) where text(file) == nil { find("no \(file) in the tree") }
            if !marked(cells[2]).contains(where: { $0.hasPrefix("Sources/") }) { find("no file enforces it") }
            let tests = marked(cells[3])
            if tests.isEmpty { find("no test shows it") }
            for test in tests {
                let parts = test.split(separator: ":", maxSplits: 1).map { $0.trimmed }
                guard parts.count == 2, parts[0].hasPrefix("Tests/"), let source = text(parts[0]) else {
                    find("no test file \(parts.first ?? "")")
                    continue
                }
                if !source.contains("func `\(parts[1])`(") { find("\(parts[0]) has no test \(parts[1])") }
            }
        }
        return problems
    }

    /// What stands between code marks.
    private static func marked(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
