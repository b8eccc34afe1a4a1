internal import Exchange
internal import Files
internal import Glibc
internal import JSON
internal import HTTP
internal import Hub
internal import OpenSSL
internal import Signature
internal import Transport

/// `lienthong receive`: poll, download, check, write atomically, and only then acknowledge.
struct ReceiveCommand: Command {
    static let words = ["receive"]
    static let summary = "nhận văn bản trong hộp đến về thư mục, xác nhận từng bản"
    static let operands = "--dir D [--follow] [--json]"
    static let options =
        Option.connection + [
            .value(
                "--dir", "D",
                "thư mục nhận: văn bản MÃ.edxml, trạng thái MÃ.status, thông báo MÃ.notice.json"
            ),
            .flag("--follow", "tiếp tục chờ văn bản mới cho đến khi bị dừng"),
            .value("--wait", "S", "chờ tối đa S giây mỗi lượt hỏi (0–60, mặc định 0, với --follow là 30)"),
            .value("--lease", "S", "giữ mỗi bản S giây trong lúc tải (mặc định 300)"),
            .value(
                "--trust", "FILE|DIR", "tự kiểm tra chữ ký bằng các chứng thư này, không chỉ tin lời trục",
                repeats: true),
            .value("--crl", "FILE|DIR", "danh sách thu hồi, cùng với --trust", repeats: true),
            .value("--ocsp", "FILE|DIR", "phản hồi OCSP, cùng với --trust", repeats: true),
            .json,
        ]
    static let notes = """
        Bản nào tải hỏng hoặc sai SHA-256 thì được trả lại hộp đến. Nếu lệnh bị dừng giữa chừng, bản chưa
        xác nhận sẽ trở lại khi hết hạn giữ; nhận lại lần nữa ghi đè đúng tệp ấy, không sinh bản thứ hai.
        Với --trust, bản nào chữ ký không hợp lệ (TOTAL-FAILED) cũng được trả lại, kèm lý do; bản chưa kết
        luận được (INDETERMINATE) vẫn nhận và được đánh dấu.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let folder = try arguments.required("--dir")
        let follows = arguments.has("--follow")
        let wait = try arguments.integer("--wait", in: 0...60, default: follows ? 30 : 0)
        let lease = try arguments.integer("--lease", in: 1...43_200, default: 300)
        let hub = try HubConnection(arguments)
        let verifier = arguments.all("--trust").isEmpty ? nil : try VerifyCommand.verifier(arguments)
        try Files.Directory.create(folder)
        var received: [Received] = []
        var failures = 0
        while true {
            let deliveries: [Delivery]
            do {
                let (value, _) = try hub.json("/v1/inbox?wait=\(wait)&limit=10&lease=\(lease)")
                deliveries = (value["deliveries"]?.array ?? []).compactMap { Delivery($0) }
            } catch {
                // Whoever follows does so through a restart of the hub and through its busy hours.
                guard follows, isPassing(error) else { throw error }
                let asked = (error as? HubRefusal)?.retryAfterSeconds.map { UInt32(clamping: $0) }
                let pause = min(followPauseMax, max(1, asked ?? followPause))
                terminal.tell("\(message(error)); hỏi lại sau \(pause) giây")
                sleep(pause)
                continue
            }
            let held = HeldLeases(deliveries, seconds: lease, hub: hub)
            for delivery in deliveries {
                defer { held.drop(delivery) }
                do {
                    let (file, indication) = try take(
                        delivery, held, from: hub, into: folder, verifier, terminal)
                    let verdict = indication.map { " [\($0)]" } ?? ""
                    terminal.tell(
                        "\(delivery.key) từ \(delivery.sender): \(delivery.subject) → \(file)\(verdict)")
                    if !follows {
                        received.append(Received(delivery: delivery, file: file, indication: indication))
                    }
                } catch {
                    failures += 1
                    terminal.tell("\(delivery.key): chưa nhận được: \(message(error))")
                }
            }
            if !follows, deliveries.isEmpty || failures > 0 || wait > 0 { break }
        }
        if arguments.wantsJSON { terminal.print(json: json(received)) }
        return failures == 0 ? .done : .tryAgain
    }

    /// Seconds between two questions to a hub that cannot answer now.
    private static let followPause: UInt32 = 5
    /// Whatever the hub asks to wait.
    private static let followPauseMax: UInt32 = 300

    private static func isPassing(_ error: any Error) -> Bool {
        switch error {
        case let refusal as HubRefusal: refusal.exitCode == .tryAgain
        case let failure as CommandFailure: failure.code == .unreachable
        default: false
        }
    }

    private static func take(
        _ delivery: Delivery, _ held: HeldLeases, from hub: HubConnection, into folder: String,
        _ verifier: SignatureVerifier?, _ terminal: Terminal
    ) throws -> (file: String, indication: String?) {
        let suffix = ["status": "status", "notice": "notice.json"][delivery.kind] ?? "edxml"
        let target = "\(folder)/\(delivery.key).\(suffix)"
        var indication: String?
        do {
            let temporary = "\(target).part"
            // An earlier run got it whole and did not come to say so.
            if try digest(of: target) == delivery.sha256 {
                try Files.Directory.rename(target, to: temporary)
            } else {
                let bar = terminal.progress("nhận \(delivery.key)", total: delivery.byteCount)
                let digest = try download(delivery, held, from: hub, to: temporary, bar, terminal)
                bar.finish()
                guard digest == delivery.sha256 else {
                    try Files.Directory.remove(temporary)
                    throw CommandFailure(.refused, "SHA-256 của tệp tải về khác với trục báo")
                }
            }
            if let verifier, delivery.kind == "letter" {
                indication = try judge(delivery, temporary, verifier, hub, terminal)
            }
            try OutputFile.publish(temporary, as: target)
        } catch {
            let reason = error is SignatureFailure ? "signature failed" : "download failed"
            try? settle(delivery, "release", on: hub, reason: reason)
            throw error
        }
        try settle(delivery, "acknowledge", on: hub, reason: nil)
        return (target, indication)
    }

    /// The recipient's own verdict, as of the moment when the hub took the letter.
    private static func judge(
        _ delivery: Delivery, _ path: String, _ verifier: SignatureVerifier, _ hub: HubConnection,
        _ terminal: Terminal
    ) throws -> String {
        var signature: [UInt8]?
        if delivery.hasDetachedSignature {
            signature = try hub.call("GET", "/v1/documents/\(delivery.key)/signature").bytes
        }
        let verdict = try VerifyCommand.verdict(
            on: try File(path, .read), signature, verifier, delivery.acceptedAt, terminal)
        guard verdict.indication != .totalFailed else {
            try Files.Directory.remove(path)
            throw SignatureFailure(reasons: verdict.reasonDetails)
        }
        return verdict.summary
    }

    /// Nil where there is no such file.
    private static func digest(of path: String) throws -> Digest256? {
        guard Files.Directory.exists(path) else { return nil }
        return try digest(of: try File(path, .read))
    }

    private static func digest(of file: File) throws -> Digest256 {
        var digest = SHA256()
        try file.forEachPiece { digest.update($0.span) }
        return digest.finalize()
    }

    /// Broken connections in a row without a byte of progress.
    private static let failuresMax = 10

    /// Goes on where an earlier connection, or an earlier run, has left off.
    private static func download(
        _ delivery: Delivery, _ held: HeldLeases, from hub: HubConnection, to path: String,
        _ bar: ProgressBar, _ terminal: Terminal
    ) throws -> Digest256 {
        let file = try File(path, .createOrOpen)
        if try file.size() > delivery.byteCount { try file.truncate(to: 0) }
        let target = FileDescriptor(try file.duplicateDescriptor())
        var failures = 0
        while try file.size() < delivery.byteCount {
            let start = try file.size()
            do {
                try held.extendIfNeeded()
                try fetch(delivery, from: start, hub, target, bar)
            } catch let error as ClientError {
                failures = try file.size() > start ? 1 : failures + 1
                guard ResumableUpload.isPassing(error), failures < failuresMax else {
                    throw CommandFailure(.unreachable, "không tới được trục: \(error)")
                }
                let pause = ResumableUpload.pause(failures)
                terminal.tell("đứt kết nối (\(error)); tải tiếp sau \(pause) giây")
                sleep(pause)
            }
        }
        try file.synchronize()
        // Of the bytes on disk, not of those that came: what is acknowledged is what is kept.
        return try digest(of: file)
    }

    /// Of one request, so that a lease can be extended between two of them however slow the line is.
    private static let pieceBytesMax: Int64 = 1 << 20

    private static func fetch(
        _ delivery: Delivery, from start: Int64, _ hub: HubConnection, _ target: FileDescriptor,
        _ bar: ProgressBar
    ) throws {
        var fields: Fields = [:]
        let isWhole = start == 0 && delivery.byteCount <= pieceBytesMax
        if !isWhole {
            fields.append("Range", "bytes=\(start)-\(min(start + pieceBytesMax, delivery.byteCount) - 1)")
            fields.append("If-Range", "\"\(delivery.sha256.hex)\"")
        }
        guard lseek(target.number, off_t(start), SEEK_SET) == off_t(start) else {
            throw CommandFailure(.noInput, "không ghi tiếp được tệp nhận")
        }
        let answer = try hub.client.download(
            "/v1/documents/\(delivery.key)/content", fields: fields, to: target,
            progress: { bar.advance(to: start + $0) })
        guard answer.head.status == (isWhole ? 200 : 206) else {
            throw HubRefusal(status: answer.head.status, body: answer.bytes)
        }
    }

    private static func settle(
        _ delivery: Delivery, _ verb: String, on hub: HubConnection, reason: String?
    ) throws {
        _ = try hub.call(
            "POST", "/v1/deliveries/\(delivery.identifier)/\(verb)",
            fields: ["Content-Type": "application/json"],
            body: .bytes(delivery.order { $0.member("reason", optional: reason) }))
    }

    private static func message(_ error: any Error) -> String {
        switch error {
        case let failure as CommandFailure: failure.message
        case let refusal as HubRefusal: refusal.message
        case let failure as SignatureFailure: "chữ ký không hợp lệ: \(failure.reasons.joined(separator: " "))"
        default: "\(error)"
        }
    }

    private static func json(_ received: [Received]) -> [UInt8] {
        JSONWriter.object { writer in
            writer.name("received")
            writer.array(received) { writer, item in
                writer.object { object in
                    object.member("documentKey", item.delivery.key)
                    object.member("kind", item.delivery.kind)
                    object.member("sender", item.delivery.sender)
                    object.member("documentId", item.delivery.documentID)
                    object.member("subject", item.delivery.subject)
                    object.member("sha256", item.delivery.sha256.hex)
                    object.member("file", item.file)
                    object.member("indication", optional: item.indication)
                }
            }
        }
    }
}

/// The leases of one answer: those whose turn has not come yet must not lapse while a large one comes in.
private final class HeldLeases {
    private var open: [Delivery]
    private let seconds: Int
    private let hub: HubConnection
    private var since = MonotonicClock.microseconds

    init(_ deliveries: [Delivery], seconds: Int, hub: HubConnection) {
        open = deliveries
        self.seconds = seconds
        self.hub = hub
    }

    func drop(_ delivery: Delivery) { open.removeAll { $0.identifier == delivery.identifier } }

    /// Once a third of their time is over. One that lapsed all the same is told by its acknowledgement.
    func extendIfNeeded() throws {
        guard MonotonicClock.microseconds - since >= seconds * 1_000_000 / 3 else { return }
        since = MonotonicClock.microseconds
        for delivery in open {
            do {
                _ = try hub.call(
                    "POST", "/v1/deliveries/\(delivery.identifier)/extend",
                    fields: ["Content-Type": "application/json"],
                    body: .bytes(delivery.order { $0.member("seconds", Int64(seconds)) }))
            } catch is HubRefusal {
                drop(delivery)
            }
        }
    }
}

private struct Received {
    let delivery: Delivery
    let file: String
    /// Our own verdict; nil where none was asked for.
    let indication: String?
}

/// The letter is whole, and its signature is not good.
private struct SignatureFailure: Error {
    let reasons: [String]
}

/// What the hub says of one delivery. The key is checked because it becomes a file name.
private struct Delivery {
    let identifier: String
    let lease: String
    let key: String
    let kind: String
    let sender: String
    let documentID: String
    let subject: String
    let byteCount: Int64
    let sha256: Digest256
    let acceptedAt: Instant
    let hasDetachedSignature: Bool

    /// The body of what the holder of its lease asks for.
    func order(_ more: (inout JSONWriter) -> Void) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("lease", lease)
            more(&writer)
        }
    }

    init?(_ value: JSONValue) {
        guard let identifier = value["deliveryId"]?.string, Int64(identifier) != nil,
            let lease = value["lease"]?.string, let key = value["documentKey"]?.string,
            DocumentKey(key) != nil,
            let sha256 = value["sha256"]?.string.flatMap({ Digest256(hex: $0) })
        else { return nil }
        self.identifier = identifier
        self.lease = lease
        self.key = key
        self.sha256 = sha256
        kind = value["kind"]?.string ?? ""
        sender = value["sender"]?.string ?? ""
        documentID = value["documentId"]?.string ?? ""
        subject = value["subject"]?.string ?? ""
        byteCount = value["size"]?.integer ?? 0
        acceptedAt = value["acceptedAt"]?.string.flatMap { Instant(rfc3339: $0) } ?? Clock.system.now()
        hasDetachedSignature = value["hasDetachedSignature"]?.boolean ?? false
    }
}
