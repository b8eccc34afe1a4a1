internal import Files
internal import HTTP
internal import JSON
internal import OpenSSL
internal import Transport

/// The hub that a verb talks to, from the connection options or a profile.
struct HubConnection {
    let client: BlockingClient

    private static let timeoutSeconds = 120.0

    init(_ arguments: Arguments) throws {
        let profile = try Self.profile(arguments)
        func setting(_ name: String) throws -> String {
            guard let value = arguments.value("--\(name)") ?? profile[name] else {
                throw CommandFailure(.usage, "thiếu --\(name) (hoặc \(name) trong hồ sơ --profile)")
            }
            return value
        }
        let (hub, certificate, key, anchor) =
            (try setting("hub"), try setting("cert"), try setting("key"), try setting("ca"))
        let tls: TLSContext
        do {
            tls = try TLSContext(clientAnchors: [anchor], certificate: certificate, key: key)
        } catch {
            throw CommandFailure(.noInput, "không dùng được chứng thư hoặc khóa: \(error)")
        }
        do {
            client = try BlockingClient(url: hub, tls: tls, timeoutSeconds: Self.timeoutSeconds)
        } catch {
            throw CommandFailure(.usage, "--hub phải có dạng https://máy:cổng (\(error))")
        }
    }

    /// `{hub, cert, key, ca}`; paths in it start at the profile's folder.
    private static func profile(_ arguments: Arguments) throws -> [String: String] {
        guard let path = arguments.value("--profile") ?? Environment.value("LIENTHONG_PROFILE") else {
            return [:]
        }
        let value: JSONValue
        do {
            value = try JSONReader.read(try InputFile.read(path), dialect: .json5)
        } catch let error as JSONSyntaxError {
            throw CommandFailure(.usage, "\(path):\(error.line): \(error.message)")
        }
        var settings: [String: String] = [:]
        for member in value.object ?? [] {
            guard ["hub", "cert", "key", "ca"].contains(member.name), let text = member.value.string else {
                throw CommandFailure(.usage, "\(path):\(member.line): hồ sơ chỉ gồm hub, cert, key, ca")
            }
            settings[member.name] = member.name == "hub" ? text : Files.Directory.resolve(text, beside: path)
        }
        return settings
    }

    /// Sends one request; anything but a 2xx becomes a `CommandFailure` that repeats what the hub said.
    func call(
        _ method: String, _ path: String, fields: Fields = [:], body: BlockingClient.Body = .none,
        progress: (@Sendable (Int64) -> Void)? = nil
    ) throws -> BlockingClient.Answer {
        do {
            let answer = try client.send(method, path, fields: fields, body: body, progress: progress)
            guard (200...299).contains(answer.head.status) else { throw HubRefusal(answer) }
            return answer
        } catch let error as ClientError {
            throw CommandFailure(.unreachable, "không tới được trục: \(error)")
        }
    }

    /// A GET whose answer is JSON.
    func json(_ path: String) throws -> (value: JSONValue, bytes: [UInt8]) {
        let reply = try call("GET", path)
        do {
            return (try JSONReader.read(reply.bytes), reply.bytes)
        } catch {
            throw CommandFailure(.unreachable, "trục trả lời không phải JSON")
        }
    }
}

/// The hub refused; says why in its own words.
struct HubRefusal: Error {
    let status: Int
    let problem: JSONValue?
    let body: [UInt8]
    /// What the hub asks to wait; nil where it says nothing.
    let retryAfterSeconds: Int?

    init(_ answer: BlockingClient.Answer) {
        self.init(status: answer.head.status, body: answer.bytes, fields: answer.head.fields)
    }

    init(status: Int, body: [UInt8], fields: Fields = [:]) {
        self.status = status
        self.body = body
        problem = try? JSONReader.read(body)
        retryAfterSeconds = fields["Retry-After"].flatMap { Int($0) }
    }

    var code: String { problem?["code"]?.string ?? "http_\(status)" }

    var exitCode: ExitCode {
        switch status {
        case 429, 503, 507: .tryAgain
        default: .refused
        }
    }

    /// Lines for a person.
    var message: String {
        var text = "trục từ chối (\(status), \(code)): \(problem?["detail"]?.string ?? "không nói lý do")"
        for error in problem?["errors"]?.array ?? [] {
            let place = [error["path"]?.string, error["line"]?.integer.map { "dòng \($0)" }]
                .compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
            text += "\n  • \(place): \(error["detail"]?.string ?? "")"
        }
        if let id = problem?["requestId"]?.string { text += "\n  (mã yêu cầu \(id))" }
        return text
    }
}

extension String {
    /// One segment of a path: everything but unreserved characters is percent-encoded, slashes too.
    var asPathSegment: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text +=
                    "%" + String(byte >> 4, radix: 16).uppercased()
                    + String(byte & 15, radix: 16).uppercased()
            }
        }
        return text
    }
}
