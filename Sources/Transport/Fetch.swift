package import HTTP
package import OpenSSL

/// Asks other servers for small things (CRLs, OCSP responses, timestamps) and trusts none of them: one
/// request on a connection of its own, one deadline for all of it, one bound on what is read. Redirects are
/// not followed: where they lead, nobody has allowed.
package final class Fetch: Sendable {
    package struct Limits: Sendable {
        /// From the name's look-up to the last byte, whatever trickles in meanwhile.
        package var secondsMax = 30.0
        /// Of the answer's body.
        package var bytesMax = 16 << 20

        package init(secondsMax: Double = 30, bytesMax: Int = 16 << 20) {
            self.secondsMax = secondsMax
            self.bytesMax = bytesMax
        }
    }

    package typealias Answer = BlockingClient.Answer

    private let client: HTTPClient
    private let hasTLS: Bool
    private let mayConnect: (@Sendable (SocketAddress) -> Bool)?

    /// - Parameters:
    ///   - tls: a client's context; without it `https` is refused.
    ///   - mayConnect: which addresses; nil for all. For URLs that others name.
    package init(
        tls: TLSContext?, mayConnect: (@Sendable (SocketAddress) -> Bool)? = nil
    ) throws(SystemError) {
        self.mayConnect = mayConnect
        var limits = MessageLimits()
        // Each request has its own.
        limits.bodyBytesMax = Int64.max
        client = try HTTPClient(reactors: 1, tls: tls, limits: limits)
        hasTLS = tls != nil
    }

    /// Ends what is in flight with an error. Not from a reactor.
    package func stop() { client.stop() }

    /// Blocks until the answer is whole. Any status is an answer: what it means is the caller's business.
    ///
    /// The look-up of a name is the system's; where that takes longer than the deadline, nothing is sent.
    package func get(
        _ url: HTTPURL, fields: Fields = Fields(), limits: Limits = Limits()
    ) throws(ClientError) -> Answer {
        try perform(ClientRequest(method: "GET", target: url.target, fields: fields), at: url, limits)
    }

    /// As `get`, with a body of this media type.
    package func post(
        _ body: [UInt8], type: String, to url: HTTPURL, fields: Fields = Fields(), limits: Limits = Limits()
    ) throws(ClientError) -> Answer {
        var fields = fields
        fields.set("Content-Type", type)
        let request = ClientRequest(method: "POST", target: url.target, fields: fields, body: .bytes(body))
        return try perform(request, at: url, limits)
    }

    /// Whether the URL's host has addresses now, and all of them may be connected to. Blocks for the look-up.
    package func mayReach(_ url: HTTPURL) -> Bool {
        let addresses = SocketAddress.resolve(host: url.host, port: url.port)
        return !addresses.isEmpty && addresses.allSatisfy { mayConnect?($0) ?? true }
    }

    private func perform(
        _ request: ClientRequest, at url: HTTPURL, _ limits: Limits
    ) throws(ClientError) -> Answer {
        guard !url.isTLS || hasTLS else { throw .invalid("https needs the server's anchors") }
        let end = Clock.milliseconds() &+ Int64(min(max(limits.secondsMax, 0.001), 1e6) * 1000)
        let connection = try client.connect(
            host: url.host, port: url.port, isPlain: !url.isTLS, mayConnect: mayConnect)
        defer { connection.close() }
        let outcome = try Outcome()
        let left = end - Clock.milliseconds()
        guard left > 0 else { throw .timedOut }
        connection.send(
            request, stallSecondsMax: Double(left) / 1000,
            to: AnswerCollector(outcome, connection: connection, bytesMax: limits.bytesMax))
        guard let result = outcome.wait(milliseconds: left) else { throw .timedOut }
        return try result.get()
    }
}
