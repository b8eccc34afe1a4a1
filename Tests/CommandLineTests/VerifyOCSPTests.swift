import Exchange
import Foundation
import OpenSSL
import Testing

@Suite struct `lienthong verify --ocsp` {
    let folder: Folder
    let now: Instant
    let authority: CertificateIssuer
    let signer: Certificate

    init() throws {
        folder = try Folder()
        let present = Instant(seconds: Int64(Date().timeIntervalSince1970))
        now = present
        func profile(_ name: String) -> CertificateProfile { Self.profile(name, around: present) }
        let root = try CertificateIssuer(root: profile("Root").asAuthority(), key: .generate(.ec(.p256)))
        authority = try root.intermediate(profile("Agencies").asAuthority(), key: .generate(.ec(.p256)))
        let key = try PrivateKey.generate(.ec(.p256))
        var wanted = profile("Signer").asDocumentSigner()
        wanted.ocspURLs = ["http://ocsp.example/"]
        signer = try authority.issue(wanted, to: key.publicKey())
        let files = [
            "root.pem": root.certificate.pem, "ca.pem": authority.certificate.pem, "signer.pem": signer.pem,
            "signer.key": key.pem,
        ]
        for (name, bytes) in files { try write(name, bytes) }
        let attachment = try folder.file("a.txt", "mẫu")
        let letter = [
            "compose", "--from", "H37.12=A", "--to", "H31.7=B", "--number", "1", "--notation", "X-Y",
            "--subject", "trích yếu", "--attach", attachment, "-o", file("letter.edxml"),
        ]
        #expect(try Program.run(letter).code == 0)
        let signing = [
            "sign", "--cert", file("signer.pem"), "--key", file("signer.key"), file("letter.edxml"), "-o",
            file("signed.edxml"),
        ]
        #expect(try Program.run(signing).code == 0)
    }

    static func profile(_ name: String, around now: Instant) -> CertificateProfile {
        CertificateProfile(
            commonName: name, notBefore: now.adding(seconds: -86_400), notAfter: now.adding(seconds: 86_400))
    }

    func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    }

    func response(_ status: OCSPStatement.Status, made: Instant) throws -> OCSPResponse {
        let statement = OCSPResponder.Statement(
            signer, issuer: authority.certificate, status, thisUpdate: made,
            nextUpdate: made.adding(seconds: 7200))
        return try OCSPResponder(certificate: authority.certificate, key: authority.key).respond(
            [statement], OCSPResponder.Form(producedAt: made))
    }

    func verify(_ options: String...) throws -> (code: Int32, revocation: [String: Any]) {
        let words = ["verify", file("signed.edxml"), "--json", "--trust", file("root.pem"), "--trust"]
        let outcome = try Program.run(words + [file("ca.pem")] + options)
        let signature = (outcome.json["signatures"] as? [[String: Any]])?.first
        return (outcome.code, signature?["revocation"] as? [String: Any] ?? [:])
    }

    @Test func `judges by responses from files and directories`() throws {
        let silent = try verify()
        #expect(silent.code == 2 && silent.revocation["cause"] as? String == "no_data")
        let good = try response(.good, made: now.adding(seconds: -600))
        try write("good.ocsp", good.der)
        let passed = try verify("--ocsp", file("good.ocsp"))
        #expect(passed.code == 0 && passed.revocation["source"] as? String == "ocsp")
        #expect(passed.revocation["sha256"] as? String == good.sha256.hex)

        try FileManager.default.createDirectory(atPath: file("more"), withIntermediateDirectories: true)
        let revoked = OCSPStatement.Status.revoked(at: now.adding(seconds: -900), reason: .keyCompromise)
        let bad = try response(revoked, made: now.adding(seconds: -800))
        try write("more/bad.der", PEMBlock.encode(bad.der, label: "OCSP RESPONSE"))
        try write("more/later.ors", [0x30, 3, 0x0A, 1, 3])
        try write("more/readme.txt", [0x30])
        let failed = try verify("--ocsp", file("good.ocsp"), "--ocsp", file("more"))
        #expect(failed.code == 1 && failed.revocation["status"] as? String == "revoked")
        let before = try verify("--ocsp", file("more"), "--at", now.adding(seconds: -1000).rfc3339)
        #expect(before.code == 0)
    }

    @Test func `takes nothing from the future, unless asked about another time`() throws {
        try write("ahead.ocsp", try response(.good, made: now.adding(seconds: 3600)).der)
        let early = try verify("--ocsp", file("ahead.ocsp"))
        #expect(early.code == 2 && early.revocation["cause"] as? String == "not_yet_valid")
        #expect(try verify("--ocsp", file("ahead.ocsp"), "--at", now.rfc3339).code == 0)
    }

    @Test func `names a file that is no response`() throws {
        try write("later.ocsp", [0x30, 3, 0x0A, 1, 3])
        for name in ["later.ocsp", "root.pem", "missing"] {
            #expect(try verify("--ocsp", file(name)).code == 66)
        }
    }
}
