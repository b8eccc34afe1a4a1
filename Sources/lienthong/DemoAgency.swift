internal import Exchange

/// An agency that throw-away keys are made for.
struct DemoAgency: Sendable {
    let code: String
    let name: String

    /// Two provinces, two agencies each.
    static let usual = [
        DemoAgency(code: "H37.12", name: "Sở Khoa học và Công nghệ (mẫu)"),
        DemoAgency(code: "H37.14", name: "Sở Tài chính (mẫu)"),
        DemoAgency(code: "H31.7", name: "Sở Nội vụ tỉnh nhận (mẫu)"),
        DemoAgency(code: "H31.45.2", name: "UBND xã nhận (mẫu)"),
    ]

    /// Names of files that are no agency's.
    private static let reserved: Set<String> = [
        "root", "agency-ca", "crl", "server", "auditor", "operator", "revoked", "agencies", "hub", "log",
        "data",
    ]

    /// `CODE=NAME`.
    ///
    /// - Throws: `CommandFailure` (usage): the code names files, so it may hold no slash and nothing strange.
    static func parse(_ words: [String]) throws -> [DemoAgency] {
        if words.isEmpty { return usual }
        var agencies: [DemoAgency] = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw CommandFailure(.usage, "--agency phải có dạng MÃ=TÊN: \(word)")
            }
            let agency = DemoAgency(code: parts[0], name: parts[1])
            guard agency.hasUsableCode else {
                throw CommandFailure(
                    .usage, "mã \(agency.code): chỉ chữ, số, dấu chấm và gạch nối, nhiều nhất 35")
            }
            guard !agencies.contains(where: { $0.code.lowercased() == agency.code.lowercased() }) else {
                throw CommandFailure(.usage, "mã \(agency.code) có hai lần")
            }
            agencies.append(agency)
        }
        return agencies
    }

    private var hasUsableCode: Bool {
        let letters = code.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D: true
            default: byte == 0x2E
            }
        }
        let groups = code.split(separator: ".", omittingEmptySubsequences: false)
        return letters && (1...35).contains(code.utf8.count) && !groups.contains { $0.isEmpty }
            && !Self.reserved.contains(code.lowercased())
    }

    /// `H37.12` belongs to `H37`.
    var parent: String? {
        code.lastIndex(of: ".").map { String(code[..<$0]) }
    }

    /// 1 for a province or ministry; units below count up.
    var level: Int { min(code.split(separator: ".").count, 9) }
}
