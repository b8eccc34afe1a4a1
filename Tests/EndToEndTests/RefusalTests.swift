import Exchange
import Foundation
import HTTP
import JSON
import Testing
import Transport

@Suite struct `A letter that may not go in` {
    /// What one change to a good, unsigned letter must be answered with.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let code: String
        let status: Int
        let change: @Sendable (String) -> String

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "not XML", code: "malformed_xml", status: 400) { _ in "văn bản" },
        Case(name: "cut", code: "malformed_xml", status: 400) { String($0.dropLast(40)) },
        Case(name: "a DTD", code: "doctype_forbidden", status: 400) {
            $0.replacingOccurrences(of: "<edXML ", with: "<!DOCTYPE edXML [<!ENTITY a 'b'>]><edXML ")
        },
        Case(name: "another root", code: "not_edxml", status: 422) { _ in "<letter/>" },
        Case(name: "unsigned", code: "signature_missing", status: 422) { $0 },
        Case(name: "unknown recipient", code: "recipient_unknown", status: 422) {
            $0.replacingOccurrences(of: "H31.45.2", with: "X99.1")
        },
        Case(name: "recipient twice", code: "recipient_repeated", status: 422) {
            $0.replacingOccurrences(of: "H31.45.2", with: "H31.7")
        },
        Case(name: "a sender that the certificate does not speak for", code: "not_your_agency", status: 403) {
            $0.replacingOccurrences(of: "OrganId>H37.12<", with: "OrganId>H31.7<")
        },
        Case(name: "promulgated in the future", code: "value_invalid", status: 422) {
            $0.replacingOccurrences(
                of: "<edXML:PromulgationDate>[0-9/]*<", with: "<edXML:PromulgationDate>2999/01/01<",
                options: .regularExpression)
        },
        Case(name: "manifest without its attachment", code: "element_missing", status: 422) {
            $0.replacingOccurrences(
                of: "(?s)<AttachmentEncoded>.*</AttachmentEncoded>", with: "", options: .regularExpression)
        },
    ]

    @Test func `is one whose PDF was changed after a leader signed it; whole, it goes in`() throws {
        let world = try World()
        try world.start()
        let text = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        let two = "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        let three = "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n"
        let places = [9, text.utf8.count, (text + two).utf8.count]
        let table = places.map { String(format: "%010d 00000 n \n", $0) }.joined()
        let plain =
            text + two + three + "xref\n0 4\n0000000000 65535 f \n\(table)"
            + "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n\((text + two + three).utf8.count)\n%%EOF\n"
        try Data(plain.utf8).write(to: URL(fileURLWithPath: world.path("plain.pdf")))
        // A leader's certificate is nobody's registered one.
        try world.sign(world.path("plain.pdf"), with: World.recipients[0], to: world.path("signed.pdf"))
        let signed = try world.bytes(world.path("signed.pdf"))
        let sender = try world.client(World.sender)

        let good = try sender.submit(try world.bytes(try world.letter(attachment: signed)))
        #expect(good.status == 201)
        let key = good.json["documentKey"]?.string ?? ""
        let trail = try JSONReader.read(try sender.get("/v1/documents/\(key)").bytes)
        let signatures = trail["verdict"]?["signatures"]?.array ?? []
        #expect(signatures.map { $0["format"]?.string } == ["XML-DSig", "PAdES-B"])
        #expect(signatures.last?["document"]?.string == "1.pdf")
        #expect(signatures.last?["coverage"]?.string == "whole file, revision 2 of 2")

        var changed = Data(signed)
        let place = try #require(changed.range(of: Data("595 842".utf8)))
        changed.replaceSubrange(place, with: Data("595 843".utf8))
        let bad = try sender.submit(try world.bytes(try world.letter(attachment: Array(changed))))
        #expect(bad.status == 422)
        #expect(bad.json["code"]?.string == "signature_invalid")
        world.kill()
    }

    @Test func `is refused with a code and changes nothing`() throws {
        let world = try World()
        try world.start()
        _ = try world.letter()
        let unsigned = String(decoding: try world.bytes(world.path("1.unsigned.edxml")), as: UTF8.self)
        let sender = try world.client(World.sender)
        for refused in Self.cases {
            let reply = try sender.submit(Array(refused.change(unsigned).utf8))
            #expect(
                reply.status == refused.status,
                "\(refused.name): \(String(decoding: reply.bytes, as: UTF8.self))")
            #expect(reply.json["code"]?.string == refused.code, "\(refused.name)")
            #expect(reply.json["detail"]?.string?.isEmpty == false)
            #expect(reply.json["requestId"]?.string?.isEmpty == false)
        }
        let outbox = try JSONReader.read(try sender.get("/v1/outbox").bytes)
        #expect(outbox["documents"]?.array?.isEmpty == true)
        for recipient in World.recipients {
            let inbox = try JSONReader.read(try world.client(recipient).get("/v1/inbox").bytes)
            #expect(inbox["deliveries"]?.array?.isEmpty == true)
        }
    }

    @Test func `is refused when its signature does not hold`() throws {
        let world = try World()
        try world.start()
        let letter = String(decoding: try world.bytes(try world.letter()), as: UTF8.self)
        let sender = try world.client(World.sender)
        let tampered = letter.replacingOccurrences(of: "V/v thử nghiệm", with: "V/v thử nghiêm")
        #expect(tampered != letter)
        let reply = try sender.submit(Array(tampered.utf8))
        #expect(reply.json["code"]?.string == "signature_invalid")
        let wrong = try world.bytes(try world.letter(signer: "H31.7"))
        #expect(try sender.submit(wrong).json["code"]?.string == "signer_not_registered")
        let revoked = try world.bytes(try world.letter(signer: "revoked"))
        #expect(try sender.submit(revoked).json["code"]?.string == "signature_invalid")
    }

    @Test func `conflicts with an earlier one of the same DocumentId`() throws {
        let world = try World()
        try world.start()
        _ = try world.letter()
        let sender = try world.client(World.sender)
        let unsigned = String(decoding: try world.bytes(world.path("1.unsigned.edxml")), as: UTF8.self)
        #expect(try sender.submit(try world.bytes(world.path("1.edxml"))).status == 201)
        let other = unsigned.replacingOccurrences(of: "V/v thử nghiệm", with: "V/v khác")
        try other.write(toFile: world.path("other.edxml"), atomically: true, encoding: .utf8)
        try world.sign(world.path("other.edxml"), with: World.sender, to: world.path("other.signed.edxml"))
        let reply = try sender.submit(try world.bytes(world.path("other.signed.edxml")))
        #expect(reply.status == 409)
        #expect(reply.json["code"]?.string == "document_conflict")
    }

    @Test func `may carry its signature beside it instead`() throws {
        let world = try World()
        try world.start()
        _ = try world.letter()
        let unsigned = world.path("1.unsigned.edxml")
        let signature = world.path("1.p7s")
        let made = try Program.lienthong([
            "sign", "--detached", "--cert", world.path("H37.12.sign.pem"), "--key",
            world.path("H37.12.sign.key"),
            "--chain", world.path("agency-ca.pem"), unsigned, "-o", signature,
        ])
        #expect(made.code == 0, "\(made.errors)")
        let sent = try world.run(["send", unsigned, "--signature", signature, "--json"], as: World.sender)
        #expect(sent.code == 0, "\(sent.errors)")
        #expect(sent.json?["indication"]?.string == "TOTAL-PASSED")
    }
}
