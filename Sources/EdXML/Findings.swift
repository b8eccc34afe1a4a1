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

    /// Nil where nothing was found.
    var rejection: Rejection? { all.isEmpty ? nil : Rejection(findings: all, fatal: fatal) }
}
