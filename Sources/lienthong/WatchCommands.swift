internal import JSON
internal import Transport

/// `lienthong overdue`: which recipients have not answered in time.
struct OverdueCommand: Command {
    static let words = ["overdue"]
    static let summary = "xem nơi nhận nào quá hạn xác nhận hoặc quá hạn xử lý (nơi gửi, người vận hành)"
    static let operands = "[--at RFC3339] [--limit N] [--json]"
    static let options =
        Option.connection + [
            .value("--at", "RFC3339", "tính đến thời điểm này (mặc định bây giờ)"),
            .value("--limit", "N", "nhiều nhất bao nhiêu mỗi loại (1–500, mặc định 100)"), .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        var path = "/v1/overdue?limit=\(try arguments.integer("--limit", in: 1...500, default: 100))"
        if let at = arguments.value("--at") { path += "&at=\(at.asPathSegment)" }
        let (value, bytes) = try HubConnection(arguments).json(path)
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        for (name, title) in [("unconfirmed", "chưa xác nhận"), ("uncompleted", "chưa hoàn thành")] {
            for delivery in value[name]?.array ?? [] {
                terminal.print(
                    "\(text(delivery, "documentKey"))  \(text(delivery, "code"))  tới "
                        + "\(text(delivery, "recipient")) (\(text(delivery, "recipientName"))): \(title), "
                        + "hạn \(text(delivery, "due")), đang \(text(delivery, "stage"))")
            }
            terminal.tell("\(value[name]?.array?.count ?? 0) lượt \(title)")
        }
        return .done
    }
}

/// `lienthong alerts`: urgent letters that were not taken in time.
struct AlertsCommand: Command {
    static let words = ["alerts"]
    static let summary = "xem văn bản khẩn mà nơi nhận chưa lấy kịp"
    static let operands = "[--after ID] [--limit N] [--json]"
    static let options =
        Option.connection + [
            .value("--after", "ID", "chỉ các cảnh báo sau số này"),
            .value("--limit", "N", "nhiều nhất bao nhiêu (1–500, mặc định 100)"), .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let after = try arguments.integer("--after", in: 0...Int.max, default: 0)
        let limit = try arguments.integer("--limit", in: 1...500, default: 100)
        let (value, bytes) = try HubConnection(arguments).json("/v1/alerts?after=\(after)&limit=\(limit)")
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        for alert in value["alerts"]?.array ?? [] {
            terminal.print(
                "\(alert["alertId"]?.integer ?? 0)  \(text(alert, "raisedAt"))  mức khẩn "
                    + "\(alert["priority"]?.integer ?? 0)  \(text(alert, "documentKey"))  từ "
                    + "\(text(alert, "sender")) tới \(text(alert, "recipient"))")
        }
        return .done
    }
}

private func text(_ value: JSONValue, _ name: String) -> String {
    value[name]?.string ?? ""
}
