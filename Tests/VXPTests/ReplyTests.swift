import Exchange
import HTTP
import JSON
import Testing
import Transport

@testable import VXP

@Suite struct Replies {
    private func bytes(_ response: Response) throws -> [UInt8] {
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no body")
            return []
        }
        return bytes
    }

    @Test(arguments: Operation.allCases.filter { !$0.answersWithFile })
    func `of failure have every member that some version looks for`(_ operation: Operation) throws {
        let response = Reply.failure(VXPFailure(.badEdXML, "Thiếu phần tử"), of: operation)
        #expect(response.head.status == 200)
        #expect(response.head.fields["Content-Type"] == "application/json; charset=utf-8")
        let value = try JSONReader.read(try bytes(response))
        #expect(value["status"]?.string == "FAIL")
        #expect(value["ErrorCode"]?.string == "22")
        #expect(value["ErrorDesc"]?.string == "Thieu phan tu")
        #expect(value["DocId"]?.string == "")
        #expect(value["count"]?.integer == 0)
        if operation == .getEdoc {
            #expect(value["data"]?.string == "")
        } else {
            #expect(value["data"]?.array?.isEmpty == true)
        }
    }

    /// What is in the body of such an answer becomes the document.
    @Test(arguments: [Operation.downloadEdoc, .downloadEdoc2])
    func `that would be stored as a document are empty`(_ operation: Operation) {
        let response = Reply.failure(VXPFailure(.badDocument, "x"), of: operation)
        #expect(response.body.byteCount == 0)
        #expect(response.head.status >= 400)
    }

    @Test func `are ASCII whatever is in them`() throws {
        let text = "Sở Nội vụ 😀 \u{2028} \u{7F} \" \\ \n é"
        let response = Reply.success { $0.member("name", text) }
        let written = try bytes(response)
        #expect(written.allSatisfy { $0 < 0x80 })
        #expect(try JSONReader.read(written)["name"]?.string == text)
        #expect(!String(decoding: written, as: UTF8.self).contains("null"))
    }

    @Test func `do not say what a version makes up by itself`() throws {
        let value = try JSONReader.read(try bytes(Reply.success()))
        #expect(value["ErrorCode"]?.string == "0")
        #expect(value["status"]?.string == "OK")
        #expect(value["ErrorDesc"]?.string == "Thanh cong")
    }

    @Test func `tell the path and line of what is wrong, without marks, on one line`() {
        let finding = Finding(
            path: "/edXML/edXMLEnvelope", line: 7, column: 2, code: .elementMissing,
            detail: "Thiếu Đơn vị\nnhận")
        let failure = VXPFailure(Rejection(.elementMissing, "Văn bản sai", findings: [finding]))
        #expect(failure.code == .badEdXML)
        #expect(failure.text == "Van ban sai | /edXML/edXMLEnvelope dong 7: Thieu Don vi nhan")
    }

    @Test(arguments: RejectionCode.allCases) func `have a code for every rejection`(_ code: RejectionCode) {
        let failure = VXPFailure(Rejection(code, "chi tiết"))
        #expect(failure.text == "chi tiet")
        #expect((10...23).contains(failure.code.rawValue))
    }

    @Test func `are bounded however much is wrong`() {
        let findings = (1...5000).map {
            Finding(
                path: "/a[\($0)]", line: $0, column: 1, code: .valueInvalid,
                detail: String(repeating: "ư", count: 300))
        }
        #expect(VXPFailure(Rejection(.valueInvalid, "x", findings: findings)).text.utf8.count <= 1500)
    }
}

@Suite struct Operations {
    @Test(arguments: [
        ("/sendEdoc", Operation.sendEdoc), ("//getEdoc", .getEdoc),
        ("/XrdAdapter/Rest//downloadEdoc", .downloadEdoc),
    ])
    func `are the last segment, whatever the endpoint puts before`(_ path: String, _ operation: Operation)
        throws
    {
        #expect(Operation(try RequestTarget(path)) == operation)
    }

    @Test(arguments: ["/", "/sendedoc", "/sendEdoc/x", "/getEdoc%2F"]) func `of other names are none`(
        _ path: String
    ) throws {
        #expect(Operation(try RequestTarget(path)) == nil)
    }

    @Test func `that change something are no GET`() {
        for operation in [Operation.sendEdoc, .updateStatus, .registerAgency, .deleteAgency] {
            #expect(!operation.allows(method: "GET"))
        }
    }
}
