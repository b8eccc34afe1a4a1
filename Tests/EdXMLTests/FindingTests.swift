import EdXML
import Exchange
import Foundation
import Testing
import XML

@Suite struct `A letter that is wrong` {
    private static let header = "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader"
    private static let manifest = "/edXML/edXMLEnvelope/edXMLBody/edXMLManifest"
    private static let content = "JVBERi0xLjcKJSBzYW1wbGUK"

    /// What is changed in the sample, and the one finding that this must give.
    struct Mistake: Sendable {
        let old: String
        let new: String
        let code: RejectionCode
        let path: String

        init(_ old: String, _ new: String, _ code: RejectionCode, _ path: String) {
            (self.old, self.new, self.code, self.path) = (old, new, code, path)
        }
    }

    static let mistakes: [Mistake] = [
        // Missing or empty
        Mistake("<edXML:OrganId>H37.12</edXML:OrganId>", "", .elementMissing, "\(header)/From/OrganId"),
        Mistake(
            "<edXML:OrganId>H37.12</edXML:OrganId>", "<edXML:OrganId> \n </edXML:OrganId>", .elementMissing,
            "\(header)/From/OrganId"),
        Mistake("<edXML:OrganId>H31.45.2</edXML:OrganId>", "", .elementMissing, "\(header)/To[2]/OrganId"),
        Mistake(
            "<edXML:OrganName>Sở Nội vụ tỉnh nhận (mẫu)</edXML:OrganName>", "", .elementMissing,
            "\(header)/To[1]/OrganName"),
        Mistake("<edXML:CodeNumber>482</edXML:CodeNumber>", "", .elementMissing, "\(header)/Code/CodeNumber"),
        Mistake(
            "<edXML:CodeNotation>SKHCN-CĐS</edXML:CodeNotation>", "<edXML:CodeNotation/>", .elementMissing,
            "\(header)/Code/CodeNotation"),
        Mistake(
            "<edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate>", "", .elementMissing,
            "\(header)/PromulgationInfo/PromulgationDate"),
        Mistake("<edXML:Type>2</edXML:Type>", "", .elementMissing, "\(header)/DocumentType/Type"),
        Mistake(
            "<edXML:TypeName>Công văn</edXML:TypeName>", "", .elementMissing,
            "\(header)/DocumentType/TypeName"),
        Mistake(
            "<edXML:Subject>V/v phối hợp rà soát mã định danh điện tử</edXML:Subject>", "", .elementMissing,
            "\(header)/Subject"),
        // Repeated
        Mistake(
            "<edXML:Subject>", "<edXML:Subject>x</edXML:Subject><edXML:Subject>", .elementRepeated,
            "\(header)/Subject[2]"),
        Mistake(
            "<edXML:OrganId>H37.12", "<edXML:OrganId>H1</edXML:OrganId><edXML:OrganId>H37.12",
            .elementRepeated, "\(header)/From/OrganId[2]"),
        Mistake(
            "<edXML:DocumentId>", "<edXML:DocumentId>x</edXML:DocumentId><edXML:DocumentId>",
            .elementRepeated, "\(header)/DocumentId[2]"),
        Mistake("<edXML:To>", "<edXML:From/><edXML:To>", .elementRepeated, "\(header)/From[2]"),
        Mistake(
            "</edXML:Code>", "</edXML:Code><edXML:Code><edXML:CodeNumber>1</edXML:CodeNumber></edXML:Code>",
            .elementRepeated, "\(header)/Code[2]"),
        Mistake(
            "<edXML:PromulgationDate>",
            "<edXML:PromulgationDate>2020/01/01</edXML:PromulgationDate><edXML:PromulgationDate>",
            .elementRepeated, "\(header)/PromulgationInfo/PromulgationDate[2]"),
        Mistake(
            "</edXML:MessageHeader>", "</edXML:MessageHeader><edXML:MessageHeader/>", .elementRepeated,
            "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader[2]"),
        Mistake(
            "</edXML:MessageHeader>", "</edXML:MessageHeader><edXML:Status/>", .elementRepeated,
            "/edXML/edXMLEnvelope/edXMLHeader/Status"),
        Mistake(
            "</edXML:edXMLHeader>", "</edXML:edXMLHeader><edXML:edXMLHeader/>", .elementRepeated,
            "/edXML/edXMLEnvelope/edXMLHeader[2]"),
        Mistake(
            "</AttachmentEncoded>", "</AttachmentEncoded><AttachmentEncoded/>", .elementRepeated,
            "/edXML/AttachmentEncoded[2]"),
        Mistake(
            "</edXML:OrganId>\n          <edXML:OrganName>UBND xã",
            "</edXML:OrganId><edXML:OrganName/><edXML:OrganName>UBND xã", .elementRepeated,
            "\(header)/To[2]/OrganName[2]"),
        Mistake("H31.45.2", "H31.7", .recipientRepeated, "\(header)/To[2]/OrganId"),
        // Misplaced
        Mistake(
            "<edXML:edXMLManifest version=\"1.0\">", "<edXML:To/><edXML:edXMLManifest version=\"1.0\">",
            .elementMisplaced, "/edXML/edXMLEnvelope/edXMLBody"),
        Mistake("<AttachmentEncoded>", "<MessageHeader/><AttachmentEncoded>", .elementMisplaced, "/edXML"),
        Mistake("<edXML:ToPlaces>", "<edXML:ToPlaces><edXML:To/>", .elementMisplaced, "\(header)/ToPlaces"),
        // Markup in what routing depends on
        Mistake(
            "H37.12</edXML:OrganId>", "H37<!-- -->.12</edXML:OrganId>", .markupInIdentifier,
            "\(header)/From/OrganId"),
        Mistake("H31.7<", "H31.7<?x?><", .markupInIdentifier, "\(header)/To[1]/OrganId"),
        Mistake("H31.7<", "H31.7<b/><", .markupInIdentifier, "\(header)/To[1]/OrganId"),
        Mistake("<edXML:From>", "<edXML:From><!-- x -->", .markupInIdentifier, "\(header)/From"),
        Mistake("H37.12,2026", "H37<!-- -->.12,2026", .markupInIdentifier, "\(header)/DocumentId"),
        Mistake(
            "<edXML:CodeNumber>482", "<edXML:CodeNumber>4<!---->82", .markupInIdentifier,
            "\(header)/Code/CodeNumber"),
        Mistake(
            "<edXML:PromulgationDate>", "<edXML:PromulgationDate><?x y?>", .markupInIdentifier,
            "\(header)/PromulgationInfo/PromulgationDate"),
        Mistake("<edXML:DueDate>", "<edXML:DueDate><!-- -->", .markupInIdentifier, "\(header)/DueDate"),
        Mistake(
            content, "JVBERi0x<!-- -->LjcKJSBzYW1wbGUK", .markupInIdentifier,
            "/edXML/AttachmentEncoded/Attachment[1]/ContentTransferEncoded"),
        // Values
        Mistake(
            "<edXML:PromulgationDate>2026/11/20", "<edXML:PromulgationDate>20/11/2026", .valueInvalid,
            "\(header)/PromulgationInfo/PromulgationDate"),
        Mistake(
            "<edXML:PromulgationDate>2026/11/20", "<edXML:PromulgationDate>2026/02/30", .valueInvalid,
            "\(header)/PromulgationInfo/PromulgationDate"),
        Mistake(
            "<edXML:PromulgationDate>2026/11/20", "<edXML:PromulgationDate>2026/11/20 09:00:00",
            .valueInvalid, "\(header)/PromulgationInfo/PromulgationDate"),
        Mistake("<edXML:DueDate>2026/11/27", "<edXML:DueDate>mai", .valueInvalid, "\(header)/DueDate"),
        Mistake("<edXML:Type>2", "<edXML:Type>hai", .valueInvalid, "\(header)/DocumentType/Type"),
        Mistake(
            "<edXML:Type>2", "<edXML:Type>9999999999999999999", .valueInvalid, "\(header)/DocumentType/Type"),
        Mistake("<edXML:Priority>1", "<edXML:Priority>5", .valueInvalid, "\(header)/OtherInfo/Priority"),
        Mistake("<edXML:SteeringType>1", "<edXML:SteeringType>x", .valueInvalid, "\(header)/SteeringType"),
        Mistake(
            "<edXML:BussinessDocType>0", "<edXML:BussinessDocType>4", .valueInvalid,
            "/edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList/Bussiness/BussinessDocType"),
        Mistake("<edXML:OrganId>H31.7", "<edXML:OrganId>H31 .7", .valueInvalid, "\(header)/To[1]/OrganId"),
        Mistake(
            "<edXML:OrganId>H31.7", "<edXML:OrganId>H31\u{200B}.7", .valueInvalid, "\(header)/To[1]/OrganId"),
        Mistake("H37.12,2026/11/20", "H37.12,\n2026/11/20", .valueInvalid, "\(header)/DocumentId"),
        Mistake("H37.12,2026/11/20", "H37.12,\u{202E}2026/11/20", .valueInvalid, "\(header)/DocumentId"),
        Mistake(
            "<edXML:OrganId>H31.7", "<edXML:OrganId>H31.7" + String(repeating: "0", count: 64), .valueTooLong,
            "\(header)/To[1]/OrganId"),
        Mistake(
            "<edXML:Subject>", "<edXML:Subject>" + String(repeating: "ế", count: 550), .valueTooLong,
            "\(header)/Subject"),
        Mistake(
            "<edXML:Content>", "<edXML:Content>" + String(repeating: "ế", count: 500), .valueTooLong,
            "\(header)/Content"),
        Mistake(
            "<edXML:Place>Lạng Sơn", "<edXML:Place>" + String(repeating: "x", count: 100_000), .valueTooLong,
            "\(header)/PromulgationInfo/Place"),
        Mistake(
            "<edXML:DocumentId>", "<edXML:DocumentId>" + String(repeating: "x", count: 255), .valueTooLong,
            "\(header)/DocumentId"),
        // Namespaces
        Mistake(
            "<edXML:Subject>V/v phối hợp rà soát mã định danh điện tử</edXML:Subject>",
            "<Subject xmlns='urn:other'>x</Subject>", .unknownNamespace, "\(header)/Subject"),
        Mistake(
            "<edXML:Subject>V/v phối hợp rà soát mã định danh điện tử</edXML:Subject>",
            "<Subject xmlns=''>x</Subject>", .unknownNamespace, "\(header)/Subject"),
        // Attachments
        Mistake(
            "<edXML:ContentId>cid:0b6f", "<edXML:ContentId>cid:0b6e", .attachmentMissing,
            "\(manifest)/Reference[1]"),
        Mistake(
            "<ContentId>cid:0b6f", "<ContentId>cid:0b6e", .attachmentUnreferenced,
            "/edXML/AttachmentEncoded/Attachment[1]"),
        Mistake(
            "<ContentId>cid:0b6f3b0e-6c1c-4a1e-9f53-0f3f5c1d2a10</ContentId>", "", .elementMissing,
            "/edXML/AttachmentEncoded/Attachment[1]"),
        Mistake(
            content, "JVBERi0xLjcKJSBzYW1wbGU=K", .attachmentEncoding,
            "/edXML/AttachmentEncoded/Attachment[1]/ContentTransferEncoded"),
        Mistake(
            content, "JVBERi0xLjcKJSBzYW1wbGU", .attachmentEncoding,
            "/edXML/AttachmentEncoded/Attachment[1]/ContentTransferEncoded"),
        Mistake(
            content, "JVBE*i0x", .attachmentEncoding,
            "/edXML/AttachmentEncoded/Attachment[1]/ContentTransferEncoded"),
        Mistake(
            "<ContentType>application/pdf", "<ContentType>application/zip", .attachmentArchive,
            "/edXML/AttachmentEncoded/Attachment[1]/ContentTransferEncoded"),
        Mistake(
            "<AttachmentName>482", "<AttachmentName>../482", .attachmentName,
            "/edXML/AttachmentEncoded/Attachment[1]/AttachmentName"),
        Mistake(
            "<AttachmentName>482", "<AttachmentName>C:\\482", .attachmentName,
            "/edXML/AttachmentEncoded/Attachment[1]/AttachmentName"),
    ]

    @Test(arguments: 0..<mistakes.count)
    func `is refused with the place and the code of its mistake`(_ index: Int) throws {
        let mistake = Self.mistakes[index]
        let found = findings(try sampleLetter().with(mistake.old, mistake.new))
        #expect(found.contains { $0.code == mistake.code && $0.path == mistake.path }, "\(mistake) \(found)")
        #expect(found.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.detail.isEmpty })
        // One mistake should not set off a flood of others.
        #expect(found.count <= 3, "\(found)")
    }

    @Test func `is told everything at once, in the order of the file`() throws {
        let text = try sampleLetter().with("<edXML:Priority>1", "<edXML:Priority>9")
            .with("H37.12,2026", "<?x?>H37.12,2026").with("<edXML:Type>2", "<edXML:Type>x")
            .cutting("<edXML:SignerInfo>", through: "</edXML:SignerInfo>").with(
                "<edXML:DueDate>2026", "<edXML:DueDate>26")
        #expect(
            findings(text).map(\.code) == [.markupInIdentifier, .valueInvalid, .valueInvalid, .valueInvalid])
        let lines = findings(text).map(\.line)
        #expect(lines == lines.sorted())
    }

    @Test(arguments: [
        ("<a/>", RejectionCode.notEdXML), ("<edXML/>", .unknownNamespace),
        ("<edXML xmlns='urn:x'/>", .unknownNamespace),
        ("<edXML xmlns='http://www.mic.gov.vn/TBT/QCVN_102_2016'/>", .elementMissing),
        (
            "<q:edXML xmlns:q='http://www.mic.gov.vn/TBT/QCVN_102_2016'><q:edXMLEnvelope/></q:edXML>",
            .elementMissing
        ),
        (
            "<edXML xmlns='http://www.mic.gov.vn/TBT/QCVN_102_2016'><edXMLEnvelope xmlns=''/></edXML>",
            .unknownNamespace
        ),
    ])
    func `is refused where it is no edXML at all`(_ text: String, _ code: RejectionCode) {
        #expect(findings(text).first?.code == code)
    }

    @Test func `stops being read at its first fatal mistake`() throws {
        let reader = EdXMLReader(limits: EdXMLLimits())
        let parser = XMLEventReader(handler: reader)
        try parser.feed(Array("<html>".utf8))
        #expect(reader.fatal?.code == .notEdXML)
    }

    @Test func `is refused past each limit`() throws {
        let sample = try sampleLetter()
        var limits = EdXMLLimits()
        limits.recipientsMax = 1
        #expect(findings(sample, limits: limits).first?.code == .tooManyRecipients)
        limits = EdXMLLimits()
        limits.attachmentsMax = 0
        #expect(findings(sample, limits: limits).first?.code == .tooManyAttachments)
        limits = EdXMLLimits()
        limits.attachmentBytesMax = 17
        #expect(findings(sample, limits: limits).map(\.code) == [.attachmentTooLarge])
        limits.attachmentBytesMax = 18
        #expect(try readLetter(sample, limits: limits).attachments[0].byteCount == 18)
        limits.decodedBytesMax = 10
        #expect(findings(sample, limits: limits).map(\.code) == [.attachmentTooLarge])
        limits = EdXMLLimits()
        limits.elementsMax = 20
        #expect(findings(sample, limits: limits).first?.code == .xmlTooLarge)
        limits = EdXMLLimits()
        limits.heldBytesMax = 1000
        #expect(findings(sample, limits: limits).first?.code == .xmlTooLarge)
        limits = EdXMLLimits()
        let comments = String(repeating: "<!-- -->", count: 200)
        let many = findings(try sample.with("<edXML:From>", "<edXML:From>" + comments), limits: limits)
        #expect(many.count == limits.findingsMax)
    }

    @Test func `holds no more of a hostile text than its limit`() throws {
        let blanks = String(repeating: " ", count: 1 << 20)
        #expect(
            findings(try sampleLetter().with("<edXML:Place>", "<edXML:Place>" + blanks)).map(\.code) == [
                .valueTooLong
            ])
    }
}

@Suite struct `A file name` {
    @Test(arguments: [
        "a.pdf", "Công văn 1.docx", "..a", "a..b", "-rf", "số (2) [x].xlsx",
        String(repeating: "a", count: 255),
    ])
    func `is safe where it stays in its directory`(_ name: String) {
        #expect(FileName.isSafe(name))
    }

    @Test(arguments: [
        "", ".", "..", "/etc/passwd", "a/b", "a\\b", "..\\x", "C:x", "a\u{0}b", "a\nb", "\u{202E}fdp.exe",
        "a\u{200B}.pdf", "a.",
        "a ", "a*", "a?", "a|b", "a\"", "<a>", "a\u{7F}", "a\u{9F}", String(repeating: "a", count: 256),
        "\u{E0041}",
    ])
    func `is refused where it could mislead`(_ name: String) {
        #expect(!FileName.isSafe(name))
    }
}
