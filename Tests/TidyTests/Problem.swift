/// Something that is not as this project keeps it, with its place.
struct Problem: Equatable, CustomStringConvertible {
    let path: String
    /// 1-based; 0 where the place is the whole file.
    let line: Int
    let what: String

    init(_ path: String, _ line: Int = 0, _ what: String) {
        self.path = path
        self.line = line
        self.what = what
    }

    var description: String { line > 0 ? "\(path):\(line): \(what)" : "\(path): \(what)" }
}

extension [Problem] {
    /// One a line, so that a failing test says where to go.
    var report: String { map(\.description).joined(separator: "\n") }
}
