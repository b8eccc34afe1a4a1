internal import HTTP
package import JSON
package import Transport

/// Replies as the library reads them: status 200, one JSON object of ASCII, every member that some version of
/// it looks for, no `null` anywhere.
package enum Reply {
    /// - Parameter members: beside the common three.
    package static func success(_ members: (inout JSONWriter) -> Void = { _ in }) -> Response {
        json(
            JSONWriter.object { writer in
                writer.member("status", "OK")
                writer.member("ErrorCode", "0")
                writer.member("ErrorDesc", successText)
                members(&writer)
            })
    }

    /// Every member that any operation's caller needs; more than it looks for do no harm. `DocId` and `data`
    /// have to be there: without them 2.0.x gives its caller nulls instead of our text.
    package static func failure(_ failure: VXPFailure, of operation: Operation?) -> Response {
        // Whatever is in the body would be stored as the document, and told as a success.
        if operation?.answersWithFile == true {
            return Response(
                head: ResponseHead(status: failure.code == .badCredential ? 403 : 404, fields: [:]))
        }
        return json(
            JSONWriter.object { writer in
                writer.member("status", "FAIL")
                writer.member("ErrorCode", String(failure.code.rawValue))
                writer.member("ErrorDesc", failure.text)
                writer.member("DocId", "")
                writer.name("data")
                if operation == .getEdoc { writer.string("") } else { writer.array { _ in } }
                writer.member("count", 0)
            })
    }

    /// Not "Success": 2.0.1 makes that of an error page by itself, and people should see who answered.
    static let successText = "Thanh cong"
    static let fields: Fields = ["Content-Type": "application/json; charset=utf-8"]

    private static func json(_ bytes: [UInt8]) -> Response {
        Response(head: ResponseHead(status: 200, fields: fields), body: .bytes(ascii(bytes)))
    }

    /// The same JSON with `\uXXXX` for everything beyond ASCII: one version reads it as ASCII, another in the
    /// charset of its Java.
    package static func ascii(_ json: [UInt8]) -> [UInt8] {
        guard let first = json.firstIndex(where: { $0 >= 0x80 }) else { return json }
        var output = Array(json[..<first])
        output.reserveCapacity(json.count + json.count / 2)
        for scalar in String(decoding: json[first...], as: UTF8.self).unicodeScalars {
            if scalar.isASCII {
                output.append(UInt8(scalar.value))
            } else {
                for unit in String(scalar).utf16 { append(unit, to: &output) }
            }
        }
        return output
    }

    private static func append(_ unit: UInt16, to output: inout [UInt8]) {
        output.append(0x5C)
        output.append(0x75)
        for shift in stride(from: 12, through: 0, by: -4) { output.append(digits[Int(unit >> shift & 15)]) }
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
