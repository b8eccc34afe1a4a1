internal import EdXML
internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Transport

/// `lienthong status`: tells a letter's sender how far it has come here, or asks a recipient to give it back.
struct StatusCommand: Command {
    static let words = ["status"]
    static let summary = "gửi trạng thái xử lý (01–06, 13, 15, 16) của một văn bản"
    static let operands = "KEY CODE [--reason S] [--from CODE[=NAME]] [--json]"
    static let options =
        Option.connection + [
            .value("--reason", "S", "diễn giải; bắt buộc với 02, 13, 16"),
            .value("--from", "CODE[=NAME]", "cơ quan của mình (mặc định: như dấu vết văn bản cho biết)"),
            .value("--to", "CODE", "chỉ với 13: nơi nhận được yêu cầu trả lại"),
            .value("--promulgated", "yyyy/MM/dd", "ngày ban hành của văn bản, nếu trục không cho biết"),
            .value("--staff-name", "S", "người xử lý"),
            .value("--department", "S", "đơn vị của người xử lý"),
            .value("--out", "FILE", "giữ lại thông điệp edXML đã gửi"),
            .json,
        ]
    static let notes = """
        KEY là mã 32 chữ số hex trong biên nhận, hoặc DocumentId của văn bản. CODE: 01 đã đến, 02 từ chối
        tiếp nhận, 03 đã tiếp nhận, 04 phân công, 05 đang xử lý, 06 hoàn thành, 13 yêu cầu lấy lại,
        15 đồng ý, 16 từ chối. 13 do nơi gửi văn bản gửi, các mã khác do nơi nhận.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let operands = try arguments.operands("KEY", "CODE")
        guard let status = BusinessStatus(rawValue: operands[1]) else {
            throw CommandFailure(.usage, "CODE phải là một trong 01–06, 13, 15, 16")
        }
        let reason = try reason(arguments, for: status)
        let hub = try HubConnection(arguments)
        let (trail, _) = try hub.json("/v1/documents/\(operands[0].asPathSegment)")
        let (message, parties) = try compose(trail, status, reason, arguments)
        if let file = arguments.value("--out") { try OutputFile.write(message, to: file) }
        let reply = try hub.call(
            "POST", "/v1/documents", fields: ["Content-Type": "application/xml"], body: .bytes(message))
        if arguments.wantsJSON { terminal.print(json: reply.bytes) }
        terminal.tell(
            "đã gửi \(status.rawValue) (\(status.title)) từ \(parties.own.code) tới \(parties.other)")
        return .done
    }

    private static func reason(_ arguments: Arguments, for status: BusinessStatus) throws -> String? {
        let reason = arguments.value("--reason")
        if reason == nil, [.refused, .recallRequested, .declined].contains(status) {
            throw CommandFailure(.usage, "\(status.rawValue) (\(status.title)) cần --reason")
        }
        return reason
    }

    /// The message that answers the letter of which `trail` tells.
    static func compose(
        _ trail: JSONValue, _ status: BusinessStatus, _ reason: String?, _ arguments: Arguments
    ) throws -> (message: [UInt8], parties: Parties) {
        let parties = try Parties(trail, status, arguments)
        guard let documentID = trail["documentId"]?.string, let code = trail["code"]?.string else {
            throw CommandFailure(.unreachable, "trục trả lời thiếu documentId hoặc code")
        }
        guard let date = arguments.value("--promulgated") ?? trail["promulgationDate"]?.string else {
            throw CommandFailure(.usage, "trục không cho biết ngày ban hành; thêm --promulgated yyyy/MM/dd")
        }
        let draft = StatusDraft(
            sender: parties.own,
            responseFor: ResponseForDraft(
                organID: parties.other, code: code, documentID: ExactString(documentID),
                promulgationDate: date),
            staff: try StaffArgument.read(arguments), status: status, description: reason,
            timestamp: Clock.system.now())
        do {
            return (try StatusWriter.write(draft), parties)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
    }

    /// Who sends the status and to whom it goes.
    struct Parties {
        let own: OrganizationDraft
        let other: AgencyCode

        init(_ trail: JSONValue, _ status: BusinessStatus, _ arguments: Arguments) throws {
            guard let sender = trail["sender"]?.string else {
                throw CommandFailure(.unreachable, "trục trả lời thiếu sender")
            }
            let recipients = (trail["deliveries"]?.array ?? []).compactMap { $0["recipient"]?.string }
            if status == .recallRequested {
                own = AgencyArgument.one(arguments.value("--from") ?? sender)
                other = AgencyCode(try Self.only(arguments.value("--to"), recipients, "--to"))
            } else {
                guard arguments.value("--to") == nil else {
                    throw CommandFailure(.usage, "--to chỉ dùng với 13; các mã khác tới nơi gửi văn bản")
                }
                // A recipient's trail lists its own delivery alone.
                own = AgencyArgument.one(try Self.only(arguments.value("--from"), recipients, "--from"))
                other = AgencyCode(sender)
            }
        }

        private static func only(_ given: String?, _ recipients: [String], _ option: String) throws -> String
        {
            if let given { return given }
            guard recipients.count == 1 else {
                throw CommandFailure(.usage, "văn bản có \(recipients.count) nơi nhận; cần \(option) CODE")
            }
            return recipients[0]
        }
    }
}
