import Foundation
import JSON
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
