internal import EdXML
internal import Exchange
internal import Files
internal import Glibc
internal import Hub
internal import JSON

/// `lienthong compose`: makes an edXML letter from a command line.
struct ComposeCommand: Command {
    static let words = ["compose"]
    static let summary = "soạn một văn bản edXML (chưa ký) từ các tệp đính kèm"
    static let operands =
        "--from CODE[=NAME] --to CODE[=NAME],… --number N --notation T --subject S --attach FILE… -o OUT"
    static let options: [Option] = [
        .value("--from", "CODE[=NAME]", "mã định danh và tên cơ quan gửi"),
        .value("--to", "CODE[=NAME],…", "nơi nhận, cách nhau bằng dấu phẩy", repeats: true),
        .value("--number", "N", "số văn bản, ví dụ 482"),
        .value("--notation", "T", "ký hiệu, ví dụ SKHCN-CĐS"),
        .value("--type", "NAME", "tên loại văn bản (mặc định Công văn)"),
        .value("--type-code", "N", "mã loại 1–99 (mặc định 2, văn bản hành chính)"),
        .value("--type-detail", "N", "mã loại chi tiết 1–99"),
        .value("--subject", "S", "trích yếu, nhiều nhất 550 ký tự"),
        .value("--content", "S", "tóm tắt nội dung, nhiều nhất 500 ký tự"),
        .value("--attach", "FILE", "tệp đính kèm, tệp đầu là văn bản chính", repeats: true),
        .value("--date", "yyyy/MM/dd", "ngày ban hành (mặc định hôm nay, giờ Việt Nam)"),
        .value("--place", "S", "nơi ban hành"),
        .value("--due", "yyyy/MM/dd", "hạn trả lời"),
        .value("--priority", "0-4", "0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ"),
        .value("--signer-name", "S", "người ký"),
        .value("--signer-position", "S", "chức vụ người ký"),
        .value("--signer-competence", "S", "thẩm quyền ký, ví dụ KT. GIÁM ĐỐC"),
        .value("--staff-name", "S", "người xử lý"),
        .value("--department", "S", "đơn vị của người xử lý"),
        .value("--recalls", "ID", "thu hồi văn bản có DocumentId này"),
        .value("--updates", "ID", "cập nhật văn bản có DocumentId này"),
        .value("--replaces", "ID", "thay thế văn bản có DocumentId này"),
        .value("--replaces-for", "CODE,…", "chỉ thay thế với các nơi nhận này"),
        .value("--add", "CODE,…", "với --updates: nơi nhận được thêm"),
        .value("--remove", "CODE,…", "với --updates: nơi nhận bị bỏ"),
        .value("--reason", "S", "lý do thu hồi, cập nhật, thay thế"),
        .value("--document-id", "ID", "DocumentId (mặc định CODE,yyyy/MM/dd,số/ký-hiệu)"),
        .value("-o", "OUT", "tệp edXML sẽ ghi"),
        .json,
    ]
    static let notes = """
        Tên có dấu phẩy thì dùng một --to riêng cho nơi nhận ấy: --to "H31.7=Sở Văn hóa, Thể thao".
        Tệp không phải pdf, doc, docx, xsl, xslx, zip được nén ZIP như quy ước; nơi nhận tự giải nén.
        Ký sau khi soạn: lienthong sign --cert F --key F OUT -o SIGNED.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let target = try arguments.required("-o")
        let draft = try draft(arguments)
        let expected = try draft.attachments.reduce(0) { try $0 + InputFile.size($1.path) / 3 * 4 }
        let bar = terminal.progress("soạn \(target)", total: expected)
        let size = try write(draft, to: target) { bar.advance(to: min($0, expected)) }
        bar.finish()
        if arguments.wantsJSON { terminal.print(json: json(draft, target, size)) }
        terminal.tell(
            "đã soạn \(target): \(draft.documentID), \(draft.recipients.count) nơi nhận, \(size) byte")
        return .done
    }

    private static func draft(_ arguments: Arguments) throws -> LetterDraft {
        let files = arguments.all("--attach")
        guard !files.isEmpty else { throw CommandFailure(.usage, "cần ít nhất một --attach FILE") }
        let now = Clock.system.now()
        var draft = LetterDraft(
            sender: AgencyArgument.one(try arguments.required("--from")),
            recipients: AgencyArgument.list(
                [try arguments.required("--to")] + arguments.all("--to").dropFirst()),
            documentID: arguments.value("--document-id").map { ExactString($0) },
            codeNumber: try arguments.required("--number"),
            codeNotation: try arguments.required("--notation"),
            place: arguments.value("--place") ?? "",
            promulgationDate: arguments.value("--date") ?? now.edXMLDate,
            type: DocumentTypeDraft(
                code: try arguments.integer("--type-code", in: 1...99, default: 2),
                detail: arguments.value("--type-detail") == nil
                    ? nil : try arguments.integer("--type-detail", in: 1...99, default: 1),
                name: arguments.value("--type") ?? "Công văn"),
            subject: try arguments.required("--subject"), tracedAt: now,
            attachments: files.map { AttachmentDraft(path: $0) })
        draft.content = arguments.value("--content")
        draft.dueDate = arguments.value("--due")
        let priority = try arguments.integer("--priority", in: 0...4, default: 0)
        draft.priority = Priority(rawValue: priority) ?? .normal
        draft.signer = try signer(arguments)
        draft.staff = try StaffArgument.read(arguments)
        draft.business = try business(arguments)
        if draft.business.kind != .new { draft.reason = try arguments.required("--reason") }
        return draft
    }

    /// At most one of `--recalls`, `--updates`, `--replaces`.
    private static func business(_ arguments: Arguments) throws -> Business {
        let asked: [(Business.Kind, String)] = [
            (.recall, "--recalls"), (.update, "--updates"), (.replace, "--replaces"),
        ].filter { arguments.value($0.1) != nil }
        var business = Business()
        guard let (kind, option) = asked.first else { return business }
        guard asked.count == 1, let target = arguments.value(option).map({ ExactString($0) }) else {
            throw CommandFailure(.usage, "chỉ dùng một trong --recalls, --updates, --replaces")
        }
        business.kind = kind
        if kind == .replace {
            business.replacements = [
                Business.Replacement(documentID: target, organIDs: codes("--replaces-for", arguments))
            ]
        } else {
            business.documentID = target
        }
        if kind == .update {
            business.changesDocument = true
            business.receiverChanges =
                codes("--add", arguments).map { Business.ReceiverChange(organID: $0, isAdded: true) }
                + codes("--remove", arguments).map { Business.ReceiverChange(organID: $0, isAdded: false) }
        }
        return business
    }

    private static func codes(_ option: String, _ arguments: Arguments) -> [AgencyCode] {
        AgencyArgument.list(arguments.value(option).map { [$0] } ?? []).map(\.code)
    }

    private static func signer(_ arguments: Arguments) throws -> SignerDraft? {
        let (position, competence) =
            (arguments.value("--signer-position"), arguments.value("--signer-competence"))
        if position == nil && competence == nil && arguments.value("--signer-name") == nil { return nil }
        return SignerDraft(
            competence: competence, position: position, fullName: try arguments.required("--signer-name"))
    }

    /// Under a temporary name first: a letter that could not be finished never bears the real one.
    private static func write(
        _ draft: LetterDraft, to target: String, progress: (Int64) -> Void
    ) throws -> Int64 {
        do {
            return try OutputFile.make(target) { try LetterWriter.write(draft, to: $0, progress: progress) }
        } catch {
            throw failure(error)
        }
    }

    private static func failure(_ error: any Error) -> CommandFailure {
        switch error {
        case DraftError.invalid(let element, let detail): CommandFailure(.usage, "\(element) \(detail)")
        case DraftError.changed: CommandFailure(.tryAgain, "\(error)")
        default: CommandFailure(.noInput, "\(error)")
        }
    }

    private static func json(_ draft: LetterDraft, _ target: String, _ size: Int64) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("file", target)
            writer.member("size", size)
            writer.member("documentId", draft.documentID)
            writer.member("sender", draft.sender.code)
            writer.name("recipients")
            writer.array(draft.recipients) { $0.string($1.code.string) }
            writer.name("attachments")
            writer.array(draft.attachments) { writer, attachment in
                writer.object { object in
                    object.member("name", attachment.name)
                    object.member("contentId", attachment.contentID)
                }
            }
        }
    }
}

/// `CODE` or `CODE=NAME`; without a name the code stands for it.
enum AgencyArgument {
    static func one(_ text: String) -> OrganizationDraft {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let code = parts[0].trimmed
        return OrganizationDraft(code: AgencyCode(code), name: parts.count == 2 ? parts[1].trimmed : code)
    }

    /// Commas separate agencies, except in the name of one that has a `--to` of its own:
    /// `H31.7=Sở Văn hóa, Thể thao`.
    static func list(_ values: [String]) -> [OrganizationDraft] {
        values.flatMap { value -> [OrganizationDraft] in
            var pieces: [String] = []
            for piece in value.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
                if let last = pieces.last, last.contains("="), !looksLikeCode(piece) {
                    pieces[pieces.count - 1] = "\(last),\(piece)"
                } else {
                    pieces.append(piece)
                }
            }
            return pieces.map(one)
        }
    }

    /// Codes are dotted groups of ASCII letters and digits with a digit among them; words of a name are not.
    private static func looksLikeCode(_ piece: String) -> Bool {
        let code = piece.prefix { $0 != "=" }.utf8.drop { $0 == 0x20 }
        let isPlain = code.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F
        }
        return isPlain && code.contains { (0x30...0x39).contains($0) }
    }
}

extension String {
    /// Without blanks at either end.
    fileprivate var trimmed: String {
        var rest = Substring(self)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

/// `--staff-name` and `--department`.
enum StaffArgument {
    static func read(_ arguments: Arguments) throws -> StaffDraft? {
        let department = arguments.value("--department")
        if department == nil && arguments.value("--staff-name") == nil { return nil }
        return StaffDraft(department: department, name: try arguments.required("--staff-name"))
    }
}
