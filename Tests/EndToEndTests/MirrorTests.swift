import Foundation
import JSON
import Testing

/// The hub's log as an auditor has it: mirrored from the daemon, checked offline, judged by other people's
/// software.
@Suite struct `A hub's log` {
    private func vkey(_ world: World) throws -> String {
        let answer = try Program.lienthong(["log", "vkey", "--config", world.path("hub.json5"), "--json"])
        return try #require(answer.json?["vkey"]?.string)
    }

    private func send(_ world: World, _ count: Int) throws {
        for _ in 0..<count {
            let sent = try world.run(["send", try world.letter()], as: World.sender)
            #expect(sent.code == 0, "\(sent.errors)")
        }
    }

    @Test func `is mirrored step by step and holds`() throws {
        let world = try World()
        try world.start()
        let mirror = world.path("mirror")
        try send(world, 1)
        let first = try world.run(["audit", "mirror", mirror, "--json"], as: "auditor")
        #expect(first.code == 0, "\(first.errors)")
        let size = try #require(first.json?["size"]?.integer)
        let key = try vkey(world)

        try send(world, 3)
        let second = try world.run(["audit", "mirror", mirror, "--vkey", key, "--json"], as: World.sender)
        #expect(second.code == 0, "\(second.errors)")
        #expect(second.json?["sizeBefore"]?.integer == size)
        let grown = try #require(second.json?["size"]?.integer)
        #expect(grown >= size + 3)
        let again = try world.run(["audit", "mirror", mirror, "--json"], as: "auditor")
        #expect(again.json?["size"]?.integer == grown && again.json?["filesWritten"]?.integer == 0)

        let report = try Program.lienthong(["audit", "verify", mirror, "--key", key, "--json"])
        #expect(report.code == 0, "\(report.errors)")
        #expect(report.json?["size"]?.integer == grown && report.json?["olderCheckpoints"]?.integer == 1)
        try judge(mirror, key, accepts: true)

        let bundle = URL(fileURLWithPath: mirror + "/tile/entries/000.p/\(grown)")
        var bytes = try Data(contentsOf: bundle)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: bundle)
        #expect(try Program.lienthong(["audit", "verify", mirror, "--key", key]).code == 1)
        try judge(mirror, key, accepts: false)
    }

    @Test func `that was begun anew is not taken for the old one`() throws {
        let world = try World()
        try world.start()
        try send(world, 2)
        let mirror = world.path("mirror")
        #expect(try world.run(["audit", "mirror", mirror], as: "auditor").code == 0)
        let kept = try Data(contentsOf: URL(fileURLWithPath: mirror + "/checkpoint"))

        #expect(world.stop() == 0)
        try FileManager.default.removeItem(atPath: world.path("data"))
        try world.start()
        let refused = try world.run(["audit", "mirror", mirror], as: "auditor")
        #expect(refused.code == 1 && refused.errors.contains("checkpoint.rejected"), "\(refused.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: mirror + "/checkpoint")) == kept)
        #expect(FileManager.default.fileExists(atPath: mirror + "/checkpoint.rejected"))
        #expect(try Program.lienthong(["audit", "verify", mirror, "--key", try vkey(world)]).code == 0)
    }

    /// golang.org/x/mod/sumdb/{note,tlog}; skipped where this machine has no Go or not its module.
    private func judge(_ mirror: String, _ key: String, accepts: Bool) throws {
        let modules = "/usr/share/gocode"
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/go"),
            FileManager.default.fileExists(atPath: modules + "/src/golang.org/x/mod/sumdb/tlog")
        else { return }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("AuditLogTests/Judge/main.go")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/go")
        process.arguments = ["run", source.path, mirror, key]
        process.environment = ProcessInfo.processInfo.environment.merging(
            [
                "GO111MODULE": "off", "GOPATH": modules, "GOFLAGS": "",
                "GOCACHE": NSTemporaryDirectory() + "lienthong-go",
            ],
            uniquingKeysWith: { $1 })
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect((process.terminationStatus == 0) == accepts)
    }
}
