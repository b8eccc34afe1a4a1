import Exchange
import Foundation
import HTTP
import JSON
import OpenSSL
import Testing
import Transport

@Suite struct `A letter on a bad line` {
    private static let attachment: [UInt8] = {
        var bytes = Array("%PDF-1.7\n".utf8)
        var state: UInt64 = 42
        for _ in 0..<1_500_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.append(UInt8(truncatingIfNeeded: state >> 33))
        }
        return bytes
    }()

    private func open(
        _ client: BlockingClient, length: Int, type: String = "application/xml", digest: Digest256? = nil
    ) throws -> String {
        var fields: Fields = ["Content-Type": type, "Upload-Complete": "?0", "Upload-Length": "\(length)"]
        if let digest { fields.append("Repr-Digest", "sha-256=:\(Base64.encode(digest.bytes)):") }
        let reply = try client.send("POST", "/v1/uploads", fields: fields)
        #expect(reply.head.status == 201 && reply.head.fields["Upload-Offset"] == "0")
        return try #require(reply.head.fields["Location"])
    }

    private func append(
        _ client: BlockingClient, _ location: String, _ bytes: [UInt8], at offset: Int, completes: Bool
    ) throws -> BlockingClient.Answer {
        try client.send(
            "PATCH", location,
            fields: [
                "Content-Type": "application/partial-upload", "Upload-Offset": "\(offset)",
                "Upload-Complete": completes ? "?1" : "?0",
            ], body: .bytes(bytes))
    }

    @Test func `keeps no place where the request was wrong`() throws {
        let world = try World(settings: "limits: { uploadsPerAgencyMax: 1 },")
        try world.start()
        let client = try world.client(World.sender)
        for wrong in [
            ["Upload-Length": "x"], ["Upload-Complete": "yes"], ["Repr-Digest": "sha-256=:AAAA:"],
            ["Content-Type": "text/plain"],
        ] {
            var fields = ["Content-Type": "application/xml", "Upload-Complete": "?0"]
            fields.merge(wrong) { $1 }
            var sent: Fields = [:]
            for (name, value) in fields { sent.append(name, value) }
            let status = try client.send("POST", "/v1/uploads", fields: sent).head.status
            #expect([400, 415].contains(status), "\(wrong)")
        }
        _ = try open(client, length: 10)
    }

    @Test func `comes in piece by piece and is whole`() throws {
        let world = try World()
        try world.start()
        let letter = try world.bytes(try world.letter(attachment: Array(Self.attachment.prefix(300_000))))
        let client = try world.client(World.sender)
        let digest = SHA256.hash(letter)
        let location = try open(client, length: letter.count, digest: digest)
        var offset = 0
        var piece = 1
        while offset < letter.count {
            let end = min(letter.count, offset + piece)
            let completes = end == letter.count
            let reply = try append(
                client, location, Array(letter[offset..<end]), at: offset, completes: completes)
            if completes {
                #expect(reply.head.status == 201)
                #expect(try JSONReader.read(reply.bytes)["sha256"]?.string == digest.hex)
            } else {
                #expect(reply.head.status == 204 && reply.head.fields["Upload-Offset"] == "\(end)")
            }
            offset = end
            piece = piece * 7 + 1
        }
        // After a lost reply the client learns what the upload became.
        let look = try client.send("HEAD", location)
        #expect(look.head.status == 204 && look.head.fields["Upload-Complete"] == "?1")
        let document = try #require(look.head.fields["Location"])
        #expect(try client.get("\(document)/content").bytes == letter)
        #expect(try append(client, location, [1], at: letter.count, completes: true).head.status == 409)
        // Sent whole, it is the same letter.
        #expect(try client.submit(letter).status == 200)
    }

    @Test func `is refused in the middle of nothing else`() throws {
        let world = try World()
        try world.start()
        let letter = try world.bytes(try world.letter())
        let (client, other) = (try world.client(World.sender), try world.client("H31.7"))
        let location = try open(client, length: letter.count)
        #expect(try other.send("HEAD", location).head.status == 404)
        #expect(try append(other, location, letter, at: 0, completes: true).head.status == 404)
        let wrong = try append(client, location, [1], at: 5, completes: false)
        #expect(wrong.head.status == 409 && wrong.head.fields["Upload-Offset"] == "0")
        #expect(try JSONReader.read(wrong.bytes)["code"]?.string == "upload_conflict")
        // Too early: the upload stays as it is.
        let half = Array(letter[..<10])
        #expect(try append(client, location, half, at: 0, completes: true).head.status == 409)
        #expect(try client.send("HEAD", location).head.fields["Upload-Offset"] == "10")
        #expect(try client.send("DELETE", location).head.status == 204)
        #expect(try client.send("HEAD", location).head.status == 404)

        let damaged = try open(client, length: letter.count, digest: SHA256.hash([1]))
        let reply = try append(client, damaged, letter, at: 0, completes: true)
        #expect(reply.head.status == 422)
        #expect(try JSONReader.read(reply.bytes)["code"]?.string == "digest_mismatch")
        #expect(try client.send("HEAD", damaged).head.status == 404)

        let tampered = try open(client, length: letter.count)
        let changed = Array(String(decoding: letter, as: UTF8.self).replacing("thử", with: "sửa").utf8)
        let refused = try append(
            client, tampered, Array(changed.prefix(letter.count)), at: 0, completes: true)
        #expect(refused.head.status >= 400)
        #expect(try client.send("HEAD", tampered).head.status == 404)
        #expect(
            try client.send("POST", "/v1/uploads", fields: ["Content-Type": "text/plain"]).head.status == 415)
        let auditor = try world.client("auditor")
        #expect(
            try auditor.send("POST", "/v1/uploads", fields: ["Content-Type": "application/xml"]).head.status
                == 403)
    }

    @Test func `is sent and received by commands that resume by themselves`() throws {
        let world = try World()
        try world.start()
        let path = try world.letter(to: ["H31.7"], attachment: Self.attachment)
        let sending = try CuttingProxy(
            to: world.api,
            cuts: [
                300_000, 100_000, 20_000, 400_000, 90_000, 120_000, 70_000, 150_000, 30_000, 200_000, 60_000,
                110_000,
            ], countsAnswers: false)
        defer { sending.stop() }
        func lienthong(_ words: [String], as agency: String, through proxy: CuttingProxy) throws
            -> Program.Result
        {
            try Program.lienthong(
                words + [
                    "--hub", "https://127.0.0.1:\(proxy.port)", "--profile",
                    world.path("\(agency).profile.json5"),
                ])
        }
        let sent = try lienthong(["send", path, "--json"], as: World.sender, through: sending)
        #expect(sent.code == 0, "\(sent.errors)")
        #expect(sending.cutCount == 12 && sent.errors.contains("gửi tiếp từ byte"))
        #expect(!FileManager.default.fileExists(atPath: path + ".upload.json"))
        let key = try #require(sent.json?["documentKey"]?.string)

        let receiving = try CuttingProxy(to: world.api, cuts: [500_000, 900_000], countsAnswers: true)
        defer { receiving.stop() }
        let inbox = world.path("inbox")
        let received = try lienthong(["receive", "--dir", inbox], as: "H31.7", through: receiving)
        #expect(received.code == 0, "\(received.errors)")
        #expect(receiving.cutCount == 2)
        #expect(try world.bytes("\(inbox)/\(key).edxml") == (try world.bytes(path)))
        let trail = try JSONReader.read(try world.client(World.sender).get("/v1/documents/\(key)").bytes)
        #expect(trail["deliveries"]?.array?.first?["state"]?.string == "delivered")
    }
}
