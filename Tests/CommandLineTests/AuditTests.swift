import AuditLog
import Exchange
import Foundation
import JSON
import OpenSSL
import Testing

/// A log of a few entries as a mirror on disk, and the receipt of one of them.
struct AuditedLog {
    static let origin = "truc.mau.example/log"
    static let document = "văn bản mẫu"
    let folder: Folder
    let signer: NoteSigner
    let receipt: [UInt8]
    let proof: [UInt8]

    var vkey: String { signer.verifierKey }
    var mirror: String { folder.path + "/mirror" }

    init(recipients: Int = 2) throws {
        folder = try Folder()
        let key = try PrivateKey(ed25519Seed: [UInt8](repeating: 5, count: 32))
        try Data(key.pem).write(to: URL(fileURLWithPath: folder.path + "/log.key"))
        signer = try NoteSigner(name: Self.origin, key: key)

        let sha256 = SHA256.hash(Array(Self.document.utf8))
        let documentKey = DocumentKey(truncating: sha256)
        let codes = (0..<recipients).map { AgencyCode("H31.\($0)") }
        let accepted = AcceptedFacts(
            documentKey: documentKey, kind: .letter, sender: "H37.12", recipients: codes,
            byteCount: Int64(Self.document.utf8.count), sha256: sha256, indication: "TOTAL-PASSED")
        let at = Instant(milliseconds: 1_795_140_930_000)
        let events: [LogEvent] = [.hubStarted(version: "1"), .documentAccepted(accepted), .hubStopped]
        let entries = try events.map { try LogEntry($0, at: at) }
        var frontier = TreeFrontier()
        var bundle = EntryBundle()
        for entry in entries {
            _ = frontier.append(entry.leafHash)
            bundle.append(entry.bytes)
        }
        let tree = frontier.state
        let note = try signer.sign(Checkpoint(origin: Self.origin, size: tree.size, root: tree.root).text)
        let directory = LogDirectory(folder.path + "/mirror")
        let tile = try #require(Tile.at(level: 0, number: 0, size: tree.size))
        let hashes = try #require(frontier.nodes(level: 0, number: 0)?.bytes(width: tile.width))
        try directory.write(tile.path, hashes, isDurable: false)
        try directory.write(tile.entriesPath, bundle.bytes, isDurable: false)
        try directory.write("checkpoint", note, isDurable: false)

        let inclusion = try #require(InclusionProof.make(index: 1, treeSize: 3, tile: frontier.nodes))
        let proof = TlogProof(extra: entries[1].bytes, index: 1, hashes: inclusion.hashes, checkpoint: note)
            .bytes
        self.proof = proof
        receipt = JSONWriter.object { json in
            json.member("documentKey", documentKey.description)
            json.member("documentId", "H37.12,2026/11/20,482/SKHCN-CĐS")
            json.member("kind", "letter")
            json.member("sender", "H37.12")
            json.name("recipients")
            json.array(codes) { $0.string($1.string) }
            json.member("byteCount", Self.document.utf8.count)
            json.member("sha256", sha256.hex)
            json.member("acceptedAt", at)
            json.member("indication", "TOTAL-PASSED")
            json.name("log")
            json.object { log in
                log.member("origin", Self.origin)
                log.member("index", 1)
                log.member("treeSize", 3)
            }
            json.member("proof", String(decoding: proof, as: UTF8.self))
        }
    }

    func check(_ receipt: [UInt8], document: String = AuditedLog.document, vkey: String? = nil) throws
        -> Program.Outcome
    {
        let receiptFile = try folder.file("receipt", String(decoding: receipt, as: UTF8.self))
        let documentFile = try folder.file("document", document)
        return try Program.run(
            [
                "audit", "receipt", receiptFile, "--document", documentFile, "--key", vkey ?? self.vkey,
                "--json",
            ])
    }
}

@Suite struct `lienthong audit verify` {
    @Test func `finds a sound mirror sound`() throws {
        let log = try AuditedLog()
        let outcome = try Program.run(["audit", "verify", log.mirror, "--key", log.vkey, "--json"])
        #expect(outcome.code == 0, "\(outcome.talk)")
        #expect(outcome.json["sound"] as? Bool == true)
        #expect(outcome.json["size"] as? Int == 3 && outcome.json["replayed"] as? Int == 3)
        #expect(outcome.json["origin"] as? String == AuditedLog.origin)
        let keyFile = try log.folder.file("vkey", log.vkey + "\n")
        let spoken = try Program.run(["audit", "verify", log.mirror, "--key", keyFile])
        #expect(spoken.code == 0 && String(decoding: spoken.output, as: UTF8.self).contains("ĐÚNG"))
    }

    @Test func `tells what is wrong with a broken one`() throws {
        let log = try AuditedLog()
        let path = log.mirror + "/tile/entries/000.p/3"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count - 5] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let outcome = try Program.run(["audit", "verify", log.mirror, "--key", log.vkey, "--json"])
        #expect(outcome.code == 1)
        #expect(outcome.json["sound"] as? Bool == false)
        let findings = try #require(outcome.json["findings"] as? [[String: Any]])
        #expect(findings.contains { $0["code"] as? String == "entry_differs" && $0["index"] as? Int == 2 })
        #expect(findings.allSatisfy { $0["path"] as? String == "tile/entries/000.p/3" })
        let spoken = try Program.run(["audit", "verify", log.mirror, "--key", log.vkey])
        #expect(spoken.code == 1)
        #expect(String(decoding: spoken.output, as: UTF8.self).contains("SAI tile/entries/000.p/3: mục 2"))
    }

    @Test func `explains its use`() throws {
        let log = try AuditedLog()
        #expect(try Program.run(["audit", "verify", log.mirror]).code == 64)
        #expect(try Program.run(["audit", "verify", "--key", log.vkey]).code == 64)
        #expect(try Program.run(["audit", "verify", log.mirror, "--key", log.vkey + "A"]).code == 64)
        #expect(try Program.run(["audit", "verify", log.mirror, "--key", "/nonexistent"]).code == 66)
        #expect(try Program.run(["audit", "verify", "/nonexistent", "--key", log.vkey]).code == 66)
        #expect(try Program.run(["audit", "verify", log.folder.path, "--key", log.vkey]).code == 1)
        #expect(try Program.run(["audit", "verify", "--help"]).code == 0)
    }
}

@Suite struct `lienthong audit mirror` {
    @Test func `explains its use, and says when there is no hub`() throws {
        let log = try AuditedLog()
        let folder = log.folder.path
        #expect(try Program.run(["audit", "mirror"]).code == 64)
        #expect(try Program.run(["audit", "mirror", folder + "/new"]).code == 64)
        #expect(try Program.run(["audit", "mirror", folder + "/new", "--vkey", "a+b+c"]).code == 64)
        #expect(try Program.run(["audit", "mirror", "--help"]).code == 0)
        #expect(try Program.run(["pki", "demo", folder + "/pki"]).code == 0)
        let connection = [
            "--hub", "https://127.0.0.1:1", "--cert", folder + "/pki/auditor.pem",
            "--key", folder + "/pki/auditor.key", "--ca", folder + "/pki/root.pem",
        ]
        let outcome = try Program.run(["audit", "mirror", folder + "/new"] + connection)
        #expect(outcome.code == 69, "\(outcome.talk)")
        #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
    }
}

@Suite struct `lienthong audit receipt` {
    @Test(arguments: [0, 2, 100, 101]) func `accepts a receipt with its document`(recipients: Int) throws {
        let log = try AuditedLog(recipients: recipients)
        for receipt in [log.receipt, log.proof] {
            let outcome = try log.check(receipt)
            #expect(outcome.code == 0, "\(outcome.talk)")
            #expect(outcome.json["valid"] as? Bool == true)
            #expect(outcome.json["index"] as? Int == 1 && outcome.json["treeSize"] as? Int == 3)
            #expect(outcome.json["sender"] as? String == "H37.12")
            #expect(outcome.json["acceptedAt"] as? String == "2026-11-20T02:15:30.000Z")
        }
    }

    @Test(arguments: [
        ("\"kind\":\"letter\"", "\"kind\":\"status\""), ("\"sender\":\"H37.12\"", "\"sender\":\"H37.13\""),
        ("\"H31.1\"", "\"H31.9\""), ("\"H31.0\",", ""), ("acceptedAt\":\"2026", "acceptedAt\":\"2025"),
        ("TOTAL-PASSED", "TOTAL-FAILED"), ("\"index\":1", "\"index\":2"),
        ("\"treeSize\":3", "\"treeSize\":4"),
        ("\"origin\":\"truc", "\"origin\":\"trục"), ("\"byteCount\":", "\"byteCount\":1"),
        ("\"documentKey\":\"", "\"documentKey\":\"0"), ("\"sha256\":\"", "\"sha256\":\"0"),
        ("\"sender\":\"H37.12\",", ""),
    ])
    func `refuses one that says other things than the log`(from: String, to: String) throws {
        let log = try AuditedLog()
        let receipt = String(decoding: log.receipt, as: UTF8.self)
        #expect(receipt.contains(from))
        let outcome = try log.check(Array(receipt.replacingOccurrences(of: from, with: to).utf8))
        #expect(outcome.code == 1)
        #expect(outcome.json["valid"] as? Bool == false)
        #expect(outcome.json["code"] as? String == "receipt_contradicts_log")
    }

    @Test func `refuses another document, another key, another proof`() throws {
        let log = try AuditedLog()
        func code(_ outcome: Program.Outcome) -> String? {
            #expect(outcome.code == 1)
            return outcome.json["code"] as? String
        }
        #expect(try code(log.check(log.receipt, document: AuditedLog.document + " ")) == "document_differs")
        let other = try NoteSigner(
            name: AuditedLog.origin, key: try PrivateKey(ed25519Seed: [UInt8](repeating: 6, count: 32)))
        #expect(try code(log.check(log.proof, vkey: other.verifierKey)) == "proof_invalid")
        let proof = try TlogProof(log.proof)
        let moved = TlogProof(
            extra: proof.extra, index: 2, hashes: proof.hashes, checkpoint: proof.checkpoint)
        #expect(try code(log.check(moved.bytes)) == "proof_invalid")
        let bare = TlogProof(extra: nil, index: 1, hashes: proof.hashes, checkpoint: proof.checkpoint)
        #expect(try code(log.check(bare.bytes)) == "proof_invalid")
        for text in ["", "{", "{}", "{\"proof\":1}", "c2sp.org/tlog-proof@v1\n", "{\"proof\":\"x\"}"] {
            #expect(try code(log.check(Array(text.utf8))) == "receipt_malformed", "\(text)")
        }
    }

    @Test func `explains its use`() throws {
        let log = try AuditedLog()
        let document = try log.folder.file("d", "d")
        #expect(try Program.run(["audit", "receipt", document, "--document", document]).code == 64)
        #expect(try Program.run(["audit", "receipt", document, "--key", log.vkey]).code == 64)
        let missing = ["audit", "receipt", "/nonexistent", "--document", document, "--key", log.vkey]
        #expect(try Program.run(missing).code == 66)
        let noDocument = ["audit", "receipt", document, "--document", "/nonexistent", "--key", log.vkey]
        #expect(try Program.run(noDocument).code == 66)
    }
}

@Suite struct `lienthong log vkey` {
    @Test func `prints the key that verifies the log`() throws {
        let log = try AuditedLog()
        let key = log.folder.path + "/log.key"
        let direct = try Program.run(["log", "vkey", "--key", key, "--origin", AuditedLog.origin])
        #expect(direct.code == 0)
        #expect(String(decoding: direct.output, as: UTF8.self) == log.vkey + "\n")
        let configuration = try log.folder.file(
            "hub.json5", "{ hub: {code: 'X'}, log: { origin: 'truc.mau.example/log', key: 'log.key', }, }")
        let configured = try Program.run(["log", "vkey", "--config", configuration, "--json"])
        #expect(configured.code == 0 && configured.json["vkey"] as? String == log.vkey)
        #expect(configured.json["origin"] as? String == AuditedLog.origin)
    }

    @Test func `explains its use`() throws {
        let log = try AuditedLog()
        let key = log.folder.path + "/log.key"
        let empty = try log.folder.file("empty.json5", "{}")
        let broken = try log.folder.file("broken.json5", "{")
        #expect(try Program.run(["log", "vkey"]).code == 64)
        #expect(try Program.run(["log", "vkey", "--key", key]).code == 64)
        #expect(try Program.run(["log", "vkey", "--key", key, "--origin", "with space"]).code == 64)
        #expect(try Program.run(["log", "vkey", "--key", empty, "--origin", "a"]).code == 66)
        #expect(try Program.run(["log", "vkey", "--key", "/nonexistent", "--origin", "a"]).code == 66)
        #expect(try Program.run(["log", "vkey", "--config", empty]).code == 66)
        #expect(try Program.run(["log", "vkey", "--config", broken]).code == 66)
        #expect(try Program.run(["log", "vkey", "--config", empty, "--key", key]).code == 64)
        let elliptic = try log.folder.file(
            "ec.key", String(decoding: try PrivateKey.generate(.ec(.p256)).pem, as: UTF8.self))
        #expect(try Program.run(["log", "vkey", "--key", elliptic, "--origin", "a"]).code == 64)
    }
}
