import CLibXML2
import EdXML
import Exchange
import Files
import Foundation
import Testing
import XML

private func written(_ draft: LetterDraft) throws -> [UInt8] {
    let collector = Collector()
    try LetterWriter.write(draft, to: collector)
    return collector.bytes
}

private func isWellFormed(_ bytes: [UInt8]) -> Bool {
    let document = bytes.withUnsafeBytes { buffer in
        xmlReadMemory(
            buffer.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(buffer.count), nil, nil,
            CInt(XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_HUGE.rawValue))
    }
    defer { xmlFreeDoc(document) }
    return document != nil
}

@Suite struct `A written letter` {
    @Test func `is the published sample, byte for byte`() throws {
        let folder = try Folder()
        let sample = try vector("cong-van-moi.edxml")
        let encoded = content("edXML:ContentTransferEncoded", in: sample)
        let path = try folder.file("letter.pdf", Data(base64Encoded: encoded)!)
        #expect(
            String(decoding: try written(sampleDraft(attachment: path)), as: UTF8.self)
                == String(decoding: sample, as: UTF8.self))
    }

    @Test func `is the same whether it goes to a sink or a file`() throws {
        let folder = try Folder()
        let path = try folder.file("letter.pdf", "%PDF-1.7".utf8)
        let draft = sampleDraft(attachment: path)
        let file = try File(folder.path + "/out.edxml", .createNew)
        var told: Int64 = 0
        let count = try LetterWriter.write(draft, to: file) { told = $0 }
        let expected = try written(draft)
        #expect(try file.read(at: 0, count: 1 << 20) == expected)
        #expect(count == Int64(expected.count))
        #expect(told == count)
    }

    @Test func `holds every character that XML can hold`() throws {
        let folder = try Folder()
        var draft = sampleDraft(attachment: try folder.file("a.pdf", "x".utf8))
        draft.subject = "<a> & \"b\" ]]> \u{1F4C4} e\u{301}"
        draft.sender.name = "A & B <C>"
        draft.attachments[0].name = "a & b <c>.pdf"
        draft.attachments[0].description = "'\"&<>"
        let bytes = try written(draft)
        #expect(isWellFormed(bytes))
        #expect(content("edXML:Subject", in: bytes) == "&lt;a&gt; &amp; \"b\" ]]&gt; \u{1F4C4} e\u{301}")
        #expect(Array(content("edXML:Subject", in: bytes).utf8).contains(0xCC), "NFD stays NFD")
    }

    @Test(arguments: [0, 1, 2, 3, 4, 196_607, 196_608, 196_609, 393_216, 500_000])
    func `carries a plain file of any size`(count: Int) throws {
        let folder = try Folder()
        var random = Repeatable(UInt64(count))
        let original = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let bytes = try written(sampleDraft(attachment: try folder.file("a.pdf", original)))
        let encoded = content("edXML:ContentTransferEncoded", in: bytes)
        #expect(encoded == Data(original).base64EncodedString())
        #expect(content("ContentType", in: bytes) == "application/pdf")
    }

    @Test func `names each attachment once in the manifest and once beside it`() throws {
        let folder = try Folder()
        var draft = sampleDraft(attachment: try folder.file("a.pdf", "x".utf8))
        draft.attachments = try ["a.pdf", "b.DOCX", "c.xlsx", "d.ZIP", "no-extension"].map {
            AttachmentDraft(path: try folder.file($0, "x".utf8))
        }
        let text = String(decoding: try written(draft), as: UTF8.self)
        for attachment in draft.attachments {
            #expect(text.components(separatedBy: "cid:\(attachment.contentID)<").count == 3)
        }
        #expect(
            text.components(separatedBy: ">d.zip<").count == 3, "an archive's extension is put in lower case")
        #expect(Set(draft.attachments.map(\.contentID)).count == 5)
    }

    @Test(arguments: [
        ("a.pdf", "application/pdf"), ("a.PDF", "application/pdf"), ("a.doc", "application/msword"),
        ("a.zip", "application/zip"), ("a.xlsx", "application/zip"), ("a.txt", "application/zip"),
        ("a", "application/zip"), ("a.tar.gz", "application/zip"), ("xslx", "application/zip"),
        ("a.xslx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ])
    func `labels a file by what receivers do with it`(name: String, type: String) throws {
        let folder = try Folder()
        let path = try folder.file(name, "x".utf8)
        #expect(content("ContentType", in: try written(sampleDraft(attachment: path).with(path))) == type)
    }

    @Test func `never passes on more than a piece at a time`() throws {
        let folder = try Folder()
        let path = try folder.file("a.pdf", [UInt8](repeating: 7, count: 3 << 20))
        let collector = Collector()
        try LetterWriter.write(sampleDraft(attachment: path), to: collector)
        #expect(collector.pieceBytesMax <= 256 << 10)
    }

    @Test func `says which file cannot be read`() throws {
        let error = #expect(throws: DraftError.self) {
            try written(sampleDraft(attachment: "/nonexistent/a.pdf"))
        }
        guard case .file(let failure) = error else { throw try #require(error) }
        #expect(failure.isNotFound && failure.path == "/nonexistent/a.pdf")
    }

    @Test func `that finds the disk full says so`() throws {
        let folder = try Folder()
        let path = try folder.file("a.pdf", [UInt8](repeating: 7, count: 1 << 20))
        let full = try File("/dev/full", .readWrite)
        let error = #expect(throws: DraftError.self) {
            try LetterWriter.write(sampleDraft(attachment: path), to: full)
        }
        guard case .file(let failure) = error else { throw try #require(error) }
        #expect(failure.isDiskFull)
    }
}

extension LetterDraft {
    /// The same letter with one attachment, named after its file.
    func with(_ path: String) -> LetterDraft {
        var copy = self
        copy.attachments = [AttachmentDraft(path: path)]
        return copy
    }
}

@Suite struct `A written status` {
    @Test func `is the published sample, byte for byte`() throws {
        let draft = StatusDraft(
            sender: OrganizationDraft(code: "H31.7", name: "Sở Nội vụ tỉnh nhận (mẫu)"),
            responseFor: ResponseForDraft(
                organID: "H37.12", code: "482/SKHCN-CĐS", documentID: "H37.12,2026/11/20,482/SKHCN-CĐS",
                promulgationDate: "2026/11/20"),
            staff: StaffDraft(
                department: "Văn thư", name: "Lê Thị Mẫu", email: "lt.mau@nhan.example",
                mobile: "0900000001"),
            status: .received, description: "Văn thư: Đã tiếp nhận, vào sổ văn bản đến",
            timestamp: Instant(edXML: "2026/11/20 10:02:11")!)
        #expect(try StatusWriter.write(draft) == vector("trang-thai-03.edxml"))
    }

    @Test func `has the code's own words where nobody gave others`() throws {
        let draft = StatusDraft(
            sender: OrganizationDraft(code: "A", name: "A"),
            responseFor: ResponseForDraft(
                organID: "B", code: "1/X", documentID: "1", promulgationDate: "2026/11/20"),
            status: .completed, timestamp: Instant(milliseconds: 0))
        let bytes = try StatusWriter.write(draft)
        #expect(isWellFormed(bytes))
        #expect(content("edXML:Description", in: bytes) == "Hoàn thành")
        #expect(content("edXML:Timestamp", in: bytes) == "1970/01/01 07:00:00")
    }
}
