/// A verb's arguments, checked against the options it declares.
struct Arguments: Sendable {
    let operands: [String]
    private let values: [String: [String]]
    private let flags: Set<String>

    /// `--name value` and `--name=value`; `--` ends the options.
    ///
    /// - Throws: `CommandFailure` (usage) for an unknown option, a missing value, or a repeated single
    ///   option.
    init(_ words: [String], options: [Option]) throws {
        var operands: [String] = []
        var values: [String: [String]] = [:]
        var flags: Set<String> = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                operands.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            let isLong = word.hasPrefix("--")
            let name = isLong ? parts[0] : word
            guard let option = options.first(where: { $0.name == name }) else {
                throw CommandFailure(.usage, "không có tùy chọn \(name)")
            }
            guard option.value != nil else {
                flags.insert(name)
                continue
            }
            guard let value = isLong && parts.count == 2 ? parts[1] : rest.popFirst() else {
                throw CommandFailure(.usage, "tùy chọn \(name) cần một giá trị")
            }
            guard option.repeats || values[name] == nil else {
                throw CommandFailure(.usage, "tùy chọn \(name) chỉ được dùng một lần")
            }
            values[name, default: []].append(value)
        }
        self.operands = operands
        self.values = values
        self.flags = flags
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }
    func value(_ name: String) -> String? { values[name]?.first }
    func all(_ name: String) -> [String] { values[name] ?? [] }

    var wantsJSON: Bool { has("--json") }

    func required(_ name: String) throws -> String {
        guard let value = value(name) else { throw CommandFailure(.usage, "thiếu tùy chọn \(name)") }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let text = value(name) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw CommandFailure(
                .usage, "\(name) phải là số nguyên từ \(range.lowerBound) đến \(range.upperBound)")
        }
        return number
    }

    /// The operands, which must be as many as `names`.
    func operands(_ names: String...) throws -> [String] {
        guard operands.count == names.count else {
            throw CommandFailure(
                .usage, names.isEmpty ? "không nhận tham số nào" : "cần \(names.joined(separator: " "))")
        }
        return operands
    }
}
