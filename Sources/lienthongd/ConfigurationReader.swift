internal import Exchange
internal import JSON

/// Why a configuration is refused: the key and the line, in the words of the person who must mend it.
struct ConfigurationError: Error, CustomStringConvertible {
    let file: String
    let line: Int
    /// Vietnamese.
    let detail: String

    var description: String { "\(file):\(line): \(detail)" }
}

/// Walks one object of the configuration; a key that nobody asked for is an error when it is done, because
/// a misspelt key that is silently ignored is a setting that the operator believes in and does not have.
struct ConfigurationSection {
    let file: String
    let path: String
    private let value: JSONValue?
    private let line: Int
    private let asked: AskedKeys

    private final class AskedKeys {
        var names: Set<String> = []
    }

    init(file: String, root: JSONValue) throws(ConfigurationError) {
        try self.init(file: file, path: "", value: root, line: 1)
    }

    private init(file: String, path: String, value: JSONValue?, line: Int) throws(ConfigurationError) {
        self.file = file
        self.path = path
        self.value = value
        self.line = value?.line ?? line
        asked = AskedKeys()
        if let value, value.object == nil { throw error(value.line, "\(path) phải là một đối tượng { … }") }
    }

    func section(_ name: String) throws(ConfigurationError) -> ConfigurationSection {
        try ConfigurationSection(file: file, path: path(name), value: member(name), line: line)
    }

    func has(_ name: String) -> Bool { member(name) != nil }

    func text(_ name: String) throws(ConfigurationError) -> String {
        guard let text = try optionalText(name) else { throw error(line, "thiếu khóa \(path(name))") }
        return text
    }

    func optionalText(_ name: String) throws(ConfigurationError) -> String? {
        guard let member = member(name), !member.isNull else { return nil }
        guard let text = member.string, !text.isEmpty else {
            throw error(member.line, "\(path(name)) phải là chuỗi khác rỗng")
        }
        return text
    }

    /// One path or a list of them.
    func texts(_ name: String) throws(ConfigurationError) -> [String] {
        guard let member = member(name), !member.isNull else { return [] }
        if let text = member.string { return [text] }
        guard let values = member.array else {
            throw error(member.line, "\(path(name)) phải là chuỗi hoặc danh sách chuỗi")
        }
        var texts: [String] = []
        for value in values {
            guard let text = value.string else {
                throw error(value.line, "\(path(name)) chỉ được chứa chuỗi")
            }
            texts.append(text)
        }
        return texts
    }

    func integer(
        _ name: String, in range: ClosedRange<Int64>, default standard: Int64
    ) throws(ConfigurationError) -> Int64 {
        guard let member = member(name) else { return standard }
        guard let number = member.integer, range.contains(number) else {
            throw error(
                member.line,
                "\(path(name)) phải là số nguyên từ \(range.lowerBound) đến \(range.upperBound)")
        }
        return number
    }

    func boolean(_ name: String, default standard: Bool) throws(ConfigurationError) -> Bool {
        guard let member = member(name) else { return standard }
        guard let flag = member.boolean else {
            throw error(member.line, "\(path(name)) phải là true hoặc false")
        }
        return flag
    }

    /// A list of objects.
    func sections(_ name: String) throws(ConfigurationError) -> [ConfigurationSection] {
        guard let member = member(name), !member.isNull else { return [] }
        guard let values = member.array else {
            throw error(member.line, "\(path(name)) phải là danh sách [ { … } ]")
        }
        var sections: [ConfigurationSection] = []
        for value in values {
            sections.append(
                try ConfigurationSection(file: file, path: path(name), value: value, line: value.line))
        }
        return sections
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, default standard: Choice
    ) throws(ConfigurationError) -> Choice {
        guard let text = try optionalText(name) else { return standard }
        guard let choice = Choice.allCases.first(where: { $0.rawValue.utf8.elementsEqual(text.utf8) }) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw error(name, "phải là một trong: \(words)")
        }
        return choice
    }

    /// For what another reader reads; nil where it is absent.
    func value(_ name: String) -> JSONValue? { member(name) }

    /// To be called when everything was asked for.
    func finish() throws(ConfigurationError) {
        for member in value?.object ?? [] where !asked.names.contains(member.name) {
            throw error(member.line, "không có khóa \(path(member.name))")
        }
    }

    func error(_ name: String, _ detail: String) -> ConfigurationError {
        error(member(name)?.line ?? line, "\(path(name)) \(detail)")
    }

    private func error(_ line: Int, _ detail: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, detail: detail)
    }

    private func member(_ name: String) -> JSONValue? {
        asked.names.insert(name)
        return value?[name]
    }

    private func path(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
