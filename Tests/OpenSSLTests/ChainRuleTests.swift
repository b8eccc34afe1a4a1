import Exchange
import OpenSSL
import Testing

/// Chains that break one rule each. The `openssl` command must agree about every one of them.
@Suite struct `A chain` {
    let command: OpenSSLCommand

    init() throws {
        command = try OpenSSLCommand()
    }

    /// - Parameter expected: nil where the chain holds.
    func expect(
        _ demo: DemoAuthority, _ expected: ChainFailure.Code?, depth: Int? = nil, at time: Instant = noon,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        try expect(
            demo.signer, [demo.agencies.certificate], [demo.root.certificate], expected, depth: depth,
            at: time, location)
    }

    func expect(
        _ leaf: Certificate, _ untrusted: [Certificate], _ anchors: [Certificate],
        _ expected: ChainFailure.Code?, depth: Int? = nil, at time: Instant = noon,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let result = TrustStore(certificates: anchors).validate(
            leaf, untrusted: untrusted, purpose: .any, at: time)
        #expect(
            result.failure?.code == expected, "\(String(describing: result.failure))",
            sourceLocation: location)
        if let depth { #expect(result.failure?.depth == depth, sourceLocation: location) }
        let oracle = try command.verifies(leaf, untrusted: untrusted, anchors: anchors, at: time)
        #expect(oracle.isDone == (expected == nil), "\(oracle.output)", sourceLocation: location)
        // What is configured is judged like what came along.
        let configured = TrustStore(certificates: anchors + untrusted).validate(leaf, purpose: .any, at: time)
        #expect(configured.failure?.code == expected, sourceLocation: location)
    }

    func signer(_ change: (inout CertificateProfile) -> Void) -> CertificateProfile {
        var wanted = profile("Signer").asDocumentSigner()
        change(&wanted)
        return wanted
    }

    func authority(_ change: (inout CertificateProfile) -> Void) -> CertificateProfile {
        var wanted = profile("Agencies").asAuthority()
        change(&wanted)
        return wanted
    }

    // MARK: names

    static let names: [(constraint: String, name: String, isAllowed: Bool)] = [
        ("permitted;DNS:.vn", "DNS:so.langson.vn", true),
        ("permitted;DNS:.vn", "DNS:evil.example", false),
        ("excluded;DNS:.example", "DNS:evil.example", false),
        ("excluded;DNS:.example", "DNS:so.langson.vn", true),
        ("permitted;email:langson.gov.vn", "email:a@langson.gov.vn", true),
        ("permitted;email:langson.gov.vn", "email:a@caobang.gov.vn", false),
        ("permitted;email:.gov.vn", "email:a@caobang.gov.vn", true),
        ("excluded;email:caobang.gov.vn", "email:a@caobang.gov.vn", false),
        ("permitted;URI:.vn", "URI:http://evil.example/", false),
        ("permitted;IP:10.0.0.0/255.0.0.0", "IP:10.1.2.3", true),
        ("permitted;IP:10.0.0.0/255.0.0.0", "IP:11.1.2.3", false),
        // A kind of name that nobody can compare with: refused, not passed over.
        ("permitted;RID:1.2.3", "RID:1.2.3", false),
    ]

    @Test(arguments: names)
    func `keeps within its name constraints`(constraint: String, name: String, isAllowed: Bool) throws {
        let demo = try DemoAuthority(
            agencies: authority { $0.extensions = [("nameConstraints", "critical,\(constraint)")] },
            signer: signer { $0.extensions = [("subjectAltName", name)] })
        try expect(demo, isAllowed ? nil : .constraint, depth: isAllowed ? nil : 0)
    }

    @Test(arguments: [
        ("permitted", "Lạng Sơn", true), ("permitted", "Cao Bằng", false), ("excluded", "Lạng Sơn", false),
        ("excluded", "Cao Bằng", true),
    ])
    func `keeps within the names of a directory`(kind: String, province: String, isAllowed: Bool) throws {
        // GeneralSubtrees by hand, [4] { C=VN, O=Lạng Sơn }: OpenSSL's configuration needs a section for it.
        let value = Array("Lạng Sơn".utf8)
        func wrapped(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag, UInt8(content.count)] + content }
        func attribute(_ type: UInt8, _ tag: UInt8, _ bytes: [UInt8]) -> [UInt8] {
            wrapped(0x31, wrapped(0x30, [0x06, 3, 0x55, 4, type] + wrapped(tag, bytes)))
        }
        let name = wrapped(0x30, attribute(6, 0x13, Array("VN".utf8)) + attribute(10, 0x0C, value))
        let subtree = wrapped(0x30, wrapped(0xA4, name))
        let constraints = wrapped(0x30, wrapped(kind == "permitted" ? 0xA0 : 0xA1, subtree))
        let demo = try DemoAuthority(
            agencies: authority {
                $0.extensions = [("nameConstraints", "critical,DER:\(Hex.encode(constraints))")]
            },
            signer: signer { $0.subject = [("C", "VN"), ("O", province), ("CN", "Văn thư")] })
        try expect(demo, isAllowed ? nil : .constraint)
    }

    @Test func `hands name constraints down to the end`() throws {
        let demo = try DemoAuthority(
            agencies: authority { $0.extensions = [("nameConstraints", "critical,permitted;DNS:.vn")] })
        // The authority below allows itself more.
        var wide = profile("Below").asAuthority()
        wide.extensions = [("nameConstraints", "critical,permitted;DNS:.example")]
        let below = try demo.agencies.intermediate(wide, key: .generate(.ec(.p256)))
        let leaf = try below.issue(
            signer { $0.extensions = [("subjectAltName", "DNS:evil.example")] },
            to: demo.signerKey.publicKey())
        try expect(
            leaf, [below.certificate, demo.agencies.certificate], [demo.root.certificate], .constraint)
    }

    // MARK: what an authority may

    @Test func `has no authority that is none`() throws {
        let base = try DemoAuthority()
        let key = try base.signerKey.publicKey()
        for change: (inout CertificateProfile) -> Void in [
            { $0.authority = .none },
            // basicConstraints that says CA, but a key that may not sign certificates.
            { $0.keyUsage = [.digitalSignature, .crlSign] },
        ] {
            let fake = try base.root.intermediate(authority(change), key: .generate(.ec(.p256)))
            let leaf = try fake.issue(signer { _ in }, to: key)
            let result = TrustStore(certificates: [base.root.certificate]).validate(
                leaf, untrusted: [fake.certificate], at: noon)
            #expect([.constraint, .noPath].contains(result.failure?.code))
            #expect(
                try !command.verifies(
                    leaf, untrusted: [fake.certificate], anchors: [base.root.certificate], at: noon
                ).isDone)
        }
        // No basicConstraints at all.
        let bare = try base.root.intermediate(
            authority { $0.authority = .unstated }, key: .generate(.ec(.p256)))
        let leaf = try bare.issue(signer { _ in }, to: key)
        try expect(leaf, [bare.certificate], [base.root.certificate], .constraint, depth: 1)
    }

    @Test func `is no longer than an authority allows`() throws {
        let demo = try DemoAuthority(agencies: authority { $0.authority = .certificates(pathLength: 0) })
        try expect(demo, nil)
        let below = try demo.agencies.intermediate(profile("Below").asAuthority(), key: .generate(.ec(.p256)))
        let leaf = try below.issue(signer { _ in }, to: demo.signerKey.publicKey())
        try expect(
            leaf, [below.certificate, demo.agencies.certificate], [demo.root.certificate], .constraint)
        // The anchor's own limit counts as well.
        let narrow = try DemoAuthority(root: profile("Root").asAuthority(pathLength: 0))
        try expect(narrow, .constraint)
    }

    @Test func `is no longer than we look`() throws {
        let demo = try DemoAuthority()
        var last = demo.root
        var between: [Certificate] = []
        for depth in 0...TrustStore.depthMax {
            last = try last.intermediate(profile("Level \(depth)").asAuthority(), key: .generate(.ec(.p256)))
            between.append(last.certificate)
            let leaf = try last.issue(signer { _ in }, to: demo.signerKey.publicKey())
            try expect(
                leaf, between, [demo.root.certificate], depth < TrustStore.depthMax ? nil : .constraint)
        }
    }

    @Test func `has no critical extension that nobody knows`() throws {
        let strange = [(name: "1.2.3.4.5", value: "critical,DER:0500")]
        try expect(try DemoAuthority(signer: signer { $0.extensions = strange }), .constraint, depth: 0)
        try expect(try DemoAuthority(agencies: authority { $0.extensions = strange }), .constraint, depth: 1)
        try expect(
            try DemoAuthority(signer: signer { $0.extensions = [("1.2.3.4.5", "DER:0500")] }), nil)
    }

    // MARK: times

    @Test func `is valid all along at the time in question`() throws {
        let early = noon.adding(seconds: -60)
        let demo = try DemoAuthority(agencies: authority { $0.notAfter = early })
        try expect(demo, .expired, depth: 1)
        try expect(demo, nil, at: early.adding(seconds: -1))
        let late = noon.adding(seconds: 60)
        let future = try DemoAuthority(agencies: authority { $0.notBefore = late })
        try expect(future, .notYetValid, depth: 1)
        try expect(future, nil, at: late)
        let root = try DemoAuthority(
            root: CertificateProfile(
                commonName: "Root", notBefore: noon.adding(seconds: -day), notAfter: early
            )
            .asAuthority())
        try expect(root, .expired, depth: 2)
    }

    // MARK: algorithms

    @Test func `has no weak key and no weak signature`() throws {
        for digest in ["SHA1", "MD5"] {
            let specification = PrivateKey.Specification.rsa(bits: 2048)
            let root = try CertificateIssuer(
                root: profile("Root").asAuthority(), key: .generate(specification))
            let agencies = try root.intermediate(
                authority { $0.digest = digest }, key: .generate(specification))
            let key = try PrivateKey.generate(.ec(.p256)).publicKey()
            let below = try agencies.issue(signer { _ in }, to: key)
            try expect(below, [agencies.certificate], [root.certificate], .weakAlgorithm, depth: 1)
            let direct = try root.issue(signer { $0.digest = digest }, to: key)
            try expect(direct, [], [root.certificate], .weakAlgorithm, depth: 0)
        }
        let base = try DemoAuthority()
        let short = try base.root.intermediate(authority { _ in }, key: .generate(.rsa(bits: 1024)))
        let leaf = try short.issue(signer { _ in }, to: base.signerKey.publicKey())
        try expect(leaf, [short.certificate], [base.root.certificate], .weakAlgorithm, depth: 1)
        // What an anchor signed itself with proves nothing and harms nothing.
        let old = try DemoAuthority(
            root: {
                var wanted = profile("Root").asAuthority()
                wanted.digest = "SHA1"
                return wanted
            }())
        try expect(old, nil)
    }

    @Test func `has no curve that is spelled out`() throws {
        let base = try DemoAuthority()
        _ = try command.run([
            "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit", "-out",
            "explicit.key",
        ])
        let key = try PrivateKey(pem: command.read("explicit.key"))
        let leaf = try base.agencies.issue(signer { _ in }, to: key.publicKey())
        try expect(leaf, [base.agencies.certificate], [base.root.certificate], .weakAlgorithm, depth: 0)
        let fake = try base.root.intermediate(authority { _ in }, key: key)
        let below = try fake.issue(signer { _ in }, to: base.signerKey.publicKey())
        try expect(below, [fake.certificate], [base.root.certificate], .weakAlgorithm, depth: 1)
    }
}
