internal import Exchange
internal import HTTP
internal import JSON
internal import Transport

/// `lienthong agency vxp-secret`: what an agency's software signs its requests over VXP with.
struct VXPSecretCommand: Command {
    static let words = ["agency", "vxp-secret"]
    static let summary = "cấp, liệt kê, thu hồi bí mật VXP của một cơ quan (người vận hành)"
    static let operands = "CODE [--list | --revoke NAME | --from FILE] [--json]"
    static let options =
        Option.connection + [
            .flag("--list", "liệt kê tên và ngày cấp; bí mật không bao giờ hiện lại"),
            .value("--revoke", "NAME", "thu hồi bí mật mang tên này"),
            .value("--from", "FILE", "dùng bí mật có sẵn trong tệp thay vì tạo mới"), .json,
        ]
    static let notes = """
        Bí mật mới chỉ hiện một lần. Nhiều bí mật của một cơ quan cùng có hiệu lực: cấp cái mới, đổi trong
        phần mềm của cơ quan, rồi thu hồi cái cũ.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let code = try arguments.operands("CODE")[0]
        let path = "/v1/agencies/\(code.asPathSegment)/vxp-secrets"
        let hub = try HubConnection(arguments)
        if arguments.has("--list") {
            let (value, bytes) = try hub.json(path)
            if arguments.wantsJSON { terminal.print(json: bytes) }
            for secret in value["secrets"]?.array ?? [] {
                terminal.tell("\(secret["name"]?.string ?? "")  \(secret["madeAt"]?.string ?? "")")
            }
            return .done
        }
        if let name = arguments.value("--revoke") {
            let reply = try hub.call("DELETE", "\(path)/\(name.asPathSegment)")
            if arguments.wantsJSON { terminal.print(json: reply.bytes) }
            terminal.tell("đã thu hồi bí mật \(name) của \(code)")
            return .done
        }
        let brought = try arguments.value("--from").map { file in
            // As the library trims what it reads from its own file.
            String(decoding: try InputFile.read(file), as: UTF8.self).filter { !$0.isWhitespace }
        }
        let body: BlockingClient.Body =
            brought.map { secret in .bytes(JSONWriter.object { $0.member("secret", secret) }) } ?? .none
        let reply = try hub.call("POST", path, fields: ["Content-Type": "application/json"], body: body)
        if arguments.wantsJSON {
            terminal.print(json: reply.bytes)
        } else if let secret = (try? JSONReader.read(reply.bytes))?["secret"]?.string {
            terminal.print(secret)
        }
        let name = (try? JSONReader.read(reply.bytes))?["name"]?.string ?? ""
        terminal.tell("đã cấp bí mật \(name) cho \(code)\(brought == nil ? "; chỉ hiện một lần này" : "")")
        return .done
    }
}

/// `lienthong agency vxp-address`: where an agency's software may call from over VXP.
struct VXPAddressCommand: Command {
    static let words = ["agency", "vxp-address"]
    static let summary =
        "xem hoặc đặt các địa chỉ IP mà phần mềm VXP của cơ quan được gọi từ đó (người vận hành)"
    static let operands = "CODE [--allow BLOCK]… [--any] [--json]"
    static let options =
        Option.connection + [
            .value(
                "--allow", "BLOCK", "địa chỉ hoặc dải, ví dụ 10.20.0.0/16; thay toàn bộ danh sách",
                repeats: true),
            .flag("--any", "bỏ giới hạn: gọi được từ mọi địa chỉ"), .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let code = try arguments.operands("CODE")[0]
        let path = "/v1/agencies/\(code.asPathSegment)/vxp-addresses"
        let hub = try HubConnection(arguments)
        let blocks = arguments.all("--allow")
        guard blocks.isEmpty || !arguments.has("--any") else {
            throw CommandFailure(.usage, "chỉ dùng một trong --allow và --any")
        }
        let bytes: [UInt8]
        if blocks.isEmpty, !arguments.has("--any") {
            bytes = try hub.json(path).bytes
        } else {
            let body = JSONWriter.object { writer in
                writer.name("addresses")
                writer.array(blocks) { $0.string($1) }
            }
            bytes = try hub.call(
                "PUT", path, fields: ["Content-Type": "application/json"], body: .bytes(body)
            ).bytes
        }
        if arguments.wantsJSON { terminal.print(json: bytes) }
        let addresses = ((try? JSONReader.read(bytes))?["addresses"]?.array ?? []).compactMap(\.string)
        terminal.tell("\(code): \(addresses.isEmpty ? "mọi địa chỉ" : addresses.joined(separator: ", "))")
        return .done
    }
}
