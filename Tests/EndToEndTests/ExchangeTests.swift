import Exchange
import Foundation
import HTTP
import JSON
import Testing
import Transport

@Suite struct `A hub end to end` {
    @Test func `takes a letter, routes it, and proves it`() throws {
        let world = try World()
        try world.start()
        let letter = try world.bytes(try world.letter())
        let sender = try world.client(World.sender)

        let first = try sender.submit(letter)
        #expect(first.status == 201)
        let again = try sender.submit(letter)
        #expect(again.status == 200)
        #expect(again.bytes == first.bytes)
        let key = try #require(first.json["documentKey"]?.string)

        for recipient in World.recipients {
            let client = try world.client(recipient)
            // HEAD shows no tokens, so it must take no leases.
            #expect(try client.send("HEAD", "/v1/inbox").head.status == 405)
            let inbox = try JSONReader.read(try client.get("/v1/inbox?wait=5&limit=10&lease=60").bytes)
            let delivery = try #require(inbox["deliveries"]?.array?.first)
            #expect(inbox["deliveries"]?.array?.count == 1)
            #expect(delivery["documentKey"]?.string == key)
            let content = try client.get("/v1/documents/\(key)/content")
            #expect(content.bytes == letter)
            #expect(content.head.fields["ETag"] == "\"\(delivery["sha256"]?.string ?? "")\"")
            let identifier = try #require(delivery["deliveryId"]?.string)
            let lease = try #require(delivery["lease"]?.string)
            let stale = try client.post(
                "/v1/deliveries/\(identifier)/acknowledge",
                "{\"lease\":\"\(String(repeating: "0", count: 32))\"}")
            #expect(stale.status == 409)
            let settled = try client.post(
                "/v1/deliveries/\(identifier)/acknowledge", "{\"lease\":\"\(lease)\"}")
            #expect(settled.status == 200)
            let repeated = try client.post(
                "/v1/deliveries/\(identifier)/acknowledge", "{\"lease\":\"\(lease)\"}")
            #expect(repeated.status == 200)
            let empty = try JSONReader.read(try client.get("/v1/inbox").bytes)
            #expect(empty["deliveries"]?.array?.isEmpty == true)
        }
        let trail = try JSONReader.read(try sender.get("/v1/documents/\(key)").bytes)
        #expect(trail["verdict"]?["indication"]?.string == "TOTAL-PASSED")
        #expect(trail["deliveries"]?.array?.allSatisfy { $0["state"]?.string == "delivered" } == true)
        #expect(world.stop() == 0)
    }

    @Test func `serves ranges, conditions and HEAD on content`() throws {
        let world = try World()
        try world.start()
        let letter = try world.bytes(try world.letter())
        let sender = try world.client(World.sender)
        let key = try #require(try sender.submit(letter).json["documentKey"]?.string)
        let path = "/v1/documents/\(key)/content"
        let part = try sender.get(path, fields: ["Range": "bytes=10-19"])
        #expect(part.status == 206)
        #expect(part.bytes == Array(letter[10...19]))
        #expect(part.head.fields["Content-Range"] == "bytes 10-19/\(letter.count)")
        #expect(try sender.get(path, fields: ["Range": "bytes=\(letter.count)-"]).status == 416)
        let tag = try #require(part.head.fields["ETag"])
        #expect(try sender.get(path, fields: ["If-None-Match": tag]).status == 304)
        let head = try sender.send("HEAD", path, fields: [:], body: .none)
        #expect(head.head.status == 200)
        #expect(head.bytes.isEmpty)
        #expect(head.head.fields["Content-Length"] == String(letter.count))
    }

    @Test func `shows a caller only what concerns it`() throws {
        let world = try World()
        try world.start()
        let letter = try world.bytes(try world.letter(to: ["H31.7"]))
        let sender = try world.client(World.sender)
        let key = try #require(try sender.submit(letter).json["documentKey"]?.string)
        let stranger = try world.client("H37.14")
        #expect(try stranger.get("/v1/documents/\(key)").status == 404)
        #expect(try stranger.get("/v1/documents/\(key)/content").status == 404)
        #expect(try stranger.get("/v1/documents/\(key)/receipt").status == 404)
        let auditor = try world.client("auditor")
        #expect(try auditor.get("/v1/documents/\(key)").status == 200)
        #expect(try auditor.get("/v1/documents/\(key)/content").status == 403)
        #expect(try auditor.get("/v1/inbox").status == 403)
        #expect(try auditor.submit(letter).status == 403)
        let recipient = try world.client("H31.7")
        #expect(try recipient.submit(letter).json["code"]?.string == "not_your_agency")
    }

    @Test func `wakes a long poll when a letter comes`() throws {
        let world = try World()
        try world.start()
        let letter = try world.bytes(try world.letter(to: ["H31.7"]))
        let sender = try world.client(World.sender)
        let answered = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var count: Int?
        nonisolated(unsafe) let shared = world
        let thread = Thread {
            let inbox = try? JSONReader.read(try shared.client("H31.7").get("/v1/inbox?wait=60").bytes)
            count = inbox?["deliveries"]?.array?.count
            answered.signal()
        }
        thread.start()
        #expect(try sender.submit(letter).status == 201)
        #expect(answered.wait(timeout: .now() + 50) == .success)
        #expect(count == 1)
    }

    @Test func `routes statuses back and shows them in the trail`() throws {
        let world = try World()
        try world.start()
        let letter = try world.bytes(try world.letter(to: ["H31.7"]))
        let key = try #require(try world.client(World.sender).submit(letter).json["documentKey"]?.string)
        for (step, code) in ["03", "05", "05", "01", "06"].enumerated() {
            // Two alike within one second would be one message, sent again.
            let words = ["status", key, code, "--from", "H31.7", "--reason", "bước \(step)"]
            let result = try world.run(words, as: "H31.7")
            #expect(result.code == 0, "\(result.errors)")
        }
        let stranger = try world.run(["status", key, "03", "--from", "H37.14"], as: "H37.14")
        #expect(stranger.code == 1)
        let trail = try #require(try world.run(["trail", key, "--json"], as: World.sender).json)
        let codes = trail["statuses"]?.array?.compactMap { $0["code"]?.string }
        #expect(codes == ["03", "05", "05", "01", "06"])
        let received = try world.run(["receive", "--dir", world.path("in"), "--json"], as: World.sender)
        #expect(received.json?["received"]?.array?.count == 5)
    }

    @Test func `gives a delivery back after release and dead-letters it in the end`() throws {
        let world = try World(settings: "leases: { attemptsMax: 2 },")
        try world.start()
        let letter = try world.bytes(try world.letter(to: ["H31.7"]))
        _ = try world.client(World.sender).submit(letter)
        let recipient = try world.client("H31.7")
        for attempt in 1...2 {
            let inbox = try JSONReader.read(try recipient.get("/v1/inbox?lease=60").bytes)
            let delivery = try #require(inbox["deliveries"]?.array?.first)
            #expect(delivery["attempt"]?.integer == Int64(attempt))
            let identifier = try #require(delivery["deliveryId"]?.string)
            let lease = try #require(delivery["lease"]?.string)
            let body = "{\"lease\":\"\(lease)\",\"reason\":\"máy in hỏng\"}"
            let released = try recipient.post("/v1/deliveries/\(identifier)/release", body)
            #expect(released.json["state"]?.string == (attempt == 2 ? "dead" : "queued"))
        }
        let dead = try #require(try world.run(["dead-letters", "--json"], as: "operator").json)
        #expect(dead["deliveries"]?.array?.count == 1)
        #expect(try recipient.get("/v1/dead-letters").status == 403)

        // The operator puts it back; its attempts begin anew, and the trail has the entry.
        let identifier = try #require(dead["deliveries"]?.array?.first?["deliveryId"]?.string)
        #expect(try recipient.post("/v1/dead-letters/\(identifier)/requeue", "{}").status == 403)
        let requeue = ["dead-letters", "requeue", identifier]
        #expect(try world.run(requeue, as: "operator").code == 0)
        let again = try JSONReader.read(try recipient.get("/v1/inbox?lease=60").bytes)
        #expect(again["deliveries"]?.array?.first?["deliveryId"]?.string == identifier)
        #expect(again["deliveries"]?.array?.first?["attempt"]?.integer == 1)
        let refused = try world.client("operator").post("/v1/dead-letters/\(identifier)/requeue", "{}")
        #expect(refused.status == 409 && refused.json["code"]?.string == "delivery_not_dead")
        #expect(try world.client("operator").post("/v1/dead-letters/999/requeue", "{}").status == 404)
    }

    @Test func `refuses a second daemon on one data directory`() throws {
        let world = try World()
        try world.start()
        let second = try Child(Program.folder + "/lienthongd", ["--config", world.path("hub.json5")])
        #expect(second.wait() == 1)
        #expect(try world.client(World.sender).get("/v1/outbox").status == 200)
    }
}
