import Exchange
import Foundation
import HTTP
import JSON
import OpenSSL
import Testing
import Transport

@Suite struct `Bad requests over VXP` {
    private let pdf = Array("%PDF-1.7\n% mẫu\n%%EOF\n".utf8)

    @Test func `are refused in the right form, and nothing changes`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.12")
        let other = try VXPOffice(world, "H37.14")
        let letter = try world.write(
            BuiltMessage.letter(from: "H37.12", to: ["H37.14"], number: "1", pdf: pdf), to: "a.edxml")
        #expect(try office.send(letter).isOK)
        let id = try #require(try other.waiting().first?["docId"]?.string)

        // A wrong secret, somebody else's, and a code that nobody has: one and the same answer.
        let answers = [
            try office.call("getReceivedEdocList", secret: "x"),
            try office.call("getReceivedEdocList", secret: other.secret),
            try office.call("getReceivedEdocList", "systemid=H99"),
        ]
        #expect(answers.allSatisfy { $0.code == "15" && $0.text == answers[0].text && $0.data.isEmpty })
        // Signed by one's own secret in another one's name.
        #expect(try office.call("updateStatus", "systemid=H37.14", "status=done", "docid=\(id)").code == "15")
        // Another sender than oneself: in the parameter, in the letter.
        let foreign = try office.call("sendEdoc", "from=H31.7", "messagetype=edoc", "--file", letter)
        #expect(foreign.text == "Don vi gui H31.7 khong dung voi ma da dang ky: H37.12")
        #expect(try other.send(letter).code == "19")
        // An unknown recipient is named.
        let nowhere = try world.write(
            BuiltMessage.letter(from: "H37.12", to: ["X99"], number: "2", pdf: pdf), to: "b.edxml")
        let lost = try office.send(nowhere)
        #expect(lost.code == "18" && lost.text.contains("X99") && lost.text.contains("OrganId"))
        // Bodies that were cut, or are of the other kind.
        for count in ["1", "2", "3", "100"] {
            let cut = try office.call(
                "sendEdoc", "from=H37.12", "messagetype=edoc", "--file", nowhere, "--cut", count)
            // Without its line end the file is whole all the same.
            #expect(cut.code == (count == "2" ? "18" : "10"), "\(count): \(cut.text)")
        }
        #expect(try office.send(letter, type: "status").code == "22")
        #expect(try office.send(letter, type: "letter").code == "10")
        // The same document with other bytes.
        let changed = try world.write(
            BuiltMessage.letter(from: "H37.12", to: ["H37.14"], number: "1", pdf: pdf + [0x0A]), to: "c.edxml"
        )
        #expect(try office.send(changed).code == "10")
        // Identifiers that are none.
        for bad in [
            "", "../../x", "/etc/passwd", "H37.12,2026/11/20,1/THU", id + "x", String(id.dropLast()) + "?",
        ] {
            #expect(try other.call("getEdoc", "docId=\(bad)").code == "10")
            #expect(try other.call("updateStatus", "status=done", "docid=\(bad)").code == "10")
        }
        #expect(try other.call("updateStatus", "status=gone", "docid=\(id)").code == "10")
        // A GET may not change anything.
        let replies = try other.waiting()
        #expect(replies.count == 1 && replies[0]["status"]?.string == "initial")
        #expect(try office.call("getSentEdocList").data.count == 1)
        #expect(try office.call("downloadEdoc2").http == 403)
    }

    @Test func `with headers of 64 KiB are read, with more than 256 KiB refused`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.12")
        let many = "to=[\"" + String(repeating: "H", count: 64 << 10) + "\"]"
        #expect(try office.call("getReceivedEdocList", many).isOK)
        let more = "to=[\"" + String(repeating: "H", count: 126 << 10) + "\"]"
        #expect(
            try office.call(
                "getReceivedEdocList", more, "--header", "X-More=" + String(repeating: "x", count: 60 << 10)
            ).code == "10")
    }

    @Test func `by header sets that were made for another operation do nothing`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.12")
        let letter = try world.write(
            BuiltMessage.letter(from: "H37.12", to: ["H37.12"], number: "1", pdf: pdf), to: "a.edxml")
        #expect(try office.send(letter).isOK)
        let id = try #require(try office.waiting().first?["docId"]?.string)
        let client = try BlockingClient(
            url: "https://\(world.vxp)", tls: try world.tls("H31.7"), timeoutSeconds: 60)
        let secret = Array(office.secret.utf8)
        func replay(_ parameters: String, as operation: String) throws -> JSONValue {
            let signed = #"{"XroadVnpt-systemid":"H37.12",\#(parameters)}"#
            let code = SigningOracle.code(secret, signed)
            let answer = try BlockingClient(
                url: "https://\(world.vxp)", tls: try TLSContext(clientAnchors: [world.path("root.pem")]),
                timeoutSeconds: 60
            ).send(
                "POST", "/\(operation)",
                fields: ["XroadVnpt-sign-header": signed, "XroadVnpt-hash-header": code])
            return try JSONReader.read(answer.bytes)
        }
        // A fetch's headers do not settle, a list's do not send, a status's do not fetch another letter.
        #expect(try replay(#""XroadVnpt-docId":"\#(id)""#, as: "updateStatus")["ErrorCode"]?.string == "10")
        for operation in ["sendEdoc", "getEdoc", "updateStatus", "deleteAgency", "registerAgency"] {
            let answer = try replay(#""XroadVnpt-messagetype":"edoc""#, as: operation)
            #expect(answer["status"]?.string == "FAIL", "\(operation)")
        }
        #expect(try office.waiting().count == 1)
        // Somebody else's certificate beside the right signature.
        let signed = #"{"XroadVnpt-systemid":"H37.12"}"#
        let shown = try client.send(
            "POST", "/countReceiveEdoc",
            fields: [
                "XroadVnpt-sign-header": signed, "XroadVnpt-hash-header": SigningOracle.code(secret, signed),
            ])
        #expect(try JSONReader.read(shown.bytes)["ErrorCode"]?.string == "15")
    }

    @Test func `of 60 MiB are read to their end and taken, or refused`() throws {
        let world = try World.withPolicy("off", settings: "limits: { letterBytesMax: 67108864 },")
        let office = try VXPOffice(world, "H37.12")
        // Put together as bytes: text of that size is slow to handle here.
        func write(_ number: String, _ byteCount: Int) throws -> (path: String, sha256: Digest256) {
            let mark = Array("the place of the attachment".utf8)
            let small = BuiltMessage.letter(from: "H37.12", to: ["H37.12"], number: number, pdf: mark)
            let place = try #require(small.range(of: Data(mark).base64EncodedString()))
            var content = Data("%PDF-1.7\n".utf8)
            content.append(Data(repeating: 0x20, count: byteCount))
            let letter =
                Data(small[..<place.lowerBound].utf8) + content.base64EncodedData()
                + Data(small[place.upperBound...].utf8)
            let path = world.path("\(number).edxml")
            try letter.write(to: URL(fileURLWithPath: path))
            return (path, SHA256.hash([UInt8](letter)))
        }
        let big = try write("1", 44 << 20)
        #expect(try office.send(big.path).isOK)
        let id = try #require(try office.waiting().first?["docId"]?.string)
        // One reply of 80 MiB, made without holding it.
        let fetched = try office.call("getEdoc", "docId=\(id)", "--digest-of", "data")
        #expect(fetched.reply["sha256"]?.string == big.sha256.hex)
        #expect(SHA256.hash(try office.download(id).bytes) == big.sha256)
        let refused = try office.send(try write("2", 52 << 20).path)
        #expect(refused.code == "10" && refused.docId == "")
        #expect(try office.waiting().count == 1)
    }
}

/// HMAC by OpenSSL's own program.
enum SigningOracle {
    static func code(_ secret: [UInt8], _ text: String) -> String {
        let folder = FileManager.default.temporaryDirectory.path
        let (input, output) = ("\(folder)/hmac-\(UUID().uuidString)", "\(folder)/hmac-\(UUID().uuidString)")
        try? Data(text.utf8).write(to: URL(fileURLWithPath: input))
        defer {
            try? FileManager.default.removeItem(atPath: input)
            try? FileManager.default.removeItem(atPath: output)
        }
        let key = secret.map { String(format: "%02x", $0) }.joined()
        let child = try? Child(
            "openssl",
            ["mac", "-digest", "SHA256", "-macopt", "hexkey:\(key)", "-in", input, "-out", output, "HMAC"])
        _ = child?.wait()
        let written = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        return written.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }
}
