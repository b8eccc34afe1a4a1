/// What must not be in the tree, and what must be said where it is.
enum SafetyRules {
    /// The compiler takes our word for `@unchecked Sendable`; the line says what the word is worth.
    static func uncheckedSendable(_ path: String, _ text: String) -> [Problem] {
        let all = lines(of: text)
        let code = lines(of: String(SwiftText(text).code))
        return code.enumerated().compactMap { number, line in
            guard line.contains("@unchecked"), line.contains("Sendable") else { return nil }
            if all[number].contains("Sendable because") { return nil }
            let above = all[..<number].reversed().prefix { isCommentOrAttribute($0) }
            let below = all[(number + 1)...].prefix { isCommentOrAttribute($0) }
            if (above + below).contains(where: { $0.contains("Sendable because") }) { return nil }
            return Problem(path, number + 1, "@unchecked Sendable without a line \"Sendable because …\"")
        }
    }

    /// The names that the text gives to types of functions.
    static func functionTypes(_ text: String) -> [String] {
        lines(of: String(SwiftText(text).code)).compactMap { line in
            guard line.contains("->"), let start = line.firstRange(of: "typealias ")?.upperBound else {
                return nil
            }
            return String(line[start...].prefix { $0.isLetter || $0.isNumber })
        }
    }

    /// A generic box hands its value out in another calling convention and takes it back so: a closure gets
    /// two layers more each time that it is looked at under the lock, until the stack is full. In a struct it
    /// stays as it is.
    static func lockedClosures(_ path: String, _ text: String, _ types: Set<String>) -> [Problem] {
        lines(of: String(SwiftText(text).code)).enumerated().compactMap { number, line in
            guard let start = line.firstRange(of: "Mutex<")?.upperBound else { return nil }
            let value = line[start...]
            let name = String(value.prefix { $0.isLetter || $0.isNumber })
            let isClosure = value.hasPrefix("(") && value.contains("->") || types.contains(name)
            return isClosure ? Problem(path, number + 1, "a closure alone in a Mutex") : nil
        }
    }

    private static func isCommentOrAttribute(_ line: Substring) -> Bool {
        let trimmed = line.drop { $0 == " " }
        return trimmed.hasPrefix("//") || trimmed.hasPrefix("@")
    }

    // Spelled in pieces, so that this file does not hold what it looks for.
    private static let postponed = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
    private static let homes = ["home", "root", "work", "Users"].map { "/" + $0 + "/" }
    private static let keyBegins = "-----BEGIN"
    private static let keyEnds = "PRIVATE" + " KEY-----"

    /// What is not done is an issue, not a comment.
    static func postponedWork(_ path: String, _ text: String) -> [Problem] {
        lines(of: text).enumerated().compactMap { number, line in
            let words = line.split { !SwiftText.isWord($0) }
            guard let word = words.first(where: { postponed.contains(String($0)) }) else { return nil }
            return Problem(path, number + 1, "\(word): do it or write it down elsewhere")
        }
    }

    /// A path of the machine that somebody wrote this on means nothing on another one.
    static func machinePaths(_ path: String, _ text: String) -> [Problem] {
        lines(of: text).enumerated().compactMap { number, line in
            let isFound = homes.contains { home in
                line.ranges(of: home).contains { range in
                    guard range.lowerBound > line.startIndex else { return true }
                    let before = line[line.index(before: range.lowerBound)]
                    return !SwiftText.isWord(before) && !".~-}/".contains(before)
                }
            }
            return isFound ? Problem(path, number + 1, "a path of one machine") : nil
        }
    }

    /// PEM of a private key, whatever its kind. Keys for tests are made when the tests run.
    static func privateKeys(_ path: String, _ text: String) -> [Problem] {
        lines(of: text).enumerated().compactMap { number, line in
            guard let begin = line.range(of: keyBegins), line[begin.upperBound...].contains(keyEnds) else {
                return nil
            }
            // Code that tells one kind of PEM from another names the label; a key goes on for a line or more.
            let following = lines(of: text).dropFirst(number + 1).first ?? ""
            guard following.count >= 32, following.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
                return nil
            }
            return Problem(path, number + 1, "a private key")
        }
    }
}
