/// How a message says where its body ends, RFC 9112 section 6. There is one such statement, or none.
package enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int64)
    case chunked
    /// Responses only.
    case untilClose
}

/// A request line and its header section.
package struct RequestHead: Sendable, Equatable {
    package let method: String
    package let target: RequestTarget
    /// 0 or 1.
    package let minorVersion: Int
    package let fields: Fields
    package let framing: BodyFraming

    package init(
        method: String, target: RequestTarget, minorVersion: Int = 1, fields: Fields = Fields(),
        framing: BodyFraming = .none
    ) {
        self.method = method
        self.target = target
        self.minorVersion = minorVersion
        self.fields = fields
        self.framing = framing
    }

    /// In bytes; nil where there is no body or its length is not announced.
    package var contentLength: Int64? {
        if case .length(let length) = framing { length } else { nil }
    }

    package var hasBody: Bool { framing != .none && framing != .length(0) }

    /// RFC 9110 section 10.1.1. Nothing is waited for where there is no body.
    package var expectsContinue: Bool {
        minorVersion >= 1 && hasBody && fields.contains("Expect", token: "100-continue")
    }
}

/// Whether a connection lives on after a message, RFC 9112 section 9.3.
package enum KeepAlive {
    package static func isWanted(by fields: Fields, minorVersion: Int) -> Bool {
        if fields.contains("Connection", token: "close") { return false }
        return minorVersion >= 1 || fields.contains("Connection", token: "keep-alive")
    }
}
