internal import Exchange
internal import Files
internal import HTTP
internal import Hub
internal import JSON
internal import OpenSSL
internal import Transport

/// `lienthong agency import`: agencies of a directory file, certificates sent as fingerprints.
struct AgencyImportCommand: Command {
    static let words = ["agency", "import"]
    static let summary = "nhập danh bạ cơ quan từ tệp JSON5 (người vận hành)"
    static let operands = "FILE [--replace] [--json]"
    static let options =
        Option.connection + [
            .flag("--replace", "danh bạ mới thay toàn bộ danh bạ cũ (mặc định chỉ thêm và sửa)"), .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("FILE")[0]
        let file: DirectoryFile
        do {
            file = try DirectoryFile(try InputFile.read(path)) { named throws(CertificateFileError) in
                try AgencyBody.fingerprint(Files.Directory.resolve(named, beside: path))
            }
        } catch let error as DirectoryFileError {
            throw CommandFailure(.refused, "\(path):\(error.line): \(error.detail)")
        }
        let query = arguments.has("--replace") ? "?replace=1" : ""
        return try AgencyBody.put(file.agencies, query, arguments, terminal)
    }
}

/// `lienthong agency add`: one agency.
struct AgencyAddCommand: Command {
    static let words = ["agency", "add"]
    static let summary = "thêm hoặc sửa một cơ quan trong danh bạ (người vận hành)"
    static let operands = "CODE NAME [--alias C]… [--transport PEM]… [--signing PEM]… [--json]"
    static let options =
        Option.connection + [
            .value("--alias", "CODE", "mã khác của cơ quan", repeats: true),
            .value("--parent", "CODE", "mã cơ quan cấp trên"),
            .value("--transport", "PEM", "chứng thư kết nối", repeats: true),
            .value("--signing", "PEM", "chứng thư ký văn bản", repeats: true),
            .value("--policy", "off|warn|enforce", "cách xử lý chữ ký (mặc định enforce)"),
            .value(
                "--unknown-revocation", "accept|hold|refuse",
                "khi không biết chứng thư ký có bị thu hồi không (mặc định theo trục)"),
            .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let operands = try arguments.operands("CODE", "NAME")
        guard let policy = Agency.SignaturePolicy(rawValue: arguments.value("--policy") ?? "enforce") else {
            throw CommandFailure(.usage, "--policy phải là off, warn hoặc enforce")
        }
        let unknown = try arguments.value("--unknown-revocation").map { word in
            guard let choice = UnknownRevocationPolicy(rawValue: word) else {
                throw CommandFailure(.usage, "--unknown-revocation phải là accept, hold hoặc refuse")
            }
            return choice
        }
        let agency = Agency(
            code: AgencyCode(operands[0]), name: operands[1],
            aliases: arguments.all("--alias").map { AgencyCode($0) },
            parent: arguments.value("--parent").map { AgencyCode($0) },
            transportCertificates: try arguments.all("--transport").map(AgencyBody.readFingerprint),
            signingCertificates: try arguments.all("--signing").map(AgencyBody.readFingerprint),
            signaturePolicy: policy, unknownRevocation: unknown)
        return try AgencyBody.put([agency], "", arguments, terminal)
    }
}

/// `lienthong agency retire`: no more letters to or from it; its history stays.
struct AgencyRetireCommand: Command {
    static let words = ["agency", "retire"]
    static let summary = "ngừng một cơ quan; lịch sử của nó còn nguyên (người vận hành)"
    static let operands = "CODE [--json]"
    static let options = Option.connection + [.json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let code = try arguments.operands("CODE")[0]
        let reply = try HubConnection(arguments).call("POST", "/v1/agencies/\(code.asPathSegment)/retire")
        if arguments.wantsJSON { terminal.print(json: reply.bytes) }
        terminal.tell("đã ngừng \(code)")
        return .done
    }
}

/// `lienthong agency certificate`: binds or retires one certificate; several may overlap for rollover.
struct AgencyCertificateCommand: Command {
    static let words = ["agency", "certificate"]
    static let summary = "gắn hoặc gỡ một chứng thư của cơ quan (người vận hành)"
    static let operands = "CODE transport|signing PEM|sha256:HEX [--retire] [--json]"
    static let options = Option.connection + [.flag("--retire", "gỡ chứng thư thay vì gắn"), .json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let operands = try arguments.operands("CODE", "transport|signing", "PEM|sha256:HEX")
        guard ["transport", "signing"].contains(operands[1]) else {
            throw CommandFailure(.usage, "loại chứng thư phải là transport hoặc signing")
        }
        let digest = try AgencyBody.readFingerprint(operands[2])
        let path = "/v1/agencies/\(operands[0].asPathSegment)/certificates/\(operands[1])/\(digest.hex)"
        let reply = try HubConnection(arguments).call(arguments.has("--retire") ? "DELETE" : "PUT", path)
        if arguments.wantsJSON { terminal.print(json: reply.bytes) }
        terminal.tell("\(arguments.has("--retire") ? "đã gỡ" : "đã gắn") chứng thư \(digest.hex)")
        return .done
    }
}

/// A directory file as the hub's API takes it: fingerprints instead of paths.
private enum AgencyBody {
    static func put(
        _ agencies: [Agency], _ query: String, _ arguments: Arguments, _ terminal: Terminal
    ) throws -> ExitCode {
        let body = JSONWriter.object { writer in
            writer.name("agencies")
            writer.array(agencies) { write($1, into: &$0) }
        }
        let reply = try HubConnection(arguments).call(
            "PUT", "/v1/agencies\(query)", fields: ["Content-Type": "application/json"], body: .bytes(body))
        if arguments.wantsJSON { terminal.print(json: reply.bytes) }
        terminal.tell("đã ghi \(agencies.count) cơ quan vào danh bạ")
        return .done
    }

    static func fingerprint(_ path: String) throws(CertificateFileError) -> Digest256 {
        do {
            return try Certificate(pem: try InputFile.read(path)).sha256
        } catch {
            throw CertificateFileError("không đọc được chứng thư (\(error))")
        }
    }

    static func readFingerprint(_ named: String) throws -> Digest256 {
        if named.hasPrefix("sha256:") {
            guard let digest = Digest256(hex: named.dropFirst(7)) else {
                throw CommandFailure(.usage, "\(named) không phải vân tay SHA-256")
            }
            return digest
        }
        do {
            return try fingerprint(named)
        } catch {
            throw CommandFailure(.noInput, "\(named): \(error.detail)")
        }
    }

    private static func write(_ agency: Agency, into writer: inout JSONWriter) {
        writer.object { object in
            object.member("code", agency.code)
            object.member("name", agency.name)
            object.name("aliases")
            object.array(agency.aliases) { $0.string($1.string) }
            if let parent = agency.parent { object.member("parent", parent) }
            object.member("level", agency.level)
            object.member("status", agency.status.rawValue)
            object.name("transportCertificates")
            object.array(agency.transportCertificates) { $0.string("sha256:\($1.hex)") }
            object.name("signingCertificates")
            object.array(agency.signingCertificates) { $0.string("sha256:\($1.hex)") }
            object.member("signaturePolicy", agency.signaturePolicy.rawValue)
            if let unknown = agency.unknownRevocation {
                object.member("unknownRevocation", unknown.rawValue)
            }
        }
    }
}
