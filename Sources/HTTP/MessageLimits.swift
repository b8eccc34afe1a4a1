/// How much of one message is read before it is refused.
package struct MessageLimits: Sendable, Equatable {
    /// A start line longer than this (and its method and version) is answered with 414.
    package var targetBytesMax = 8192
    /// Start line, fields and, apart from them, the trailer section; more is answered with 431.
    package var headerBytesMax = 32 << 10
    /// More fields are answered with 431.
    package var headerCountMax = 100
    /// A longer body is answered with 413, at once where Content-Length announces it.
    package var bodyBytesMax: Int64 = 2 << 30

    package init() {}
}
