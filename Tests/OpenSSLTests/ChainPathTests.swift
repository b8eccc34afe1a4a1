import Exchange
import OpenSSL
import Testing

@Suite struct `The search for a chain` {
    let demo: DemoAuthority
    let key: PublicKey

    init() throws {
        demo = try DemoAuthority()
        key = try demo.signerKey.publicKey()
    }

    func validate(
        _ leaf: Certificate, _ untrusted: [Certificate] = [], anchors: [Certificate]? = nil,
        purpose: ChainPurpose = .documentSigning
    ) -> ChainResult {
        TrustStore(certificates: anchors ?? [demo.root.certificate]).validate(
            leaf, untrusted: untrusted, purpose: purpose, at: noon)
    }

    /// Another certificate for the agencies' authority: the same name, the same key.
    func crossed(
        by issuer: CertificateIssuer, _ change: (inout CertificateProfile) -> Void = { _ in }
    ) throws -> Certificate {
        var wanted = profile("Agencies").asAuthority()
        change(&wanted)
        return try issuer.issue(wanted, to: demo.agencies.key.publicKey())
    }

    static let defects: [(String, @Sendable (inout CertificateProfile) -> Void)] = [
        ("expired", { $0.notAfter = noon.adding(seconds: -1) }),
        ("not yet valid", { $0.notBefore = noon.adding(seconds: 1) }),
        ("signed with SHA-1", { $0.digest = "SHA1" }),
        ("too narrow", { $0.extensions = [("nameConstraints", "critical,permitted;dirName:none")] }),
        ("with a strange extension", { $0.extensions = [("1.2.3.4.5", "critical,DER:0500")] }),
        ("for servers only", { $0.extendedKeyUsages = [ExtendedKeyUsage.serverAuthentication] }),
    ]

    @Test(arguments: defects.indices)
    func `finds the good one of two certificates of an authority`(index: Int) throws {
        let (name, change) = Self.defects[index]
        // A name that no signer of ours has, by hand: C=XX.
        let narrow = "critical,DER:3013A011300FA40D300B3109300706035504061300"
        let bad = try crossed(by: demo.root) { wanted in
            change(&wanted)
            if name == "too narrow" { wanted.extensions = [("nameConstraints", narrow)] }
        }
        #expect(validate(demo.signer, [bad]).failure != nil, "\(name)")
        let good = demo.agencies.certificate
        for pool in [[bad, good], [good, bad]] {
            let result = validate(demo.signer, pool)
            #expect(result.failure == nil && result.chain[1].sha256 == good.sha256, "\(name)")
            let configured = validate(demo.signer, anchors: [demo.root.certificate] + pool)
            #expect(configured.failure == nil, "\(name), configured")
        }
    }

    @Test func `finds the way to the anchor that we have`() throws {
        let other = try CertificateIssuer(
            root: profile("Other root").asAuthority(), key: .generate(.ec(.p256)))
        let bridge = try crossed(by: other)
        for pool in [[bridge, demo.agencies.certificate], [demo.agencies.certificate, bridge]] {
            #expect(validate(demo.signer, pool).failure == nil)
            #expect(validate(demo.signer, pool, anchors: [other.certificate]).failure == nil)
            #expect(
                validate(demo.signer, pool, anchors: [demo.root.certificate, other.certificate]).failure
                    == nil)
        }
        // One of the two anchors has expired.
        let gone = try CertificateIssuer(
            root: CertificateProfile(
                commonName: "Gone", notBefore: noon.adding(seconds: -2 * day),
                notAfter: noon.adding(seconds: -day)
            ).asAuthority(), key: .generate(.ec(.p256)))
        let dead = try crossed(by: gone)
        for pool in [[dead, demo.agencies.certificate], [demo.agencies.certificate, dead]] {
            let result = validate(demo.signer, pool, anchors: [gone.certificate, demo.root.certificate])
            #expect(result.failure == nil)
        }
        // And one was renewed, with the same name and key.
        let renewed = try CertificateIssuer(root: profile("Gone").asAuthority(), key: gone.key)
        let both = [gone.certificate, renewed.certificate]
        #expect(validate(demo.signer, [dead], anchors: both).failure == nil)
        #expect(validate(demo.signer, [dead], anchors: both.reversed()).failure == nil)
    }

    @Test func `is not led astray by look-alikes`() throws {
        // The name and the key identifier of the true authority, another key; self-issued, or by the root of
        // a stranger.
        let stranger = try DemoAuthority()
        var wanted = profile("Agencies").asAuthority()
        wanted.keyIdentifier = demo.agencies.certificate.subjectKeyIdentifier
        let fakes = try (0..<4).map { _ in
            try stranger.root.issue(wanted, to: PrivateKey.generate(.ec(.p256)).publicKey())
        }
        let good = demo.agencies.certificate
        #expect(validate(demo.signer, fakes + [good]).failure == nil)
        #expect(validate(demo.signer, fakes, anchors: [demo.root.certificate, good]).failure == nil)
        // A signer of the stranger's, with the true authority beside.
        let alone = validate(demo.signer, fakes)
        #expect([.badSignature, .noPath].contains(alone.failure?.code))
        let forged = try CertificateIssuer(certificate: fakes[0], key: demo.signerKey).issue(
            profile("Forged").asDocumentSigner(), to: key)
        #expect(validate(forged, fakes + [good]).failure != nil)
    }

    @Test func `does not take a stranger's root of the same name for ours`() throws {
        let stranger = try DemoAuthority()
        let untrusted = [stranger.agencies.certificate, stranger.root.certificate]
        #expect(validate(stranger.signer, untrusted).failure != nil)
        #expect(validate(stranger.root.certificate, untrusted).failure?.code == .noPath)
        var wanted = profile("Root").asAuthority()
        wanted.keyIdentifier = demo.root.certificate.subjectKeyIdentifier
        let twin = try CertificateIssuer(root: wanted, key: .generate(.ec(.p256)))
        let leaf = try twin.issue(profile("Forged").asDocumentSigner(), to: key)
        #expect(validate(leaf, [twin.certificate]).failure != nil)
        #expect(validate(leaf).failure?.code == .badSignature)
    }

    @Test func `ends in loops`() throws {
        // Four authorities that certify each other, none of them certified by an anchor.
        let names = ["A", "B", "C", "D"]
        let loops = try names.map {
            try CertificateIssuer(root: profile($0).asAuthority(), key: .generate(.ec(.p256)))
        }
        var pool: [Certificate] = []
        for issuer in loops {
            for (name, subject) in zip(names, loops) where issuer !== subject {
                pool.append(try issuer.issue(profile(name).asAuthority(), to: subject.key.publicKey()))
            }
        }
        let leaf = try loops[0].issue(profile("Leaf").asDocumentSigner(), to: key)
        #expect(validate(leaf, pool).failure != nil)
        // With a way out at the end.
        let exit = try demo.root.issue(profile("D").asAuthority(), to: loops[3].key.publicKey())
        let found = validate(leaf, [exit] + pool)
        #expect(found.failure == nil || found.failure?.code == .constraint || found.failure?.code == .noPath)
    }

    @Test func `looks at so many certificates of a message and no more`() throws {
        let good = demo.agencies.certificate
        func others(_ name: String, _ count: Int) throws -> [Certificate] {
            let key = try PrivateKey.generate(.ec(.p256)).publicKey()
            return try (0..<count).map { _ in try demo.root.issue(profile(name).asAuthority(), to: key) }
        }
        // Strangers take no room from those whose names lead upward.
        let strangers = try others("Other", TrustStore.untrustedCountMax)
        #expect(validate(demo.signer, strangers.dropLast() + [good]).failure == nil)
        #expect(validate(demo.signer, strangers + [good]).failure?.code == .noPath)
        let namesakes = try others("Agencies", TrustStore.helpersMax)
        #expect(validate(demo.signer, namesakes.dropLast() + [good]).failure == nil)
        #expect(validate(demo.signer, namesakes + [good]).failure?.code == .noPath)
    }

    @Test func `goes through what is configured and what came along alike`() throws {
        let demo = try DemoAuthority(agencies: profile("Agencies").asAuthority())
        let below = try demo.agencies.intermediate(profile("Below").asAuthority(), key: .generate(.ec(.p256)))
        let lowest = try below.intermediate(profile("Lowest").asAuthority(), key: .generate(.ec(.p256)))
        let leaf = try lowest.issue(profile("Leaf").asDocumentSigner(), to: key)
        let authorities = [lowest.certificate, below.certificate, demo.agencies.certificate]
        for configured in authorities.indices {
            var came = authorities
            let known = came.remove(at: configured)
            for pool in [came, came.reversed()] {
                #expect(validate(leaf, pool, anchors: [demo.root.certificate, known]).failure == nil)
            }
        }
    }

    @Test func `asks for timestamping and nothing else`() throws {
        let cases: [(String, KeyUsage, ChainFailure.Code?)] = [
            ("critical,timeStamping", .digitalSignature, nil),
            ("critical,timeStamping", .nonRepudiation, nil),
            ("critical,timeStamping", [], nil),
            ("critical,timeStamping", .keyEncipherment, .keyUsage),
            ("timeStamping", .digitalSignature, .extendedKeyUsage),
            ("critical,timeStamping,emailProtection", .digitalSignature, .extendedKeyUsage),
            ("critical,emailProtection", .digitalSignature, .extendedKeyUsage),
            ("critical,anyExtendedKeyUsage", .digitalSignature, .extendedKeyUsage),
            ("", .digitalSignature, .extendedKeyUsage),
        ]
        for (purposes, usage, expected) in cases {
            var wanted = profile("TSA")
            wanted.keyUsage = usage
            if !purposes.isEmpty { wanted.extensions = [("extendedKeyUsage", purposes)] }
            let leaf = try demo.agencies.issue(wanted, to: key)
            let result = validate(leaf, [demo.agencies.certificate], purpose: .timeStamping)
            #expect(result.failure?.code == expected, "\(purposes) \(usage)")
        }
        var mail = profile("Mail only").asAuthority()
        mail.extendedKeyUsages = [ExtendedKeyUsage.emailProtection]
        let narrow = try demo.root.intermediate(mail, key: .generate(.ec(.p256)))
        var wanted = profile("TSA")
        wanted.extensions = [("extendedKeyUsage", "critical,timeStamping")]
        let leaf = try narrow.issue(wanted, to: key)
        let result = validate(leaf, [narrow.certificate], purpose: .timeStamping)
        #expect(result.failure?.code == .extendedKeyUsage && result.failure?.depth == 1)
    }

    @Test func `lets an extended key usage bind along the whole chain`() throws {
        // Mail above, document signing below: nothing is left.
        var mail = profile("Mail").asAuthority()
        mail.extendedKeyUsages = [ExtendedKeyUsage.emailProtection]
        let upper = try demo.root.intermediate(mail, key: .generate(.ec(.p256)))
        let lower = try upper.intermediate(profile("Lower").asAuthority(), key: .generate(.ec(.p256)))
        let between = [lower.certificate, upper.certificate]
        for (purposes, expected) in [
            ([ExtendedKeyUsage.documentSigning], .extendedKeyUsage),
            ([ExtendedKeyUsage.emailProtection], nil), ([ExtendedKeyUsage.any], nil), ([], nil),
        ] as [([String], ChainFailure.Code?)] {
            var wanted = profile("Signer")
            wanted.keyUsage = .digitalSignature
            wanted.extendedKeyUsages = purposes
            let result = validate(try lower.issue(wanted, to: key), between)
            #expect(result.failure?.code == expected, "\(purposes)")
            if expected != nil { #expect(result.failure?.depth == 2) }
        }
    }
}
