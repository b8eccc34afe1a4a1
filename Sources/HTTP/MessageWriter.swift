package import Exchange

/// Writes the head of a response. A body's length is stated by Content-Length, so that the framing is never
/// in doubt; that of a stream, which has none, by the end of its connection.
package enum ResponseWriter {
    package static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Appends status line, Content-Length, Connection and the fields. `head.fields` must not state framing
    /// or persistence; what they say about it is left out.
    ///
    /// - Parameter contentLength: in bytes; nil where the status forbids a body's length (1xx, 204, 304), or
    ///   it ends with the connection.
    package static func write(
        _ head: ResponseHead, contentLength: Int64?, keepAlive: Bool, minorVersion: Int,
        into output: inout [UInt8]
    ) {
        output.append(contentsOf: "HTTP/1.1 ".utf8)
        output.append(contentsOf: String(head.status).utf8)
        output.append(0x20)
        output.append(contentsOf: ResponseHead.reasonPhrase(head.status).utf8)
        output.append(contentsOf: "\r\n".utf8)
        head.fields.withoutFraming.write(into: &output)
        if let contentLength {
            output.append(contentsOf: "Content-Length: ".utf8)
            output.append(contentsOf: String(contentLength).utf8)
            output.append(contentsOf: "\r\n".utf8)
        }
        if !keepAlive {
            output.append(contentsOf: "Connection: close\r\n".utf8)
        } else if minorVersion == 0 {
            output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
    }
}

/// Writes the head of a request.
package enum RequestWriter {
    /// - Parameter target: in origin form, already percent-encoded.
    /// - Parameter contentLength: in bytes; nil for a request without a body.
    /// - Throws: 400 where the method, target or host could not be read back as what they are.
    package static func write(
        method: String, target: String, host: String, fields: Fields, contentLength: Int64?,
        into output: inout [UInt8]
    ) throws(ProtocolError) {
        guard !method.isEmpty, ByteClass.all(method, in: ByteClass.token),
            ByteClass.all(host, in: ByteClass.host)
        else { throw .badRequest("the method or host holds a forbidden byte") }
        _ = try RequestTarget(target)
        output.append(contentsOf: "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n".utf8)
        fields.withoutFraming.write(into: &output)
        if let contentLength { output.append(contentsOf: "Content-Length: \(contentLength)\r\n".utf8) }
        output.append(contentsOf: "\r\n".utf8)
    }
}

extension Fields {
    /// Framing is the writer's alone: a second Content-Length from a handler would split the stream.
    fileprivate var withoutFraming: Fields {
        let reserved = ["Content-Length", "Transfer-Encoding", "Connection", "Host"]
        guard reserved.contains(where: { count(of: $0) > 0 }) else { return self }
        var fields = Fields()
        forEach { name, value in
            if !reserved.contains(where: { Fields.equalIgnoringCase($0.utf8, name.utf8) }) {
                fields.append(name, value)
            }
        }
        return fields
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, RFC 9110 section 5.6.7.
package enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    package static func format(_ instant: Instant) -> String {
        let parts = instant.calendar(offsetMinutes: 0)
        let seconds = instant.seconds
        let day = (seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400) % 7
        return "\(days[Int(day + 7) % 7]), \(twoDigits(parts.day)) \(months[parts.month - 1]) \(parts.year) "
            + "\(twoDigits(parts.hour)):\(twoDigits(parts.minute)):\(twoDigits(parts.second)) GMT"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
