import Exchange
import OpenSSL
import Signature
import Testing

/// What an RSA or ECDSA verifier must not take, `signatures.md` aside: PKCS #1 blocks that only look padded,
/// made with the private key itself so that nothing but the padding is wrong.
@Suite struct `A signature primitive` {
    let workshop: Workshop
    let authority: Authority
    let key: PrivateKey
    let certificate: Certificate

    init() throws {
        workshop = try Workshop()
        authority = try Authority()
        // e = 3, with which such blocks could be forged without the key.
        try workshop.run(
            "openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt",
            "rsa_keygen_pubexp:3", "-out", "key.pem")
        key = try PrivateKey(pem: try workshop.read("key.pem"))
        certificate = try authority.agencies.issue(
            made("Sở Nội vụ").asDocumentSigner(), to: try key.publicKey())
    }

    func draft(_ identifier: [UInt8]? = nil) -> CMSDraft {
        var draft = CMSDraft(certificate, key)
        draft.algorithm = .rsaPKCS1(.sha256)
        draft.signatureIdentifier =
            identifier ?? tlv(0x30, tlv(0x06, CMSDraft.pkcs + [0x01, 0x0B]) + [5, 0])
        return draft
    }

    func report(_ draft: CMSDraft) throws -> SignatureReport {
        authority.verifier().verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: noon)
    }

    /// Raises `block` to the private exponent.
    func raw(_ block: [UInt8]) throws -> [UInt8] {
        try workshop.write("block", block)
        try workshop.run(
            "openssl", "pkeyutl", "-decrypt", "-inkey", "key.pem", "-pkeyopt", "rsa_padding_mode:none", "-in",
            "block", "-out", "raw")
        return try workshop.read("raw")
    }

    func code(_ block: (_ digest: [UInt8]) -> [UInt8]) throws -> SignatureReasonCode? {
        var draft = draft()
        let digest = SHA256.hash(tlv(0x31, draft.encodedAttributes.reduce([], +))).bytes
        let padded = block(digest)
        precondition(padded.count == 256)
        draft.signature = try raw(padded)
        let report = try report(draft)
        return report.hasPassed ? nil : report.reasons.first?.code
    }

    static let digestInfo: [UInt8] = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
        0x04, 0x20,
    ]

    static func padded(_ content: [UInt8], type: UInt8 = 1, with filler: UInt8 = 0xFF) -> [UInt8] {
        [0, type] + [UInt8](repeating: filler, count: 253 - content.count) + [0] + content
    }

    @Test func `of PKCS 1 is the whole block, and no other spelling of it`() throws {
        #expect(try code { Self.padded(Self.digestInfo + $0) } == nil)
        // Bleichenbacher 2006: garbage after the digest, or inside of the parameters.
        #expect(
            try code { digest in
                let start = [0, 1] + [UInt8](repeating: 0xFF, count: 8) + [0] + Self.digestInfo + digest
                return start + [UInt8](repeating: 0x5A, count: 256 - start.count)
            } == .signatureMismatch)
        #expect(
            try code { digest in
                var info = Self.digestInfo
                info[1] = 0x31 + 100
                info[3] = 0x0D + 100
                info[16] = 100
                info.insert(contentsOf: [UInt8](repeating: 0x5A, count: 100), at: 17)
                return Self.padded(info + digest)
            } == .signatureMismatch)
        // Without the NULL; with a length in BER.
        let short: [UInt8] = [
            0x30, 0x2F, 0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04,
            0x20,
        ]
        #expect(try code { Self.padded(short + $0) } == .signatureMismatch)
        #expect(
            try code { Self.padded([0x30, 0x81, 0x31] + Self.digestInfo.dropFirst(2) + $0) }
                == .signatureMismatch)
        #expect(try code { Self.padded(Self.digestInfo + $0, type: 2) } == .signatureMismatch)
        #expect(try code { Self.padded(Self.digestInfo + $0, with: 0xFE) } == .signatureMismatch)
        #expect(try code { Self.padded($0) } == .signatureMismatch)
        // SHA-1's name before a digest of SHA-256.
        #expect(
            try code { digest in
                Self.padded(
                    [0x30, 0x2D, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 5, 0, 4, 0x20] + digest
                )
            } == .signatureMismatch)
    }

    static func pss(_ salt: UInt8, mask: [UInt8] = CMSDraft.sha256) -> [UInt8] {
        tlv(
            0x30,
            tlv(0x06, CMSDraft.pkcs + [0x01, 0x0A])
                + tlv(
                    0x30,
                    tlv(0xA0, CMSDraft.sha256)
                        + tlv(0xA1, tlv(0x30, tlv(0x06, CMSDraft.pkcs + [0x01, 0x08]) + mask))
                        + tlv(0xA2, tlv(0x02, [salt]))))
    }

    func pss(salt: Int, mask: String, stating identifier: [UInt8]) throws -> SignatureReport {
        var draft = draft(identifier)
        let digest = SHA256.hash(tlv(0x31, draft.encodedAttributes.reduce([], +))).bytes
        try workshop.write("digest", digest)
        try workshop.run(
            "openssl", "pkeyutl", "-sign", "-inkey", "key.pem", "-in", "digest", "-pkeyopt", "digest:sha256",
            "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:\(salt)", "-pkeyopt",
            "rsa_mgf1_md:\(mask)", "-out", "raw")
        draft.signature = try workshop.read("raw")
        return try report(draft)
    }

    @Test func `of RSASSA-PSS has the salt and the mask that are stated`() throws {
        #expect(try pss(salt: 32, mask: "sha256", stating: Self.pss(32)).hasPassed)
        for (salt, mask, stated) in [(20, "sha256", 32 as UInt8), (32, "sha256", 33), (32, "sha1", 32)] {
            let report = try pss(salt: salt, mask: mask, stating: Self.pss(stated))
            #expect(report.reasons.first?.code == .signatureMismatch)
        }
        let other = tlv(0x30, oid(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03))
        for mask in [other, CMSDraft.sha1] {
            let report = try pss(salt: 32, mask: "sha256", stating: Self.pss(32, mask: mask))
            #expect(report.reasons.first?.code == .algorithmParameters)
        }
    }

    @Test func `of RSA wants the NULL in its identifier`() throws {
        for object in [[0x01, 0x0B], [0x01, 0x01]] as [[UInt8]] {
            var missing = draft(tlv(0x30, tlv(0x06, CMSDraft.pkcs + object)))
            missing.signature = [1]
            #expect(try report(missing).reasons.first?.code == .algorithmParameters)
        }
    }

    @Test func `of a short RSA key, or on spelled-out curve parameters, does not count`() throws {
        try workshop.run("openssl", "genrsa", "-out", "short.pem", "1024")
        try workshop.run(
            "openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit",
            "-out",
            "explicit.pem")
        for (file, code) in [("short.pem", SignatureReasonCode.keyTooShort), ("explicit.pem", .keyForbidden)]
        {
            let key = try PrivateKey(pem: try workshop.read(file))
            let certificate = try authority.agencies.issue(
                made("Sở Nội vụ").asDocumentSigner(), to: try key.publicKey())
            var draft = CMSDraft(certificate, key)
            if code == .keyTooShort {
                draft.algorithm = .rsaPKCS1(.sha256)
                draft.signatureIdentifier = tlv(0x30, tlv(0x06, CMSDraft.pkcs + [0x01, 0x0B]) + [5, 0])
            } else {
                draft.signature = [1]
            }
            let report = try report(draft)
            #expect(report.indication != .totalPassed && report.reasons.first?.code == code)
        }
    }

    @Test func `with SHA-1 counts by an exception until its end, and says so`() throws {
        var draft = draft(tlv(0x30, tlv(0x06, CMSDraft.pkcs + [0x01, 0x05]) + [5, 0]))
        draft.algorithm = .rsaPKCS1(.sha1)
        draft.digestIdentifier = CMSDraft.sha1
        draft.attributes[1].values = [tlv(0x04, Digester.hash(draft.content, .sha1))]
        let none = try self.report(draft)
        #expect(none.reasons.first?.code == .algorithmForbidden)
        #expect(none.subIndication == .cryptoConstraintsFailure)
        func report(until end: Instant, _ draft: CMSDraft) throws -> SignatureReport {
            let policy = try AlgorithmPolicy(json5: Array("{sha1Until: '\(end.rfc3339)'}".utf8))
            return authority.verifier(algorithms: policy).verify(
                cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: noon)
        }
        let tolerated = try report(until: noon.adding(seconds: 1), draft)
        #expect(tolerated.hasPassed && tolerated.reasons.map(\.code).contains(.sha1Tolerated))
        let late = try report(until: noon, draft)
        #expect(late.reasons.first?.code == .sha1Expired && late.subIndication == .cryptoConstraintsNoProof)
        let tsa = try TimestampAuthority(below: authority.root)
        try draft.stamp(by: tsa, at: noon.adding(seconds: -1))
        #expect(try report(until: noon, draft).hasPassed)
        let modern = CMSDraft(authority)
        #expect(try report(until: noon, modern).reasons.allSatisfy { $0.code == .revocationNotPublished })
    }
}
