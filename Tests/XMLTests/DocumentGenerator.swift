/// A small generator that can be seeded, so that a failing document can be made again.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Makes well-formed documents full of what canonicalisation trips over.
struct DocumentGenerator {
    private var random: SplitMix64
    private var budget = 40
    private var nextMark = 0

    static let uris = ["urn:a", "urn:b", "http://c.example/?x=1", "urn:d"]
    static let prefixes = ["p", "q", "r", "a-b"]
    /// With `xml:base` the two inclusive forms differ in ways tested by themselves.
    var usesBase = false

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &random)! }
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func document() -> String {
        budget = number(3...40)
        nextMark = 0
        var text = ""
        if chance(50) { text += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + lineEnd() }
        if chance(30) { text += "<?before it?>" + lineEnd() }
        if chance(30) { text += "<!-- trước -->" + lineEnd() }
        if chance(10) { text += "<?empty?>" }
        text += element(scope: ["": ""], depth: 0)
        if chance(30) { text += lineEnd() + "<?after  two words ?>" }
        if chance(30) { text += "<!--sau-->" + lineEnd() }
        if chance(10) { text += "<?last?>" }
        return text
    }

    private mutating func lineEnd() -> String { pick(["", "\n", "\r\n", "\r", "\n\n"]) }

    private mutating func element(scope outer: [String: String], depth: Int) -> String {
        budget -= 1
        var scope = outer
        var parts: [String] = []
        for prefix in Self.prefixes where chance(depth == 0 ? 60 : 15) {
            scope[prefix] = pick(Self.uris)
            parts.append("xmlns:\(prefix)=\"\(scope[prefix]!)\"")
        }
        if chance(depth == 0 ? 50 : 20) {
            scope[""] = chance(30) ? "" : pick(Self.uris)
            parts.append("xmlns=\"\(scope[""]!)\"")
        }
        parts += attributes(scope: scope)
        // Every element can be found again as an apex.
        parts.append("mark=\"\(nextMark)\"")
        nextMark += 1
        parts.shuffle(using: &random)
        let bound = scope.keys.filter { !$0.isEmpty }.sorted()
        let prefix = chance(50) && !bound.isEmpty ? pick(bound) + ":" : ""
        let name = prefix + pick(["e", "Thẻ", "long-name.x", "f1"])
        let space = pick([" ", "\n", "  ", "\t"])
        let opening = "<" + name + parts.map { space + $0 }.joined()
        if chance(15) { return opening + "/>" }
        var content = ""
        for _ in 0..<number(0...4) { content += piece(scope: scope, depth: depth) }
        return opening + ">" + content + "</" + name + pick(["", " ", "\n"]) + ">"
    }

    private mutating func attributes(scope: [String: String]) -> [String] {
        var parts: [String] = []
        for local in ["a", "b", "z", "ế"] where chance(20) { parts.append("\(local)=\(value())") }
        // Two prefixes of one URI must not carry the same local name.
        var used: Set<String> = []
        for prefix in scope.keys.sorted() where !prefix.isEmpty && chance(25) {
            if used.insert(scope[prefix]!).inserted {
                parts.append("\(prefix):\(pick(["a", "b"]))=\(value())")
            }
        }
        if chance(10) { parts.append("xml:lang=\"\(pick(["vi", "en", ""]))\"") }
        if chance(8) { parts.append("xml:space=\"preserve\"") }
        if chance(6) { parts.append("xml:id=\"i\(nextMark)\"") }
        if usesBase, chance(25) {
            parts.append("xml:base=\"\(pick(["http://h.example/a/b", "c/d/", "../e", "/f/./g", "h"]))\"")
        }
        return parts
    }

    private mutating func value() -> String {
        var text = ""
        for _ in 0..<number(0...4) {
            text += pick([
                "x", " ", "  y ", "\t", "\n", "\r\n", "\r", "&#xD;", "&#10;", "&#9;", "&amp;", "&lt;", "&gt;",
                "&quot;",
                "'", "&apos;", ">", "tiếng Việt", "&#38;", "&amp;#38;", "&#x1F600;", "😀",
            ])
        }
        return "\"\(text)\""
    }

    private mutating func piece(scope: [String: String], depth: Int) -> String {
        switch number(0...11) {
        case 0...3 where budget > 0 && depth < 8: return element(scope: scope, depth: depth + 1)
        case 4: return "<!-- một -- chú thích -->".replacing("-- c", with: "c")
        case 5: return pick(["<?pi?>", "<?pi   data ?>", "<?x a\r\nb?>", "<?y <&>\"?>"])
        case 6: return "<![CDATA[" + pick(["", "<a>&amp;", "]]", "x\r\ny\rz", "]>", "ế\r", "\r\n"]) + "]]>"
        case 7: return String(repeating: pick(["A", "AbCd+/", "0123456789\n"]), count: number(1...2000))
        default:
            return pick([
                "chữ", " ", "\n", "\r\n", "\r", "a]b", "]] ", "]", "&#13;", "&#xD;\n", "&amp;", "&lt;",
                "&gt;", " >", "\"", "'",
                "&quot;&apos;", "\t", "😀", "&#x1F600;", "ế\r\nề",
            ])
        }
    }
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        var result = ""
        var rest = self[...]
        while let first = rest.first {
            if rest.hasPrefix(old) {
                result += new
                rest = rest.dropFirst(old.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
