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
    static let summary = "nhập danh bạ cơ quan từ tệp JSON5 hoặc CSV (người vận hành)"
    static let operands = "FILE [--replace] [--dry-run] [--json]"
    static let options =
        Option.connection + [
            .flag("--replace", "danh bạ mới thay toàn bộ danh bạ cũ (mặc định chỉ thêm và sửa)"),
            .flag("--dry-run", "chỉ cho biết sẽ thay đổi gì, không ghi"),
            .flag("--former-codes", "thêm mã cũ theo QCVN 102 (000.00.12.H37) làm mã khác của từng cơ quan"),
            .json,
        ]
    static let notes = """
        Tệp CSV: dòng đầu là tên cột, gồm code, name và tùy chọn aliases (cách nhau bởi dấu cách), parent,
        level, status, effectiveFrom, effectiveTo, successor, email, telephone, address. Chứng thư, chính
        sách chữ ký và quyền gửi thay không có trong CSV nên giữ nguyên như đang có.
        Chỉ những cơ quan khác với danh bạ hiện tại được ghi; mỗi lần nhập là một mục trong nhật ký.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("FILE")[0]
        let isCSV = path.lowercased().hasSuffix(".csv")
        let file: DirectoryFile
        do {
            let bytes = try InputFile.read(path)
            file = try DirectoryFile(isCSV ? try DirectoryCSV.directoryFile(bytes) : bytes) {
                named throws(CertificateFileError) in
                try AgencyBody.fingerprint(Files.Directory.resolve(named, beside: path))
            }
        } catch let error as DirectoryFileError {
            throw CommandFailure(.refused, "\(path):\(error.line): \(error.detail)")
        }
        var query: [String] = []
        if arguments.has("--replace") { query.append("replace=1") }
        if arguments.has("--dry-run") { query.append("dryRun=1") }
        if isCSV { query.append("keep=trust") }
        var agencies = file.agencies
        if arguments.has("--former-codes") { addFormerCodes(to: &agencies) }
        return try AgencyBody.put(agencies, query, arguments, terminal)
    }

    private static func addFormerCodes(to agencies: inout [Agency]) {
        var taken = Set(agencies.flatMap { [$0.code] + $0.aliases })
        for index in agencies.indices {
            guard let former = agencies[index].formerCode, taken.insert(former).inserted else { continue }
            agencies[index].aliases.append(former)
        }
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
            .value("--acts-for", "CODE=NGÀY", "được gửi thay cơ quan CODE đến hết trước NGÀY", repeats: true),
            .value("--from", "NGÀY", "bắt đầu hoạt động, ví dụ 2026-07-01"),
            .value("--to", "NGÀY", "kết thúc hoạt động (ngày đầu tiên không còn)"),
            .value("--successor", "CODE", "cơ quan kế thừa, nhận văn bản sau khi kết thúc"),
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
        var agency = Agency(
            code: AgencyCode(operands[0]), name: operands[1],
            aliases: arguments.all("--alias").map { AgencyCode($0) },
            parent: arguments.value("--parent").map { AgencyCode($0) },
            transportCertificates: try arguments.all("--transport").map(AgencyBody.readFingerprint),
            signingCertificates: try arguments.all("--signing").map(AgencyBody.readFingerprint),
            signaturePolicy: policy, unknownRevocation: unknown)
        agency.effectiveFrom = try arguments.value("--from").map(day)
        agency.effectiveTo = try arguments.value("--to").map(day)
        agency.successor = arguments.value("--successor").map { AgencyCode($0) }
        for right in arguments.all("--acts-for") {
            let parts = right.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw CommandFailure(.usage, "--acts-for phải có dạng MÃ=NGÀY") }
            agency.actsFor.append(
                Agency.ActingRight(agency: AgencyCode(parts[0]), until: try day(parts[1])))
        }
        return try AgencyBody.put([agency], [], arguments, terminal)
    }
}

extension AgencyAddCommand {
    private static func day(_ text: String) throws -> Instant {
        guard let day = Instant(isoDate: text) else {
            throw CommandFailure(.usage, "\(text) không phải ngày dạng 2026-07-01")
        }
        return day
    }
}

/// `lienthong agency retire`: no more letters to or from it; its history stays.
struct AgencyRetireCommand: Command {
    static let words = ["agency", "retire"]
    static let summary = "ngừng một cơ quan; lịch sử của nó còn nguyên (người vận hành)"
    static let operands = "CODE [--successor CODE] [--json]"
    static let options =
        Option.connection + [
            .value("--successor", "CODE", "cơ quan kế thừa, nhận văn bản gửi tới mã cũ"), .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let code = try arguments.operands("CODE")[0]
        let query = arguments.value("--successor").map { "?successor=\($0.asPathSegment)" } ?? ""
        let reply = try HubConnection(arguments).call(
            "POST", "/v1/agencies/\(code.asPathSegment)/retire\(query)")
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
        let isRetired = arguments.has("--retire")
        // The certificate itself where it is at hand: the hub then warns before it ends.
        let isFile = !isRetired && !operands[2].hasPrefix("sha256:")
        let reply = try HubConnection(arguments).call(
            isRetired ? "DELETE" : "PUT", path, fields: [:],
            body: isFile ? .bytes(try Certificate(pem: try InputFile.read(operands[2])).pem) : .none)
        if arguments.wantsJSON { terminal.print(json: reply.bytes) }
        terminal.tell("\(isRetired ? "đã gỡ" : "đã gắn") chứng thư \(digest.hex)")
        return .done
    }
}

/// A directory file as the hub's API takes it: fingerprints instead of paths.
private enum AgencyBody {
    static func put(
        _ agencies: [Agency], _ query: [String], _ arguments: Arguments, _ terminal: Terminal
    ) throws -> ExitCode {
        let body = JSONWriter.object { writer in
            writer.name("agencies")
            writer.array(agencies) { writer, agency in writer.object { agency.write(into: &$0) } }
        }
        let path = "/v1/agencies" + (query.isEmpty ? "" : "?\(query.joined(separator: "&"))")
        let reply = try HubConnection(arguments).call(
            "PUT", path, fields: ["Content-Type": "application/json"], body: .bytes(body))
        if arguments.wantsJSON { terminal.print(json: reply.bytes) }
        guard let answer = try? JSONReader.read(reply.bytes) else { return .done }
        for change in (answer["changes"]?.array ?? []).prefix(20) {
            let members = (change["members"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            terminal.tell(
                "  \(change["change"]?.string ?? "") \(change["code"]?.string ?? "")"
                    + (members.isEmpty ? "" : " (\(members))"))
        }
        func count(_ name: String) -> Int64 { answer[name]?.integer ?? 0 }
        terminal.tell(
            (answer["dryRun"]?.boolean == true ? "sẽ thay đổi" : "đã ghi")
                + ": thêm \(count("added")), sửa \(count("changed")), ngừng \(count("retired")), "
                + "giữ nguyên \(count("unchanged"))")
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
}
