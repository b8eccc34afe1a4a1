import Exchange
import OpenSSL
import Signature
import Testing

@Suite struct `A detached CAdES-B signature` {
    private let content = Array("Văn bản số 482/SKHCN-CĐS\r\n".utf8)
    private let time = Instant(year: 2026, month: 11, day: 20, hour: 2, minute: 15, second: 30)!

    private func sign(_ material: SigningMaterial, _ kind: SigningCase, at time: Instant) throws -> [UInt8] {
        let signer = CMSSigner(try material.identity(digest: kind.digest, usesPSS: kind.usesPSS))
        let signature = try signer.sign(contentDigest: Digester.hash(content, signer.digest), at: time)
        try material.write(content, "letter")
        try material.write(signature, "letter.p7s")
        return signature
    }

    private func verify(_ material: SigningMaterial) throws -> (status: Int32, output: String) {
        try material.run(
            "openssl", "cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER", "-in",
            "letter.p7s",
            "-content", "letter", "-CAfile", "root.pem", "-out", "verified")
    }

    @Test(arguments: SigningCase.all + SigningCase.pss)
    func `is accepted by openssl, and read as the DER it is`(_ kind: SigningCase) throws {
        let material = try SigningMaterial(kind.key)
        defer { material.remove() }
        let signature = try sign(material, kind, at: time)
        let answer = try verify(material)
        #expect(answer.status == 0, "\(answer.output)")
        #expect(try material.read("verified") == content)
        let parsed = try material.run("openssl", "asn1parse", "-inform", "DER", "-in", "letter.p7s")
        #expect(parsed.status == 0)
        #expect(parsed.output.contains("261120021530Z"))
        #expect(parsed.output.contains("id-smime-aa-signingCertificateV2"))
        try material.run(
            "openssl", "cms", "-cmsout", "-inform", "DER", "-in", "letter.p7s", "-outform", "DER", "-out",
            "again")
        #expect(try material.read("again") == signature)
    }

    @Test func `does not fit other content`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        _ = try sign(material, SigningCase(key: .ec(.p256)), at: time)
        try material.write(content + [0x0A], "letter")
        #expect(try verify(material).status != 0)
    }

    @Test func `writes the time as GeneralizedTime from 2050 on`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        for (year, kind, text) in [
            (2049, "UTCTIME", "491231235959Z"), (2050, "GENERALIZEDTIME", "20501231235959Z"),
        ] {
            let time = try #require(
                Instant(year: year, month: 12, day: 31, hour: 23, minute: 59, second: 59, millisecond: 999))
            _ = try sign(material, SigningCase(key: .ec(.p256)), at: time)
            let lines = try material.run("openssl", "asn1parse", "-inform", "DER", "-in", "letter.p7s").output
                .split(separator: "\n")
            #expect(lines.contains { $0.contains(kind) && $0.contains(":\(text)") })
        }
    }
}

@Suite struct `A signing identity` {
    private func refusal(_ make: () throws -> Void) -> SigningError.Code? {
        do {
            try make()
            return nil
        } catch {
            return (error as? SigningError)?.code
        }
    }

    @Test func `wants the certificate's own key`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        let other = try PrivateKey.generate(.ec(.p256))
        #expect(
            refusal { _ = try SigningIdentity(certificate: material.certificate, key: other) } == .keyMismatch
        )
    }

    @Test func `refuses keys that no verifier would accept`() throws {
        for (specification, code) in [
            (PrivateKey.Specification.rsa(bits: 1024), SigningError.Code.weakKey),
            (.ed25519, .unsupportedKey),
        ] {
            let material = try SigningMaterial(specification)
            defer { material.remove() }
            #expect(refusal { _ = try material.identity() } == code)
        }
    }

    @Test func `refuses a certificate that is not for signing`() throws {
        let material = try SigningMaterial(usage: [.keyEncipherment])
        defer { material.remove() }
        #expect(refusal { _ = try material.identity() } == .wrongKeyUsage)
    }
}
