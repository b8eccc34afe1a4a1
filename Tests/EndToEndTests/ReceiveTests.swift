import Foundation
import JSON
import Testing

@Suite struct `A recipient that verifies for itself` {
    private func trust(_ world: World) -> [String] {
        [
            "--trust", world.path("root.pem"), "--trust", world.path("agency-ca.pem"), "--crl",
            world.path("crl.pem"),
        ]
    }

    @Test func `takes several, and does not fetch again what is there`() throws {
        let world = try World()
        try world.start()
        let (sender, inbox) = (try world.client(World.sender), world.path("inbox"))
        var keys: [String] = []
        var letters: [[UInt8]] = []
        for _ in 0..<3 {
            letters.append(try world.bytes(try world.letter(to: ["H31.7"])))
            let reply = try sender.submit(letters[letters.count - 1])
            keys.append(try #require(reply.json["documentKey"]?.string))
        }
        // An earlier run was ended before it acknowledged the first; of the second something else is there.
        try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
        let files = keys.map { "\(inbox)/\($0).edxml" }
        try Data(letters[0]).write(to: URL(fileURLWithPath: files[0]))
        try Data(letters[0]).write(to: URL(fileURLWithPath: files[1]))
        func number(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        }
        let before = try files.prefix(2).map(number)
        let taken = try world.run(
            ["receive", "--dir", inbox, "--wait", "1", "--json"] + trust(world), as: "H31.7")
        #expect(taken.code == 0, "\(taken.errors)")
        #expect(taken.json?["received"]?.array?.count == 3)
        #expect(try number(files[0]) == before[0] && number(files[1]) != before[1])
        for (file, letter) in zip(files, letters) { #expect(try world.bytes(file) == letter) }
        let rest = try JSONReader.read(try world.client("H31.7").get("/v1/inbox?peek=1").bytes)
        #expect(rest["deliveries"]?.array?.isEmpty == true)
    }

    @Test func `keeps what passes and gives back what does not`() throws {
        let world = try World()
        try world.start()
        let (sender, inbox) = (try world.client(World.sender), world.path("inbox"))
        let good = try world.letter(to: ["H31.7"])
        #expect(try sender.submit(try world.bytes(good)).status == 201)
        let taken = try world.run(["receive", "--dir", inbox, "--json"] + trust(world), as: "H31.7")
        #expect(taken.code == 0, "\(taken.errors)")
        let received = taken.json?["received"]?.array ?? []
        #expect(received.map { $0["indication"]?.string } == ["TOTAL-PASSED"])

        // A hub that lets its agencies send what it would not pass itself.
        let lax = try world.run(
            [
                "agency", "add", World.sender, "Sở", "--transport", world.path("\(World.sender).tls.pem"),
                "--signing", world.path("\(World.sender).sign.pem"), "--policy", "warn",
            ], as: "operator")
        try #require(lax.code == 0, "\(lax.errors)")
        let other = String(decoding: try world.bytes(try world.letter(to: ["H31.7"])), as: UTF8.self)
        let tampered = try sender.submit(Array(other.replacing("thử nghiệm", with: "sửa đổi").utf8))
        #expect(tampered.status == 201 && tampered.json["indication"]?.string == "TOTAL-FAILED")
        let key = try #require(tampered.json["documentKey"]?.string)
        let refused = try world.run(["receive", "--dir", inbox] + trust(world), as: "H31.7")
        #expect(refused.code == 75 && refused.errors.contains("chữ ký không hợp lệ"))
        #expect(!FileManager.default.fileExists(atPath: "\(inbox)/\(key).edxml"))
        #expect(!FileManager.default.fileExists(atPath: "\(inbox)/\(key).edxml.part"))
        let trail = try JSONReader.read(try sender.get("/v1/documents/\(key)").bytes)
        let delivery = trail["deliveries"]?.array?.first
        #expect(delivery?["state"]?.string == "queued")
        #expect(delivery?["releaseReason"]?.string == "signature failed")
        // Who does not ask is told nothing, and takes it as the hub gives it.
        #expect(try world.run(["receive", "--dir", inbox], as: "H31.7").code == 0)
        #expect(FileManager.default.fileExists(atPath: "\(inbox)/\(key).edxml"))
    }
}
