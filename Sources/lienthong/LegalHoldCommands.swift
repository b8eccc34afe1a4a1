internal import JSON

/// `lienthong legal-hold set`: the letter stays, whatever retention says.
struct LegalHoldSetCommand: Command {
    static let words = ["legal-hold", "set"]
    static let summary = "giữ một văn bản lại, không xóa theo thời hạn (người vận hành)"
    static let operands = "KEY --reason TEXT [--json]"
    static let options = LegalHoldChange.options

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        try LegalHoldChange.send("PUT", arguments, terminal)
    }
}

/// `lienthong legal-hold lift`: retention may have it again.
struct LegalHoldLiftCommand: Command {
    static let words = ["legal-hold", "lift"]
    static let summary = "thôi giữ văn bản; thời hạn lưu giữ lại có hiệu lực (người vận hành)"
    static let operands = "KEY --reason TEXT [--json]"
    static let options = LegalHoldChange.options

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        try LegalHoldChange.send("DELETE", arguments, terminal)
    }
}

/// `lienthong legal-hold list`: which letters stay, since when and why.
struct LegalHoldListCommand: Command {
    static let words = ["legal-hold", "list"]
    static let summary = "xem các văn bản đang được giữ lại (người vận hành)"
    static let operands = "[--limit N] [--json]"
    static let options =
        Option.connection + [.value("--limit", "N", "nhiều nhất bao nhiêu (1–1000, mặc định 100)"), .json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let limit = try arguments.integer("--limit", in: 1...1000, default: 100)
        let (value, bytes) = try HubConnection(arguments).json("/v1/legal-holds?limit=\(limit)")
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        for hold in value["holds"]?.array ?? [] {
            let words = ["documentKey", "since", "setBy", "reason"].map { hold[$0]?.string ?? "" }
            terminal.print(words.joined(separator: "  "))
        }
        return .done
    }
}

private enum LegalHoldChange {
    static let options =
        Option.connection + [.value("--reason", "TEXT", "lý do, ghi kèm mốc thời gian"), .json]

    static func send(_ method: String, _ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let key = try arguments.operands("KEY")[0]
        let reason = try arguments.required("--reason")
        let reply = try HubConnection(arguments).ask(
            method, "/v1/documents/\(key.asPathSegment)/legal-hold", ("reason", reason))
        if arguments.wantsJSON { terminal.print(json: reply) }
        terminal.tell(method == "PUT" ? "văn bản \(key) được giữ lại" : "đã thôi giữ văn bản \(key)")
        return .done
    }
}
