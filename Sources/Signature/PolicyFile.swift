internal import Exchange
package import JSON
internal import OpenSSL

/// A policy file that cannot be used.
package struct PolicyFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// 1-based.
    package let line: Int
    package let detail: String

    package var description: String { "line \(line): \(detail)" }
}

extension AlgorithmPolicy {
    /// Reads JSON5: `{rsaPKCS1, rsaPSS, ecdsa, requireRevocationSource: true|false, rsaBitsMin: 2048…16384,
    /// digests: ["SHA-256"…], curves: ["P-256"…],
    /// sha1Until: "2026-12-31T00:00:00+07:00"}`. What is absent keeps its default; an unknown key is an
    /// error, for a rule with a slip in its name would not hold.
    package init(json5 bytes: [UInt8]) throws(PolicyFileError) {
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes, dialect: .json5)
        } catch {
            throw PolicyFileError(line: error.line, detail: error.message)
        }
        try self.init(value)
    }

    /// The same object inside of a larger file.
    package init(_ value: JSONValue) throws(PolicyFileError) {
        self.init()
        guard let members = value.object else { throw PolicyFileError(line: value.line, detail: "no object") }
        for member in members { try apply(member) }
    }

    private mutating func apply(_ member: JSONMember) throws(PolicyFileError) {
        switch member.name {
        case "rsaPKCS1": allowsRSAPKCS1 = try Self.flag(member)
        case "rsaPSS": allowsRSAPSS = try Self.flag(member)
        case "ecdsa": allowsECDSA = try Self.flag(member)
        case "requireRevocationSource": requiresRevocationSource = try Self.flag(member)
        case "sha1Until":
            guard let text = member.value.string, let time = Instant(rfc3339: text) else {
                throw PolicyFileError(line: member.line, detail: "sha1Until must be a time of RFC 3339")
            }
            sha1Until = time
        case "rsaBitsMin":
            // Lower than 2048 cannot be allowed: chains are checked at OpenSSL's level 2 in any case.
            guard let bits = member.value.integer, (2048...16_384).contains(bits) else {
                throw PolicyFileError(line: member.line, detail: "rsaBitsMin must be 2048 to 16384")
            }
            rsaBitsMin = Int(bits)
        case "digests": digests = try Self.choices(member)
        case "curves": curves = try Self.choices(member)
        default: throw PolicyFileError(line: member.line, detail: "unknown key \(member.name)")
        }
    }

    private static func flag(_ member: JSONMember) throws(PolicyFileError) -> Bool {
        guard let flag = member.value.boolean else {
            throw PolicyFileError(line: member.line, detail: "\(member.name) must be true or false")
        }
        return flag
    }

    private static func choices<Choice: RawRepresentable<String> & CaseIterable & Hashable>(
        _ member: JSONMember
    ) throws(PolicyFileError) -> Set<Choice> {
        let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        var chosen: Set<Choice> = []
        for item in member.value.array ?? [] {
            guard let name = item.string, let choice = Choice.allCases.first(where: { $0.rawValue == name })
            else {
                throw PolicyFileError(line: item.line, detail: "\(member.name) must be of \(all)")
            }
            chosen.insert(choice)
        }
        guard !chosen.isEmpty else {
            throw PolicyFileError(line: member.line, detail: "\(member.name) must be a list of \(all)")
        }
        return chosen
    }
}
