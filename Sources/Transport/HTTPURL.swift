internal import HTTP

/// An `http` or `https` URL, written in one way only: an allow-list must not be passed by another spelling.
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    package static let bytesMax = 2048

    package let isTLS: Bool
    /// Lower-case name, IPv4 address, or IPv6 address without brackets.
    package let host: String
    package let port: UInt16
    /// In origin form, path and query: at least `/`.
    package let target: String

    /// Throws `.invalid` for other schemes, user names, fragments, dot segments, and bytes that must be
    /// encoded in a URL.
    package init(_ text: String) throws(ClientError) {
        guard text.utf8.count <= Self.bytesMax else { throw .invalid("the URL is too long") }
        let (scheme, rest) = Self.split(text, at: "://")
        switch scheme.lowercased() {
        case "http": isTLS = false
        case "https": isTLS = true
        default: throw .invalid("the URL must begin with http:// or https://")
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        (host, port) = try Self.authority(rest[..<end], defaultPort: isTLS ? 443 : 80)
        let target = rest[end...]
        self.target = target.first == "/" ? String(target) : "/\(target)"
        try Self.check(self.target)
    }

    private static func split(_ text: String, at separator: String) -> (Substring, Substring) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix(separator) else {
            return ("", "")
        }
        return (text[..<colon], text[colon...].dropFirst(separator.count))
    }

    private static func authority(
        _ text: Substring, defaultPort: UInt16
    ) throws(ClientError) -> (String, UInt16) {
        var host = text
        var port = defaultPort
        let colon = text.lastIndex(of: ":")
        let isBracketed = text.first == "["
        if let colon, !isBracketed || text[..<colon].last == "]" {
            host = text[..<colon]
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(digits),
                number > 0
            else { throw .invalid("a bad port") }
            port = number
        }
        if isBracketed {
            guard host.last == "]", let address = SocketAddress("\(host):1"), address.isIPv6 else {
                throw .invalid("a bad IPv6 address")
            }
            return (address.host, port)
        }
        let isName = host.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        guard isName, !host.isEmpty, host.utf8.count <= 253 else { throw .invalid("a bad host name") }
        return (host.lowercased(), port)
    }

    private static func check(_ target: String) throws(ClientError) {
        let parsed: RequestTarget
        do {
            parsed = try RequestTarget(target)
        } catch {
            throw .invalid("the URL's path: \(error.reason)")
        }
        // A server may take it for a separator, and then the path is another than an allow-list has seen.
        for segment in parsed.segments where segment.utf8.contains(0x2F) || segment.utf8.contains(0x5C) {
            throw .invalid("the URL's path holds an encoded slash")
        }
    }

    /// Host and port, the port left out where it is the scheme's own.
    var authority: String {
        let name = host.utf8.contains(0x3A) ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    package var description: String { "\(isTLS ? "https" : "http")://\(authority)\(target)" }
}

/// Where the hub may fetch from, beside what is configured by its full URL.
package struct URLAllowList: Sendable, Hashable {
    private enum Rule: Sendable, Hashable {
        /// Everything at one host, by http or https, on the scheme's own port.
        case host(String)
        /// What begins with this.
        case prefix(HTTPURL)
    }

    private let rules: [Rule]

    /// - Parameter entries: `crl.example.vn`, or a URL whose path is a prefix: `http://ca.example.vn/crl/`.
    package init(_ entries: [String]) throws(ClientError) {
        var rules: [Rule] = []
        for entry in entries {
            if entry.contains("://") {
                rules.append(.prefix(try HTTPURL(entry)))
            } else {
                let url = try HTTPURL("http://\(entry)")
                guard url.target == "/", url.port == 80 else {
                    throw .invalid("\(entry) is neither a host nor a URL")
                }
                rules.append(.host(url.host))
            }
        }
        self.rules = rules
    }

    private init() { rules = [] }

    package static let none = URLAllowList()

    package var isEmpty: Bool { rules.isEmpty }

    package func allows(_ url: HTTPURL) -> Bool {
        rules.contains { rule in
            switch rule {
            case .host(let host): return url.host == host && url.port == (url.isTLS ? 443 : 80)
            case .prefix(let prefix):
                guard url.isTLS == prefix.isTLS, url.host == prefix.host, url.port == prefix.port else {
                    return false
                }
                guard url.target.utf8.starts(with: prefix.target.utf8) else { return false }
                // A prefix ends with a whole segment: /crl must not open /crl-of-somebody-else.
                let next = url.target.utf8.dropFirst(prefix.target.utf8.count).first
                return prefix.target.utf8.last == 0x2F || next == nil || next == 0x2F || next == 0x3F
            }
        }
    }
}
