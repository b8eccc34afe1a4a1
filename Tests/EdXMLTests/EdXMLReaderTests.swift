import EdXML
import Exchange
import Foundation
import OpenSSL
import Testing
import XML

@Suite struct `A letter` {
    @Test func `is read with all its fields`() throws {
        let files = KeptFiles()
        let letter = try readLetter(try sampleLetter(), files: files)
        #expect(letter.sender.organID == "H37.12")
        #expect(letter.sender.inCharge == "UBND tỉnh Lạng Sơn")
        #expect(letter.sender.name == "Sở Khoa học và Công nghệ (mẫu)")
        #expect(letter.sender.fax == "02050000001" && letter.sender.website == "mau.example")
        #expect(letter.recipients.map(\.organID) == ["H31.7", "H31.45.2"])
        #expect(
            letter.recipients[1].place.path
                == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/OrganId")
        #expect(letter.recipients[1].place.line == 21)
        #expect(letter.documentID == "H37.12,2026/11/20,482/SKHCN-CĐS")
        #expect(letter.code == "482/SKHCN-CĐS" && letter.place == "Lạng Sơn")
        #expect(letter.promulgationDate == "2026/11/20")
        #expect(letter.promulgationInstant?.rfc3339 == "2026-11-19T17:00:00.000Z")
        #expect(letter.documentType == DocumentType(type: 2, detail: 18, name: "Công văn"))
        #expect(letter.subject == "V/v phối hợp rà soát mã định danh điện tử")
        #expect(letter.content.hasPrefix("Đề nghị rà soát"))
        #expect(letter.signer?.competence == "KT. GIÁM ĐỐC" && letter.signer?.fullName == "Nguyễn Văn Mẫu")
        #expect(letter.dueDate == "2026/11/27" && letter.priority == .urgent)
        #expect(letter.otherInformation.promulgationAmount == 2 && letter.otherInformation.pageAmount == 3)
        #expect(letter.otherInformation.appendixes == ["Danh sách mã định danh"])
        #expect(letter.steeringType == 1 && letter.toPlaces == ["Như trên", "Lưu: VT, CĐS"])
        #expect(letter.traces == [Trace(organID: "H37.12", timestamp: "2026/11/20 09:15:30")])
        #expect(letter.businessType == 0 && letter.business.reason == "Văn bản điện tử mới")
        #expect(letter.business.staff?.name == "Trần Thị Mẫu" && !letter.business.hasPaperCopy)
        let content = Array("%PDF-1.7\n% sample\n".utf8)
        #expect(letter.attachments.count == 1)
        #expect(letter.attachments[0].contentID == "0b6f3b0e-6c1c-4a1e-9f53-0f3f5c1d2a10")
        #expect(letter.attachments[0].name == "482_SKHCN-CDS.signed.pdf")
        #expect(letter.attachments[0].byteCount == content.count && !letter.attachments[0].isUnpacked)
        #expect(letter.attachments[0].sha256 == SHA256.hash(content))
        #expect(files.files.map(\.bytes) == [content] && files.files[0].isWhole)
    }

    @Test func `is the same whatever pieces it comes in`() throws {
        let text = try sampleLetter()
        let whole = try readLetter(text)
        for pieceBytes in [1, 2, 3, 17, 100, 1000] {
            guard case .letter(let letter) = try readMessage(text, pieceBytes: pieceBytes) else {
                Issue.record("not a letter")
                continue
            }
            #expect(letter == whole)
        }
    }

    @Test func `is matched by namespace, not by prefix`() throws {
        let text = try sampleLetter().replacingOccurrences(of: "edXML:", with: "q:")
            .replacingOccurrences(of: "xmlns:edXML=", with: "xmlns:q=")
        let (renamed, letter) = (try readLetter(text), try readLetter(try sampleLetter()))
        #expect(renamed.subject == letter.subject && renamed.attachments == letter.attachments)
        #expect(renamed.recipients.map(\.place.path) == letter.recipients.map(\.place.path))
    }

    @Test func `may hold what is not known, signatures too`() throws {
        let text = try sampleLetter()
            .with(
                "<edXML:Subject>",
                "<edXML:ApplicationType>1</edXML:ApplicationType><x xmlns=''>y<z/></x><edXML:Subject>"
            )
            .with(
                "</edXML:edXMLHeader>",
                "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><Code>x</Code>"
                    + "</Signature><edXML:DigitalSignature/></edXML:edXMLHeader>"
            )
        let letter = try readLetter(text)
        #expect(letter.subject == "V/v phối hợp rà soát mã định danh điện tử")
    }

    @Test func `may name its files by attributes`() throws {
        let text = try sampleLetter()
            .cutting(
                "<edXML:Reference>", through: "</edXML:ContentId>",
                "<edXML:Reference xmlns:xlink='http://www.w3.org/1999/xlink' xlink:type='simple' "
                    + "xlink:href='cid:0b6f3b0e-6c1c-4a1e-9f53-0f3f5c1d2a10'>"
            )
        #expect(try readLetter(text).attachments.count == 1)
        let bare = try text.with("xlink:href='cid:", "xlink:href='")
        #expect(try readLetter(bare).attachments.count == 1)
    }

    @Test func `may leave out what the manifest says of a file`() throws {
        let text = try sampleLetter()
            .without("<AttachmentName>482_SKHCN-CDS.signed.pdf</AttachmentName>").without(
                "<ContentType>application/pdf</ContentType>")
        let letter = try readLetter(text)
        #expect(letter.attachments[0].name == "482_SKHCN-CDS.signed.pdf")
        #expect(letter.attachments[0].contentType == "application/pdf")
    }

    @Test func `takes an empty ResponseFor for none`() throws {
        let empty =
            "<edXML:ResponseFor><edXML:OrganId/><edXML:Code></edXML:Code><edXML:DocumentId/>"
                + "<edXML:PromulgationDate/></edXML:ResponseFor>"
        let full =
            "<edXML:ResponseFor><edXML:OrganId>H1</edXML:OrganId>"
                + "<edXML:DocumentId>d</edXML:DocumentId></edXML:ResponseFor>"
        let letter = try readLetter(
            try sampleLetter().with("<edXML:SteeringType>", empty + full + "<edXML:SteeringType>"))
        #expect(
            letter.responseFor == [
                Correspondence(organID: "H1", code: "", documentID: "d", promulgationDate: "")
            ])
    }

    @Test func `names the letter that it recalls, updates or replaces`() throws {
        let sample = try sampleLetter()
        let answer =
            "<edXML:ResponseFor><edXML:OrganId>H37.12</edXML:OrganId>"
                + "<edXML:DocumentId>old</edXML:DocumentId></edXML:ResponseFor>"
        let type0 = "<edXML:BussinessDocType>0</edXML:BussinessDocType>"
        func type(_ number: Int) -> String { "<edXML:BussinessDocType>\(number)</edXML:BussinessDocType>" }
        let own = "<edXML:DocumentId>own</edXML:DocumentId>"
        let recall = try sample.with("<edXML:SteeringType>", answer + "<edXML:SteeringType>").with(
            type0, type(1))
        #expect(try readLetter(recall).targetDocumentIDs == ["old"])
        #expect(try readLetter(recall).businessType == 1)
        #expect(try readLetter(sample.with(type0, own + type(2))).targetDocumentIDs == ["own"])
        let replaced =
            "<edXML:ReplacementInfoList><edXML:ReplacementInfo>"
                + "<edXML:DocumentId>r</edXML:DocumentId><edXML:OrganIdList>"
                + "<edXML:OrganId>H1</edXML:OrganId><edXML:OrganId>H2</edXML:OrganId>"
                + "</edXML:OrganIdList></edXML:ReplacementInfo></edXML:ReplacementInfoList>"
        let replacing = try readLetter(sample.with(type0, type(3) + replaced))
        #expect(replacing.targetDocumentIDs == ["r"])
        #expect(
            replacing.business.replacements == [
                Business.Replacement(documentID: "r", organIDs: ["H1", "H2"])
            ])
        // What a new letter writes there means nothing.
        #expect(try readLetter(sample.with(type0, own + type0)).business.documentID == nil)
        #expect(findings(try sample.with(type0, type(1))).map(\.code) == [.elementMissing])
    }

    @Test func `goes to thousands of recipients`() throws {
        let recipients = (0..<3500).map {
            "<edXML:To><edXML:OrganId>H99.\($0)</edXML:OrganId><edXML:OrganName>Xã "
                + "\($0)</edXML:OrganName></edXML:To>"
        }.joined()
        let text = try sampleLetter().with("<edXML:DocumentId>", recipients + "<edXML:DocumentId>")
        let letter = try readLetter(text)
        #expect(letter.recipients.count == 3502)
        #expect(letter.recipients[3501].place.path.hasSuffix("To[3502]/OrganId"))
    }
}

@Suite struct `A status message` {
    @Test func `is read with all its fields`() throws {
        let status = try readStatus(try sampleStatus())
        #expect(status.sender.organID == "H31.7")
        #expect(
            status.responseFor
                == Correspondence(
                    organID: "H37.12", code: "482/SKHCN-CĐS", documentID: "H37.12,2026/11/20,482/SKHCN-CĐS",
                    promulgationDate: "2026/11/20"))
        #expect(status.staff?.email == "lt.mau@nhan.example")
        #expect(status.statusCode == "03" && status.status == .received)
        #expect(status.description == "Văn thư: Đã tiếp nhận, vào sổ văn bản đến")
        #expect(status.timestamp == "2026/11/20 10:02:11")
    }

    @Test func `may stand in Status instead of MessageHeader`() throws {
        let text = try sampleStatus().replacingOccurrences(of: "edXML:MessageHeader", with: "edXML:Status")
        #expect(try readStatus(text).sender.name == readStatus(try sampleStatus()).sender.name)
    }

    @Test(arguments: [
        ("<edXML:StatusCode>03</edXML:StatusCode>", "", RejectionCode.elementMissing, "/StatusCode"),
        ("<edXML:Timestamp>2026/11/20 10:02:11", "<edXML:Timestamp>20/11/2026", .valueInvalid, "/Timestamp"),
        (
            "<edXML:ResponseFor>", "<edXML:ResponseFor/><edXML:ResponseFor>", .elementRepeated,
            "/ResponseFor[2]"
        ),
        (
            "<edXML:DocumentId>H37.12,2026/11/20,482/SKHCN-CĐS", "<edXML:DocumentId>", .elementMissing,
            "/ResponseFor[1]/DocumentId"
        ),
        ("<edXML:OrganId>H31.7</edXML:OrganId>", "", .elementMissing, "/From/OrganId"),
        ("03</edXML:StatusCode>", "0<!-- 1 -->3</edXML:StatusCode>", .markupInIdentifier, "/StatusCode"),
        (
            "</edXML:edXMLEnvelope>",
            "</edXML:edXMLEnvelope><AttachmentEncoded><Attachment/></AttachmentEncoded>", .elementMisplaced,
            "/AttachmentEncoded"
        ),
    ])
    func `is refused for what is wrong with it`(
        _ old: String, _ new: String, _ code: RejectionCode, _ path: String
    ) throws {
        let found = findings(try sampleStatus().with(old, new))
        #expect(found.contains { $0.code == code && $0.path.hasSuffix(path) }, "\(found)")
    }
}
