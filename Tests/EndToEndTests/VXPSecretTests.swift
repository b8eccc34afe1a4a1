import Foundation
import JSON
import Testing

@Suite struct `Secrets of offices over VXP` {
    private let pdf = Array("%PDF-1.7\n% mẫu\n%%EOF\n".utf8)

    @Test func `overlap, end, and survive a restart; the log has their names`() throws {
        let world = try World()
        try world.start()
        let office = try VXPOffice(world, "H37.12")
        let newer = try VXPOffice(world, "H37.12")
        #expect(office.secret != newer.secret)
        #expect(try office.call("countReceiveEdoc").isOK && newer.call("countReceiveEdoc").isOK)
        let listed = try world.run(["agency", "vxp-secret", "H37.12", "--list", "--json"], as: "operator")
        #expect(!String(decoding: listed.output, as: UTF8.self).contains(office.secret))
        let names = listed.json?["secrets"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(names.count == 2)
        #expect(
            try world.run(["agency", "vxp-secret", "H37.12", "--revoke", names[0]], as: "operator").code == 0)
        #expect(try office.call("countReceiveEdoc").code == "15")
        #expect(try newer.call("countReceiveEdoc").isOK)
        #expect(
            try world.run(["agency", "vxp-secret", "H37.12", "--revoke", names[0]], as: "operator").code == 1)

        // One that the office has already, from another axis.
        let file = try world.write("bi-mat-cu-cua-don-vi \n", to: "old.secret")
        #expect(try world.run(["agency", "vxp-secret", "H37.12", "--from", file], as: "operator").code == 0)
        #expect(try newer.call("countReceiveEdoc", secret: "bi-mat-cu-cua-don-vi").isOK)

        // Only an operator gives them.
        #expect(try world.run(["agency", "vxp-secret", "H37.14"], as: "H37.12").code == 1)
        #expect(try world.run(["agency", "vxp-secret", "H99"], as: "operator").code == 1)

        #expect(world.stop() == 0)
        // Neither the database nor its journal shows one.
        for name in try FileManager.default.contentsOfDirectory(atPath: world.path("data")) {
            guard let bytes = FileManager.default.contents(atPath: world.path("data/" + name)) else {
                continue
            }
            #expect(bytes.range(of: Data(newer.secret.utf8)) == nil, "\(name)")
        }
        let mode = try FileManager.default.attributesOfItem(atPath: world.path("vxp.key"))[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)
        try world.start()
        #expect(try newer.call("countReceiveEdoc").isOK)
        #expect(try world.run(["audit", "mirror", world.path("mirror")], as: "auditor").code == 0)
        let vkey = try Program.lienthong(["log", "vkey", "--config", world.path("hub.json5"), "--json"])
        let report = try Program.lienthong([
            "audit", "verify", world.path("mirror"), "--key", vkey.json?["vkey"]?.string ?? "", "--json",
        ])
        #expect(report.code == 0, "\(report.errors)")
        #expect(world.stop() == 0)
        // Another key opens nothing; the agency needs a new secret, and the old ones can be revoked.
        try String(repeating: "ab", count: 32).write(
            toFile: world.path("vxp.key"), atomically: true, encoding: .utf8)
        try world.start()
        #expect(try newer.call("countReceiveEdoc").code == "15")
        let log = try String(contentsOfFile: world.path("lienthongd.log"), encoding: .utf8)
        #expect(log.contains("vxp_secrets_unreadable"))
        #expect(try VXPOffice(world, "H37.12").call("countReceiveEdoc").isOK)
        #expect(
            try world.run(["agency", "vxp-secret", "H37.12", "--revoke", names[1]], as: "operator").code == 0)
    }

    @Test func `count from the addresses alone that an operator allows`() throws {
        let world = try World()
        try world.start()
        let office = try VXPOffice(world, "H37.12")
        func allow(_ words: String...) throws -> Int32 {
            try world.run(["agency", "vxp-address", "H37.12"] + words, as: "operator").code
        }
        #expect(try allow("--allow", "192.0.2.0/24", "--allow", "2001:db8::/32") == 0)
        let refused = try office.call("countReceiveEdoc")
        #expect(refused.code == "15" && refused.text.contains("127.0.0.1"))
        #expect(try allow("--allow", "192.0.2.0/24", "--allow", "127.0.0.0/8") == 0)
        #expect(try office.call("countReceiveEdoc").isOK)
        #expect(try allow("--allow", "127.0.0.1/8") == 1)
        #expect(try allow("--allow", "192.0.2.1") == 0)
        #expect(try office.call("countReceiveEdoc").code == "15")
        #expect(try allow("--any") == 0)
        #expect(try office.call("countReceiveEdoc").isOK)
    }

    @Test func `end with the agency, and its requests have a rate`() throws {
        let world = try World(settings: "limits: { agencyRequestsPerSecondMax: 1 },")
        try world.start()
        let office = try VXPOffice(world, "H37.12")
        let answers = try office.resend(40, "getReceivedEdocList", "messagetype=edoc")
        #expect(answers.contains { $0.code == "21" && $0.text.contains("qua nhieu yeu cau") })
        #expect(try world.run(["agency", "retire", "H37.12"], as: "operator").code == 0)
        #expect(try office.call("countReceiveEdoc").code == "19")
    }

    @Test func `of senders who sign PDFs alone: enforce wants one by a registered certificate`() throws {
        let world = try World()
        try world.start()
        let office = try VXPOffice(world, "H37.12")
        func send(_ number: String, _ pdf: String) throws -> VXPOffice.Answer {
            let letter = BuiltMessage.letter(
                from: "H37.12", to: ["H31.7"], number: number, pdf: try world.bytes(pdf))
            return try office.send(try world.write(letter, to: "\(number).edxml"))
        }
        func sign(_ name: String, by signer: String) throws -> String {
            try world.sign(world.path("plain.pdf"), with: signer, to: world.path(name))
            return world.path(name)
        }
        try Data(Self.plainPDF).write(to: URL(fileURLWithPath: world.path("plain.pdf")))
        let unsigned = try send("1", world.path("plain.pdf"))
        #expect(unsigned.code == "22" && unsigned.text.contains("chua co chu ky"))
        let signed = try send("2", try sign("good.pdf", by: "H37.12"))
        #expect(signed.isOK, "\(signed.text)")
        let other = try send("3", try sign("other.pdf", by: "H31.7"))
        #expect(
            other.code == "22" && other.text.contains("chua duoc dang ky")
                || other.text.contains("da dang ky"), "\(other.text)")
        let revoked = try send("4", try sign("revoked.pdf", by: "revoked"))
        #expect(revoked.code == "22" && !revoked.isOK)
        var broken = try world.bytes(world.path("good.pdf"))
        let place = try #require(broken.firstIndex(of: UInt8(ascii: "V")))
        broken[place] = UInt8(ascii: "W")
        try Data(broken).write(to: URL(fileURLWithPath: world.path("broken.pdf")))
        #expect(try send("5", world.path("broken.pdf")).code == "22")
        #expect(try office.call("getSentEdocList").data.count == 1)
        // Over the native face a letter has to be signed itself, as ever.
        let client = try world.client("H37.12")
        let letter = BuiltMessage.letter(
            from: "H37.12", to: ["H31.7"], number: "6", pdf: try world.bytes(world.path("good.pdf")))
        #expect(try client.submit(Array(letter.utf8)).json["code"]?.string == "signature_missing")
    }

    private static let plainPDF: [UInt8] = {
        let text = "BT /F1 12 Tf 72 760 Td (VB) Tj ET"
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            "<< /Length \(text.utf8.count) >>\nstream\n\(text)\nendstream",
        ]
        var bytes = Array("%PDF-1.7\n".utf8)
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(bytes.count)
            bytes += Array("\(index + 1) 0 obj\n\(object)\nendobj\n".utf8)
        }
        let start = bytes.count
        bytes += Array("xref\n0 5\n0000000000 65535 f \n".utf8)
        for offset in offsets { bytes += Array(String(format: "%010d 00000 n \n", offset).utf8) }
        bytes += Array("trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n\(start)\n%%EOF\n".utf8)
        return bytes
    }()
}
