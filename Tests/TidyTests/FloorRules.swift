/// The targets of a package manifest, in the order in which it names them.
struct Manifest {
    struct Entry {
        let name: String
        /// From the comment line `// 3` above; nil for the system libraries, which lie below every floor.
        let floor: Int?
        let dependencies: [String]
        let line: Int
    }

    let entries: [Entry]

    /// Reads what this project's manifest is made of: `floor(…)`, `program(…)`, `.systemLibrary(name: …)`.
    init(_ text: String) {
        var entries: [Entry] = []
        var floor: Int?
        let all = lines(of: text)
        for (number, line) in all.enumerated() {
            let trimmed = line.drop { $0 == " " }
            if trimmed.hasPrefix("// "), let next = Int(trimmed.dropFirst(3)) { floor = next }
            if trimmed.hasPrefix(".systemLibrary(") {
                let name = Self.strings(in: String(trimmed)).first ?? ""
                entries.append(Entry(name: name, floor: nil, dependencies: [], line: number + 1))
            }
            guard trimmed.hasPrefix("floor(") || trimmed.hasPrefix("program(") else { continue }
            let names = Self.strings(in: Self.call(all[number...]))
            guard let name = names.first else { continue }
            entries.append(
                Entry(name: name, floor: floor, dependencies: Array(names.dropFirst()), line: number + 1))
        }
        self.entries = entries
    }

    func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

    /// The text of a call up to its closing parenthesis.
    private static func call(_ lines: ArraySlice<Substring>) -> String {
        var text = ""
        var depth = 0
        for line in lines {
            for character in line {
                text.append(character)
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                if character == ")", depth == 0 { return text }
            }
            text.append("\n")
        }
        return text
    }

    private static func strings(in text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}

/// A target imports lower floors only, and only those that it declares.
enum FloorRules {
    /// What comes with the toolchain and is used. Foundation is not: it would bring ICU into the daemon.
    static let toolchain: Set<String> = ["Glibc", "Synchronization"]

    static func manifest(_ path: String, _ manifest: Manifest) -> [Problem] {
        var problems: [Problem] = []
        var seen: Set<String> = []
        for entry in manifest.entries {
            for name in entry.dependencies {
                guard let lower = manifest.entry(name) else {
                    problems.append(
                        Problem(path, entry.line, "\(entry.name) depends on \(name), no target of ours"))
                    continue
                }
                if !seen.contains(name) {
                    problems.append(Problem(path, entry.line, "\(entry.name) stands before \(name)"))
                }
                if let floor = lower.floor, floor >= entry.floor ?? 0 {
                    problems.append(
                        Problem(path, entry.line, "\(entry.name) looks upward or sideways at \(name)"))
                }
            }
            seen.insert(entry.name)
        }
        return problems
    }

    static func imports(_ path: String, _ text: String, of target: String, _ manifest: Manifest) -> [Problem]
    {
        guard let entry = manifest.entry(target) else {
            return [Problem(path, 0, "\(target) is no target of Package.swift")]
        }
        return modules(imported: text).compactMap { module, line in
            if toolchain.contains(module) || entry.dependencies.contains(module) { return nil }
            if module == target { return Problem(path, line, "\(target) imports itself") }
            guard manifest.entry(module) != nil else {
                return Problem(path, line, "\(module) is neither ours nor of the toolchain that we use")
            }
            return Problem(path, line, "\(target) does not declare \(module)")
        }
    }

    /// `Glibc` for `import Glibc`, `@preconcurrency package import Glibc`, `import struct Glibc.timespec`.
    static func modules(imported text: String) -> [(module: String, line: Int)] {
        lines(of: String(SwiftText(text).code)).enumerated().compactMap { number, line in
            let words = line.split { $0 == " " || $0 == "\t" || $0 == ";" }
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                words[..<keyword].allSatisfy({ isModifier($0) })
            else { return nil }
            let kinds: Set<Substring> = [
                "struct", "class", "enum", "protocol", "typealias", "func", "var", "let",
            ]
            let name = kinds.contains(words[keyword + 1]) ? words[(keyword + 2)...].first : words[keyword + 1]
            guard let module = name?.split(separator: ".").first else { return nil }
            return (String(module), number + 1)
        }
    }

    private static func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(word)
    }
}
