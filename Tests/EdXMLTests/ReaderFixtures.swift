import EdXML
import Exchange
import Foundation
import Testing
import XML

func sampleLetter() throws -> String { String(decoding: try vector("cong-van-moi.edxml"), as: UTF8.self) }
func sampleStatus() throws -> String { String(decoding: try vector("trang-thai-03.edxml"), as: UTF8.self) }

/// Keeps the files that come out of a letter.
final class KeptFiles: AttachmentConsumer {
    struct Kept {
        let head: AttachmentHead
        var bytes: [UInt8] = []
        var isWhole = false
    }

    private(set) var files: [Kept] = []

    func begin(_ attachment: AttachmentHead) { files.append(Kept(head: attachment)) }

    func write(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { files[files.count - 1].bytes.append(contentsOf: $0) }
    }

    func end() { files[files.count - 1].isWhole = true }
}

/// Reads a whole text in pieces of `pieceBytes`.
func readMessage(
    _ text: String, pieceBytes: Int = 1 << 20, limits: EdXMLLimits = EdXMLLimits(), files: KeptFiles? = nil
) throws -> EdXMLMessage {
    let letter = EdXMLReader(limits: limits, attachments: files)
    let parser = XMLEventReader(handler: letter)
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
        let end = min(bytes.count, start + pieceBytes)
        try parser.feed(bytes.span.extracting(start..<end))
        if letter.fatal != nil { return try letter.message() }
        start = end
    }
    try parser.finish()
    return try letter.message()
}

func readLetter(_ text: String, files: KeptFiles? = nil, limits: EdXMLLimits = EdXMLLimits()) throws -> Letter
{
    guard case .letter(let letter) = try readMessage(text, limits: limits, files: files) else {
        throw Rejection(.badRequest, "not a letter")
    }
    return letter
}

func readStatus(_ text: String) throws -> StatusMessage {
    guard case .status(let status) = try readMessage(text) else {
        throw Rejection(.badRequest, "not a status")
    }
    return status
}

/// The findings of a text that must be refused.
func findings(_ text: String, limits: EdXMLLimits = EdXMLLimits()) -> [Finding] {
    let rejection = #expect(throws: Rejection.self) { try readMessage(text, limits: limits) }
    guard let rejection else { return [] }
    #expect(rejection.code == rejection.findings.first?.code)
    #expect(!rejection.detail.isEmpty)
    return rejection.findings
}

extension String {
    /// Replaces the first `old`, which must be there.
    func with(_ old: String, _ new: String) throws -> String {
        let found = try #require(self.range(of: old), "\(old) is not in the sample")
        return replacingCharacters(in: found, with: new)
    }

    func without(_ old: String) throws -> String { try with(old, "") }

    /// Replaces from `first` through `last`.
    func cutting(_ first: String, through last: String, _ new: String = "") throws -> String {
        let from = try #require(self.range(of: first))
        let to = try #require(self.range(of: last, range: from.lowerBound..<endIndex))
        return replacingCharacters(in: from.lowerBound..<to.upperBound, with: new)
    }
}
