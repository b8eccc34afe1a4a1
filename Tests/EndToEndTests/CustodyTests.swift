import Exchange
import Foundation
import HTTP
import JSON
import Testing
import Transport

@Suite struct `What an operator does with letters that lie in the hub` {
    private func bury(_ world: World, _ agency: String) throws {
        let client = try world.client(agency)
        let delivery = try #require(
            try JSONReader.read(try client.get("/v1/inbox?wait=30").bytes)["deliveries"]?.array?.first)
        let (id, lease) = (delivery["deliveryId"]?.string ?? "", delivery["lease"]?.string ?? "")
        let reply = try client.post(
            "/v1/deliveries/\(id)/release", #"{"lease":"\#(lease)","reason":"lỗi đọc"}"#)
        #expect(reply.json["state"]?.string == "dead")
    }

    private func trail(_ world: World, _ key: String) throws -> JSONValue {
        try JSONReader.read(try world.client(World.sender).get("/v1/documents/\(key)").bytes)
    }

    @Test func `exported whole, returned to the sender, purged when its time is over, and still proved`()
        throws
    {
        let world = try World(
            settings: """
                leases: { attemptsMax: 1 },
                retention: { intervalSeconds: 1, rules: [{ kind: "letter", type: "cong van", days: 0 }] },
                """)
        try world.start()
        let recipient = World.recipients[0]
        let letter = try world.bytes(try world.letter(to: [recipient]))
        let sender = try world.client(World.sender)
        let receipt = try sender.submit(letter)
        let key = try #require(receipt.json["documentKey"]?.string)
        try bury(world, recipient)
        let listed = try #require(try world.run(["dead-letters", "--json"], as: "operator").json)
        let dead = try #require(listed["deliveries"]?.array?.first)
        #expect(dead["reason"]?.string == "lỗi đọc" && dead["exportedAt"] == nil)
        let id = try #require(dead["deliveryId"]?.string)

        // Returned: the sender's software finds a status 02 from the recipient, written by the hub.
        let giveBack = ["dead-letters", "return", id, "--reason", "Nơi nhận <không> có phần mềm & máy"]
        #expect(try sender.post("/v1/dead-letters/\(id)/return", #"{"reason":"x"}"#).status == 403)
        #expect(try world.run(giveBack, as: "operator").code == 0)
        #expect(try world.run(giveBack, as: "operator").code == 0)
        let told = try #require(
            try JSONReader.read(try sender.get("/v1/inbox?wait=30").bytes)["deliveries"]?.array)
        #expect(told.count == 1 && told.first?["kind"]?.string == "status")
        let statuses = try trail(world, key)["statuses"]?.array ?? []
        #expect(statuses.map { $0["code"]?.string } == ["02"])
        #expect(statuses.first?["agency"]?.string == recipient)
        #expect(statuses.first?["description"]?.string?.contains("<không> có phần mềm & máy") == true)
        #expect(try world.run(["dead-letters", "requeue", id], as: "operator").code == 1)

        // Exported: byte for byte, and only then may retention have it.
        #expect(try sender.get("/v1/documents/\(key)/content").status == 200)
        let folder = world.path("kept")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let exported = try world.run(["dead-letters", "export", id, "--dir", folder], as: "operator")
        #expect(exported.code == 0, "\(exported.errors)")
        let tar = "\(folder)/dead-letter-\(id).tar"
        let unpack = try Child("tar", ["-x", "-f", tar, "-C", folder])
        #expect(unpack.wait() == 0)
        #expect(try world.bytes("\(folder)/letter.edxml") == letter)
        let described = try JSONReader.read(try world.bytes("\(folder)/delivery.json"))
        #expect(described["documentKey"]?.string == key && described["recipient"]?.string == recipient)

        try world.waitForLog("letters_purged", more: 1)
        let gone = try sender.get("/v1/documents/\(key)/content")
        #expect(gone.status == 410)
        #expect(try JSONReader.read(gone.bytes)["code"]?.string == "payload_purged")
        #expect(try world.client("operator").get("/v1/dead-letters/\(id)/export").status == 410)
        let again = try sender.submit(letter)
        #expect(again.status == 200 && again.bytes == receipt.bytes)
        #expect(try sender.get("/v1/documents/\(key)/receipt").status == 200)
        #expect(world.stop() == 0)
    }

    @Test func `held back from retention until the hold is lifted`() throws {
        let world = try World(
            settings:
                "retention: { intervalSeconds: 1, rules: [{ days: null, kind: \"status\" }, { days: 0 }] },")
        try world.start()
        let sender = try world.client(World.sender)
        let recipient = World.recipients[0]
        var keys: [String] = []
        for _ in 0..<2 {
            let taken = try sender.submit(try world.bytes(try world.letter(to: [recipient])))
            keys.append(try #require(taken.json["documentKey"]?.string))
        }
        let hold = ["legal-hold", "set", keys[0], "--reason", "thanh tra"]
        #expect(try world.run(hold, as: World.sender).code == 1)
        #expect(try world.run(hold, as: "operator").code == 0)
        let listed = try world.run(["legal-hold", "list", "--json"], as: "operator")
        #expect(listed.json?["holds"]?.array?.compactMap { $0["documentKey"]?.string } == [keys[0]])
        let client = try world.client(recipient)
        let deliveries = try JSONReader.read(try client.get("/v1/inbox?wait=30").bytes)["deliveries"]?.array
        for delivery in deliveries ?? [] {
            let (id, lease) = (delivery["deliveryId"]?.string ?? "", delivery["lease"]?.string ?? "")
            #expect(
                try client.post("/v1/deliveries/\(id)/acknowledge", #"{"lease":"\#(lease)"}"#).status == 200)
        }
        try world.waitForLog("letters_purged", more: 1)
        #expect(try client.get("/v1/documents/\(keys[0])/content").status == 200)
        #expect(try client.get("/v1/documents/\(keys[1])/content").status == 410)
        let lift = ["legal-hold", "lift", keys[0], "--reason", "xong"]
        #expect(try world.run(lift, as: "operator").code == 0)
        try world.waitForLog("letters_purged", more: 1)
        #expect(try client.get("/v1/documents/\(keys[0])/content").status == 410)
    }
}
