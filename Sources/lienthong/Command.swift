/// How a verb ends; the numbers are a contract with scripts (sysexits where one fits).
enum ExitCode: Int32 {
    case done = 0
    /// Refused by the hub, or invalid: TOTAL-FAILED, a proof that does not hold.
    case refused = 1
    case indeterminate = 2
    case usage = 64
    case noInput = 66
    case unreachable = 69
    case tryAgain = 75
}

/// Ends a verb with a message for the person at the terminal.
struct CommandFailure: Error {
    let code: ExitCode
    /// Vietnamese: what is wrong and what to do.
    let message: String

    init(_ code: ExitCode, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// One option of a verb.
struct Option: Sendable {
    /// With its dashes: `--hub`, `-o`.
    let name: String
    /// What stands for the value in the help; nil for a flag.
    let value: String?
    /// Vietnamese.
    let meaning: String
    let repeats: Bool

    static func value(_ name: String, _ value: String, _ meaning: String, repeats: Bool = false) -> Option {
        Option(name: name, value: value, meaning: meaning, repeats: repeats)
    }

    static func flag(_ name: String, _ meaning: String) -> Option {
        Option(name: name, value: nil, meaning: meaning, repeats: false)
    }

    static let json = Option.flag(
        "--json", "in đúng một giá trị JSON ra stdout, thông báo cho người đọc ra stderr")

    /// What every verb that talks to a hub takes.
    static let connection: [Option] = [
        .value("--hub", "URL", "địa chỉ của trục, ví dụ https://truc.example:8443"),
        .value("--cert", "FILE", "chứng thư kết nối của cơ quan (PEM)"),
        .value("--key", "FILE", "khóa riêng của chứng thư kết nối (PEM)"),
        .value("--ca", "FILE", "chứng thư gốc để nhận ra trục (PEM)"),
        .value("--profile", "FILE", "tệp JSON5 chứa hub, cert, key, ca (hoặc biến LIENTHONG_PROFILE)"),
    ]
}

/// One verb: what it is called, how it is explained, what it does.
protocol Command: Sendable {
    /// `["audit", "verify"]`.
    static var words: [String] { get }
    /// One Vietnamese line for the list of verbs.
    static var summary: String { get }
    /// Operands as the usage line shows them: `FILE [--json]`.
    static var operands: String { get }
    static var options: [Option] { get }
    /// Paragraphs below the options: examples, exit codes. Vietnamese; may be empty.
    static var notes: String { get }

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode
}

extension Command {
    static var notes: String { "" }

    static var help: String {
        var text = "\(summary)\n\nCách dùng: lienthong \(words.joined(separator: " ")) \(operands)\n"
        if !options.isEmpty {
            text += "\nTùy chọn:\n"
            for option in options {
                let left = option.value.map { "\(option.name) \($0)" } ?? option.name
                let padding = String(repeating: " ", count: max(1, 26 - left.count))
                text += "  \(left)\(padding)\(option.meaning)\(option.repeats ? " (lặp lại được)" : "")\n"
            }
        }
        if !notes.isEmpty { text += "\n\(notes)\n" }
        return text
    }
}
