/// A message that breaks RFC 9110 or 9112, and the status a server answers with before it closes.
///
/// After one of these the connection is closed: what follows in the stream can no longer be told apart
/// from a second request that someone wanted to smuggle through.
package struct ProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    package let status: Int
    /// For the operator's log and the problem's title; holds nothing that the peer sent.
    package let reason: String

    package init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    package static func badRequest(_ reason: String) -> ProtocolError {
        ProtocolError(400, reason)
    }

    package var description: String { "\(status): \(reason)" }
}
