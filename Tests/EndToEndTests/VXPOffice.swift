import Foundation
import JSON
import OpenSSL
import Testing
import Transport

/// An agency whose software speaks VXP: a program in another language, written from the page alone.
final class VXPOffice {
    let world: World
    let code: String
    let secret: String

    private static let program: String = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Office/office.py").path

    /// - Parameter as: the code under which its software knows itself.
    init(_ world: World, _ code: String, as systemID: String? = nil) throws {
        self.world = world
        self.code = systemID ?? code
        let made = try world.run(["agency", "vxp-secret", code], as: "operator")
        try #require(made.code == 0, "\(made.errors)")
        secret = String(decoding: made.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    struct Answer {
        let http: Int
        let headers: JSONValue
        /// Whether the hub said "100 Continue" before it had the body.
        let continued: Bool
        let closed: Bool
        let reply: JSONValue

        var isOK: Bool { reply["status"]?.string == "OK" && reply["ErrorCode"]?.string == "0" }
        var code: String { reply["ErrorCode"]?.string ?? "" }
        var text: String { reply["ErrorDesc"]?.string ?? "" }
        var docId: String { reply["DocId"]?.string ?? "" }
        var data: [JSONValue] { reply["data"]?.array ?? [] }
        /// What `getEdoc` brought.
        var file: [UInt8]? { reply["data"]?.string.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } }

        init(_ value: JSONValue) {
            http = Int(value["httpStatus"]?.integer ?? 0)
            headers = value["headers"] ?? value
            continued = value["continued"]?.boolean ?? false
            closed = value["closed"]?.boolean ?? false
            reply = value["reply"] ?? value
        }
    }

    func call(_ words: String..., secret: String? = nil) throws -> Answer {
        Answer(try run(words, secret: secret))
    }

    /// Sends the same request so many times.
    func resend(_ count: Int, _ words: String...) throws -> [Answer] {
        try run(words + ["--resend", String(count)], secret: nil)["replies"]?.array?.map { Answer($0) } ?? []
    }

    private func run(_ words: [String], secret: String?) throws -> JSONValue {
        let name = world.path("office-\(UUID().uuidString)")
        let (out, err) = (name + ".out", name + ".err")
        let child = try Child(
            "python3",
            [Self.program, "https://\(world.vxp)/axis", world.path("root.pem"), code, secret ?? self.secret]
                + words, output: out, errors: err)
        let ended = child.wait()
        let errors = String(decoding: try world.bytes(err), as: UTF8.self)
        try #require(ended == 0, "\(errors)")
        return try JSONReader.read(try world.bytes(out))
    }

    func send(_ path: String, type: String = "edoc") throws -> Answer {
        try call("sendEdoc", "from=\(code)", "servicetype=eDoc", "messagetype=\(type)", "--file", path)
    }

    func waiting(_ type: String = "edoc") throws -> [JSONValue] {
        try call("getReceivedEdocList", "servicetype=eDoc", "messagetype=\(type)").data
    }

    /// What `downloadEdoc` leaves on the office's disk.
    func download(_ docId: String) throws -> (http: Int, bytes: [UInt8]) {
        let path = world.path("download-\(UUID().uuidString)")
        let answer = try call("downloadEdoc", "docId=\(docId)", "--get-file", path)
        return (answer.http, try world.bytes(path))
    }
}

extension World {
    /// A world whose agencies have that signature policy.
    static func withPolicy(_ policy: String, settings: String = "") throws -> World {
        let world = try World(settings: settings)
        let path = world.path("agencies.json5")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\"enforce\"", with: "\"\(policy)\"").write(
            toFile: path, atomically: true, encoding: .utf8)
        try world.start()
        return world
    }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    /// Log index, kind and key of what an agency sent, proved offline against the bytes in `file`.
    func proves(_ key: String, of sender: String, is file: String) throws -> Bool {
        let client = try client(sender)
        let receipt = path("receipt-\(key).json")
        let answer = try client.get("/v1/documents/\(key)/receipt", fields: ["Accept": "application/json"])
        try Data(answer.bytes).write(to: URL(fileURLWithPath: receipt))
        let vkey = try Program.lienthong(["log", "vkey", "--config", path("hub.json5"), "--json"])
        return try Program.lienthong([
            "audit", "receipt", receipt, "--document", file, "--key", vkey.json?["vkey"]?.string ?? "",
        ]).code == 0
    }
}

/// Messages as the vendor's builder writes them: CRLF, its order of elements, Bussiness before TraceHeader,
/// attachments without a prefix, a manifest that calls every attachment a ZIP, `cid:cid:`.
enum BuiltMessage {
    static let namespace = "http://www.mic.gov.vn/TBT/QCVN_102_2016"

    static func letter(
        from sender: String, to recipients: [String], number: String, pdf: [UInt8],
        type: String = "application/pdf", name: String = "vb.pdf"
    ) -> String {
        let declared = "xmlns:edXML=\"\(namespace)\""
        let content = Data(pdf).base64EncodedString()
        let to = recipients.map {
            "<edXML:To><edXML:OrganId>\($0)</edXML:OrganId>"
                + "<edXML:OrganName>Nơi nhận</edXML:OrganName></edXML:To>"
        }.joined(separator: "\r\n")
        return envelope(
            """
            <edXML:From><edXML:OrganId>\(sender)</edXML:OrganId><edXML:OrganName>Nơi gửi</edXML:OrganName>
            </edXML:From>
            \(to)
            <edXML:DocumentId>\(sender),2026/11/20,\(number)/THU</edXML:DocumentId>
            <edXML:Code><edXML:CodeNumber>\(number)</edXML:CodeNumber>
            <edXML:CodeNotation>THU</edXML:CodeNotation></edXML:Code>
            <edXML:PromulgationInfo><edXML:Place>Lạng Sơn</edXML:Place>
            <edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate></edXML:PromulgationInfo>
            <edXML:DocumentType><edXML:Type>1</edXML:Type><edXML:TypeDetail>0</edXML:TypeDetail>
            <edXML:TypeName>Công văn</edXML:TypeName></edXML:DocumentType>
            <edXML:Subject>V/v thử nghiệm</edXML:Subject>
            <edXML:SteeringType>0</edXML:SteeringType>
            """,
            trace: """
                <edXML:TraceHeaderList><edXML:Bussiness><edXML:BussinessDocType>0</edXML:BussinessDocType>
                <edXML:BussinessDocReason>Mới</edXML:BussinessDocReason><edXML:Paper>0</edXML:Paper>
                </edXML:Bussiness>
                <edXML:TraceHeader><edXML:OrganId>\(sender)</edXML:OrganId>
                <edXML:Timestamp>2026/11/20 09:15:30</edXML:Timestamp></edXML:TraceHeader>
                </edXML:TraceHeaderList>
                """,
            body: """
                <edXML:edXMLBody><edXML:edXMLManifest version="1.0"><edXML:Reference>
                <edXML:ContentId>cid:cid:0b6f3b0e-6c1c-4a1e-9f53-0f3f5c1d2a10</edXML:ContentId>
                <edXML:ContentType>application/zip</edXML:ContentType>
                <edXML:AttachmentName>\(name)</edXML:AttachmentName></edXML:Reference></edXML:edXMLManifest>
                </edXML:edXMLBody>
                """,
            attachments: """
                <AttachmentEncoded><Attachment>
                <ContentId>cid:cid:0b6f3b0e-6c1c-4a1e-9f53-0f3f5c1d2a10</ContentId>
                <AttachmentName>\(name)</AttachmentName><ContentType>\(type)</ContentType>
                <edXML:ContentTransferEncoded \(declared)>\(content)</edXML:ContentTransferEncoded>
                </Attachment></AttachmentEncoded>
                """)
    }

    static func status(
        _ code: String, from sender: String, to organ: String, documentID: String, number: String
    ) -> String {
        envelope(
            """
            <edXML:From><edXML:OrganId>\(sender)</edXML:OrganId>
            <edXML:OrganName>Nơi trả lời</edXML:OrganName></edXML:From>
            <edXML:ResponseFor><edXML:OrganId>\(organ)</edXML:OrganId><edXML:Code>\(number)</edXML:Code>
            <edXML:DocumentId>\(documentID)</edXML:DocumentId>
            <edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate></edXML:ResponseFor>
            <edXML:StaffInfo><edXML:Department>Văn thư</edXML:Department>
            <edXML:Staff>Lê Thị Mẫu</edXML:Staff></edXML:StaffInfo>
            <edXML:StatusCode>\(code)</edXML:StatusCode><edXML:Description>Đã xong</edXML:Description>
            <edXML:Timestamp>2026/11/20 10:02:11</edXML:Timestamp>
            """, trace: "", body: "", attachments: "")
    }

    private static func envelope(
        _ header: String, trace: String, body: String, attachments: String
    ) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <edXML xmlns="\(namespace)">
        <edXML:edXMLEnvelope xmlns:edXML="\(namespace)"><edXML:edXMLHeader><edXML:MessageHeader>
        \(header)
        </edXML:MessageHeader>\(trace)</edXML:edXMLHeader>\(body)</edXML:edXMLEnvelope>
        \(attachments)</edXML>
        """.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n")
    }
}
