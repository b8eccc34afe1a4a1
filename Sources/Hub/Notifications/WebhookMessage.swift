package import Exchange
internal import OpenSSL
package import Storage

/// One push, signed as Standard Webhooks (standardwebhooks.com) says: any of its libraries verifies it.
package struct WebhookMessage: Sendable {
    package static let secretByteCount = 32
    private static let secretPrefix = "whsec_"

    package let body: [UInt8]
    /// Names and values.
    package let fields: [(String, String)]

    /// - Parameter at: now; whoever gets the push refuses what is old, so each attempt is signed anew.
    package init(_ push: WebhookPush, at: Instant) {
        // The same for every attempt: who has it already throws it away.
        let identifier = "msg_\(push.webhook)_\(push.id)"
        let body = push.notice.json(at: push.at)
        self.body = body
        fields = [
            ("webhook-id", identifier), ("webhook-timestamp", String(at.seconds)),
            ("webhook-signature", Self.signature(identifier, at.seconds, body, secret: push.secret)),
        ]
    }

    package static func signature(
        _ identifier: String, _ seconds: Int64, _ body: [UInt8], secret: [UInt8]
    ) -> String {
        let code = MessageAuthentication.hmacSHA256(
            key: secret, Array("\(identifier).\(seconds).".utf8) + body)
        return "v1,\(Base64.encode(code))"
    }

    /// As the agency's software is given it, once.
    package static func text(ofSecret secret: [UInt8]) -> String { secretPrefix + Base64.encode(secret) }

    package static func makeSecret() -> [UInt8] { SecureRandom.bytes(secretByteCount) }
}

/// How long a webhook is left alone after failures in a row.
package enum WebhookBackoff {
    private static let firstSeconds = 5.0
    private static let secondsMax = 3600.0
    private static let doublingsMax = 10

    /// - Parameters:
    ///   - failures: in a row before this one.
    ///   - luck: 0 to 1; a server that was down must not get everybody's pushes at one moment.
    /// - Returns: milliseconds.
    package static func milliseconds(failures: Int, luck: Double) -> Int64 {
        let doubled = firstSeconds * Double(1 << min(max(failures, 0), doublingsMax))
        return Int64(min(doubled, secondsMax) * (0.5 + 0.5 * min(max(luck, 0), 1)) * 1000)
    }
}
