/// The target of a request in origin form, RFC 9112 section 3.2.1: `/v1/documents/A%2FB?since=3`.
///
/// The path is split before it is decoded, so that an encoded slash stays inside its segment: a document's
/// key such as `12/UBND` cannot reach into another route.
package struct RequestTarget: Sendable, Equatable {
    package struct QueryItem: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// As it came; ASCII.
    package let raw: String
    /// Decoded. Empty for `/`; a slash at the end gives an empty segment at the end.
    package let segments: [String]
    /// Decoded as application/x-www-form-urlencoded ("+" is a space), in order.
    package let query: [QueryItem]

    /// Throws 400 for any other form, for a bad percent escape, control bytes (encoded ones too), text that
    /// is not UTF-8, a fragment, and segments of "." or "..".
    package init(_ raw: String) throws(ProtocolError) {
        try self.init(Array(raw.utf8).span)
    }

    init(_ bytes: Span<UInt8>) throws(ProtocolError) {
        guard bytes.count > 0, bytes[0] == 0x2F else {
            throw .badRequest("the request target is not in origin form")
        }
        guard ByteClass.all(bytes, 0..<bytes.count, in: ByteClass.target) else {
            throw .badRequest("the request target holds a byte that must be encoded")
        }
        let queryStart = bytes.firstIndex(of: 0x3F, in: 0..<bytes.count)
        let pathEnd = queryStart ?? bytes.count
        segments = try RequestTarget.segments(bytes, 1..<pathEnd)
        query = try RequestTarget.items(bytes, (queryStart.map { $0 + 1 } ?? bytes.count)..<bytes.count)
        raw = String(decoding: Array(bytes, 0..<bytes.count), as: UTF8.self)
    }

    /// The first item of that name.
    package func value(of name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// The path as it came, without the query.
    package var path: String {
        String(raw.prefix { $0 != "?" })
    }

    private static func segments(
        _ bytes: Span<UInt8>, _ path: Range<Int>
    ) throws(ProtocolError) -> [String] {
        guard !path.isEmpty else { return [] }
        var segments: [String] = []
        var start = path.lowerBound
        while true {
            let end = bytes.firstIndex(of: 0x2F, in: start..<path.upperBound) ?? path.upperBound
            let segment = try decoded(bytes, start..<end, plusIsSpace: false)
            guard segment != ".", segment != ".." else { throw .badRequest("the path holds a dot segment") }
            segments.append(segment)
            if end == path.upperBound { return segments }
            start = end + 1
        }
    }

    private static func items(
        _ bytes: Span<UInt8>, _ query: Range<Int>
    ) throws(ProtocolError) -> [QueryItem] {
        var items: [QueryItem] = []
        var start = query.lowerBound
        while start < query.upperBound {
            let end = bytes.firstIndex(of: 0x26, in: start..<query.upperBound) ?? query.upperBound
            let equals = bytes.firstIndex(of: 0x3D, in: start..<end)
            if start < end {
                let name = try decoded(bytes, start..<(equals ?? end), plusIsSpace: true)
                let value = try decoded(bytes, (equals.map { $0 + 1 } ?? end)..<end, plusIsSpace: true)
                items.append(QueryItem(name: name, value: value))
            }
            start = end + 1
        }
        return items
    }

    private static func decoded(
        _ bytes: Span<UInt8>, _ range: Range<Int>, plusIsSpace: Bool
    ) throws(ProtocolError) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index += 1
            if byte == 0x2B, plusIsSpace {
                text.append(0x20)
            } else if byte == 0x25 {
                guard index + 2 <= range.upperBound, let high = ByteClass.hexadecimalValue(bytes[index]),
                    let low = ByteClass.hexadecimalValue(bytes[index + 1])
                else { throw .badRequest("a percent escape without two hexadecimal digits") }
                let value = high << 4 | low
                guard value >= 0x20, value != 0x7F else {
                    throw .badRequest("the request target encodes a control byte")
                }
                text.append(value)
                index += 2
            } else {
                text.append(byte)
            }
        }
        guard let string = String(validating: text, as: UTF8.self) else {
            throw .badRequest("the request target is not UTF-8")
        }
        return string
    }
}
