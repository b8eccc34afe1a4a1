import Exchange
import OpenSSL
import Testing

@Suite struct `A certificate` {
    @Test func `says what its profile said`() throws {
        var wanted = profile("Sở Khoa học và Công nghệ").asDocumentSigner()
        wanted.subject.insert(("O", "UBND tỉnh Lạng Sơn, Việt Nam"), at: 1)
        wanted.serial = [0x0A, 0xFF]
        wanted.dnsNames = ["truc.example"]
        wanted.ipAddresses = ["127.0.0.1"]
        wanted.crlURLs = ["http://crl.example/a.crl", "http://crl.example/b.crl"]
        wanted.ocspURLs = ["http://ocsp.example/"]
        let demo = try DemoAuthority(signer: wanted)
        let signer = try Certificate(pem: demo.signer.pem)
        #expect(signer.subject == #"CN=Sở Khoa học và Công nghệ,O=UBND tỉnh Lạng Sơn\, Việt Nam,C=VN"#)
        #expect(signer.issuer == "CN=Agencies,C=VN")
        #expect(signer.issuerDER == demo.agencies.certificate.subjectDER)
        #expect(signer.serialHex == "0aff")
        #expect(signer.notBefore == wanted.notBefore && signer.notAfter == wanted.notAfter)
        #expect(signer.keyUsage == [.digitalSignature, .nonRepudiation])
        #expect(
            signer.extendedKeyUsages == [ExtendedKeyUsage.documentSigning, ExtendedKeyUsage.emailProtection])
        #expect(signer.crlURLs == wanted.crlURLs)
        #expect(signer.ocspURLs == wanted.ocspURLs)
        #expect(signer.publicKey.kind == .ec(.p256))
        #expect(!signer.isAuthority && !signer.isSelfSigned)
        #expect(demo.root.certificate.isAuthority && demo.root.certificate.isSelfSigned)
        #expect(signer.sha256 == SHA256.hash(signer.der))
        #expect(signer.der == demo.signer.der)
    }

    @Test func `in DER ends where its bytes end`() throws {
        let demo = try DemoAuthority()
        #expect(throws: OpenSSLError.self) { try Certificate(der: demo.signer.der + [0]) }
        #expect(throws: OpenSSLError.self) { try Certificate(der: Array(demo.signer.der.dropLast())) }
        #expect(throws: OpenSSLError.self) { try Certificate(der: []) }
        #expect(throws: OpenSSLError.self) { try Certificate(pem: Array("nothing".utf8)) }
    }

    @Test func `cut or bent anywhere is an error or another certificate, never a crash`() throws {
        let der = try DemoAuthority().signer.der
        for index in der.indices {
            var bent = der
            bent[index] ^= 0x81
            if let certificate = try? Certificate(der: bent) {
                #expect(certificate.sha256 != SHA256.hash(der))
            }
            _ = try? Certificate(der: Array(der[..<index]))
        }
    }

    @Test func `is found among others in one file, and parsed once by the cache`() throws {
        let demo = try DemoAuthority()
        let bundle = demo.root.certificate.pem + Array("some words\n".utf8) + demo.agencies.certificate.pem
        #expect(
            try Certificate.all(in: bundle).map(\.sha256) == [
                demo.root.certificate.sha256, demo.agencies.certificate.sha256,
            ])
        #expect(try Certificate.all(in: demo.signer.der).count == 1)
        let cache = CertificateCache(count: 4)
        let first = try cache.certificate(der: demo.signer.der)
        #expect(try cache.certificate(der: demo.signer.der) === first)
        for _ in 0..<8 { _ = try cache.certificate(der: try DemoAuthority().signer.der) }
        #expect(try cache.certificate(der: demo.signer.der) !== first)
    }
}
