internal import JSON
internal import Transport

/// `lienthong inbox`: what waits, without taking it.
struct InboxCommand: Command {
    static let words = ["inbox"]
    static let summary = "xem văn bản đang chờ trong hộp đến (không nhận)"
    static let operands = "[--limit N] [--json]"
    static let options =
        Option.connection + [.value("--limit", "N", "nhiều nhất bao nhiêu (1–100, mặc định 20)"), .json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let limit = try arguments.integer("--limit", in: 1...100, default: 20)
        let (value, bytes) = try HubConnection(arguments).json("/v1/inbox?peek=1&limit=\(limit)")
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        let deliveries = value["deliveries"]?.array ?? []
        for delivery in deliveries {
            terminal.print(
                "\(text(delivery, "documentKey"))  \(text(delivery, "state"))  "
                    + "từ \(text(delivery, "sender"))  \(text(delivery, "documentId"))  "
                    + text(delivery, "subject"))
        }
        terminal.tell("\(deliveries.count) mục")
        return .done
    }
}

/// `lienthong trail`: what became of one document.
struct TrailCommand: Command {
    static let words = ["trail"]
    static let summary = "xem dấu vết của một văn bản: chữ ký, từng nơi nhận, trạng thái"
    static let operands = "KEY [--json]"
    static let options = Option.connection + [.json]
    static let notes = "KEY là mã 32 chữ số hex trong biên nhận, hoặc DocumentId của văn bản."

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let key = try arguments.operands("KEY")[0]
        let (value, bytes) = try HubConnection(arguments).json("/v1/documents/\(key.asPathSegment)")
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        terminal.print(
            "\(text(value, "documentId")) từ \(text(value, "sender")), nhận lúc \(text(value, "acceptedAt"))")
        terminal.print("  chữ ký: \(value["verdict"]?["indication"]?.string ?? "?")")
        for later in value["verdicts"]?.array ?? [] {
            terminal.print("  kiểm tra lại \(text(later, "at")): \(text(later, "indication"))")
        }
        if let hold = value["hold"] {
            terminal.print(
                "  chờ kết quả thu hồi đến \(text(hold, "until")): \(text(hold, "state")) "
                    + text(hold, "endedAt"))
        }
        if let evidence = value["evidence"] {
            terminal.print(
                "  bằng chứng: \(evidence["items"]?.integer ?? 0) mục, "
                    + "\(text(evidence, "sha256").prefix(16))…"
            )
        }
        if let timestamp = value["timestamp"] {
            terminal.print("  dấu thời gian: \(text(timestamp, "state")) \(text(timestamp, "at"))")
        }
        for delivery in value["deliveries"]?.array ?? [] {
            terminal.print(
                "  tới \(text(delivery, "recipient")): \(text(delivery, "stage")) "
                    + "\(text(delivery, "deliveredAt"))"
                    + (delivery["request"].map {
                        "  \(text($0, "operation")) \(text($0, "state")) \(text($0, "askedAt"))"
                    } ?? "")
            )
        }
        for status in value["statuses"]?.array ?? [] {
            terminal.print(
                "  \(text(status, "agency")): \(text(status, "code")) \(text(status, "title")) "
                    + "\(text(status, "receivedAt")) \(text(status, "description"))"
                    + (status["outOfOrder"]?.boolean == true ? " (sai thứ tự)" : ""))
        }
        for relation in value["relations"]?.array ?? [] {
            terminal.print(
                "  \(text(relation, "relation")) \(text(relation, "documentKey")) "
                    + "\(text(relation, "documentId"))")
        }
        return .done
    }
}

/// `lienthong outbox`: what was sent and where it stands.
struct OutboxCommand: Command {
    static let words = ["outbox"]
    static let summary = "xem văn bản đã gửi và nơi nhận nào đã có"
    static let operands = "[--since RFC3339] [--limit N] [--json]"
    static let options =
        Option.connection + [
            .value("--since", "RFC3339", "chỉ từ thời điểm này, ví dụ 2026-11-20T00:00:00Z"),
            .value("--limit", "N", "nhiều nhất bao nhiêu (1–500, mặc định 100)"),
            .value("--after", "NEXT", "trang sau, từ giá trị next của trang trước"), .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        var path = "/v1/outbox?limit=\(try arguments.integer("--limit", in: 1...500, default: 100))"
        if let since = arguments.value("--since") { path += "&since=\(since.asPathSegment)" }
        if let after = arguments.value("--after") { path += "&after=\(after.asPathSegment)" }
        let (value, bytes) = try HubConnection(arguments).json(path)
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        if let next = value["next"]?.string { terminal.tell("còn nữa: thêm --after \(next)") }
        for document in value["documents"]?.array ?? [] {
            terminal.print(
                "\(text(document, "documentKey"))  \(text(document, "documentId"))  "
                    + "\(text(document, "subject"))"
            )
            for delivery in document["deliveries"]?.array ?? [] {
                terminal.print(
                    "    \(text(delivery, "recipient")): \(text(delivery, "stage")) "
                        + "\(text(delivery, "lastStatus")) \(text(delivery, "request"))"
                )
            }
        }
        return .done
    }
}

/// `lienthong agencies`: the directory.
struct AgenciesCommand: Command {
    static let words = ["agencies"]
    static let summary = "tra danh bạ cơ quan"
    static let operands = "[TEXT] [--limit N] [--json]"
    static let options =
        Option.connection + [.value("--limit", "N", "nhiều nhất bao nhiêu (1–1000, mặc định 100)"), .json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let query = arguments.operands.first ?? ""
        let limit = try arguments.integer("--limit", in: 1...1000, default: 100)
        let (value, bytes) = try HubConnection(arguments).json(
            "/v1/agencies?limit=\(limit)&q=\(query.asPathSegment)")
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        for agency in value["agencies"]?.array ?? [] {
            terminal.print("\(text(agency, "code"))  \(text(agency, "name"))  \(text(agency, "status"))")
        }
        return .done
    }
}

private func text(_ value: JSONValue, _ name: String) -> String {
    value[name]?.string ?? ""
}
