import Foundation
import Testing

/// Runs a judge that the tests need on the PATH.
private func judge(in folder: String, _ words: String...) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

@Suite struct `lienthong pki demo` {
    private func verify(_ folder: String, _ name: String) throws -> (code: Int32, output: String) {
        try judge(
            in: folder, "openssl", "verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted",
            "agency-ca.pem",
            "-CRLfile", "crl.pem", "-crl_check_all", name)
    }

    private func text(_ folder: Folder, _ name: String) throws -> String {
        try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
    }

    @Test(arguments: ["p256", "rsa2048"])
    func `makes certificates that openssl follows to the root`(algorithm: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(["pki", "demo", folder.path, "--algorithm", algorithm, "--json"])
        #expect(outcome.code == 0, "\(outcome.talk)")
        #expect(outcome.json["agencies"] as? [String] == ["H37.12", "H37.14", "H31.7", "H31.45.2"])
        for agency in ["H37.12", "H37.14", "H31.7", "H31.45.2"] {
            for use in ["tls", "sign"] {
                let answer = try verify(folder.path, "\(agency).\(use).pem")
                #expect(answer.code == 0, "\(answer.output)")
            }
        }
        for name in ["server.pem", "auditor.pem", "operator.pem"] {
            #expect(try verify(folder.path, name).code == 0, "\(name)")
        }
        let revoked = try verify(folder.path, "revoked.sign.pem")
        #expect(revoked.code != 0 && revoked.output.contains("certificate revoked"))
        let names = try judge(
            in: folder.path, "openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", "server.pem")
        #expect(names.output.contains("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"))
    }

    @Test func `keeps keys to their owner and leaves nothing unfinished`() throws {
        let folder = try Folder()
        #expect(try Program.run(["pki", "demo", folder.path]).code == 0)
        let keys = try folder.names.filter { $0.hasSuffix(".key") }
        #expect(keys.count == 2 * 4 + 4)
        for key in keys {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(key)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(key)")
        }
        #expect(try folder.names.allSatisfy { !$0.hasSuffix(".part") })
    }

    @Test func `writes a directory, a configuration and profiles with relative paths`() throws {
        let folder = try Folder()
        #expect(try Program.run(["pki", "demo", folder.path]).code == 0)
        let agencies = try text(folder, "agencies.json5")
        for part in [
            "aliases: [\"000.00.12.H37\"]", "aliases: [\"000.00.07.H31\"]", "aliases: [\"000.02.45.H31\"]",
            "signingCertificates: [\"H37.12.sign.pem\", \"revoked.sign.pem\"]", "role: \"operator\"",
            "signaturePolicy: \"enforce\"",
        ] {
            #expect(agencies.contains(part), "\(part)")
        }
        let configuration = try text(folder, "hub.json5")
        #expect(configuration.contains("api: \"127.0.0.1:0\""))
        for name in ["agencies.json5", "hub.json5", "H31.7.profile.json5", "auditor.profile.json5"] {
            #expect(try !text(folder, name).contains(folder.path), "\(name)")
        }
    }

    @Test func `makes the agencies that it is told, whatever their names`() throws {
        let folder = try Folder()
        let name = "Cơ quan \"A\"=B \\ " + String(repeating: "ệ", count: 80)
        let outcome = try Program.run([
            "pki", "demo", folder.path, "--agency", "G09=\(name)", "--agency", "vxp.saas.03=C",
        ])
        #expect(outcome.code == 0, "\(outcome.talk)")
        #expect(try verify(folder.path, "G09.sign.pem").code == 0)
        #expect(try verify(folder.path, "vxp.saas.03.tls.pem").code == 0)
        #expect(try text(folder, "agencies.json5").contains("\"Cơ quan \\\"A\\\"=B \\\\ ệ"))
    }

    @Test func `replaces keys only when forced`() throws {
        let folder = try Folder()
        #expect(try Program.run(["pki", "demo", folder.path]).code == 0)
        let first = try text(folder, "H37.12.sign.key")
        let refused = try Program.run(["pki", "demo", folder.path])
        #expect(refused.code == 1 && refused.talk.contains("--force"))
        #expect(try text(folder, "H37.12.sign.key") == first)
        #expect(try Program.run(["pki", "demo", folder.path, "--force"]).code == 0)
        #expect(try text(folder, "H37.12.sign.key") != first)
        #expect(try verify(folder.path, "H37.12.sign.pem").code == 0)
    }

    @Test(arguments: [
        ["--agency", "H37.12"], ["--agency", "../x=A"], ["--agency", ".x=A"], ["--agency", "revoked=A"],
        ["--agency", "A=1", "--agency", "a=2"], ["--agency", "A="], ["--algorithm", "md5"], ["--wrong"],
        ["more"],
    ])
    func `refuses bad usage and writes nothing`(more: [String]) throws {
        let folder = try Folder()
        #expect(try Program.run(["pki", "demo", folder.path] + more).code == 64)
        #expect(try folder.names.isEmpty)
    }
}

@Suite struct `lienthong sign` {
    private static let letter = """
        <?xml version="1.0" encoding="UTF-8"?>\r
        <edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXMLEnvelope>
        <edXMLHeader><!-- </edXMLHeader> --><Subject>Rà soát</Subject>
        </edXMLHeader></edXMLEnvelope></edXML>

        """

    private func made() throws -> Folder {
        let folder = try Folder()
        #expect(try Program.run(["pki", "demo", folder.path]).code == 0)
        _ = try folder.file("letter.edxml", Self.letter)
        return folder
    }

    private func sign(_ folder: Folder, _ signer: String, _ more: [String]) throws -> Program.Outcome {
        let base = "\(folder.path)/\(signer).sign"
        return try Program.run(["sign", "--cert", "\(base).pem", "--key", "\(base).key"] + more)
    }

    @Test func `puts in a signature that xmlsec1 accepts`() throws {
        let folder = try made()
        let output = "\(folder.path)/signed.edxml"
        let chain = "\(folder.path)/agency-ca.pem"
        let outcome = try sign(
            folder, "H37.12", ["--chain", chain, "\(folder.path)/letter.edxml", "-o", output, "--json"])
        #expect(outcome.code == 0, "\(outcome.talk)")
        #expect(outcome.json["format"] as? String == "XML-DSig")
        #expect(outcome.json["algorithm"] as? String == "ECDSA with SHA-256")
        let verdict = try judge(
            in: folder.path, "xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", "root.pem",
            "signed.edxml")
        #expect(verdict.code == 0, "\(verdict.output)")
        let signed = try String(contentsOfFile: output, encoding: .utf8)
        #expect(signed.replacing(/<Signature .*<\/Signature>/, with: "").utf8.elementsEqual(Self.letter.utf8))
        #expect(signed.ranges(of: "<X509Certificate>").count == 2, "the authority once, though named twice")
        let again = try sign(folder, "H37.12", [output, "-o", "\(folder.path)/twice.edxml"])
        #expect(again.code == 1 && again.talk.contains("đã có chữ ký"))
    }

    @Test func `writes a detached signature that openssl accepts`() throws {
        let folder = try made()
        let output = "\(folder.path)/letter.p7s"
        let outcome = try sign(
            folder, "H31.7",
            ["--detached", "\(folder.path)/letter.edxml", "-o", output, "--digest", "sha512", "--json"])
        #expect(outcome.code == 0, "\(outcome.talk)")
        #expect(outcome.json["algorithm"] as? String == "ECDSA with SHA-512")
        #expect(outcome.json["signingTime"] is String)
        let verdict = try judge(
            in: folder.path, "openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in",
            "letter.p7s",
            "-content", "letter.edxml", "-CAfile", "root.pem", "-purpose", "any", "-out", "/dev/null")
        #expect(verdict.code == 0, "\(verdict.output)")
    }

    @Test func `leaves no output where it refuses`() throws {
        let folder = try made()
        let before = try folder.names
        let input = "\(folder.path)/letter.edxml"
        let output = "\(folder.path)/out"
        let text = try folder.file("text", "no letter")
        #expect(try sign(folder, "H37.12", [text, "-o", output]).code == 1)
        #expect(try sign(folder, "H37.12", ["\(folder.path)/absent", "-o", output]).code == 66)
        #expect(try sign(folder, "H37.12", ["--chain", text, input, "-o", output]).code == 66)
        let mixed = try Program.run([
            "sign", "--cert", "\(folder.path)/H37.12.sign.pem", "--key", "\(folder.path)/H37.14.sign.key",
            input,
            "-o", output,
        ])
        #expect(mixed.code == 1 && mixed.talk.contains("không thuộc về"))
        #expect(try folder.names == (before + ["text"]).sorted())
    }

    @Test func `explains its use`() throws {
        let folder = try made()
        let input = "\(folder.path)/letter.edxml"
        #expect(try sign(folder, "H37.12", [input]).code == 64)
        #expect(try sign(folder, "H37.12", ["-o", "\(folder.path)/out"]).code == 64)
        #expect(
            try sign(folder, "H37.12", [input, "-o", "\(folder.path)/out", "--digest", "md5"]).code == 64)
        #expect(try Program.run(["sign", input, "-o", "\(folder.path)/out"]).code == 64)
        #expect(try Program.run(["sign", "--help"]).code == 0)
    }
}
