import Foundation
import JSON
import Testing

@Suite struct `The directory of a running hub` {
    private func key(_ receipt: JSONValue) -> String { receipt["documentKey"]?.string ?? "" }

    @Test func `sends what a merged agency is sent to its successor, and the trail says so`() throws {
        let world = try World()
        try world.start()
        let sender = try world.client(World.sender)
        let before = try sender.submit(try world.bytes(try world.letter(to: ["H31.7"])))
        #expect(before.status == 201)
        #expect(
            try world.run(["agency", "retire", "H31.7", "--successor", "H31.45.2"], as: "operator").code == 0)

        let reply = try sender.submit(try world.bytes(try world.letter(to: ["H31.7", "H31.45.2", "H37.14"])))
        #expect(reply.status == 201)
        let recipients = reply.json["recipients"]?.array?.compactMap(\.string) ?? []
        #expect(Set(recipients) == ["H31.45.2", "H37.14"])
        let trail = try JSONReader.read(try sender.get("/v1/documents/\(key(reply.json))").bytes)
        let merged = trail["deliveries"]?.array?.first { $0["recipient"]?.string == "H31.45.2" }
        #expect(merged?["addressedTo"]?.string == "H31.7")
        #expect(merged?["recipientName"]?.string == "UBND xã nhận (mẫu)")
        let other = trail["deliveries"]?.array?.first { $0["recipient"]?.string == "H37.14" }
        #expect(other != nil && other?["addressedTo"] == nil)

        // Nobody follows the successor: its letters have nowhere to go.
        #expect(try world.run(["agency", "retire", "H31.45.2"], as: "operator").code == 0)
        let refused = try sender.submit(try world.bytes(try world.letter(to: ["H31.7"])))
        #expect(refused.status == 422 && refused.json["code"]?.string == "recipient_not_active")
    }

    @Test func `lets an agency send for another by a right that it has`() throws {
        let world = try World()
        try world.start()
        // H37.14 seals and sends for H37.12.
        let path = try world.letter(from: "H37.12", to: ["H31.7"], signer: "H37.14")
        let acting = try world.client("H37.14")
        let letter = try world.bytes(path)
        #expect(try acting.submit(letter).json["code"]?.string == "not_your_agency")
        let granted = try world.run(
            [
                "agency", "add", "H37.14", "Sở Tài chính (mẫu)", "--transport", world.path("H37.14.tls.pem"),
                "--signing", world.path("H37.14.sign.pem"), "--acts-for", "H37.12=2999-01-01",
            ], as: "operator")
        try #require(granted.code == 0, "\(granted.errors)")
        let reply = try acting.submit(letter)
        #expect(reply.status == 201 && reply.json["sender"]?.string == "H37.12")
        for viewer in ["H37.12", "H37.14"] {
            let answer = try world.client(viewer).get("/v1/documents/\(key(reply.json))")
            #expect(answer.status == 200)
            #expect(try JSONReader.read(answer.bytes)["sentBy"]?.string == "H37.14")
        }
        let ended = try world.run(
            [
                "agency", "add", "H37.14", "Sở Tài chính (mẫu)", "--transport", world.path("H37.14.tls.pem"),
                "--signing", world.path("H37.14.sign.pem"), "--acts-for", "H37.12=2020-01-01",
            ], as: "operator")
        #expect(ended.code == 0)
        let late = try world.letter(from: "H37.12", to: ["H31.7"], signer: "H37.14")
        #expect(try acting.submit(try world.bytes(late)).json["code"]?.string == "not_your_agency")
    }

    @Test func `is imported from a spreadsheet, after a look at what would change`() throws {
        let world = try World()
        try world.start()
        let csv = world.path("danh-ba.csv")
        try """
        code,name,parent,level
        H31.7,Sở Nội vụ đổi tên,H31,2
        H37.12,Sở Khoa học và Công nghệ (mẫu),H37,2
        H99.1,"Sở mới, tỉnh mới",H99,2
        """.write(toFile: csv, atomically: true, encoding: .utf8)
        let look = try world.run(["agency", "import", csv, "--dry-run", "--json"], as: "operator")
        #expect(look.code == 0 && look.json?["dryRun"]?.boolean == true)
        #expect(look.json?["added"]?.integer == 1)
        let client = try world.client(World.sender)
        #expect(try client.get("/v1/agencies/H99.1").status == 404)

        let done = try world.run(["agency", "import", csv, "--former-codes", "--json"], as: "operator")
        #expect(done.code == 0 && done.json?["added"]?.integer == 1 && done.json?["dryRun"]?.boolean == false)
        let added = try JSONReader.read(try client.get("/v1/agencies/000.00.01.H99").bytes)
        #expect(added["code"]?.string == "H99.1" && added["name"]?.string == "Sở mới, tỉnh mới")
        let found = try JSONReader.read(try client.get("/v1/agencies?q=so%20moi%20tinh").bytes)
        #expect(found["agencies"]?.array?.first?["code"]?.string == "H99.1")
        // Certificates stay with whom the spreadsheet names: both still get in.
        #expect(try world.client("H31.7").get("/v1/inbox").status == 200)
        let again = try world.run(["agency", "import", csv, "--former-codes", "--json"], as: "operator")
        #expect(again.json?["changes"]?.array?.isEmpty == true)
        #expect(try world.run(["agency", "import", csv], as: "H37.12").code == 1)
    }
}
