import Foundation
import JSON
import OpenSSL
import Testing
import Transport

@Suite struct `The log's timestamps` {
    private func begin(isDown: Bool = false, anchors: String = "tsa.root.pem") throws -> (
        World, OwnTimestampAuthority
    ) {
        let world = try World()
        let authority = try OwnTimestampAuthority(in: world.folder, isDown: isDown)
        try world.edit(
            "hub.json5", "directory:",
            "timestamp: { url: \"\(authority.url)\", anchors: [\"\(anchors)\"], "
                + "intervalSeconds: 1 },\ndirectory:"
        )
        try world.start()
        return (world, authority)
    }

    private func state(_ world: World, _ key: String) throws -> JSONValue? {
        try JSONReader.read(try world.client(World.sender).get("/v1/documents/\(key)").bytes)["timestamp"]
    }

    /// Asks until the letter's entry is stamped; a test that waits for ever is ended by its runner.
    private func waitUntilStamped(_ world: World, _ key: String) throws {
        while try state(world, key)?["state"]?.string != "stamped" { usleep(20_000) }
    }

    @Test func `come from a third party, are kept with the checkpoint, and OpenSSL agrees`() throws {
        let (world, authority) = try begin()
        let taken = try world.client(World.sender).submit(try world.bytes(try world.letter()))
        let key = try #require(taken.json["documentKey"]?.string)
        try waitUntilStamped(world, key)
        let size = try #require(try state(world, key)?["treeSize"]?.integer)
        let auditor = try world.client("auditor")
        let token = try auditor.get("/log/timestamp/\(size)")
        #expect(token.status == 200 && token.head.fields["Content-Type"] == "application/timestamp-reply")
        let archive = world.path("evidence.tar")
        #expect(try world.run(["evidence", key, "-o", archive], as: "auditor").code == 0)
        let folder = world.path("unpacked")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #require(try Child("/usr/bin/tar", ["-xf", archive, "-C", folder]).wait() == 0)
        #expect(try world.bytes(folder + "/checkpoint.tsr") == token.bytes)
        #expect(try world.bytes(folder + "/checkpoint.txt") == auditor.get("/log/checkpoint/\(size)").bytes)
        let words = [
            "ts", "-verify", "-token_in", "-in", folder + "/checkpoint.tsr", "-data",
            folder + "/checkpoint.txt", "-CAfile", world.path("tsa.root.pem"),
        ]
        #expect(try Child("/usr/bin/openssl", words).wait() == 0)
        // The proof that the letter's entry was in the stamped tree.
        let vkey = try Program.lienthong(["log", "vkey", "--config", world.path("hub.json5")])
        let receipt = try Program.lienthong([
            "audit", "receipt", folder + "/timestamp.tlog-proof", "--document", world.path("1.edxml"),
            "--key",
            String(decoding: vkey.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines),
        ])
        #expect(receipt.code == 0, "\(receipt.errors)")
        #expect(authority.requests.withLock { $0 } >= 1)
    }

    /// The archive of a letter whose entry is stamped, unpacked; and what to verify it with.
    private func evidence(_ world: World) throws -> (folder: String, trust: [String]) {
        let taken = try world.client(World.sender).submit(try world.bytes(try world.letter()))
        let key = try #require(taken.json["documentKey"]?.string)
        try waitUntilStamped(world, key)
        let archive = world.path("evidence.tar")
        try #require(try world.run(["evidence", key, "-o", archive], as: "auditor").code == 0)
        let folder = world.path("unpacked")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #require(try Child("/usr/bin/tar", ["-xf", archive, "-C", folder]).wait() == 0)
        let made = try Program.lienthong(["log", "vkey", "--config", world.path("hub.json5")])
        let vkey = String(decoding: made.output, as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
        return (folder, ["--trust", world.path("root.pem"), "--key", vkey])
    }

    private func verify(_ world: World, _ folder: String, _ more: [String]) throws -> Program.Result {
        try Program.lienthong(["verify", world.path("1.edxml"), "--evidence", folder, "--json"] + more)
    }

    @Test func `are judged offline, with the evidence of a letter`() throws {
        let (world, _) = try begin()
        let (folder, trust) = try evidence(world)
        let known = try verify(world, folder, trust + ["--trust", world.path("tsa.root.pem")])
        #expect(known.code == 0 && known.json?["evidence"]?["agrees"]?.boolean == true)
        let timestamp = try #require(known.json?["evidence"]?["timestamp"])
        #expect(timestamp["state"]?.string == "TOTAL-PASSED" && timestamp["genTime"]?.string != nil)
        #expect(timestamp["authority"]?.string?.contains("TSA") == true)
        // Of an authority that is not known here it says nothing, for or against.
        let unknown = try verify(world, folder, trust)
        #expect(unknown.code == 0 && unknown.json?["evidence"]?["agrees"]?.boolean == true)
        #expect(unknown.json?["evidence"]?["timestamp"]?["state"]?.string == "INDETERMINATE")
        let text = try Program.lienthong(
            ["verify", world.path("1.edxml"), "--evidence", folder] + trust)
        #expect(String(decoding: text.output, as: UTF8.self).contains("Dấu thời gian trên nhật ký"))
        // With a part of it left out, in the manifest too.
        for name in ["checkpoint.txt", "checkpoint.tsr", "timestamp.tlog-proof"] {
            let copy = try copied(folder)
            try FileManager.default.removeItem(atPath: "\(copy)/\(name)")
            let manifest = try String(contentsOfFile: copy + "/manifest.json", encoding: .utf8)
                .replacingOccurrences(
                    of: ",\\{[^{}]*\"\(name)\"[^{}]*\\}", with: "", options: .regularExpression)
            try manifest.write(toFile: copy + "/manifest.json", atomically: true, encoding: .utf8)
            let result = try verify(world, copy, trust + ["--trust", world.path("tsa.root.pem")])
            let faults = (result.json?["evidence"]?["faults"]?.array ?? []).compactMap(\.string)
            #expect(result.code == 1 && faults.contains { $0.contains("không đủ tệp") }, "\(name): \(faults)")
        }
    }

    private func copied(_ folder: String) throws -> String {
        let copy = folder + "-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        return copy
    }

    @Test func `and all other evidence cannot be changed in one byte, with a manifest made to fit`() throws {
        let (world, _) = try begin()
        let (folder, trust) = try evidence(world)
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            $0.contains(".") && $0 != "manifest.json" && $0 != "README.txt"
        }
        #expect(names.count >= 8, "\(names)")
        for name in names {
            let old = try world.bytes("\(folder)/\(name)")
            for place in [0, old.count / 2, old.count - 1] {
                let copy = try copied(folder)
                defer { try? FileManager.default.removeItem(atPath: copy) }
                var new = old
                new[place] ^= 1
                let (was, becomes) = (SHA256.hash(old).hex, SHA256.hash(new).hex)
                try FileManager.default.removeItem(atPath: "\(copy)/\(name)")
                let renamed = name.replacingOccurrences(of: was, with: becomes)
                try Data(new).write(to: URL(fileURLWithPath: "\(copy)/\(renamed)"))
                let manifest = try String(contentsOfFile: copy + "/manifest.json", encoding: .utf8)
                    .replacingOccurrences(of: was, with: becomes)
                try manifest.write(toFile: copy + "/manifest.json", atomically: true, encoding: .utf8)
                let result = try verify(world, copy, trust + ["--trust", world.path("tsa.root.pem")])
                #expect(
                    result.code != 0 && result.json?["evidence"]?["agrees"]?.boolean != true,
                    "byte \(place) of \(name)")
            }
        }
    }

    @Test func `are pending while the authority is down, and filled in later`() throws {
        let (world, authority) = try begin(isDown: true)
        let taken = try world.client(World.sender).submit(try world.bytes(try world.letter()))
        #expect(taken.status == 201)
        let key = try #require(taken.json["documentKey"]?.string)
        try world.waitForLog(events: 1, "timestamp_failed")
        #expect(try state(world, key)?["state"]?.string == "pending")
        authority.isDown.withLock { $0 = false }
        try waitUntilStamped(world, key)
    }

    @Test func `of an authority that nobody trusts are not kept`() throws {
        let (world, _) = try begin(anchors: "root.pem")
        let taken = try world.client(World.sender).submit(try world.bytes(try world.letter()))
        try world.waitForLog(events: 1, "timestamp_failed")
        #expect(
            try state(world, try #require(taken.json["documentKey"]?.string))?["state"]?.string == "pending")
    }
}
