import EdXML
import Exchange
import Testing

@Suite struct `A draft that receivers would refuse` {
    private typealias Change = @Sendable (inout LetterDraft) -> Void

    private static let changes: [(String, Change)] = [
        ("From/OrganId", { $0.sender.code = "" }),
        ("From/OrganId", { $0.sender.code = "H37.12 " }),
        ("From/OrganName", { $0.sender.name = " \n" }),
        ("From/OrganAdd", { $0.sender.address = "a\u{0}b" }),
        ("To", { $0.recipients = [] }),
        ("To[3]/OrganId", { $0.recipients.append($0.recipients[0]) }),
        ("DocumentId", { $0.documentID = "" }),
        ("DocumentId", { $0.documentID = "a\nb" }),
        ("DocumentId", { $0.documentID = ExactString(String(repeating: "9", count: 256)) }),
        ("Code/CodeNumber", { $0.codeNumber = "" }),
        ("From/OrganId", { $0.sender.code = AgencyCode(String(repeating: "9", count: 65)) }),
        ("Code", { $0.codeNotation = String(repeating: "Đ", count: 64) }),
        ("Code/CodeNotation", { $0.codeNotation = "" }),
        ("PromulgationInfo/PromulgationDate", { $0.promulgationDate = "2026/02/30" }),
        ("PromulgationInfo/PromulgationDate", { $0.promulgationDate = "2026-11-20" }),
        ("PromulgationInfo/PromulgationDate", { $0.promulgationDate = "2026/11/20 10:00:00" }),
        ("DocumentType/TypeName", { $0.type.name = "" }),
        ("Subject", { $0.subject = "" }),
        ("Subject", { $0.subject = "\u{FFFF}" }),
        ("Subject", { $0.subject = String(repeating: "ố", count: 551) }),
        ("Content", { $0.content = String(repeating: "ố", count: 501) }),
        ("SignerInfo/FullName", { $0.signer?.fullName = "" }),
        ("DueDate", { $0.dueDate = "mai" }),
        ("ResponseFor/OrganId", {
            $0.responseFor = [ResponseForDraft(organID: "", code: "", documentID: "", promulgationDate: "")]
        }),
        ("StaffInfo/Staff", { $0.staff?.name = "" }),
        ("Attachment", { $0.attachments = [] }),
        ("Attachment[1]/AttachmentName", { $0.attachments[0].name = "" }),
        ("Attachment[1]/AttachmentName", { $0.attachments[0].name = ".." }),
        ("Attachment[1]/AttachmentName", { $0.attachments[0].name = "../a.pdf" }),
        ("Attachment[1]/AttachmentName", { $0.attachments[0].name = "a\\b.pdf" }),
        ("Attachment[1]/AttachmentName", { $0.attachments[0].name = "a\tb.pdf" }),
        ("Attachment[1]/AttachmentName", { $0.attachments[0].name = String(repeating: "a", count: 256) }),
        ("Attachment[1]/ContentType", { $0.attachments[0].contentType = "application/zip" }),
        ("Attachment[2]/ContentId", { $0.attachments.append($0.attachments[0]) }),
    ]

    @Test(arguments: changes.indices)
    func `is refused by the element's name, and nothing is written`(index: Int) throws {
        let folder = try Folder()
        var draft = sampleDraft(attachment: try folder.file("a.pdf", "x".utf8))
        let (element, change) = Self.changes[index]
        change(&draft)
        let collector = Collector()
        let error = #expect(throws: DraftError.self) { try LetterWriter.write(draft, to: collector) }
        guard case .invalid(let found, let detail) = error else { throw try #require(error) }
        #expect(found == element)
        #expect(!detail.isEmpty)
        #expect(collector.bytes.isEmpty)
    }
}
