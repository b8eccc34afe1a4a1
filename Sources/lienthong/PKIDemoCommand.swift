internal import Exchange
internal import Files
internal import Hub
internal import JSON
internal import OpenSSL

/// `lienthong pki demo`: throw-away keys and a hub that is ready to run.
struct PKIDemoCommand: Command {
    static let words = ["pki", "demo"]
    static let summary = "tạo khóa và chứng thư dùng một lần, danh bạ và cấu hình cho một trục chạy thử"
    static let operands = "DIR [--agency CODE=NAME]… [--algorithm p256|rsa2048] [--force] [--json]"
    static let options: [Option] = [
        .value(
            "--agency", "CODE=NAME", "cơ quan trong danh bạ (mặc định bốn cơ quan của hai tỉnh)",
            repeats: true),
        .value("--algorithm", "ALG", "p256 (mặc định) hoặc rsa2048"),
        .flag("--force", "thay khóa và chứng thư đã có trong thư mục"),
        .json,
    ]
    static let notes = """
        Chỉ để thử: khóa không có mật khẩu, ai đọc được thư mục đều ký được thay cơ quan.
        Chạy trục: lienthongd --config DIR/hub.json5; cổng thật nằm trong DIR/data/addresses.json.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("DIR")[0]
        let agencies = try DemoAgency.parse(arguments.all("--agency"))
        let specification: PrivateKey.Specification
        switch arguments.value("--algorithm") ?? "p256" {
        case "p256": specification = .ec(.p256)
        case "rsa2048": specification = .rsa(bits: 2048)
        default: throw CommandFailure(.usage, "--algorithm phải là p256 hoặc rsa2048")
        }
        do {
            let folder = try DemoFolder(path, replacing: arguments.has("--force"))
            if folder.hasData {
                terminal.tell(
                    "\(path)/data giữ danh bạ cũ, không nhận chứng thư mới; hãy xóa nó để bắt đầu lại")
            }
            try folder.fill(agencies, try DemoAuthority(specification, at: Clock.system.now()))
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không ghi được vào \(path): \(error)")
        }
        terminal.tell("đã tạo khóa, chứng thư và cấu hình cho \(agencies.count) cơ quan trong \(path)")
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { writer in
                    writer.member("directory", path)
                    writer.member("configuration", "\(path)/hub.json5")
                    writer.name("agencies")
                    writer.array(agencies) { $0.string($1.code) }
                })
        }
        return .done
    }
}
