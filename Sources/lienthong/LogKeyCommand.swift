internal import AuditLog
internal import Files
internal import JSON
internal import OpenSSL

/// `lienthong log vkey`: the key that auditors check the log with.
struct LogKeyCommand: Command {
    static let words = ["log", "vkey"]
    static let summary = "in khóa kiểm tra của nhật ký để giao cho kiểm toán viên"
    static let operands = "(--config HUB.JSON5 | --key LOG.KEY --origin ORIGIN) [--json]"
    static let options: [Option] = [
        .value("--config", "FILE", "tệp cấu hình của trục; lấy log.key và log.origin trong đó"),
        .value("--key", "FILE", "khóa riêng Ed25519 của nhật ký (PEM)"),
        .value("--origin", "ORIGIN", "tên của nhật ký, ví dụ truc.dongnai.example/log"),
        .json,
    ]
    static let notes = """
        Trục tự tạo khóa khi chạy lần đầu. Giao khóa kiểm tra này cho bên ngoài qua một đường khác với trục:
        ai giữ nó không cần tin trục.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let (keyFile, origin) = try source(arguments)
        let signer: NoteSigner
        do {
            signer = try NoteSigner(name: origin, key: try PrivateKey(pem: try InputFile.read(keyFile)))
        } catch is OpenSSLError {
            throw CommandFailure(.noInput, "\(keyFile) không phải khóa riêng PEM")
        } catch is NoteError {
            throw CommandFailure(
                .usage, "\(keyFile) phải là khóa Ed25519, và ORIGIN không được có dấu cách hay dấu +")
        }
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { json in
                    json.member("origin", origin)
                    json.member("vkey", signer.verifierKey)
                })
        } else {
            terminal.print(signer.verifierKey)
        }
        return .done
    }

    private static func source(_ arguments: Arguments) throws -> (key: String, origin: String) {
        guard let path = arguments.value("--config") else {
            return (try arguments.required("--key"), try arguments.required("--origin"))
        }
        guard arguments.value("--key") == nil, arguments.value("--origin") == nil else {
            throw CommandFailure(.usage, "dùng --config, hoặc --key cùng --origin, không dùng cả hai")
        }
        let configuration: JSONValue
        do {
            configuration = try JSONReader.read(try InputFile.read(path), dialect: .json5)
        } catch let error as JSONSyntaxError {
            throw CommandFailure(.noInput, "\(path):\(error.line): \(error.message)")
        }
        guard let log = configuration["log"], let key = log["key"]?.string, let origin = log["origin"]?.string
        else {
            throw CommandFailure(.noInput, "\(path) không có log.key và log.origin")
        }
        return (Files.Directory.resolve(key, beside: path), origin)
    }
}
