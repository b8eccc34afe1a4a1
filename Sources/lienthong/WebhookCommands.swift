internal import HTTP
internal import JSON
internal import Transport

/// `lienthong webhook add`: where the agency's software wants to be told.
struct WebhookAddCommand: Command {
    static let words = ["webhook", "add"]
    static let summary = "đăng ký địa chỉ https để trục báo khi có văn bản, trạng thái"
    static let operands = "URL [--event LOẠI]… [--json]"
    static let options =
        Option.connection + [
            .value(
                "--event", "LOẠI", "delivery.waiting, status.arrived, verdict.changed (mặc định tất cả)",
                repeats: true), .json,
        ]
    static let notes = """
        Khóa bí mật (whsec_…) in ra đúng một lần; phần mềm dùng nó để kiểm chữ ký từng thông báo theo chuẩn
        Standard Webhooks. Thông báo không chứa nội dung văn bản: phần mềm vẫn lấy văn bản từ hộp đến.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let url = try arguments.operands("URL")[0]
        let events = arguments.all("--event")
        let body = JSONWriter.object { writer in
            writer.member("url", url)
            guard !events.isEmpty else { return }
            writer.name("events")
            writer.array(events) { $0.string($1) }
        }
        let reply = try HubConnection(arguments).call(
            "POST", "/v1/webhooks", fields: ["Content-Type": "application/json"], body: .bytes(body))
        if arguments.wantsJSON {
            terminal.print(json: reply.bytes)
            return .done
        }
        let value = try JSONReader.read(reply.bytes)
        terminal.print("webhook \(value["id"]?.string ?? "")")
        terminal.print("khóa bí mật (chỉ hiện một lần): \(value["secret"]?.string ?? "")")
        return .done
    }
}

/// `lienthong webhook list`: an agency's own, or for operators everybody's.
struct WebhookListCommand: Command {
    static let words = ["webhook", "list"]
    static let summary = "xem các webhook và tình trạng của chúng"
    static let operands = "[--json]"
    static let options = Option.connection + [.json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let (value, bytes) = try HubConnection(arguments).json("/v1/webhooks?limit=1000")
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        for webhook in value["webhooks"]?.array ?? [] {
            let words = ["id", "agency", "state", "url", "lastSuccessAt", "failingSince", "lastError"]
            terminal.print(words.compactMap { webhook[$0]?.string }.joined(separator: "  "))
        }
        return .done
    }
}

/// `lienthong webhook remove`.
struct WebhookRemoveCommand: Command {
    static let words = ["webhook", "remove"]
    static let summary = "bỏ một webhook"
    static let operands = "ID [--json]"
    static let options = Option.connection + [.json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        try WebhookOrder.send("DELETE", "", "đã bỏ", arguments, terminal)
    }
}

/// `lienthong webhook enable`: after it was disabled because nobody answered.
struct WebhookEnableCommand: Command {
    static let words = ["webhook", "enable"]
    static let summary = "bật lại webhook đã bị tắt, hoặc thử lại ngay"
    static let operands = "ID [--json]"
    static let options = Option.connection + [.json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        try WebhookOrder.send("POST", "/enable", "đã bật", arguments, terminal)
    }
}

/// `lienthong webhook test`: one push that says nothing.
struct WebhookTestCommand: Command {
    static let words = ["webhook", "test"]
    static let summary = "gửi thử một thông báo tới webhook"
    static let operands = "ID [--json]"
    static let options = Option.connection + [.json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        try WebhookOrder.send("POST", "/test", "đang gửi thử tới", arguments, terminal)
    }
}

private enum WebhookOrder {
    static func send(
        _ method: String, _ verb: String, _ told: String, _ arguments: Arguments, _ terminal: Terminal
    ) throws -> ExitCode {
        let id = try arguments.operands("ID")[0]
        let reply = try HubConnection(arguments).ask(method, "/v1/webhooks/\(id.asPathSegment)\(verb)", nil)
        if arguments.wantsJSON { terminal.print(json: reply) }
        terminal.tell("\(told) webhook \(id)")
        return .done
    }
}
