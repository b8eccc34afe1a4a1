internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// What waits for the caller, and what became of what it sent. Nothing is taken away by looking.
///
/// `status`, `docId`, `from`, `to` and the like are not looked at: in a list call they are what earlier calls
/// left behind.
struct ListOperations {
    let hub: Hub

    private static let pageSizeMax = 500
    /// Pages further back cost a step for every entry before them; behind this one they are empty.
    private static let offsetMax = 1_000_000
    private static let countMax = 1_000_000
    private static let sentMax = 500
    /// Of one letter that was asked for by its id.
    private static let sentOfOneMax = 10_000

    func received(_ caller: VXPCaller, _ exchange: VXPExchange) throws(VXPFailure) {
        let kinds = try caller.kinds()
        let size = min(
            max(caller.parameters["pageSize"].flatMap { Int($0) } ?? Self.pageSizeMax, 1), Self.pageSizeMax)
        // From 1; some count from 0, and then see the first page twice.
        let page = max(caller.parameters["pageIndex"].flatMap { Int($0) } ?? 1, 1)
        let (offset, isTooFar) = (page - 1).multipliedReportingOverflow(by: size)
        let (recipient, systemID) = (caller.agency.code, caller.systemID)
        exchange.answer { hub throws(StorageError) in
            let copies =
                isTooFar || offset > Self.offsetMax
                ? []
                : try hub.reader.copies(recipient: recipient, kinds: kinds, offset: offset, limit: size)
            return .success(
                Reply.success { writer in
                    writer.name("data")
                    writer.array(copies) { list, copy in
                        list.object { Self.write(copy, to: systemID, into: &$0) }
                    }
                })
        }
    }

    private static func write(_ copy: WaitingCopy, to systemID: String, into object: inout JSONWriter) {
        let document = copy.document
        let time = document.acceptedAt.vxpTime
        object.member(
            "docId", TransportID(.recipient, delivery: copy.id, of: document.key).description)
        object.member("serviceType", "eDoc")
        object.member("messageType", document.kind.messageType)
        object.member("created_time", time)
        object.member("updated_time", time)
        object.member("from", document.sender)
        object.member("to", systemID)
        object.member("status", copy.isBegun ? "processing" : "initial")
        object.member("status_desc", "")
    }

    func count(_ kind: DocumentKind, _ caller: VXPCaller, _ exchange: VXPExchange) {
        let recipient = caller.agency.code
        exchange.answer { hub throws(StorageError) in
            let count = try hub.reader.copyCount(recipient: recipient, kind: kind, max: Self.countMax)
            return .success(Reply.success { $0.member("count", count) })
        }
    }

    func sent(_ caller: VXPCaller, _ exchange: VXPExchange) throws(VXPFailure) {
        let kinds = try caller.kinds()
        let (sender, asked) = (caller.agency.code, caller.parameters.text("docId"))
        exchange.answer { hub throws(StorageError) in
            // A docId that is none of the caller's own letters is a leftover of another call.
            if let asked, let first = TransportID.delivery(in: asked) {
                let copies = try hub.reader.sentCopies(
                    sender: sender, kind: nil, firstDelivery: first, limit: Self.sentOfOneMax)
                if let copy = copies.first, Self.senderID(of: copy).matches(asked) {
                    return .success(Self.reply(copies, from: sender))
                }
            }
            let copies = try hub.reader.sentCopies(
                sender: sender, kind: kinds.count == 1 ? kinds[0] : nil, firstDelivery: nil,
                limit: Self.sentMax)
            return .success(Self.reply(copies.filter { $0.kind != .notice }, from: sender))
        }
    }

    private static func senderID(of copy: SentCopy) -> TransportID {
        TransportID(.sender, delivery: copy.firstDelivery, of: copy.key)
    }

    private static func reply(_ copies: [SentCopy], from sender: AgencyCode) -> Response {
        Reply.success { writer in
            writer.name("data")
            writer.array(copies) { list, copy in list.object { write(copy, from: sender, into: &$0) } }
        }
    }

    private static func write(_ copy: SentCopy, from sender: AgencyCode, into object: inout JSONWriter) {
        object.member("senderDocId", senderID(of: copy).description)
        object.member(
            "receiverDocId", TransportID(.recipient, delivery: copy.id, of: copy.key).description)
        object.member("serviceType", "eDoc")
        object.member("messageType", copy.kind.messageType)
        object.member("fromCode", sender)
        object.member("toCode", copy.recipient)
        object.member("title", copy.subject)
        object.member("notation", copy.code)
        object.member("sentTime", copy.acceptedAt.vxpTime)
        object.member("receivedTime", copy.deliveredAt?.vxpTime ?? "")
        object.member("sendStatus", "done")
        object.member("sendStatusDesc", "da nhan vao truc")
        object.member("receiveStatus", word(for: copy))
        object.member("receiveStatusDesc", description(of: copy))
    }

    private static func word(for copy: SentCopy) -> String {
        switch copy.state {
        case .delivered: "done"
        case .dead, .withdrawn: "fail"
        case .leased: "processing"
        case .queued where copy.attempt > 0: "processing"
        default: "initial"
        }
    }

    private static func description(of copy: SentCopy) -> String {
        if copy.state == .withdrawn { return "da thu hoi truoc khi don vi nhan lay" }
        if let code = copy.lastStatus {
            return UnaccentedText.ascii("\(code) \(BusinessStatus(rawValue: code)?.title ?? "")")
        }
        return UnaccentedText.ascii(copy.reason ?? "")
    }
}
