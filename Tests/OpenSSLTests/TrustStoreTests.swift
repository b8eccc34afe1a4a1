import Exchange
import OpenSSL
import Testing

@Suite struct `A trust store` {
    static let purposes: [(KeyUsage, [String], ChainFailure.Code?)] = [
        (.keyEncipherment, [], .keyUsage),
        (.nonRepudiation, [], nil),
        (.digitalSignature, [ExtendedKeyUsage.documentSigning], nil),
        (.digitalSignature, [ExtendedKeyUsage.any], nil),
        (.digitalSignature, [ExtendedKeyUsage.emailProtection, ExtendedKeyUsage.clientAuthentication], nil),
        (.digitalSignature, [ExtendedKeyUsage.microsoftDocumentSigning], nil),
        (.digitalSignature, [ExtendedKeyUsage.clientAuthentication], .extendedKeyUsage),
        (.digitalSignature, [ExtendedKeyUsage.serverAuthentication], .extendedKeyUsage),
        (.digitalSignature, [ExtendedKeyUsage.timeStamping], .extendedKeyUsage),
        (.digitalSignature, [ExtendedKeyUsage.ocspSigning], .extendedKeyUsage),
        ([], [], nil),
    ]

    @Test func `accepts a signer whose chain ends in an anchor, whatever came along`() throws {
        let demo = try DemoAuthority()
        let alone = TrustStore(certificates: [demo.root.certificate])
        let result = alone.validate(demo.signer, untrusted: [demo.agencies.certificate], at: noon)
        #expect(result.failure == nil)
        #expect(
            result.chain.map(\.sha256) == [
                demo.signer.sha256, demo.agencies.certificate.sha256, demo.root.certificate.sha256,
            ])
        #expect(result.isTrusted)
        #expect(result.revocation == [.unknown(.noSource), .unknown(.noSource)])
        #expect(demo.store().validate(demo.signer, at: noon).isTrusted)
        #expect(alone.validate(demo.signer, at: noon).failure?.code == .noPath)
        #expect(TrustStore(certificates: []).validate(demo.signer, at: noon).failure?.code == .noPath)
    }

    @Test func `does not take the message's own root for an anchor`() throws {
        let demo = try DemoAuthority()
        let forged = try DemoAuthority()
        let store = demo.store()
        let offered = [forged.agencies.certificate, forged.root.certificate]
        // The forged authorities have the real ones' names.
        let result = store.validate(forged.signer, untrusted: offered, at: noon)
        #expect(result.failure != nil && !result.isTrusted)
        #expect(
            store.validate(forged.root.certificate, untrusted: offered, at: noon).failure?.code == .noPath)
        // And they do not disturb the real signer.
        #expect(store.validate(demo.signer, untrusted: offered, at: noon).isTrusted)
    }

    @Test func `judges at the time it is asked for`() throws {
        let store = try DemoAuthority()
        let trust = store.store()
        for _ in 0..<2 {
            #expect(trust.validate(store.signer, at: noon).isTrusted)
            #expect(
                trust.validate(store.signer, at: noon.adding(seconds: 400 * day)).failure?.code == .expired)
            #expect(
                trust.validate(store.signer, at: noon.adding(seconds: -2 * day)).failure?.code == .notYetValid
            )
        }
    }

    @Test func `keeps a result for the time in which it holds`() throws {
        let demo = try DemoAuthority()
        let trust = demo.store([try demo.emptyRootList()])
        let result = trust.validate(demo.signer, at: noon)
        #expect(result.holds.contains(noon.adding(seconds: day)))
        #expect(!result.holds.contains(noon.adding(seconds: day + 1)))
        #expect(trust.validate(demo.signer, at: noon.adding(seconds: 5)).holds == result.holds)
        // After the list's nextUpdate the intermediate's state is no longer known.
        let later = trust.validate(demo.signer, at: noon.adding(seconds: 2 * day))
        #expect(later.failure == nil && !later.isTrusted)
        #expect(later.revocation.last == .unknown(.stale))
    }

    @Test func `changes its version with its content only`() throws {
        let demo = try DemoAuthority()
        let list = try demo.emptyRootList()
        let one = TrustStore(certificates: [demo.root.certificate, demo.agencies.certificate])
        let two = TrustStore(
            certificates: [demo.agencies.certificate, demo.root.certificate, demo.root.certificate])
        #expect(one.version == two.version)
        #expect(one.version != demo.store([list]).version)
    }

    @Test(arguments: purposes)
    func `asks what the signer's key is for`(
        usage: KeyUsage, purposes: [String], expected: ChainFailure.Code?
    ) throws {
        var wanted = profile("Signer")
        wanted.keyUsage = usage
        wanted.extendedKeyUsages = purposes
        let demo = try DemoAuthority(signer: wanted)
        #expect(demo.store().validate(demo.signer, at: noon).failure?.code == expected)
        #expect(demo.store().validate(demo.signer, purpose: .any, at: noon).failure == nil)
    }

    @Test func `lets an authority's extended key usage bind what it issues`() throws {
        var servers = profile("Servers only").asAuthority()
        servers.extendedKeyUsages = [ExtendedKeyUsage.serverAuthentication]
        let demo = try DemoAuthority(agencies: servers)
        #expect(demo.store().validate(demo.signer, at: noon).failure?.code == .extendedKeyUsage)
    }

    @Test func `refuses what breaks the rules of a chain`() throws {
        // Path length: an authority below one that may have none.
        let base = try DemoAuthority()
        let below = try base.agencies.intermediate(profile("Below").asAuthority(), key: .generate(.ec(.p256)))
        let key = try PrivateKey.generate(.ec(.p256)).publicKey()
        let tooDeep = try below.issue(profile("Deep").asDocumentSigner(), to: key)
        #expect(
            base.store().validate(tooDeep, untrusted: [below.certificate], at: noon).failure?.code
                == .constraint)
        // A signer that acts as an authority.
        let fake = CertificateIssuer(certificate: base.signer, key: base.signerKey)
        let issued = try fake.issue(profile("Issued by a signer").asDocumentSigner(), to: key)
        #expect(base.store().validate(issued, untrusted: [base.signer], at: noon).failure != nil)
        // Name constraints.
        var narrow = profile("Narrow").asAuthority()
        narrow.extensions = [("nameConstraints", "critical,permitted;DNS:.vn")]
        var outside = profile("Outside").asDocumentSigner()
        outside.dnsNames = ["evil.example"]
        let constrained = try DemoAuthority(agencies: narrow, signer: outside)
        #expect(constrained.store().validate(constrained.signer, at: noon).failure?.code == .constraint)
        // A critical extension that nobody knows.
        var strange = profile("Strange").asDocumentSigner()
        strange.extensions = [("1.2.3.4.5", "critical,DER:0500")]
        let unknown = try DemoAuthority(signer: strange)
        #expect(unknown.store().validate(unknown.signer, at: noon).failure?.code == .constraint)
    }

    @Test func `accepts a chain whose authority requires policies`() throws {
        var strict = profile("Strict").asAuthority()
        strict.extensions = [
            ("policyConstraints", "critical,requireExplicitPolicy:0"),
            ("certificatePolicies", "DER:3007300506032A0304"),
        ]
        var signer = profile("With policy").asDocumentSigner()
        signer.extensions = [("certificatePolicies", "DER:3007300506032A0304")]
        let demo = try DemoAuthority(agencies: strict, signer: signer)
        #expect(demo.store().validate(demo.signer, at: noon).failure == nil)
        let without = try DemoAuthority(agencies: strict)
        #expect(without.store().validate(without.signer, at: noon).failure?.code == .constraint)
    }

    @Test func `ends its search in a loop of authorities that sign each other`() throws {
        let demo = try DemoAuthority()
        let key = try PrivateKey.generate(.ec(.p256))
        let a = try CertificateIssuer(root: profile("A").asAuthority(), key: key)
        let b = try a.intermediate(profile("B").asAuthority(), key: .generate(.ec(.p256)))
        let crossed = try b.issue(profile("A").asAuthority(), to: key.publicKey())
        let leaf = try b.issue(profile("Leaf").asDocumentSigner(), to: demo.signerKey.publicKey())
        let result = demo.store().validate(leaf, untrusted: [b.certificate, crossed], at: noon)
        #expect(result.failure != nil)
    }

    @Test func `refuses keys that are too short`() throws {
        let key = try PrivateKey.generate(.rsa(bits: 1024))
        let base = try DemoAuthority()
        let leaf = try base.agencies.issue(profile("Short").asDocumentSigner(), to: key.publicKey())
        #expect(base.store().validate(leaf, at: noon).failure?.code == .weakAlgorithm)
    }
}
