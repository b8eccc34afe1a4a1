import Exchange
import OpenSSL
import Testing

@Suite struct `A key` {
    static let cases: [(PrivateKey.Specification, [SignatureAlgorithm])] = [
        (
            .rsa(bits: 2048),
            [.rsaPKCS1(.sha256), .rsaPKCS1(.sha384), .rsaPSS(.sha256), .rsaPSS(.sha512, saltByteCount: 20)]
        ),
        (.ec(.p256), [.ecdsa(.sha256, .der), .ecdsa(.sha256, .fixedLength)]),
        (.ec(.p384), [.ecdsa(.sha384, .der), .ecdsa(.sha384, .fixedLength)]),
        (.ec(.p521), [.ecdsa(.sha512, .der), .ecdsa(.sha512, .fixedLength)]),
        (.ed25519, [.ed25519]),
    ]

    @Test(arguments: cases)
    func `verifies what it signed and nothing else`(
        specification: PrivateKey.Specification, algorithms: [SignatureAlgorithm]
    ) throws {
        let key = try PrivateKey.generate(specification)
        let publicKey = try key.publicKey()
        #expect(publicKey.kind == key.kind)
        let message = Array("V/v phối hợp rà soát".utf8)
        for algorithm in algorithms {
            let signature = try key.sign(message, algorithm)
            #expect(publicKey.verifies(signature, over: message, algorithm))
            #expect(!publicKey.verifies(signature, over: message + [0], algorithm))
            #expect(!publicKey.verifies([], over: message, algorithm))
            #expect(!publicKey.verifies(Array(signature.dropLast()), over: message, algorithm))
            #expect(!publicKey.verifies(signature + [0], over: message, algorithm))
            for index in stride(from: 0, to: signature.count, by: 5) {
                var changed = signature
                changed[index] ^= 1
                #expect(!publicKey.verifies(changed, over: message, algorithm))
            }
        }
    }

    @Test(arguments: cases)
    func `survives PEM`(specification: PrivateKey.Specification, algorithms: [SignatureAlgorithm]) throws {
        let key = try PrivateKey.generate(specification)
        let again = try PrivateKey(pem: key.pem)
        let publicKey = try PublicKey(pem: try key.publicKey().pem)
        #expect(again.kind == key.kind)
        #expect(publicKey.der == (try PublicKey(der: publicKey.der).der))
        #expect(
            publicKey.verifies(try again.sign([1, 2, 3], algorithms[0]), over: [1, 2, 3], algorithms[0]))
    }

    @Test func `of Ed25519 is its seed`() throws {
        // RFC 8032 section 7.1, test 2.
        let seed = try #require(
            Hex.decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        let key = try PrivateKey(ed25519Seed: seed)
        #expect(key.ed25519Seed == seed)
        let publicKey = try key.publicKey()
        let bytes = try #require(publicKey.ed25519Bytes)
        #expect(Hex.encode(bytes) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        #expect(
            Hex.encode(try key.sign([0x72], .ed25519))
                == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
        #expect(try PublicKey(ed25519: bytes).der == publicKey.der)
        #expect(throws: OpenSSLError.self) { try PublicKey(ed25519: [1, 2, 3]) }
    }

    @Test func `of another kind does not sign or verify`() throws {
        let key = try PrivateKey.generate(.ec(.p256))
        #expect(throws: OpenSSLError.self) { try key.sign([1], .rsaPKCS1(.sha256)) }
        #expect(!(try key.publicKey().verifies([1], over: [1], .rsaPSS(.sha256))))
    }

    @Test func `that cannot be read is an error, never a question on the terminal`() {
        #expect(throws: OpenSSLError.self) { try PrivateKey(pem: Array("no key".utf8)) }
        #expect(throws: OpenSSLError.self) { try PublicKey(pem: []) }
        #expect(throws: OpenSSLError.self) { try PublicKey(der: [0x30, 0x80]) }
        let encrypted = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiTq2xH4qFJ1gICCAAw
            -----END ENCRYPTED PRIVATE KEY-----
            """
        #expect(throws: OpenSSLError.self) { try PrivateKey(pem: Array(encrypted.utf8)) }
    }
}
