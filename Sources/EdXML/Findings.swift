internal import Exchange
internal import XML

/// Everything found wrong with a letter, so that its sender's software can be mended in one go.
struct Findings {
    private let countMax: Int
    private(set) var all: [Finding] = []
    /// Set where reading on is pointless.
    private(set) var fatal: Finding?

    init(countMax: Int) {
        self.countMax = countMax
    }

    mutating func add(_ code: RejectionCode, _ detail: String, path: String, at position: XMLPosition) {
        let finding = Finding(
            path: path, line: position.line, column: position.column, code: code, detail: detail)
        all.append(finding)
        if all.count >= countMax, fatal == nil { fatal = finding }
    }

    mutating func addFatal(_ code: RejectionCode, _ detail: String, path: String, at position: XMLPosition) {
        add(code, detail, path: path, at: position)
        if fatal == nil { fatal = all.last }
    }

    /// Nil where nothing was found. The first finding in the file gives its code; a fatal one goes before.
    var rejection: Rejection? {
        guard !all.isEmpty else { return nil }
        var sorted = all.enumerated().sorted { left, right in
            let (leftLine, rightLine) = (left.element.line, right.element.line)
            // What has no place is about the file as a whole and comes last.
            let leftKey = (leftLine == 0 ? Int.max : leftLine, left.element.column, left.offset)
            let rightKey = (rightLine == 0 ? Int.max : rightLine, right.element.column, right.offset)
            return leftKey < rightKey
        }.map(\.element)
        if let fatal, let place = sorted.firstIndex(of: fatal) {
            sorted.insert(sorted.remove(at: place), at: 0)
        }
        let rest = sorted.count > 1 ? " (và \(sorted.count - 1) lỗi khác)" : ""
        return Rejection(sorted[0].code, sorted[0].detail + rest, findings: sorted)
    }
}
