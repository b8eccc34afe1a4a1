import Foundation
import Testing

@Suite struct `lienthong verify` {
    let folder: Folder
    let trust: [String]

    init() throws {
        folder = try Folder()
        let path = folder.path
        trust = [
            "--trust", "\(path)/pki/root.pem", "--trust", "\(path)/pki/agency-ca.pem", "--crl",
            "\(path)/pki/crl.pem",
        ]
        let attachment = try folder.file("a.pdf", "%PDF-1.7 mẫu")
        #expect(try Program.run(["pki", "demo", "\(path)/pki"]).code == 0)
        let words = [
            "compose", "--from", "H37.12=A", "--to", "H31.7=B", "--number", "1", "--notation", "X-Y",
            "--subject",
            "trích yếu", "--attach", attachment, "-o", "\(path)/letter.edxml",
        ]
        #expect(try Program.run(words).code == 0)
    }

    func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    func sign(by signer: String, to name: String, _ options: [String] = []) throws {
        let keys = ["--cert", file("pki/\(signer).pem"), "--key", file("pki/\(signer).key")]
        #expect(
            try Program.run(["sign"] + keys + options + [file("letter.edxml"), "-o", file(name)]).code == 0)
    }

    @Test func `passes a letter, tells why others do not, and ends accordingly`() throws {
        try sign(by: "H37.12.sign", to: "signed.edxml")
        let passed = try Program.run(["verify", file("signed.edxml"), "--json"] + trust)
        #expect(passed.code == 0 && passed.json["indication"] as? String == "TOTAL-PASSED")
        let text = try Program.run(["verify", file("signed.edxml")] + trust)
        #expect(text.code == 0 && String(decoding: text.output, as: UTF8.self).contains("không bị thu hồi"))

        let letter = try String(contentsOfFile: file("signed.edxml"), encoding: .utf8)
        let tampered = try folder.file(
            "tampered.edxml", letter.replacingOccurrences(of: "trích yếu", with: "trích"))
        #expect(try Program.run(["verify", tampered] + trust).code == 1)

        try sign(by: "revoked.sign", to: "revoked.edxml")
        let revoked = try Program.run(["verify", file("revoked.edxml"), "--json"] + trust)
        #expect(revoked.code == 1)
        let signature = (revoked.json["signatures"] as? [[String: Any]])?.first
        #expect(signature?["subIndication"] as? String == "REVOKED")

        #expect(try Program.run(["verify", file("letter.edxml")] + trust).code == 2)
        let stranger = try Program.run(["verify", file("signed.edxml"), "--json"])
        #expect(stranger.code == 2)
        let cut = try folder.file("cut.edxml", String(letter.dropLast(20)))
        #expect(try Program.run(["verify", cut] + trust).code == 1)
        #expect(try Program.run(["verify", file("a.pdf")] + trust).code == 1)
    }

    @Test func `judges a detached signature over the very bytes`() throws {
        try sign(by: "H37.12.sign", to: "letter.p7s", ["--detached"])
        let words = ["verify", file("letter.edxml"), "--signature", file("letter.p7s"), "--json"] + trust
        let passed = try Program.run(words)
        #expect(passed.code == 0)
        #expect((passed.json["signatures"] as? [[String: Any]])?.first?["format"] as? String == "CAdES-B")
        let other = ["verify", file("a.pdf"), "--signature", file("letter.p7s"), "--json"] + trust
        #expect(try Program.run(other).code == 1)
    }

    @Test func `says what is wrong with its arguments`() throws {
        let letter = file("letter.edxml")
        #expect(try Program.run(["verify"]).code == 64)
        #expect(try Program.run(["verify", letter, "--at", "hôm nay"]).code == 64)
        #expect(try Program.run(["verify", letter, "--nonsense"]).code == 64)
        #expect(try Program.run(["verify", file("missing")]).code == 66)
        #expect(try Program.run(["verify", letter, "--trust", file("missing")]).code == 66)
        #expect(try Program.run(["verify", letter, "--crl", letter]).code == 66)
        let policy = try folder.file("policy.json5", "{md5: true}")
        #expect(try Program.run(["verify", letter, "--policy", policy]).code == 66)
    }

    /// Runs in no more than that many KiB of address space.
    func verdict(_ name: String, within kibibytes: Int) throws -> Int32 {
        try Program.run(["verify", file(name), "--json"] + trust, after: "ulimit -v \(kibibytes)").code
    }

    @Test func `needs no more memory for a large letter than for a small one`() throws {
        try sign(by: "H37.12.sign", to: "small.edxml")
        // Libraries alone need some: the smallest room in which a small letter passes, then the same and a
        // little for a letter that is larger than this little.
        let room = try #require(
            try stride(from: 49_152, to: 1 << 20, by: 8192).first {
                try verdict("small.edxml", within: $0) == 0
            })
        let large = try folder.sparseFile("large.pdf", byteCount: 12 << 20)
        let words = [
            "compose", "--from", "H37.12=A", "--to", "H31.7=B", "--number", "1", "--notation", "X-Y",
            "--subject",
            "lớn", "--attach", large, "-o", file("letter.edxml"),
        ]
        #expect(try Program.run(words).code == 0)
        try sign(by: "H37.12.sign", to: "large.edxml")
        #expect(try verdict("large.edxml", within: room + 8192) == 0)
    }
}
