internal import Exchange
internal import Files
internal import HTTP
internal import JSON
internal import OpenSSL
internal import Transport

/// `lienthong dead-letters`: what was given up, for operators.
struct DeadLettersCommand: Command {
    static let words = ["dead-letters"]
    static let summary = "xem các lượt giao đã bỏ cuộc (người vận hành)"
    static let operands = "[--limit N] [--after DELIVERY] [--json]"
    static let options =
        Option.connection + [
            .value("--limit", "N", "nhiều nhất bao nhiêu (1–500, mặc định 100)"),
            .value("--after", "DELIVERY", "chỉ những lượt giao có số lớn hơn"), .json,
        ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let limit = try arguments.integer("--limit", in: 1...500, default: 100)
        let after = try arguments.integer("--after", in: 0...Int.max, default: 0)
        let (value, bytes) = try HubConnection(arguments).json(
            "/v1/dead-letters?limit=\(limit)&after=\(after)")
        if arguments.wantsJSON {
            terminal.print(json: bytes)
            return .done
        }
        for delivery in value["deliveries"]?.array ?? [] {
            var marks = ""
            if delivery["exportedAt"] != nil { marks += "  [đã xuất]" }
            if delivery["returnedAt"] != nil { marks += "  [đã trả lại]" }
            terminal.print(
                "\(text(delivery, "deliveryId"))  \(text(delivery, "documentKey"))  "
                    + "tới \(text(delivery, "recipient"))  "
                    + "\(delivery["attempts"]?.integer ?? 0) lần  \(text(delivery, "reason"))\(marks)")
        }
        return .done
    }
}

/// `lienthong dead-letters requeue`: for an operator who has seen to what was wrong.
struct RequeueCommand: Command {
    static let words = ["dead-letters", "requeue"]
    static let summary = "đưa lượt giao đã bỏ cuộc trở lại hộp đến (người vận hành)"
    static let operands = "DELIVERY [--json]"
    static let options = Option.connection + [.json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let delivery = try arguments.operands("DELIVERY")[0]
        let reply = try HubConnection(arguments).ask(
            "POST", "/v1/dead-letters/\(delivery.asPathSegment)/requeue", nil)
        if arguments.wantsJSON { terminal.print(json: reply) }
        terminal.tell("lượt giao \(delivery) đã trở lại hộp đến")
        return .done
    }
}

/// `lienthong dead-letters export`: the archive onto this disk, looked through, then told to the hub.
struct ExportDeadLetterCommand: Command {
    static let words = ["dead-letters", "export"]
    static let summary = "lưu văn bản của lượt giao đã bỏ cuộc ra đĩa này (người vận hành)"
    static let operands = "DELIVERY --dir D [--json]"
    static let options =
        Option.connection + [.value("--dir", "D", "thư mục lưu, phải có sẵn"), .json]
    static let notes = """
        Ghi dead-letter-DELIVERY.tar gồm đúng từng byte của văn bản, chữ ký đi kèm, mô tả và biên nhận; kiểm
        SHA-256 của văn bản trong đó, ghi chắc xuống đĩa, rồi mới báo cho trục là đã xuất. Trục chỉ xóa theo
        thời hạn lưu giữ những văn bản đã xuất.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let delivery = try arguments.operands("DELIVERY")[0]
        let folder = try arguments.required("--dir")
        guard delivery.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw CommandFailure(.usage, "DELIVERY phải là số của lượt giao")
        }
        let connection = try HubConnection(arguments)
        let path = "\(folder)/dead-letter-\(delivery).tar"
        let sha256: Digest256
        do {
            sha256 = try OutputFile.make(path, .createPrivate) { file in
                let answer: BlockingClient.Answer
                do {
                    answer = try connection.client.download(
                        "/v1/dead-letters/\(delivery)/export",
                        to: FileDescriptor(try file.duplicateDescriptor()))
                } catch {
                    throw CommandFailure(.unreachable, "không tới được trục: \(error)")
                }
                guard answer.head.status == 200 else { throw HubRefusal(answer) }
                return try letterDigest(in: file)
            }
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không ghi được vào \(folder): \(error)")
        }
        let reply = try connection.ask(
            "POST", "/v1/dead-letters/\(delivery)/exported", ("sha256", sha256.hex))
        if arguments.wantsJSON { terminal.print(json: reply) }
        terminal.tell("đã xuất ra \(path)")
        return .done
    }

    /// Of the letter's bytes as they lie in the archive.
    private static func letterDigest(in archive: File) throws -> Digest256 {
        let letter = try TarArchive.members(of: archive).first {
            $0.name == "letter.edxml" || $0.name == "notice.json"
        }
        guard let letter else { throw CommandFailure(.refused, "tệp nhận được không có văn bản bên trong") }
        var hash = SHA256()
        var offset = letter.offset
        let end = letter.offset + letter.length
        while offset < end {
            let piece = try archive.read(at: offset, count: Int(min(1 << 20, end - offset)))
            guard !piece.isEmpty else { throw CommandFailure(.refused, "tệp nhận được bị cụt") }
            hash.update(piece)
            offset += Int64(piece.count)
        }
        return hash.finalize()
    }
}

/// `lienthong dead-letters return`: a status 02 to the sender, in the recipient's place.
struct ReturnDeadLetterCommand: Command {
    static let words = ["dead-letters", "return"]
    static let summary = "trả văn bản không giao được về nơi gửi bằng trạng thái 02 (người vận hành)"
    static let operands = "DELIVERY --reason TEXT [--json]"
    static let options =
        Option.connection + [.value("--reason", "TEXT", "lý do, cho văn thư nơi gửi đọc"), .json]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let delivery = try arguments.operands("DELIVERY")[0]
        let reason = try arguments.required("--reason")
        let reply = try HubConnection(arguments).ask(
            "POST", "/v1/dead-letters/\(delivery.asPathSegment)/return", ("reason", reason))
        if arguments.wantsJSON { terminal.print(json: reply) }
        terminal.tell("đã trả lượt giao \(delivery) về nơi gửi")
        return .done
    }
}

extension HubConnection {
    /// One call with at most one member in its body; gives the answer, or says why the hub would not.
    func ask(_ method: String, _ path: String, _ member: (name: String, text: String)?) throws -> [UInt8] {
        let body = member.map { member in
            JSONWriter.object { $0.member(member.name, member.text) }
        }
        return try call(
            method, path, fields: ["Content-Type": "application/json"],
            body: body.map { .bytes($0) } ?? .none
        ).bytes
    }
}

private func text(_ value: JSONValue, _ name: String) -> String {
    value[name]?.string ?? ""
}
