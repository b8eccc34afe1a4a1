internal import AuditLog
internal import Exchange
internal import Hub
internal import JSON
internal import Storage

/// `lienthong backup`: copies a hub's data while it serves.
struct BackupCommand: Command {
    static let words = ["backup"]
    static let summary = "sao lưu dữ liệu của trục, kể cả khi trục đang chạy; lần sau chỉ chép phần mới"
    static let operands = "DATA-DIR BACKUP-DIR [--key VKEY] [--quick] [--json]"
    static let options: [Option] = [
        .value("--key", "VKEY", "khóa kiểm tra của nhật ký, hoặc tệp chứa nó, để kiểm tra chữ ký điểm kiểm"),
        .flag("--quick", "chỉ đọc lại các tệp vừa chép, không đọc lại toàn bộ bản sao lưu"),
        .json,
    ]
    static let notes = """
        BACKUP-DIR nên nằm trên đĩa khác, máy khác. Bản sao được đọc lại và kiểm tra trước khi thay bản cũ; bị
        ngắt giữa chừng thì bản cũ vẫn nguyên. Khóa log.key, chứng thư và hub.json5 không nằm trong bản sao:
        hãy giữ riêng. Chạy bằng người dùng đọc được DATA-DIR.
        Mã thoát: 0 xong, 1 dữ liệu hỏng hoặc bản sao không khớp, 66 không đọc hoặc không ghi được.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let paths = try arguments.operands("DATA-DIR", "BACKUP-DIR")
        let verifier = try arguments.value("--key").map { try VerifierKey.read($0) }
        let bars = ProgressBars<Backup.Part>(terminal) { part in
            switch part {
            case .database: "cơ sở dữ liệu"
            case .segments: "văn bản"
            case .verification: "đọc lại"
            }
        }
        let report: Backup.Report
        do throws(StorageError) {
            report = try Backup.make(
                of: paths[0], in: paths[1], at: Clock.system.now(), verifier: verifier,
                verification: arguments.has("--quick") ? .copied : .everything
            ) { bars.advance($0, $1, $2) }
        } catch {
            throw CommandFailure(storage: error)
        }
        bars.finish()
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { json in
                    json.member("size", report.tree.size)
                    json.member("root", report.tree.root.hex)
                    json.member("documents", report.examination.documents)
                    json.member("segments", report.segments)
                    json.member("bytes", report.bytes)
                    json.member("bytesCopied", report.bytesCopied)
                })
        } else {
            terminal.print(
                "đã sao lưu \(report.examination.documents) văn bản, \(report.tree.size) mục nhật ký: "
                    + "\(report.bytes) byte, vừa chép \(report.bytesCopied)")
        }
        return .done
    }
}

/// `lienthong restore`: makes a data directory out of a backup.
struct RestoreCommand: Command {
    static let words = ["restore"]
    static let summary = "dựng lại thư mục dữ liệu từ bản sao lưu"
    static let operands = "BACKUP-DIR DATA-DIR [--signed CHECKPOINT] [--key VKEY] [--json]"
    static let options: [Option] = [
        .value(
            "--signed", "FILE",
            "điểm kiểm mới nhất mà ai đó còn giữ (tệp checkpoint trong bản sao của kiểm toán); cần --key"),
        .value("--key", "VKEY", "khóa kiểm tra của nhật ký, hoặc tệp chứa nó"),
        .json,
    ]
    static let notes = """
        DATA-DIR phải trống hoặc chưa có. Từ lúc sao lưu, trục có thể đã ký thêm: trục không chạy trên dữ liệu
        vừa dựng lại cho tới khi có quyết định bằng lienthongd --roll-forward; nhật ký ghi việc đó.
        Mã thoát: 0 xong, 1 bản sao lưu hỏng, 66 không đọc hoặc không ghi được.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let paths = try arguments.operands("BACKUP-DIR", "DATA-DIR")
        let verifier = try arguments.value("--key").map { try VerifierKey.read($0) }
        let signed = try arguments.value("--signed").map { try checkpoint($0, verifier) }
        let bar = ProgressBars<String>(terminal) { $0 }
        let report: Restore.Report
        do throws(StorageError) {
            report = try Restore.restore(from: paths[0], to: paths[1], signed: signed, verifier: verifier) {
                bar.advance("dựng lại", $0, $1)
            }
        } catch {
            throw CommandFailure(storage: error)
        }
        bar.finish()
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { json in
                    json.member("size", report.tree.size)
                    json.member("root", report.tree.root.hex)
                    json.member("documents", report.examination.documents)
                    json.member("bytes", report.bytes)
                })
        } else {
            terminal.print(
                "đã dựng lại \(report.examination.documents) văn bản, \(report.tree.size) mục nhật ký")
        }
        terminal.tell(
            "trục chỉ chạy tiếp khi có quyết định: lienthongd --config FILE --roll-forward"
                + " (xem docs/recovering.md)"
        )
        return .done
    }

    private static func checkpoint(_ path: String, _ verifier: NoteVerifier?) throws -> TreeState {
        guard let verifier else { throw CommandFailure(.usage, "--signed cần --key") }
        let note = try InputFile.read(path)
        do throws(NoteError) {
            return try Checkpoint(note: note, verifier: verifier).state
        } catch {
            throw CommandFailure(.noInput, "\(path) không phải điểm kiểm của nhật ký này: \(error)")
        }
    }
}

extension CommandFailure {
    /// A store's error, for the person at the terminal.
    init(storage error: StorageError) {
        let code: ExitCode =
            switch error.code {
            case .alreadyOpen: .tryAgain
            case .damaged, .treeWentBack, .newerSchema: .refused
            default: .noInput
            }
        self.init(code, "\(error.detail) (\(error.message))")
    }
}
