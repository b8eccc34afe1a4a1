import Exchange
import OpenSSL
import Testing

/// RFC 5280 section 6.1: policies, as OpenSSL counts them.
@Suite struct `Certificate policies` {
    typealias Extensions = [(name: String, value: String)]

    let command: OpenSSLCommand

    init() throws {
        command = try OpenSSLCommand()
    }

    /// Root, authorities with these extensions from the top, and a signer.
    func expect(
        _ authorities: [Extensions], _ signer: Extensions, _ expected: ChainFailure.Code?,
        isForOracle: Bool = true, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let root = try CertificateIssuer(root: profile("Root").asAuthority(), key: .generate(.ec(.p256)))
        var last = root
        var between: [Certificate] = []
        for (level, extensions) in authorities.enumerated() {
            var wanted = profile("Level \(level)").asAuthority()
            wanted.extensions = extensions
            last = try last.intermediate(wanted, key: .generate(.ec(.p256)))
            between.append(last.certificate)
        }
        var wanted = profile("Signer").asDocumentSigner()
        wanted.extensions = signer
        let leaf = try last.issue(wanted, to: PrivateKey.generate(.ec(.p256)).publicKey())
        let result = TrustStore(certificates: [root.certificate]).validate(leaf, untrusted: between, at: noon)
        #expect(
            result.failure?.code == expected, "\(String(describing: result.failure))",
            sourceLocation: location)
        let oracle = try command.verifies(leaf, untrusted: between, anchors: [root.certificate], at: noon)
        #expect(oracle.isDone == (expected == nil), "\(oracle.output)", sourceLocation: location)
    }

    func policies(_ names: String) -> (name: String, value: String) { ("certificatePolicies", names) }

    let explicit = (name: "policyConstraints", value: "critical,requireExplicitPolicy:0")

    @Test func `are not asked for unless an authority asks`() throws {
        try expect([[]], [], nil)
        try expect([[policies("1.2.3.4")]], [policies("1.2.3.5")], nil)
        try expect([[explicit, policies("1.2.3.4")]], [policies("1.2.3.4")], nil)
        try expect([[explicit, policies("1.2.3.4")]], [policies("1.2.3.5")], .constraint)
        try expect([[explicit, policies("1.2.3.4")]], [], .constraint)
        try expect([[explicit]], [policies("1.2.3.4")], .constraint)
    }

    @Test func `may be mapped, unless that is inhibited`() throws {
        let mapping = (name: "policyMappings", value: "critical,1.2.3.4:1.2.9.9")
        let upper: Extensions = [explicit, policies("1.2.3.4")]
        let lower: Extensions = [policies("1.2.3.4"), mapping]
        try expect([upper, lower], [policies("1.2.9.9")], nil)
        try expect([upper, lower], [policies("1.2.3.4")], .constraint)
        let inhibiting = (
            name: "policyConstraints", value: "critical,requireExplicitPolicy:0,inhibitPolicyMapping:0"
        )
        try expect(
            [[inhibiting, policies("1.2.3.4")], lower], [policies("1.2.9.9")], .constraint)
        // To and from anyPolicy is no mapping at all.
        for bad in ["2.5.29.32.0:1.2.3.4", "1.2.3.4:2.5.29.32.0"] {
            try expect(
                [upper, [policies("1.2.3.4"), ("policyMappings", "critical,\(bad)")]],
                [policies("1.2.3.4")], .constraint)
        }
    }

    @Test func `include any policy, unless that is inhibited`() throws {
        let any = policies("2.5.29.32.0")
        try expect([[explicit, any]], [policies("1.2.3.4")], nil)
        try expect([[explicit, any], [any]], [policies("1.2.3.4")], nil)
        let inhibiting = (name: "inhibitAnyPolicy", value: "critical,0")
        try expect([[explicit, any, inhibiting], [any]], [policies("1.2.3.4")], .constraint)
    }

    @Test func `that stand twice or cannot be read are refused`() throws {
        try expect([[]], [("certificatePolicies", "DER:300C300406022A03300406022A03")], .constraint)
    }

    /// CVE-2023-0464: every policy mapped to every other, level by level.
    @Test func `that grow without end are given up`() throws {
        let names = (1...6).map { "1.2.3.\($0)" }
        let all = policies(names.joined(separator: ","))
        let pairs = names.flatMap { from in names.map { "\(from):\($0)" } }
        let mapping = (name: "policyMappings", value: "critical,\(pairs.joined(separator: ","))")
        let levels = [Extensions](repeating: [all, mapping], count: 7)
        try expect(levels, [all], .constraint)
    }
}
