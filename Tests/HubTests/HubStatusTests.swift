import EdXML
import Exchange
import Hub
import OpenSSL
import Storage
import Testing
import XML

@Suite struct `A status that the hub writes` {
    private let at = Instant(seconds: 1_795_000_000)
    private let letter = HubStatus.Letter(
        sender: "H37.12", documentID: "H37.12,2026/11/20,482/SKHCN-CĐS", code: "482/SKHCN-CĐS",
        promulgationDate: "2026/11/20")

    private func message(
        _ status: BusinessStatus, name: String = "Sở Nội vụ (mẫu)", reason: String = "Hết số lần giao."
    ) throws -> NewDocument {
        try #require(
            HubStatus(hub: "H37.TRUC", name: "Trục liên thông tỉnh (mẫu)").message(
                status, from: "H31.7", named: name, about: letter, reason: reason, at: at))
    }

    private func bytes(_ document: NewDocument) throws -> [UInt8] {
        guard case .memory(let bytes) = document.payload else {
            Issue.record("a small message is kept in memory")
            return []
        }
        return bytes
    }

    @Test func `is read as one from the recipient concerned to the letter's sender`() throws {
        let document = try message(.refused)
        let reader = EdXMLReader(limits: EdXMLLimits())
        let parser = XMLEventReader(limits: XMLLimits(), handler: reader)
        let written = try bytes(document)
        try parser.feed(written.span)
        try parser.finish()
        guard case .status(let status) = try reader.message() else {
            Issue.record("no status")
            return
        }
        #expect(status.sender.organID == "H31.7" && status.sender.name == "Sở Nội vụ (mẫu)")
        #expect(status.recipient == "H37.12" && status.responseFor.documentID == letter.documentID)
        #expect(status.responseFor.code == letter.code && status.statusCode == "02")
        #expect(status.staff?.department == "H37.TRUC" && status.staff?.name == "Trục liên thông tỉnh (mẫu)")
        #expect(status.description.hasSuffix("Hết số lần giao."))
        #expect(status.timestamp == at.edXMLTimestamp)
        #expect(document.caller == "H37.TRUC" && document.sender == "H31.7")
        #expect(document.sha256 == SHA256.hash(try bytes(document)))
        #expect(document.status?.code == "02" && document.status?.targetDocumentID == letter.documentID)
    }

    @Test func `is written as receivers that look names up with their prefix want it`() throws {
        let text = String(decoding: try bytes(try message(.agreed)), as: UTF8.self)
        #expect(text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"))
        #expect(text.contains("<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">"))
        for element in [
            "edXMLEnvelope", "edXMLHeader", "MessageHeader", "From", "ResponseFor", "StatusCode", "Timestamp",
        ] {
            #expect(text.contains("<edXML:\(element)"), "\(element)")
        }
        #expect(text.contains("<edXML:StatusCode>15</edXML:StatusCode>"))
        #expect(!text.contains("<!DOCTYPE") && !text.contains("AttachmentEncoded"))
    }

    @Test func `is written whatever a name or a reason holds`() throws {
        let reason = "lý do <&\u{0}\u{1}> " + String(repeating: "dài ", count: 600)
        let document = try message(.refused, name: "\u{2}", reason: reason)
        let text = String(decoding: try bytes(document), as: UTF8.self)
        #expect(text.contains("<edXML:OrganName>H31.7</edXML:OrganName>"))
        #expect(text.contains("lý do &lt;&amp;&gt; dài") && !text.unicodeScalars.contains("\u{1}"))
        #expect((document.status?.description.unicodeScalars.count ?? 0) <= 1000)
    }

    @Test func `has a key of its own for each recipient and moment`() throws {
        #expect(try message(.refused).key == message(.refused).key)
        #expect(try message(.refused).key != message(.agreed).key)
    }
}
