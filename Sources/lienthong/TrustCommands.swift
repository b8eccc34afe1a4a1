internal import Exchange
internal import Files
internal import Hub
internal import JSON
internal import OpenSSL
internal import Trust

/// `lienthong trust list`: what the hub judges signatures by, and when it ends.
struct TrustListCommand: Command {
    static let words = ["trust", "list"]
    static let summary = "liệt kê chứng thư gốc, trung gian, CRL, phản hồi OCSP mà trục tin cậy"
    static let operands = "--config HUB.JSON5 [--json]"
    static let options: [Option] = [TrustConfiguration.option, .json]
    static let notes = """
        Đọc các tệp mà cấu hình nêu, và những gì trục đã tải về. Trục không cần đang chạy.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let configuration = try TrustConfiguration(arguments)
        let entries = configuration.entries
        let now = Clock.system.now()
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { json in
                    json.member("version", configuration.store(entries).version.hex)
                    json.name("entries")
                    json.array(entries) { writer, entry in
                        writer.object { TrustText.write(entry, now, into: &$0) }
                    }
                })
        } else {
            for entry in entries { TrustText.lines(for: entry, now).forEach(terminal.print) }
            terminal.print("phiên bản \(configuration.store(entries).version.hex)")
        }
        return .done
    }
}

/// `lienthong trust add`: one file into the folder where it belongs.
struct TrustAddCommand: Command {
    static let words = ["trust", "add"]
    static let summary = "thêm chứng thư CA, CRL hay phản hồi OCSP vào thư mục tin cậy"
    static let operands = "FILE --config HUB.JSON5 [--name NAME] [--json]"
    static let options: [Option] = [
        TrustConfiguration.option, .value("--name", "NAME", "tên tệp trong thư mục (mặc định như FILE)"),
        .json,
    ]
    static let notes = """
        Chứng thư tự ký vào thư mục của trust.anchors, chứng thư CA khác vào trust.intermediates, CRL vào
        trust.crls. Hãy so vân tay in ra với vân tay mà CA công bố qua đường khác. Trục đang chạy tự nhận ra
        sau trust.checkSeconds giây, hoặc ngay khi nhận SIGHUP.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("FILE")[0]
        let configuration = try TrustConfiguration(arguments)
        let bytes = try InputFile.read(path)
        return try TrustText.report(arguments, terminal) { () throws(TrustChangeError) in
            try TrustFolders(configuration.paths).add(bytes, named: arguments.value("--name") ?? path)
        }
    }
}

/// `lienthong trust remove`: one file, by its name or by what it holds.
struct TrustRemoveCommand: Command {
    static let words = ["trust", "remove"]
    static let summary = "bỏ một tệp khỏi thư mục tin cậy"
    static let operands = "NAME|SHA256 --config HUB.JSON5 [--json]"
    static let options: [Option] = [TrustConfiguration.option, .json]
    static let notes = """
        SHA256 là ít nhất 8 chữ số đầu của vân tay (lienthong trust list). Chữ ký đã nhận không bị xét lại vì
        việc này, trừ khi cấu hình bảo vậy.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let selector = try arguments.operands("NAME|SHA256")[0]
        let configuration = try TrustConfiguration(arguments)
        return try TrustText.report(arguments, terminal) { () throws(TrustChangeError) in
            try TrustFolders(configuration.paths).remove(selector)
        }
    }
}

/// `lienthong trust test`: whether a certificate would be trusted, and what its chain is.
struct TrustTestCommand: Command {
    static let words = ["trust", "test"]
    static let summary =
        "dựng chuỗi của một chứng thư theo danh sách tin cậy của trục, kèm tình trạng thu hồi"
    static let operands = "CERT --config HUB.JSON5 [--chain F]… [--at RFC3339] [--any] [--json]"
    static let options: [Option] = [
        TrustConfiguration.option,
        .value("--chain", "FILE", "chứng thư trung gian đi kèm (PEM hoặc DER)", repeats: true),
        .value("--at", "RFC3339", "thời điểm cần xét (mặc định: bây giờ)"),
        .flag("--any", "chỉ xét chuỗi, không đòi chứng thư dùng để ký văn bản"), .json,
    ]
    static let notes =
        "Mã thoát: 0 tin cậy, 1 không tin cậy hoặc đã bị thu hồi, 2 không rõ tình trạng thu hồi."

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("CERT")[0]
        let configuration = try TrustConfiguration(arguments)
        var certificates = try certificates(path)
        guard !certificates.isEmpty else {
            throw CommandFailure(.noInput, "không có chứng thư nào trong \(path)")
        }
        let leaf = certificates.removeFirst()
        for file in arguments.all("--chain") { certificates += try self.certificates(file) }
        let result = configuration.store(configuration.entries).validate(
            leaf, untrusted: certificates, purpose: arguments.has("--any") ? .any : .documentSigning,
            at: try VerifyCommand.time(arguments))
        if arguments.wantsJSON {
            terminal.print(json: TrustText.json(result))
        } else {
            TrustText.lines(for: result).forEach(terminal.print)
        }
        if result.isTrusted { return .done }
        let isRevoked = result.revocation.contains { if case .revoked = $0 { true } else { false } }
        return result.failure != nil || isRevoked ? .refused : .indeterminate
    }

    private static func certificates(_ path: String) throws -> [Certificate] {
        do {
            return try Certificate.all(in: try InputFile.read(path))
        } catch let error as OpenSSLError {
            throw CommandFailure(.noInput, "\(path) không phải chứng thư: \(error)")
        }
    }
}

/// What of a hub's configuration these verbs need.
struct TrustConfiguration {
    static let option = Option.value("--config", "FILE", "tệp cấu hình của trục (hub.json5)")

    let paths: TrustPaths
    private let fetchedFolder: String?

    init(_ arguments: Arguments) throws {
        let file = try arguments.required("--config")
        let root: JSONValue
        do {
            root = try JSONReader.read(try InputFile.read(file), dialect: .json5)
        } catch let error as JSONSyntaxError {
            throw CommandFailure(.noInput, "\(file):\(error.line): \(error.message)")
        }
        func files(_ name: String) -> [String] {
            let value = root["trust"]?[name]
            let texts = value?.string.map { [$0] } ?? value?.array?.compactMap(\.string) ?? []
            return texts.map { Files.Directory.resolve($0, beside: file) }
        }
        paths = TrustPaths(
            anchors: files("anchors"), intermediates: files("intermediates"), lists: files("crls"),
            responses: files("ocsp"))
        guard !paths.anchors.isEmpty else { throw CommandFailure(.noInput, "\(file) không có trust.anchors") }
        fetchedFolder = root["dataDirectory"]?.string.map {
            Files.Directory.resolve($0, beside: file) + "/revocation"
        }
    }

    /// Those of the files, then those that a hub has fetched.
    var entries: [TrustEntry] {
        let fetched = fetchedFolder.map {
            TrustFolders(TrustPaths(anchors: [], lists: [$0])).entries()
        }
        return TrustFolders(paths).entries() + (fetched ?? [])
    }

    func store(_ entries: [TrustEntry]) -> TrustStore {
        var certificates: [Certificate] = []
        var data = RevocationData()
        for entry in entries {
            switch entry.content {
            case .certificate(let certificate): certificates.append(certificate)
            case .list(let list): data.lists.append(list)
            case .response(let response): data.responses.append(response)
            }
        }
        return TrustStore(certificates: certificates, revocation: data, now: Clock.system.now)
    }
}
