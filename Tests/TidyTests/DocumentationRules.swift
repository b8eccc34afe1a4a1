/// What the pages say must be what is there: codes, settings, figures, links.
enum DocumentationRules {
    /// The first cells of a page's tables, where they are code: `` | `bad_request` | 400 | ``.
    struct Row: Equatable {
        let name: String
        /// The other cells, trimmed.
        let cells: [String]
        let line: Int
    }

    /// Rows of the tables below the heading `section`, up to the next heading of its level or above.
    static func rows(of page: String, section: String) -> [Row] {
        var rows: [Row] = []
        var level: Int?
        for (number, line) in lines(of: page).enumerated() {
            if line.hasPrefix("#") {
                let depth = line.prefix { $0 == "#" }.count
                let title = line.drop { $0 == "#" || $0 == " " }
                if let current = level, depth <= current { level = nil }
                if level == nil, title == section { level = depth }
            }
            guard level != nil, line.hasPrefix("|") else { continue }
            let cells = line.split(separator: "|").map { $0.trimmingSpaces }
            // A cell may hold several names: `` `hub.started`, `hub.stopped` ``.
            let parts = (cells.first ?? "").split(separator: ",").map { $0.trimmingSpaces.insideCodeMarks }
            guard !parts.contains(nil) else { continue }
            for name in parts.compactMap({ $0 }) {
                rows.append(Row(name: name, cells: Array(cells.dropFirst()), line: number + 1))
            }
        }
        return rows
    }

    /// Every name has its row, every row its name, and none has two.
    static func complete(_ path: String, _ rows: [Row], names: [String], what: String) -> [Problem] {
        var problems: [Problem] = []
        let known = Set(names)
        var seen: Set<String> = []
        for row in rows {
            if !known.contains(row.name) {
                problems.append(Problem(path, row.line, "\(row.name) is no \(what)"))
            }
            if !seen.insert(row.name).inserted {
                problems.append(Problem(path, row.line, "\(row.name) stands twice"))
            }
        }
        for name in names where !seen.contains(name) {
            problems.append(Problem(path, 0, "\(what) \(name) is missing"))
        }
        return problems
    }

    /// Names of counters and gauges, from what the source writes: `("batches_total", …`, `Gauge("agencies",
    /// …`.
    static func metrics(in source: String) -> [String] {
        let pieces = source.split(separator: "\"", omittingEmptySubsequences: false)
        return zip(pieces, pieces.dropFirst()).enumerated().compactMap { offset, pair in
            // Every second piece is the inside of a literal.
            guard offset % 2 == 0 else { return nil }
            let before = String(pair.0.filter { !$0.isWhitespace })
            let isCounter = before.hasSuffix("(") && pair.1.hasSuffix("_total")
            return before.hasSuffix("Gauge(") || isCounter ? String(pair.1) : nil
        }
    }

    /// `["audit", "verify"]` for `static let words = ["audit", "verify"]`.
    static func verbs(declaredIn source: String) -> [[String]] {
        lines(of: source).filter { $0.contains("static let words = [") }.map { line in
            line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }
    }

    /// Every command line in a page, in a block of `sh` or between code marks, begins with a verb that there
    /// is.
    static func calls(_ path: String, _ text: String, verbs: [[String]]) -> [Problem] {
        lines(of: text).enumerated().flatMap { number, line in
            line.ranges(of: "lienthong ").compactMap { range -> Problem? in
                let before = line[..<range.lowerBound]
                let isCall = before.isEmpty || before.hasSuffix("`") || before.hasSuffix("$(")
                    || before.hasSuffix("/") || before.allSatisfy { $0 == " " }
                let words = line[range.upperBound...].prefix { $0 != "`" && $0 != ")" && $0 != "…" }
                    .split(separator: " ").map(String.init)
                guard isCall, let first = words.first, first != "VERB" else { return nil }
                if verbs.contains(where: { words.starts(with: $0) }) { return nil }
                return Problem(
                    path, number + 1, "lienthong has no verb \(words.prefix(2).joined(separator: " "))")
            }
        }
    }

    /// Links to files of the tree, relative to the page; anchors and addresses elsewhere are left alone.
    static func links(_ path: String, _ text: String, exists: (String) -> Bool) -> [Problem] {
        let folder = path.split(separator: "/").dropLast().map(String.init)
        return lines(of: text).enumerated().flatMap { number, line in
            line.ranges(of: "](").compactMap { range -> Problem? in
                let target = line[range.upperBound...].prefix { $0 != ")" && $0 != "#" }
                if target.isEmpty || target.contains("://") { return nil }
                var parts = folder
                for part in target.split(separator: "/") {
                    if part == ".." {
                        _ = parts.popLast()
                    } else if part != "." {
                        parts.append(String(part))
                    }
                }
                let wanted = parts.joined(separator: "/")
                return exists(wanted) ? nil : Problem(path, number + 1, "no \(wanted) in the tree")
            }
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        let start = drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}

extension String {
    /// `bad_request` for a cell that is exactly that between code marks.
    fileprivate var insideCodeMarks: String? {
        guard count > 2, hasPrefix("`"), hasSuffix("`") else { return nil }
        let inner = dropFirst().dropLast()
        return inner.contains("`") ? nil : String(inner)
    }
}
