package import HTTP
package import OpenSSL

/// A client for commands that do one thing after the other: each call blocks until it is answered. One
/// connection, kept alive between calls; used by one thread.
package final class BlockingClient {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// The path of a file, sent in pieces, from an offset on.
        case file(String, from: Int64 = 0)
    }

    package struct Answer: Sendable {
        package let head: ResponseHead
        package let bytes: [UInt8]
    }

    /// Of what `send` holds in memory; a letter is fetched with `download`.
    package static let answerBytesMax = 64 << 20

    private let client: HTTPClient
    private let host: String
    private let port: UInt16
    private let stallSecondsMax: Double
    private var connection: ClientConnection?

    /// - Parameter url: `https://host[:port]` or, without TLS, `http://…`; a path is not taken.
    /// - Parameter tls: needed for https.
    /// - Parameter timeoutSeconds: how long nothing may move before a call fails.
    package init(url: String, tls: TLSContext?, timeoutSeconds: Double = 30) throws(ClientError) {
        let server = try HTTPURL(url)
        guard server.target == "/" else { throw .invalid("the URL must be a scheme, a host and a port only") }
        guard !server.isTLS || tls != nil else { throw .invalid("https needs the server's anchors") }
        (host, port) = (server.host, server.port)
        stallSecondsMax = timeoutSeconds
        do {
            client = try HTTPClient(reactors: 1, tls: server.isTLS ? tls : nil, limits: BlockingClient.limits)
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private static var limits: MessageLimits {
        var limits = MessageLimits()
        limits.bodyBytesMax = Int64.max
        return limits
    }

    /// - Parameter timeoutSeconds: in place of the client's own; a long poll needs more than it waits.
    /// - Parameter progress: bytes of the request written so far; called on another thread.
    package func send(
        _ method: String, _ target: String, fields: Fields = Fields(), body: Body = .none,
        timeoutSeconds: Double? = nil, progress: (@Sendable (Int64) -> Void)? = nil
    ) throws(ClientError) -> Answer {
        let request = ClientRequest(
            method: method, target: target, fields: fields, body: try BlockingClient.open(body))
        return try perform(request, to: nil, timeoutSeconds, sent: progress, received: nil)
    }

    /// GETs `target` and writes the body of a 200 or 206 to `file`, from its current position. Any other
    /// answer is returned with its body and nothing is written.
    ///
    /// - Parameter progress: bytes of the body received so far; called on another thread.
    package func download(
        _ target: String, fields: Fields = Fields(), to file: FileDescriptor, timeoutSeconds: Double? = nil,
        progress: (@Sendable (Int64) -> Void)? = nil
    ) throws(ClientError) -> Answer {
        let request = ClientRequest(method: "GET", target: target, fields: fields)
        return try perform(request, to: file, timeoutSeconds, sent: nil, received: progress)
    }

    private static func open(_ body: Body) throws(ClientError) -> ResponseBody {
        switch body {
        case .none: return .none
        case .bytes(let bytes): return .bytes(bytes)
        case .file(let path, let offset):
            do {
                let file = try FileDescriptor.open(reading: path)
                let length = max(0, try file.size() - offset)
                return .file(FileSlice(file: file, offset: offset, length: length))
            } catch {
                throw .file("\(error)")
            }
        }
    }

    private func perform(
        _ request: ClientRequest, to file: FileDescriptor?, _ timeoutSeconds: Double?,
        sent: (@Sendable (Int64) -> Void)?, received: (@Sendable (Int64) -> Void)?
    ) throws(ClientError) -> Answer {
        let isReused = connection != nil
        do throws(ClientError) {
            return try performOnce(request, to: file, timeoutSeconds, sent, received)
        } catch {
            connection = nil
            // A kept connection may have been closed meanwhile: what was not sent, or has no effect, is asked
            // again.
            guard isReused, BlockingClient.mayRepeat(request, after: error), file == nil else { throw error }
            return try performOnce(request, to: file, timeoutSeconds, sent, received)
        }
    }

    private static func mayRepeat(_ request: ClientRequest, after error: ClientError) -> Bool {
        switch error {
        case .unreachable: true
        case .connectionLost: request.method == "GET" || request.method == "HEAD"
        default: false
        }
    }

    private func performOnce(
        _ request: ClientRequest, to file: FileDescriptor?, _ timeoutSeconds: Double?,
        _ sent: (@Sendable (Int64) -> Void)?, _ received: (@Sendable (Int64) -> Void)?
    ) throws(ClientError) -> Answer {
        let connection: ClientConnection
        if let kept = self.connection {
            connection = kept
        } else {
            connection = try client.connect(host: host, port: port)
        }
        self.connection = connection
        let outcome = try Outcome()
        let receiver = AnswerCollector(
            outcome, connection: connection, bytesMax: BlockingClient.answerBytesMax, file: file, sent: sent,
            received: received)
        connection.send(request, stallSecondsMax: timeoutSeconds ?? stallSecondsMax, to: receiver)
        let result = outcome.wait()
        if case .success(let answer) = result, answer.head.fields.contains("Connection", token: "close") {
            self.connection = nil
        }
        return try result.get()
    }
}
