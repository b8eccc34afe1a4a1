import Foundation
import JSON
import Testing

@Suite struct `A conversation over VXP` {
    private let pdf = Array("%PDF-1.7\n% mẫu\n%%EOF\n".utf8)

    @Test func `goes to and fro with an office of the native face, and every receipt verifies`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.12")
        let native = try world.client("H31.7")
        let letter = BuiltMessage.letter(from: "H37.12", to: ["H31.7"], number: "482", pdf: pdf)
        let sent = try world.write(letter, to: "built.edxml")

        // A reply was lost: the JVM and then a person send it again.
        let answers = try office.resend(
            2, "sendEdoc", "from=H37.12", "servicetype=eDoc", "messagetype=edoc", "--file", sent)
        #expect(answers.count == 2 && answers.allSatisfy(\.isOK))
        let docId = answers[0].docId
        #expect(UUID(uuidString: docId) != nil && answers[1].docId == docId)
        #expect(try office.send(sent).docId == docId)

        // The native office has one letter, byte for byte, and acknowledges it.
        let inbox = try JSONReader.read(try native.get("/v1/inbox?wait=5").bytes)["deliveries"]?.array ?? []
        #expect(inbox.count == 1)
        let key = try #require(inbox.first?["documentKey"]?.string)
        #expect(try native.get("/v1/documents/\(key)/content").bytes == Array(letter.utf8))
        let (delivery, lease) = (inbox[0]["deliveryId"]?.string ?? "", inbox[0]["lease"]?.string ?? "")
        #expect(
            try native.post("/v1/deliveries/\(delivery)/acknowledge", "{\"lease\":\"\(lease)\"}").status
                == 200)
        #expect(try world.proves(key, of: "H37.12", is: sent))
        let seen = try office.call("getSentEdocList", "docId=\(docId)").data
        #expect(seen.count == 1 && seen[0]["receiveStatus"]?.string == "done")
        #expect(seen[0]["senderDocId"]?.string == docId && seen[0]["toCode"]?.string == "H31.7")

        // Its status comes back as a status message.
        #expect(try world.run(["status", key, "03", "--from", "H31.7"], as: "H31.7").code == 0)
        #expect(try office.waiting("edoc").isEmpty)
        let statuses = try office.waiting("status")
        #expect(statuses.count == 1 && statuses[0]["messageType"]?.string == "status")
        #expect(statuses[0]["from"]?.string == "H31.7" && statuses[0]["to"]?.string == "H37.12")
        #expect(try office.call("countReceiveStatus").reply["count"]?.integer == 1)
        let statusID = statuses[0]["docId"]?.string ?? ""
        let status = try #require(try office.call("getEdoc", "docId=\(statusID)", "filePath=/var/in").file)
        #expect(String(decoding: status, as: UTF8.self).contains("<edXML:StatusCode>03</edXML:StatusCode>"))
        #expect(try office.call("updateStatus", "status=done", "docid=\(statusID)").isOK)
        #expect(try office.waiting("status").isEmpty)
        #expect(
            try office.call("getSentEdocList").data[0]["receiveStatusDesc"]?.string
                == "03 Da tiep nhan, vao so")
        #expect(world.stop() == 0)
    }

    @Test func `receives from the native face without taking anything away by looking`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.14")
        let sender = try world.client(World.sender)
        var letters: [[UInt8]] = []
        var keys: [String] = []
        for _ in 0..<2 {
            letters.append(try world.bytes(try world.letter(to: ["H37.14"])))
            keys.append(
                try #require(try sender.submit(letters[letters.count - 1]).json["documentKey"]?.string))
        }
        let list = try office.waiting()
        #expect(list.count == 2 && list.allSatisfy { $0["status"]?.string == "initial" })
        let ids = list.compactMap { $0["docId"]?.string }
        for (id, letter) in zip(ids, letters) {
            #expect(try office.call("getEdoc", "docId=\(id)").file == letter)
            #expect(try office.download(id) == (200, letter))
        }
        #expect(try office.waiting().count == 2)
        #expect(try office.call("countReceiveEdoc").reply["count"]?.integer == 2)

        // One at a time: the other one stays.
        #expect(try office.call("updateStatus", "status=processing", "docId=\(ids[0])").isOK)
        #expect(try office.waiting().compactMap { $0["status"]?.string } == ["processing", "initial"])
        for _ in 0..<2 { #expect(try office.call("updateStatus", "status=done", "docid=\(ids[0])").isOK) }
        #expect(try office.waiting().compactMap { $0["docId"]?.string } == [ids[1]])
        #expect(
            try office.call("updateStatus", "status=fail", "docid=\(ids[1])", "description=tep hong").isOK)
        #expect(try office.waiting().isEmpty)
        // Again what is settled otherwise: told so, and nothing changes.
        #expect(try office.call("updateStatus", "status=fail", "docid=\(ids[0])").code == "10")

        let trails = try keys.map { try JSONReader.read(try sender.get("/v1/documents/\($0)").bytes) }
        let states = trails.map { $0["deliveries"]?.array?.first?["state"]?.string }
        #expect(states == ["delivered", "dead"])
        // The operator sees the one that failed and why, and puts it back.
        let dead =
            try world.run(["dead-letters", "--json"], as: "operator").json?["deliveries"]?.array ?? []
        #expect(dead.count == 1 && dead[0]["reason"]?.string == "tep hong")
        let number = dead.first?["deliveryId"]?.string ?? ""
        #expect(try world.run(["dead-letters", "requeue", number], as: "operator").code == 0)
        #expect(try office.waiting().compactMap { $0["docId"]?.string } == [ids[1]])

        // And its own status goes the other way.
        let documentID = trails[0]["documentId"]?.string ?? ""
        let status = BuiltMessage.status(
            "03", from: "H37.14", to: World.sender, documentID: documentID, number: "1/TEST")
        let answer = try office.send(try world.write(status, to: "status.edxml"), type: "status")
        #expect(answer.isOK && UUID(uuidString: answer.docId) != nil, "\(answer.text)")
        let trail = try JSONReader.read(try sender.get("/v1/documents/\(keys[0])").bytes)
        #expect(trail["statuses"]?.array?.compactMap { $0["code"]?.string } == ["03"])
        let inbox = try JSONReader.read(try sender.get("/v1/inbox?wait=5").bytes)["deliveries"]?.array ?? []
        #expect(inbox.first?["kind"]?.string == "status")
        let key = inbox.first?["documentKey"]?.string ?? ""
        #expect(try sender.get("/v1/documents/\(key)/content").bytes == Array(status.utf8))
        #expect(world.stop() == 0)
    }

    @Test func `goes between two such offices, one of them under its older code`() throws {
        let world = try World.withPolicy("off")
        let (first, second) = (
            try VXPOffice(world, "H37.12"), try VXPOffice(world, "H37.14", as: "000.00.14.H37")
        )
        // The letter names the older code too.
        let letter = BuiltMessage.letter(
            from: "000.00.12.H37", to: ["000.00.14.H37"], number: "7", pdf: pdf)
        let sent = try first.send(try world.write(letter, to: "old.edxml"))
        #expect(sent.isOK, "\(sent.text)")
        let list = try second.waiting()
        #expect(list.count == 1 && list[0]["to"]?.string == "000.00.14.H37")
        let id = list.first?["docId"]?.string ?? ""
        #expect(id != sent.docId)
        #expect(try second.call("getEdoc", "docId=\(id)").file == Array(letter.utf8))
        // Neither may fetch by the other's id.
        #expect(try first.call("getEdoc", "docId=\(id)").code == "10")
        #expect(try second.call("getEdoc", "docId=\(sent.docId)").code == "10")
        #expect(try first.call("updateStatus", "status=done", "docid=\(id)").code == "10")
        #expect(try second.waiting().count == 1)
        // Across a restart the identifiers are the same.
        #expect(world.stop() == 0)
        try world.start()
        #expect(try second.waiting().compactMap { $0["docId"]?.string } == [id])
        #expect(try first.call("getSentEdocList").data.first?["senderDocId"]?.string == sent.docId)
    }

    @Test func `lists the directory in its three forms`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.12")
        let plain = try office.call("getAgenciesList").data
        #expect(plain.count == 4)
        let own = plain.first { $0["code"]?.string == "H37.12" }
        #expect(own?["name"]?.string == "Sở Khoa học và Công nghệ (mẫu)")
        #expect(own?["pid"]?.string == "H37" && own?["oldCode"]?.string == "000.00.12.H37")
        let newer = try office.call("getAgenciesListQD20", "level=1").data
        #expect(newer.contains { $0["code102"]?.string == "000.00.12.H37" })
        #expect(try world.run(["agency", "retire", "H31.45.2"], as: "operator").code == 0)
        let units = try office.call("getSynchronizeUnit").data
        #expect(units.first { $0["code"]?.string == "H31.45.2" }?["deleted"]?.boolean == true)
        #expect(units.allSatisfy { $0["version"]?.integer != nil && $0["isAgency"]?.boolean == true })
        #expect(try office.call("getAgenciesList").data.count == 3)
        for operation in ["registerAgency", "deleteAgency"] {
            let answer = try office.call(operation, "AgencyCode=H31.7", "--body", #"{"code":"X"}"#)
            #expect(answer.code == "20" && answer.text.contains("lien he quan tri"))
        }
        #expect(try office.call("getAgenciesList").data.count == 3)
    }
}
