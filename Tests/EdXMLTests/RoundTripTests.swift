import EdXML
import Exchange
import Foundation
import OpenSSL
import Testing
import XML

@Suite struct `What is written` {
    private func reread(_ draft: LetterDraft, files: KeptFiles? = nil) throws -> Letter {
        let collector = Collector()
        try LetterWriter.write(draft, to: collector)
        return try readLetter(String(decoding: collector.bytes, as: UTF8.self), files: files)
    }

    @Test func `is read back with all its values`() throws {
        let folder = try Folder()
        let draft = sampleDraft(attachment: try folder.file("a.pdf", "%PDF".utf8))
        let letter = try reread(draft)
        let sample = try readLetter(try sampleLetter())
        #expect(letter.sender == sample.sender && letter.recipients == sample.recipients)
        #expect(letter.subject == draft.subject && letter.content == draft.content)
        #expect(letter.otherInformation == sample.otherInformation && letter.business == sample.business)
        #expect(letter.attachments[0].sha256 == SHA256.hash(Array("%PDF".utf8)))
    }

    @Test func `keeps texts that need escaping`() throws {
        let folder = try Folder()
        var draft = sampleDraft(attachment: try folder.file("a.pdf", "x".utf8))
        draft.subject = "<a> & \"b\" ]]> \u{1F4C4} e\u{301}"
        draft.sender.name = "A & B <C>"
        let letter = try reread(draft)
        #expect(
            Array(letter.subject.utf8) == Array(draft.subject.utf8) && letter.sender.name == draft.sender.name
        )
    }

    @Test(arguments: ["số liệu.xlsx", "a.txt", "b.docx", "c.zip", "không đuôi"], [0, 1, 100_000])
    func `gives every kind of file back`(_ name: String, _ count: Int) throws {
        let folder = try Folder()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        var draft = sampleDraft(attachment: try folder.file("file", bytes))
        draft.attachments[0] = AttachmentDraft(path: draft.attachments[0].path, name: name)
        let files = KeptFiles()
        let letter = try reread(draft, files: files)
        #expect(letter.attachments.map(\.name) == [name])
        #expect(letter.attachments[0].byteCount == count)
        #expect(letter.attachments[0].sha256 == SHA256.hash(bytes))
        #expect(files.files[0].bytes == bytes)
    }
}
