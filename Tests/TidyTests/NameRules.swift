/// Words that name nothing: a type called so is where everything ends up that nobody thought about.
enum NameRules {
    static let banned: Set<String> = [
        "Util", "Utils", "Utility", "Helper", "Helpers", "Manager", "Common", "Base", "Impl",
    ]
    private static let declarations: Set<String> = [
        "struct", "class", "enum", "actor", "protocol", "typealias", "macro",
    ]

    static func path(_ path: String) -> [Problem] {
        let parts = path.split(separator: "/").map { $0.split(separator: ".").first.map(String.init) ?? "" }
        return parts.compactMap { bannedWord(in: $0) }.map { Problem(path, 0, "\($0) is no name") }
    }

    static func types(_ path: String, _ text: String) -> [Problem] {
        let source = SwiftText(text)
        let words = source.words
        return zip(words, words.dropFirst()).compactMap { keyword, name in
            guard declarations.contains(keyword.text), let word = bannedWord(in: name.text) else {
                return nil
            }
            return Problem(path, source.line(at: name.position), "\(name.text): \(word) is no name")
        }
    }

    /// `LetterManager` holds one, `Base64` and `Database` do not.
    private static func bannedWord(in name: String) -> String? {
        var word = ""
        var words: [String] = []
        for character in name {
            if character.isUppercase, let last = word.last, !last.isUppercase {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        words.append(word)
        return words.first { banned.contains($0) }
    }
}
