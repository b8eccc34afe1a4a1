internal import AuditLog
internal import Exchange
internal import Files
internal import JSON
internal import Transport

/// `lienthong audit mirror`: a copy of the hub's log that needs the hub no more.
struct AuditMirrorCommand: Command {
    static let words = ["audit", "mirror"]
    static let summary = "chép nhật ký của trục về thư mục, chỉ nhận phần nối tiếp đúng"
    static let operands = "DIR [--vkey VKEY] [--json]"
    static let options =
        Option.connection + [
            // Not --key: that is the private key of the connection.
            .value("--vkey", "VKEY", "khóa kiểm tra của nhật ký, hoặc tệp chứa nó: kiểm tra cả chữ ký"),
            .json,
        ]
    static let notes = """
        Trước khi ghi đè, lệnh này kiểm tra rằng nhật ký mới nối tiếp bản đã chép; nếu không, bản chép giữ
        nguyên và điểm kiểm lạ được giữ làm bằng chứng trong DIR/checkpoint.rejected. Điểm kiểm cũ còn lại
        trong DIR/checkpoint.<số mục>. Bị ngắt giữa chừng thì chạy lại, lệnh làm tiếp.
        Mã thoát: 0 xong, 1 trục đưa nhật ký sai hoặc khác, 75 trục đưa bản cũ hơn bản đã chép.
        """

    private static let notFound = 404

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let directory = LogDirectory(try arguments.operands("DIR")[0])
        let verifier = try arguments.value("--vkey").map { try VerifierKey.read($0) }
        let hub = try HubConnection(arguments)
        var bar: ProgressBar?
        do {
            let outcome = try LogMirror.update(
                directory, verifier: verifier,
                progress: { done, total in
                    if bar == nil { bar = terminal.progress("chép nhật ký", total: total) }
                    bar?.advance(to: done)
                },
                fetch: { path, _ in
                    do {
                        return try hub.call("GET", "/log/\(path)").bytes
                    } catch let refusal as HubRefusal where refusal.status == notFound {
                        return nil
                    }
                })
            bar?.finish()
            report(outcome, directory, arguments, terminal)
            return .done
        } catch let error as MirrorError {
            throw CommandFailure(exitCode(error), message(error, directory))
        } catch let error as FileError {
            throw CommandFailure(.noInput, "lỗi tệp trong bản chép: \(error)")
        }
    }

    private static func report(
        _ outcome: LogMirror.Outcome, _ directory: LogDirectory, _ arguments: Arguments, _ terminal: Terminal
    ) {
        let added = outcome.after.size - (outcome.before?.size ?? 0)
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { json in
                    json.member("origin", outcome.origin)
                    if let before = outcome.before { json.member("sizeBefore", before.size) }
                    json.member("size", outcome.after.size)
                    json.member("newEntries", added)
                    json.member("root", outcome.after.root.hex)
                    json.member("filesWritten", outcome.filesWritten)
                })
        }
        terminal.tell("\(outcome.origin): \(outcome.after.size) mục trong \(directory.path), thêm \(added)")
    }

    private static func exitCode(_ error: MirrorError) -> ExitCode {
        switch error {
        case .behind: .tryAgain
        case .mirrorDamaged: .noInput
        case .missing, .differs, .checkpointInvalid, .otherOrigin, .forked: .refused
        }
    }

    private static func message(_ error: MirrorError, _ directory: LogDirectory) -> String {
        switch error {
        case .missing(let path): "trục không có \(path) mà điểm kiểm của chính nó nói đến"
        case .differs(let path): "\(path) của trục không đúng với điểm kiểm đã ký"
        case .checkpointInvalid(let error): "điểm kiểm của trục không hợp lệ: \(error)"
        case .mirrorDamaged(let error):
            "điểm kiểm trong \(directory.path) hỏng: \(error); hãy chép lại vào thư mục mới"
        case .otherOrigin(let mirrored, let served):
            "\(directory.path) là bản chép của \(mirrored), còn trục này là \(served)"
        case .behind(let mirrored, let served):
            "trục đưa điểm kiểm cũ có \(served) mục, bản chép đã có \(mirrored) mục; hãy thử lại sau"
        case .forked(let mirrored, let served):
            "TRỤC ĐÃ SỬA NHẬT KÝ: bản \(served.size) mục không nối tiếp bản \(mirrored.size) mục đã chép; "
                + "bằng chứng ở \(directory.path)/\(LogMirror.rejectedCheckpoint) và "
                + "\(directory.path)/checkpoint"
        }
    }
}
