import EdXML
import Exchange
import Foundation
import HTTP
import Hub
import JSON
import OpenSSL
import Signature
import XML

let textEntries = [
    Entry("json") { bytes in
        let strict = try? JSONReader.read(bytes)
        let relaxed = try? JSONReader.read(bytes, dialect: .json5)
        if let strict {
            try check(relaxed.map(spelled) == spelled(strict), "JSON5 reads JSON otherwise")
            try check(isJSONForFoundation(bytes), "accepted, and no JSON")
            let again = try JSONReader.read(spelled(strict))
            try check(spelled(again) == spelled(strict), "written and read again it is another value")
        }
    },
    // What an operator writes, JSON5: the directory of agencies and the policy of algorithms.
    Entry("configuration") { bytes in
        _ = try? DirectoryFile(bytes) { path throws(CertificateFileError) in
            if path.isEmpty { throw CertificateFileError("no path") }
            return SHA256.hash(Array(path.utf8))
        }
        _ = try? AlgorithmPolicy(json5: bytes)
    },
    Entry("values", mutations: 300) { bytes in
        guard let kind = bytes.first else { return }
        try checkValue(Array(bytes.dropFirst()), kind)
    },
]

/// The first byte says what the rest is taken for. What was accepted and is written again must be the same.
private func checkValue(_ bytes: [UInt8], _ kind: UInt8) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case UInt8(ascii: "b"):
        if let decoded = Base64.decode(bytes) {
            try check(Array(Base64.encode(decoded).utf8) == bytes, "base 64 with two spellings")
        }
        try check(Base64.decode(Base64.encode(bytes)) == bytes, "base 64 does not come back")
    case UInt8(ascii: "h"):
        if let decoded = Hex.decode(text) { try check(Hex.decode(Hex.encode(decoded)) == decoded, "base 16") }
    case UInt8(ascii: "t"):
        for time in [Instant(rfc3339: text), Instant(edXML: text)].compactMap({ $0 }) {
            try check(
                Instant(rfc3339: time.rfc3339) == time || !(0..<253_402_300_800).contains(time.seconds),
                "\(time.rfc3339) is another time")
        }
    case UInt8(ascii: "p"):
        var fields = Fields()
        if let value = ParameterizedValue(text), fields.append("X-Value", value.value) {
            try check(fields.count == 1, "one field became \(fields.count)")
        }
    case UInt8(ascii: "u"):
        if let target = try? RequestTarget(text) {
            try check(target.segments.allSatisfy { $0 != ".." && $0 != "." }, "a path that climbs")
        }
    case UInt8(ascii: "r"):
        for length: Int64 in [0, 1, 100, .max] {
            if case .part(let part) = ByteRange(text, length: length) {
                try check(part.lowerBound >= 0 && part.upperBound <= length && !part.isEmpty, "out of range")
            }
        }
        _ = EntityTag.isNamed(by: text, current: "\"a\"")
    case UInt8(ascii: "f"):
        if FileName.isSafe(text) {
            let isInside = !text.utf8.contains(0x2F) && text != ".." && !text.utf8.contains(0)
            try check(isInside, "a file name that leaves its directory")
        }
    case UInt8(ascii: "x"):
        try checkEscaping(text)
    default: break
    }
}

/// Text that we write into XML must come back as it was.
private func checkEscaping(_ text: String) throws {
    guard XMLEscaping.isAllowed(text) else { return }
    var document = Array("<a b=\"".utf8)
    XMLEscaping.appendAttributeValue(text, to: &document)
    document += Array("\">".utf8)
    XMLEscaping.appendText(text, to: &document)
    document += Array("</a>".utf8)
    let echo = Echo()
    let reader = XMLEventReader(handler: echo)
    do {
        try reader.feed(document)
        try reader.finish()
    } catch {
        return try check(error.code == .xmlTooLarge, "escaped text is no XML: \(error)")
    }
    try check(echo.text == Array(text.utf8), "text comes back otherwise")
    try check(echo.value == Array(text.utf8), "an attribute's value comes back otherwise")
}

private final class Echo: XMLEventHandler {
    private(set) var text: [UInt8] = []
    private(set) var value: [UInt8] = []

    func startElement(_ element: XMLStartElement) { value = element.attributes.first?.value ?? [] }
    func endElement(_ name: XMLName, at position: XMLPosition) {}
    func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        for index in bytes.indices { text.append(bytes[index]) }
    }
    func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {}
    func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {}
}

private func isJSONForFoundation(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
}

private func spelled(_ value: JSONValue) -> [UInt8] {
    var writer = JSONWriter()
    write(value, to: &writer)
    return writer.bytes
}

private func write(_ value: JSONValue, to writer: inout JSONWriter) {
    switch value.content {
    case .null: writer.null()
    case .boolean(let flag): writer.boolean(flag)
    case .integer(let number): writer.integer(number)
    case .double(let number): writer.number(number)
    case .string(let text): writer.string(text)
    case .array(let values): writer.array(values) { write($1, to: &$0) }
    case .object(let members):
        writer.object { writer in
            for member in members {
                writer.name(member.name)
                write(member.value, to: &writer)
            }
        }
    }
}
