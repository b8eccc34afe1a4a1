internal import Exchange
internal import Files
internal import Glibc
internal import HTTP
internal import JSON
internal import OpenSSL
internal import Transport

/// Sends a large message in as many requests as the line needs, also across runs of this program: what is
/// open at the hub stands in a file beside the message until the receipt is here.
struct ResumableUpload {
    /// Smaller messages go in one request: they are sent again sooner than an upload is made.
    static let byteCountMin: Int64 = 1 << 20
    /// Broken connections in a row without a byte of progress.
    private static let failuresMax = 10
    /// How long a busy hub is waited for, in all.
    private static let busySecondsMax = 900

    let hub: HubConnection
    let path: String
    let contentType: String
    let terminal: Terminal
    private let size: Int64
    private let sha256: Digest256
    private var statePath: String { path + ".upload.json" }

    init(_ path: String, contentType: String, hub: HubConnection, terminal: Terminal) throws {
        self.hub = hub
        self.path = path
        self.contentType = contentType
        self.terminal = terminal
        do {
            let file = try File(path, .read)
            size = try file.size()
            var digest = SHA256()
            try file.forEachPiece { digest.update($0.span) }
            sha256 = digest.finalize()
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không đọc được \(path): \(error)")
        }
    }

    private enum Step {
        case answered(BlockingClient.Answer)
        /// Another connection of ours was still on its way, or the hub has much to do: ask again.
        case contended
        /// The hub has all of it and takes it in, or has too much to do.
        case busy(HubRefusal)
        /// The hub knows the upload no more: begin anew.
        case forgotten
    }

    /// - Returns: the receipt's answer; 200 where an earlier run had already finished.
    /// - Throws: `HubRefusal`, or `CommandFailure` where the hub cannot be reached for long.
    func send(_ bar: ProgressBar) throws -> BlockingClient.Answer {
        var location = known()
        var failures = 0
        var reached: Int64 = -1
        var busySeconds = 0
        var best = reached
        /// A line that brings something each time may break as often as it likes.
        func countFailure() {
            failures = reached > best ? 1 : failures + 1
            best = max(best, reached)
        }
        while failures < Self.failuresMax {
            do {
                let current = try location ?? open()
                location = current
                switch try goOn(current, reached: &reached, bar) {
                case .answered(let answer):
                    try? Files.Directory.remove(statePath)
                    return answer
                case .contended:
                    countFailure()
                    sleep(Self.pause(failures))
                case .busy(let refusal):
                    let pause = min(60, max(1, refusal.retryAfterSeconds ?? 5))
                    busySeconds += pause
                    guard busySeconds <= Self.busySecondsMax else { throw refusal }
                    terminal.tell("trục đang bận (\(refusal.code)); hỏi lại sau \(pause) giây")
                    sleep(UInt32(pause))
                case .forgotten:
                    location = nil
                    countFailure()
                }
            } catch let error as ClientError {
                guard Self.isPassing(error) else {
                    throw CommandFailure(.unreachable, "không tới được trục: \(error)")
                }
                countFailure()
                terminal.tell("đứt kết nối (\(error)); gửi tiếp sau \(Self.pause(failures)) giây")
                sleep(Self.pause(failures))
            }
        }
        throw CommandFailure(
            .unreachable, "không gửi xong được \(path); chạy lại lệnh này để gửi tiếp từ chỗ đang dở")
    }

    static func isPassing(_ error: ClientError) -> Bool {
        switch error {
        case .unreachable, .timedOut, .connectionLost: true
        default: false
        }
    }

    /// Seconds before the next try.
    static func pause(_ failures: Int) -> UInt32 { min(30, 1 << UInt32(min(failures, 5) - 1)) }

    /// Where an earlier run has left off with the same bytes.
    private func known() -> String? {
        guard Files.Directory.exists(statePath),
            let state = try? JSONReader.read(try InputFile.read(statePath)),
            state["sha256"]?.string == sha256.hex
        else { return nil }
        return state["location"]?.string
    }

    private func open() throws -> String {
        let fields: Fields = [
            "Content-Type": contentType, "Upload-Complete": "?0", "Upload-Length": String(size),
            "Repr-Digest": "sha-256=:\(Base64.encode(sha256.bytes)):",
        ]
        let answer = try hub.client.send("POST", "/v1/uploads", fields: fields)
        guard answer.head.status == 201, let location = answer.head.fields["Location"] else {
            throw HubRefusal(answer)
        }
        let state = JSONWriter.object { json in
            json.member("location", location)
            json.member("sha256", sha256.hex)
        }
        // Without it a later run begins anew; nothing else is lost.
        try? OutputFile.write(state, to: statePath)
        return location
    }

    /// Sends what the hub has not got.
    ///
    /// - Parameter reached: set to what the hub has: that a broken line brought something is progress.
    private func goOn(_ location: String, reached: inout Int64, _ bar: ProgressBar) throws -> Step {
        let status = try hub.client.send("HEAD", location)
        if status.head.fields["Upload-Complete"] == "?1", let document = status.head.fields["Location"] {
            let fields: Fields = ["Accept": "application/json"]
            return .answered(try hub.call("GET", "\(document)/receipt", fields: fields))
        }
        // Anything else is said of the hub and not of the upload.
        if [429, 503].contains(status.head.status) { return .busy(HubRefusal(status)) }
        guard status.head.status == 404 || (200...299).contains(status.head.status) else {
            throw HubRefusal(status)
        }
        guard let offset = status.head.fields["Upload-Offset"].flatMap({ Int64($0) }), offset <= size else {
            return .forgotten
        }
        if offset > 0 { terminal.tell("gửi tiếp từ byte \(offset)") }
        reached = offset
        let fields: Fields = [
            "Content-Type": "application/partial-upload", "Upload-Offset": String(offset),
            "Upload-Complete": "?1",
        ]
        let total = size
        let answer = try hub.client.send(
            "PATCH", location, fields: fields, body: .file(path, from: offset),
            progress: { bar.advance(to: min(offset + $0, total)) })
        if (200...299).contains(answer.head.status) { return .answered(answer) }
        let refusal = HubRefusal(answer)
        if refusal.code == "upload_conflict" { return .contended }
        if [429, 503].contains(refusal.status) { return .busy(refusal) }
        throw refusal
    }
}
