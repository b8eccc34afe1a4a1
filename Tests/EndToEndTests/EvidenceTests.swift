import Foundation
import JSON
import OpenSSL
import Testing
import Transport

@Suite struct `The evidence of a letter` {
    /// A hub with a list as given, one letter in it, and the letter's evidence.
    private struct Case {
        let world: World
        let authority: OwnAuthority
        let letter: String
        let key: String
        let archive: String

        init(_ policy: String = "refuse", prepare: (OwnAuthority) throws -> Void) throws {
            world = try World()
            authority = try OwnAuthority(in: world)
            try prepare(authority)
            try world.setUnknownRevocation(policy)
            try world.start()
            letter = try world.letter(signer: authority.name)
            let taken = try world.client(World.sender).submit(try world.bytes(letter))
            key = try #require(
                taken.json["documentKey"]?.string, "\(String(decoding: taken.bytes, as: UTF8.self))")
            archive = world.path("evidence.tar")
            try download()
        }

        func download(as agency: String = World.sender) throws {
            try? FileManager.default.removeItem(atPath: archive)
            let result = try world.run(["evidence", key, "-o", archive], as: agency)
            try #require(result.code == 0, "\(result.errors)")
        }

        func verify(_ path: String? = nil, _ more: [String] = []) throws -> Program.Result {
            try Program.lienthong(["verify", letter, "--evidence", path ?? archive, "--json"] + more)
        }

        var ownTrust: [String] { ["--trust", world.path("own.root.pem")] }

        func logKey() throws -> [String] {
            let made = try Program.lienthong(["log", "vkey", "--config", world.path("hub.json5")])
            try #require(made.code == 0, "\(made.errors)")
            let text = String(decoding: made.output, as: UTF8.self)
            return ["--key", text.trimmingCharacters(in: .whitespacesAndNewlines)]
        }

        /// Opens the archive with the system's tar.
        func unpacked() throws -> String {
            let folder = world.path("unpacked-\(UUID().uuidString)")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try #require(try Child("/usr/bin/tar", ["-xf", archive, "-C", folder]).wait() == 0)
            return folder
        }
    }

    private func faults(_ result: Program.Result) -> [String] {
        (result.json?["evidence"]?["faults"]?.array ?? []).compactMap(\.string)
    }

    @Test func `gives the hub's verdict again, offline, from the archive or from a folder`() throws {
        let test = try Case { try $0.publish() }
        let trusted = try test.verify(nil, test.ownTrust + test.logKey())
        #expect(trusted.code == 0, "\(trusted.errors) \(String(decoding: trusted.output, as: UTF8.self))")
        #expect(trusted.json?["evidence"]?["agrees"]?.boolean == true)
        #expect(trusted.json?["evidence"]?["anchors"]?.string == "given")
        #expect(trusted.json?["signatures"]?.array?.first?["revocation"]?["status"]?.string == "good")
        #expect(try test.verify(try test.unpacked(), test.ownTrust + test.logKey()).code == 0)
        // Without anchors of one's own it is the hub's word, and says so.
        let worded = try test.verify()
        #expect(worded.code == 0 && worded.json?["evidence"]?["anchors"]?.string == "evidence")
        // Under a root that the signer is not below, the hub's verdict does not come out again.
        let foreign = try test.verify(nil, ["--trust", test.world.path("root.pem")])
        #expect(foreign.code == 1 && foreign.json?["evidence"]?["agrees"]?.boolean == false)
        // Other data than the evidence would make another question of it.
        let mixed = try test.verify(nil, ["--crl", test.world.path("own.crl.pem")])
        #expect(mixed.code == 64)
    }

    @Test func `is for those whom the letter concerns, auditors among them`() throws {
        let test = try Case { try $0.publish() }
        let path = "/v1/documents/\(test.key)/evidence"
        let archive = try test.world.client(World.sender).get(path)
        #expect(archive.head.fields["Content-Type"] == "application/x-tar")
        for agency in [World.recipients[0], "auditor", "operator"] {
            #expect(try test.world.client(agency).get(path).bytes == archive.bytes)
        }
        let other = try test.world.letter(from: "H31.7", to: ["H31.45.2"])
        let taken = try test.world.client("H31.7").submit(try test.world.bytes(other))
        let key = try #require(taken.json["documentKey"]?.string)
        #expect(try test.world.client("H37.14").get("/v1/documents/\(key)/evidence").status == 404)
    }

    @Test func `says unknown where the hub said so, for the same reason`() throws {
        let test = try Case("hold") { try $0.publish(thisUpdate: -24, nextUpdate: -1) }
        let result = try test.verify(nil, test.ownTrust + test.logKey())
        #expect(result.code == 2 && result.json?["evidence"]?["agrees"]?.boolean == true, "\(faults(result))")
        #expect(result.json?["signatures"]?.array?.first?["revocation"]?["cause"]?.string == "stale")
    }

    @Test func `is that of the last verdict, with the earlier ones beside it`() throws {
        let test = try Case("accept") { try $0.publish(thisUpdate: -24, nextUpdate: -1) }
        try test.authority.publish(revokedAt: -2)
        test.world.reload()
        // The notice comes when the new verdict is in.
        _ = try test.world.client(World.sender).get("/v1/inbox?wait=30")
        try test.download()
        let result = try test.verify(nil, test.ownTrust + test.logKey())
        #expect(result.code == 1 && result.json?["evidence"]?["agrees"]?.boolean == true, "\(faults(result))")
        #expect(result.json?["indication"]?.string == "TOTAL-FAILED")
        let earlier = try test.world.bytes(try test.unpacked() + "/earlier-verdicts/1.json")
        #expect(try JSONReader.read(earlier)["indication"]?.string == "INDETERMINATE")
    }

    @Test func `that was tampered with is found out`() throws {
        let test = try Case { try $0.publish() }
        let trust = try test.ownTrust + test.logKey()
        // A byte of the revocation list.
        var folder = try test.unpacked()
        let crls = try FileManager.default.contentsOfDirectory(atPath: folder + "/crls")
        let list = "\(folder)/crls/\(try #require(crls.first))"
        var bytes = try test.world.bytes(list)
        bytes[40] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: list))
        #expect(try test.verify(folder, trust).code == 1)
        // The list left out, and the manifest made to fit.
        folder = try test.unpacked()
        try FileManager.default.removeItem(atPath: "\(folder)/crls/\(crls[0])")
        var manifest = try String(contentsOfFile: folder + "/manifest.json", encoding: .utf8)
        manifest = manifest.replacingOccurrences(
            of: "\\{[^{}]*\"crls/[^{}]*\\},?", with: "", options: .regularExpression)
        try manifest.write(toFile: folder + "/manifest.json", atomically: true, encoding: .utf8)
        let without = try test.verify(folder, trust)
        #expect(
            without.code == 1 && faults(without).contains { $0.contains("bộ bằng chứng") },
            "\(faults(without))")
        // A verdict that says the opposite, with a manifest to match: the recomputed one contradicts it, and
        // so does the log.
        folder = try test.unpacked()
        let verdict = folder + "/verdict.json"
        let old = try test.world.bytes(verdict)
        let new = Array(
            String(decoding: old, as: UTF8.self).replacingOccurrences(
                of: "TOTAL-PASSED", with: "TOTAL-FAILED"
            ).utf8)
        try Data(new).write(to: URL(fileURLWithPath: verdict))
        manifest = try String(contentsOfFile: folder + "/manifest.json", encoding: .utf8)
            .replacingOccurrences(of: SHA256.hash(old).hex, with: SHA256.hash(new).hex)
        try manifest.write(toFile: folder + "/manifest.json", atomically: true, encoding: .utf8)
        let opposite = try test.verify(folder, trust)
        #expect(opposite.code == 1 && faults(opposite).count == 2, "\(faults(opposite))")
        // Another letter's evidence.
        let other = try test.world.letter(signer: test.authority.name, subject: "V/v khác")
        let foreign = try Program.lienthong(
            ["verify", other, "--evidence", test.archive, "--json"] + trust)
        #expect(foreign.code == 1 && faults(foreign).contains { $0.contains("SHA-256") })
    }

    @Test func `has the detached signature in it`() throws {
        let world = try World()
        try world.start()
        _ = try world.letter()
        let (unsigned, signature) = (world.path("1.unsigned.edxml"), world.path("1.p7s"))
        let signed = try Program.lienthong([
            "sign", "--detached", "--cert", world.path("H37.12.sign.pem"), "--key",
            world.path("H37.12.sign.key"), "--chain", world.path("agency-ca.pem"), unsigned, "-o", signature,
        ])
        try #require(signed.code == 0, "\(signed.errors)")
        let sent = try world.run(["send", unsigned, "--signature", signature, "--json"], as: World.sender)
        let key = try #require(sent.json?["documentKey"]?.string, "\(sent.errors)")
        let archive = world.path("evidence.tar")
        #expect(try world.run(["evidence", key, "-o", archive], as: "auditor").code == 0)
        let result = try Program.lienthong([
            "verify", unsigned, "--evidence", archive, "--trust", world.path("root.pem"), "--json",
        ])
        #expect(result.code == 0 && result.json?["evidence"]?["agrees"]?.boolean == true, "\(faults(result))")
    }
}
