import Exchange
import Foundation
import HTTP
import JSON
import OpenSSL
import Testing
import Transport

@Suite struct `The hub's door` {
    private func key(_ reply: (status: Int, json: JSONValue, bytes: [UInt8])) throws -> String {
        try #require(reply.json["documentKey"]?.string)
    }

    @Test func `says what HTTP wants said`() throws {
        let world = try World()
        try world.start()
        let sender = try world.client(World.sender)
        let letter = try world.bytes(try world.letter())
        let document = "/v1/documents/\(try key(try sender.submit(letter)))"

        // A range is for GET alone.
        let ranged: Fields = ["Range": "bytes=0-9"]
        let head = try sender.send("HEAD", "\(document)/content", fields: ranged).head
        #expect(head.status == 200 && head.fields["Content-Range"] == nil)
        #expect(head.fields["Content-Length"] == "\(letter.count)")
        #expect(try sender.get("\(document)/content", fields: ranged).status == 206)
        #expect(try sender.get("\(document)/receipt").head.fields["Cache-Control"] == "private, no-cache")

        for (path, allowed) in [
            ("/v1/documents", "POST"), (document, "GET, HEAD"), ("/v1/inbox", "GET"),
            ("\(document)/legal-hold", "PUT, DELETE"), ("/v1/uploads/abc", "HEAD, PATCH, DELETE"),
            ("/v1/webhooks", "GET, HEAD, POST"), ("/v1/agencies", "GET, HEAD, PUT"),
            ("/log/checkpoint", "GET, HEAD"),
        ] {
            let reply = try sender.send("OPTIONS", path)
            #expect(reply.head.status == 405 && reply.head.fields["Allow"] == allowed, "\(path)")
        }
        #expect(try sender.send("OPTIONS", "/v1/nothing").head.status == 404)
        // The hub knows the authority, but not this certificate: it is one for signing.
        let stranger = try TLSContext(
            clientAnchors: [world.path("root.pem")], certificate: world.path("\(World.sender).sign.pem"),
            key: world.path("\(World.sender).sign.key"))
        let unknown = try BlockingClient(url: "https://\(world.api)", tls: stranger)
        if let reply = try? unknown.send("GET", "/v1/inbox") {
            #expect(reply.head.status == 401)
            #expect(reply.head.fields["WWW-Authenticate"] == "Certificate realm=\"lienthong\"")
        }
    }

    @Test func `loses no upload to a mistake or a lost reply`() throws {
        let world = try World(settings: "limits: { uploadsPerAgencyMax: 1 },")
        try world.start()
        let sender = try world.client(World.sender)
        let letter = try world.bytes(try world.letter())
        let digest = "sha-256=:\(Base64.encode(SHA256.hash(letter).bytes)):"
        for bad: Fields in [
            ["Content-Type": "application/xml", "Upload-Complete": "yes"],
            ["Content-Type": "application/xml", "Upload-Length": "-1"],
            ["Content-Type": "application/xml", "Repr-Digest": "md5=:AA==:"],
        ] {
            #expect(try sender.send("POST", "/v1/uploads", fields: bad).head.status == 400)
        }
        let fields: Fields = [
            "Content-Type": "application/xml", "Upload-Complete": "?0", "Upload-Length": "\(letter.count)",
            "Repr-Digest": digest,
        ]
        let first = try sender.send("POST", "/v1/uploads", fields: fields)
        let location = try #require(first.head.fields["Location"])
        let half = letter.count / 2
        func append(_ bytes: [UInt8], at offset: Int, completes: Bool) throws -> BlockingClient.Answer {
            try sender.send(
                "PATCH", location,
                fields: [
                    "Content-Type": "application/partial-upload", "Upload-Offset": "\(offset)",
                    "Upload-Complete": completes ? "?1" : "?0",
                ], body: .bytes(bytes))
        }
        #expect(try append(Array(letter[..<half]), at: 0, completes: false).head.status == 204)
        let again = try sender.send("POST", "/v1/uploads", fields: fields)
        #expect(again.head.status == 201 && again.head.fields["Location"] == location)
        #expect(again.head.fields["Upload-Offset"] == "\(half)")
        let whole = try append(Array(letter[half...]), at: half, completes: true)
        #expect(whole.head.status == 201)
        // Finished, it has no descriptor any more.
        let daemon = try #require(world.daemon?.identifier)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon)/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(daemon)/fd/\($0)")
        }
        #expect(open.count > 10 && !open.contains { $0.contains("/uploads/") })
        // All of it once more, in the request that opens it.
        var complete = fields
        complete.set("Upload-Complete", "?1")
        let replay = try sender.send("POST", "/v1/uploads", fields: complete, body: .bytes(letter))
        #expect(replay.head.status == 200 && replay.bytes == whole.bytes)
    }

    @Test func `is not open without bounds to readers of the log`() throws {
        let world = try World(settings: "limits: { agencyRequestsPerSecondMax: 2 },")
        try world.start()
        let auditor = try world.client("auditor")
        var statuses: Set<Int> = []
        for _ in 0..<60 { statuses.insert(try auditor.get("/log/checkpoint").status) }
        #expect(statuses == [200, 429])
        // A verb says so with the exit code of its own, whichever it is.
        let refused = try world.run(["overdue"], as: World.sender)
        #expect(refused.code == 0, "\(refused.errors)")
        let sender = try world.client(World.sender)
        for _ in 0..<60 where try sender.get("/v1/outbox").status == 200 {}
        for verb in [["overdue"], ["outbox"], ["agencies"], ["trail", "x"]] {
            let result = try world.run(verb, as: World.sender)
            #expect(result.code == 75 || result.code == 0 || result.code == 1)
            #expect(!result.errors.contains("HubRefusal"), "\(result.errors)")
        }
        let missing = try world.run(["trail", "x", "--json"], as: "operator")
        #expect(missing.code == 1 && missing.errors.contains("trục từ chối (404, not_found)"))
        #expect(missing.json?["code"]?.string == "not_found")
    }

    @Test func `is closed for a while where no descriptor is left, and nothing is lost`() throws {
        let world = try World()
        try world.start()
        let sender = try world.client(World.sender)
        let noise = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let small = try world.bytes(try world.letter())
        let large = try world.bytes(try world.letter(attachment: Array("%PDF-1.7\n".utf8) + noise))
        // This connection is there before.
        #expect(try sender.get("/v1/outbox").status == 200)
        let daemon = try #require(world.daemon?.identifier)
        func allow(_ number: Int) throws {
            let words = ["--pid", "\(daemon)", "--nofile=\(number):"]
            #expect(try Child("prlimit", words).wait() == 0)
        }
        // Standing below all that is open: nothing more can be opened.
        try allow(3)
        let upload: Fields = ["Content-Type": "application/xml", "Upload-Complete": "?0"]
        let opened = try sender.send("POST", "/v1/uploads", fields: upload)
        #expect(opened.head.status == 503 && opened.head.fields["Retry-After"] != nil)
        let refused = try sender.submit(large)
        #expect(refused.status == 503 && refused.json["code"]?.string == "storage_unavailable")
        #expect(world.daemon?.isRunning == true)
        try allow(1024)
        #expect(try world.client(World.sender).submit(small).status == 201)
        #expect(try world.client(World.sender).submit(large).status == 201)
        #expect(
            try world.client(World.sender).send("POST", "/v1/uploads", fields: upload).head.status == 201)
    }
}
