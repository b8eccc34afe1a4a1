internal import HTTP

/// Every bound that a listener keeps. Times in seconds, sizes in bytes.
package struct ConnectionLimits: Sendable, Equatable {
    /// Beyond this many a new connection is closed as soon as it is accepted.
    package var connectionsMax = 16_384
    /// The same, for one IPv4 address or one IPv6 /64.
    package var connectionsPerAddressMax = 1024
    /// From acceptance to the end of the TLS handshake.
    package var handshakeSecondsMax = 10.0
    /// From the first byte of a header section (on a new connection: from its start) to its end.
    package var headerSecondsMax = 15.0
    /// Between two requests.
    package var idleSecondsMax = 75.0
    /// Of a request's body while the handler takes it, and of a response while it is sent. 0 sets no bound.
    package var bodyBytesPerSecondMin: Int64 = 1024
    /// Over how long that rate is measured.
    package var rateSecondsWindow = 10.0
    /// How long, and how much, is still read after an early refusal, so that the client can read the answer.
    package var lingerSecondsMax = 5.0
    package var lingerBytesMax: Int64 = 4 << 20
    /// False closes every connection after one response.
    package var keepsConnections = true
    package var targetBytesMax = 8192
    package var headerBytesMax = 32 << 10
    package var headerCountMax = 100
    package var bodyBytesMax: Int64 = 2 << 30

    package init() {}

    var message: MessageLimits {
        var limits = MessageLimits()
        limits.targetBytesMax = targetBytesMax
        limits.headerBytesMax = headerBytesMax
        limits.headerCountMax = headerCountMax
        limits.bodyBytesMax = bodyBytesMax
        return limits
    }
}
