internal import AuditLog
internal import Exchange
internal import JSON
internal import Transport

/// `lienthong audit mirror`: copies a hub's log, and refuses whatever does not continue what was copied
/// before.
struct AuditMirrorCommand: Command {
    static let words = ["audit", "mirror"]
    static let summary = "chép nhật ký của trục về thư mục, chỉ nhận phần nối tiếp đúng"
    static let operands = "DIR [--key VKEY] [--json]"
    static let options =
        Option.connection + [
            .value("--key", "VKEY", "khóa công khai của nhật ký (lienthong log vkey), kiểm tra cả chữ ký"),
            .json,
        ]
    static let notes = """
        Chép tiếp từ chỗ đã có; mỗi điểm kiểm tra cũ được giữ lại thành checkpoint.<số mục>. Nhật ký rẽ nhánh
        hoặc lùi lại thì bị từ chối (mã thoát 1), bản đã chép còn nguyên.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let folder = try arguments.operands("DIR")[0]
        var verifier: NoteVerifier?
        if let key = arguments.value("--key") {
            verifier = NoteVerifier(vkey: key)
            guard verifier != nil else {
                throw CommandFailure(.usage, "--key không phải khóa công khai (vkey)")
            }
        }
        let hub = try HubConnection(arguments)
        let outcome: LogMirror.Outcome
        do {
            outcome = try LogMirror.update(LogDirectory(folder), verifier: verifier) { path, _ in
                do {
                    return try hub.call("GET", "/log/\(path)").bytes
                } catch let refusal as HubRefusal where refusal.status == 404 {
                    return nil
                }
            }
        } catch let error as MirrorError {
            throw CommandFailure(.refused, "không nhận bản chép: \(error)")
        }
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { writer in
                    writer.member("origin", outcome.origin)
                    writer.member("size", outcome.after.size)
                    writer.member("root", outcome.after.root.hex)
                    writer.member("newEntries", outcome.after.size - (outcome.before?.size ?? 0))
                    writer.member("filesWritten", outcome.filesWritten)
                })
        }
        terminal.tell(
            "\(outcome.origin): \(outcome.after.size) mục, "
                + "thêm \(outcome.after.size - (outcome.before?.size ?? 0))")
        return .done
    }
}
