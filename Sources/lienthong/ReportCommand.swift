internal import Exchange
internal import Hub
internal import Transport

/// `lienthong report`: what went through the hub, in figures.
struct ReportCommand: Command {
    static let words = ["report"]
    static let summary = "báo cáo số liệu gửi, nhận văn bản (CSV hoặc JSON)"
    static let operands = "[--month 2026-11 | --from NGÀY --until NGÀY] [--by agency,month,…] [-o FILE]"
    static let options =
        Option.connection + [
            .value("--month", "NĂM-THÁNG", "một tháng, ví dụ 2026-11 (mặc định tháng này)"),
            .value("--from", "NGÀY", "từ ngày, ví dụ 2026-07-01"),
            .value("--until", "NGÀY", "đến trước ngày, ví dụ 2026-10-01"),
            .value("--by", "CỘT,…", "nhóm theo agency, month, kind, priority, level (mặc định agency,month)"),
            .value("--format", "csv|json", "mặc định csv; --json như --format json"),
            .flag("--bom", "CSV có dấu BOM ở đầu, để Excel hiểu đúng tiếng Việt"),
            .value("-o", "FILE", "ghi vào tệp thay vì in ra"), .json,
        ]
    static let notes = """
        Cơ quan xem số liệu của mình; người vận hành xem của mọi cơ quan. Mỗi dòng là chiều gửi (sent) hoặc
        nhận (received): số văn bản, số có chữ ký số hợp lệ, số lượt nhận, số được xác nhận và xác nhận ngay
        trong ngày (giờ Việt Nam), quá hạn xác nhận, quá hạn DueDate, và thời gian từ khi gửi đến trạng thái
        03, 06 (trung vị và phân vị 90, giây).
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let (from, until) = try period(arguments)
        let format = arguments.wantsJSON ? "json" : arguments.value("--format") ?? "csv"
        var path = "/v1/report?from=\(from)&until=\(until)&format=\(format.asPathSegment)"
        if let dimensions = arguments.value("--by") { path += "&by=\(dimensions.asPathSegment)" }
        if arguments.has("--bom") { path += "&bom=1" }
        let bytes = try HubConnection(arguments).ask("GET", path, nil)
        if let file = arguments.value("-o") {
            try OutputFile.write(bytes, to: file)
            terminal.tell("báo cáo: \(file)")
        } else {
            terminal.print(String(decoding: bytes, as: UTF8.self))
        }
        return .done
    }

    private static func period(_ arguments: Arguments) throws -> (from: String, until: String) {
        if let from = arguments.value("--from"), let until = arguments.value("--until") {
            return (from.asPathSegment, until.asPathSegment)
        }
        guard arguments.value("--from") == nil, arguments.value("--until") == nil else {
            throw CommandFailure(.usage, "--from và --until phải đi cùng nhau")
        }
        let month = arguments.value("--month") ?? String(Clock.system.now().isoDate.prefix(7))
        guard let first = Instant(isoDate: "\(month)-01") else {
            throw CommandFailure(.usage, "--month phải có dạng 2026-11")
        }
        // 31 days later is in the next month, whatever month it is.
        return (first.isoDate, "\(first.adding(seconds: 31 * 86_400).isoDate.prefix(7))-01")
    }
}
