import Exchange
import Foundation
import JSON
import Testing

/// What a sender's software is told about a letter that may not go in.
@Suite struct `A letter with mistakes` {
    private func unsigned(_ world: World, to recipients: [String] = World.recipients) throws -> String {
        let signed = try world.letter(to: recipients)
        return String(
            decoding: try world.bytes(signed.replacingOccurrences(of: ".edxml", with: ".unsigned.edxml")),
            as: UTF8.self)
    }

    private func codes(_ reply: JSONValue) -> [String] {
        (reply["errors"]?.array ?? []).compactMap { $0["code"]?.string }
    }

    @Test func `is told all of them at once, those of the file and those of the directory`() throws {
        let world = try World()
        try world.start()
        let sender = try world.client(World.sender)
        let text = try unsigned(world)
            .replacingOccurrences(of: "OrganId>H31.7<", with: "OrganId>X99.1<")
            .replacingOccurrences(of: "OrganId>H31.45.2<", with: "OrganId>X99.2<")
            .replacingOccurrences(
                of: "<edXML:PromulgationDate>[0-9/]*<", with: "<edXML:PromulgationDate>2999/01/01<",
                options: .regularExpression)
        let clean = try sender.submit(Array(text.utf8)).json
        #expect(
            codes(clean)
                == ["recipient_unknown", "recipient_unknown", "value_invalid", "signature_missing"])
        #expect(clean["code"]?.string == "recipient_unknown")
        #expect(clean["detail"]?.string?.hasSuffix("(và 3 lỗi khác)") == true)
        let errors = try #require(clean["errors"]?.array)
        for error in errors.dropLast() {
            #expect((error["line"]?.integer ?? 0) > 1 && (error["column"]?.integer ?? 0) > 0)
            #expect(
                error["path"]?.string?.hasPrefix("/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/") == true)
        }
        let lines = text.components(separatedBy: "\n")
        let named = lines[Int(errors[2]["line"]?.integer ?? 1) - 1]
        #expect(named.contains("PromulgationDate"))

        // With mistakes in the file itself the directory's are told as well.
        let broken = text.replacingOccurrences(of: "<edXML:Subject>V/v thử nghiệm</edXML:Subject>", with: "")
            .replacingOccurrences(of: "OrganId>H37.12<", with: "OrganId>H37.14<")
        let told = codes(try sender.submit(Array(broken.utf8)).json)
        #expect(told.count == 5 && told.contains("element_missing") && told.contains("value_invalid"))
        #expect(told.contains("not_your_agency") && told.filter { $0 == "recipient_unknown" }.count == 2)
        #expect(world.stop() == 0)
    }

    @Test func `marked as secret is refused, and nothing of it is kept anywhere`() throws {
        let world = try World()
        try world.start()
        let sender = try world.client(World.sender)
        let marker = "BIMAT7F3A51"
        // One that stays in memory, one that goes to disk as it comes, one in several requests.
        for (size, isUpload) in [(100, false), (900_000, false), (900_000, true)] {
            let letter = try world.letter(
                to: ["H31.7"], subject: "\(marker) V/v", attachment: [UInt8](repeating: 0x41, count: size))
            let unsigned = letter.replacingOccurrences(of: ".edxml", with: ".unsigned.edxml")
            let text = String(decoding: try world.bytes(unsigned), as: UTF8.self)
                .replacingOccurrences(of: "</edXML>", with: "<Level xmlns=\"\">Tối mật</Level></edXML>")
            let bytes = Array(text.utf8)
            let reply: JSONValue
            if isUpload {
                let answer = try sender.send(
                    "POST", "/v1/uploads",
                    fields: ["Content-Type": "application/xml", "Upload-Complete": "?1"], body: .bytes(bytes))
                #expect(answer.head.status == 422)
                reply = try JSONReader.read(answer.bytes)
            } else {
                let answer = try sender.submit(bytes)
                #expect(answer.status == 422)
                reply = answer.json
            }
            #expect(codes(reply).contains("secret_letter"), "\(codes(reply))")
        }
        #expect(world.stop() == 0)
        let base64 = String(Base64.encode(Array(repeating: 0x41, count: 300)).prefix(300))
        for folder in [world.path("data"), world.path("lienthongd.log")] {
            for needle in [marker, base64] {
                let found = try Program.found(needle, in: folder)
                #expect(found.isEmpty, "\(found)")
            }
        }
        // The search itself finds what is there.
        #expect(try !Program.found(World.sender, in: world.path("data")).isEmpty)
    }

    @Test func `in a status message are told together too`() throws {
        let world = try World()
        try world.start()
        let letter = try Office("H37.12", in: world).send(to: ["H31.7"])
        let out = world.path("status.edxml")
        try Office("H31.7", in: world).report("01", of: letter.key, ["--out", out])
        let text = String(decoding: try world.bytes(out), as: UTF8.self)
            .replacingOccurrences(of: "StatusCode>01<", with: "StatusCode>99<")
            .replacingOccurrences(of: "OrganId>H37.12<", with: "OrganId>X99<")
        let reply = try world.client("H31.7").submit(Array(text.utf8))
        #expect(reply.status == 422)
        #expect(codes(reply.json) == ["status_target_unknown", "status_code_unknown"])
    }
}

@Suite struct `A letter that is sent again` {
    @Test func `gets its receipt, and a conflict that says what is other`() throws {
        let world = try World()
        try world.start()
        let sender = try Office("H37.12", in: world)
        let name = ["--document-id", "H37.12,2026/11/20,1/GL"]
        let first = try sender.send(to: ["H31.7"], name)
        // The reply was lost: the same bytes get the same receipt.
        let again = try sender.client.submit(first.bytes)
        #expect(again.status == 200 && again.json["documentKey"]?.string == first.key)

        // Built and signed anew, as software without a copy does.
        var text = String(decoding: try world.bytes(world.path("1.unsigned.edxml")), as: UTF8.self)
        text = text.replacingOccurrences(of: "  ", with: " ")
        func resend(_ text: String) throws -> JSONValue {
            let (unsigned, signed) = (world.path("again.unsigned.edxml"), world.path("again.edxml"))
            try text.write(toFile: unsigned, atomically: true, encoding: .utf8)
            try world.sign(unsigned, with: "H37.12", to: signed)
            let reply = try sender.client.submit(try world.bytes(signed))
            #expect(reply.status == 409)
            return reply.json
        }
        let anew = try resend(text)
        #expect(anew["code"]?.string == "document_reserialized")
        #expect(anew["detail"]?.string?.contains("cùng nội dung") == true)
        let other = try resend(
            text.replacingOccurrences(of: "V/v thử nghiệm", with: "V/v chuyện khác"))
        #expect(other["code"]?.string == "document_conflict")
        #expect(other["detail"]?.string?.contains("khác ở: Subject.") == true)
        // Nothing of it reached anybody.
        #expect(try Office("H31.7", in: world).take().count == 1)
        world.kill()
        try world.start()
        let later = try world.client("H37.12").submit(first.bytes)
        #expect(later.status == 200 && later.bytes == again.bytes)
    }
}
