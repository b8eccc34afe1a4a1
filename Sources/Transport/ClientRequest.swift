package import HTTP

/// A request to another server. Host, Content-Length and Connection are added by the connection.
package struct ClientRequest: Sendable {
    package var method: String
    /// In origin form, percent-encoded: `/v1/documents/12%2FUBND`.
    package var target: String
    package var fields: Fields
    /// A `.file` is sent in pieces as the server takes them.
    package var body: ResponseBody

    package init(method: String, target: String, fields: Fields = Fields(), body: ResponseBody = .none) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }
}

/// Why there is no response, or no whole one.
package enum ClientError: Error, Sendable, CustomStringConvertible {
    /// The address or the request cannot be used at all.
    case invalid(String)
    /// Nobody answers there; nothing was sent.
    case unreachable(String)
    /// One side does not trust the other; nothing was sent.
    case handshake(String)
    case timedOut
    /// The connection ended before the response did. The server may have acted on the request.
    case connectionLost(String)
    case malformedResponse(String)
    case responseTooLarge
    /// The file that the response is written to, or the request read from.
    case file(String)

    package var description: String {
        switch self {
        case .invalid(let reason): "invalid request: \(reason)"
        case .unreachable(let reason): "cannot connect: \(reason)"
        case .handshake(let reason): "TLS: \(reason)"
        case .timedOut: "no answer in time"
        case .connectionLost(let reason): "connection lost: \(reason)"
        case .malformedResponse(let reason): "malformed response: \(reason)"
        case .responseTooLarge: "the response is too large"
        case .file(let reason): reason
        }
    }
}

/// Takes one response, on the connection's reactor. `end` or `failed` is called last, once.
package protocol ResponseReceiver: AnyObject {
    /// Bytes written so far, heads included: progress of an upload.
    func sent(_ byteCount: Int64)
    func head(_ head: ResponseHead)
    /// Borrowed: the bytes are gone when the call returns. Returning late is back-pressure.
    func body(_ bytes: Span<UInt8>)
    func end()
    func failed(_ error: ClientError)
}
