import Exchange
import OpenSSL
import Signature
import Testing

/// Certificates, lists and responses that must not make a signature good, each with the verdict's exact code.
/// How far each rule goes is tested where chains are built; here stands what a reader of verdicts is told.
@Suite struct `A signer's certificate` {
    typealias Change = (inout CertificateProfile) -> Void

    /// A chain by rules that a test bends, the intermediate coming along in the message.
    private struct World {
        let root: CertificateIssuer
        let agencies: CertificateIssuer
        let signer: Certificate
        let key: PrivateKey
        var above: [Certificate]

        init(root change: Change = { _ in }, agencies: Change = { _ in }, signer: Change = { _ in }) throws {
            var top = made("Root").asAuthority()
            change(&top)
            root = try CertificateIssuer(root: top, key: .generate(.ec(.p256)))
            var middle = made("Agencies").asAuthority()
            agencies(&middle)
            self.agencies = try root.intermediate(middle, key: .generate(.ec(.p256)))
            var leaf = made("Sở Nội vụ").asDocumentSigner()
            signer(&leaf)
            key = try .generate(.ec(.p256))
            self.signer = try self.agencies.issue(leaf, to: try key.publicKey())
            above = [self.agencies.certificate]
        }

        func report(
            anchors: [Certificate]? = nil, lists: [CertificateList] = [], responses: [OCSPResponse] = [],
            at time: Instant = noon
        ) throws -> SignatureReport {
            var draft = CMSDraft(signer, key)
            draft.certificates += above
            let trust = TrustStore(
                certificates: anchors ?? [root.certificate],
                revocation: RevocationData(lists: lists, responses: responses))
            return SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy()).verify(
                cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: time)
        }
    }

    private func code(_ report: SignatureReport) -> SignatureReasonCode? {
        report.hasPassed ? nil : report.reasons.first { $0.code != .revocationNotPublished }?.code
    }

    private func code(
        root: Change = { _ in }, agencies: Change = { _ in }, signer: Change = { _ in },
        at time: Instant = noon
    ) throws -> SignatureReasonCode? {
        code(try World(root: root, agencies: agencies, signer: signer).report(at: time))
    }

    @Test func `under an anchor passes`() throws {
        #expect(try code() == nil)
    }

    // MARK: - The chain

    @Test func `outside of its authority's name constraints is refused`() throws {
        let narrow: Change = { $0.extensions = [("nameConstraints", "critical,permitted;DNS:.vn")] }
        #expect(try code(agencies: narrow, signer: { $0.dnsNames = ["so.langson.vn"] }) == nil)
        #expect(try code(agencies: narrow, signer: { $0.dnsNames = ["evil.example"] }) == .chainConstraint)
        #expect(try code(root: narrow, signer: { $0.dnsNames = ["evil.example"] }) == .chainConstraint)
    }

    @Test func `below a path that is too long is refused`() throws {
        let short: Change = { $0.authority = .certificates(pathLength: 0) }
        #expect(try code(agencies: short) == nil)
        #expect(try code(root: short) == .chainConstraint)
    }

    @Test func `issued by one who is no authority is refused`() throws {
        for kind in [CertificateProfile.Authority.none, .unstated] {
            #expect(
                try code(agencies: {
                    $0.authority = kind
                    $0.keyUsage = [.digitalSignature]
                }) == .chainConstraint)
        }
    }

    @Test func `with a critical extension that nobody knows is refused`() throws {
        let strange: Change = { $0.extensions = [("1.2.3.4", "critical,DER:0500")] }
        #expect(try code(signer: strange) == .chainConstraint)
        #expect(try code(agencies: strange) == .chainConstraint)
        #expect(try code(signer: { $0.extensions = [("1.2.3.4", "DER:0500")] }) == nil)
    }

    @Test func `for another purpose is refused`() throws {
        for usage in [ExtendedKeyUsage.timeStamping, ExtendedKeyUsage.ocspSigning, "1.3.6.1.5.5.7.3.1"] {
            #expect(try code(signer: { $0.extendedKeyUsages = [usage] }) == .extendedKeyUsage, "\(usage)")
            #expect(try code(agencies: { $0.extendedKeyUsages = [usage] }) == .extendedKeyUsage, "\(usage)")
        }
        #expect(try code(signer: { $0.keyUsage = [.keyEncipherment] }) == .keyUsage)
        #expect(try code(agencies: { $0.extendedKeyUsages = [ExtendedKeyUsage.documentSigning] }) == nil)
    }

    @Test func `is judged by its own time and its authorities'`() throws {
        let over: Change = { $0.notAfter = noon }
        let early: Change = { $0.notBefore = noon.adding(seconds: 1) }
        #expect(try code(signer: over) == .certificateExpired)
        #expect(try code(signer: over, at: noon.adding(seconds: -1)) == nil)
        #expect(try code(signer: early) == .certificateNotYetValid)
        #expect(try code(agencies: over) == .chainExpired)
        #expect(try code(agencies: early) == .chainExpired)
    }

    @Test func `of a chain that only goes round is refused`() throws {
        // Two authorities that sign each other, and no anchor above either.
        var world = try World()
        let other = try CertificateIssuer(root: made("Other").asAuthority(), key: .generate(.ec(.p256)))
        let there = try world.agencies.issue(made("Other").asAuthority(), to: other.key.publicKey())
        let back = try other.issue(made("Agencies").asAuthority(), to: world.agencies.key.publicKey())
        world.above = [there, back]
        let stranger = try CertificateIssuer(root: made("Root").asAuthority(), key: .generate(.ec(.p256)))
        #expect(code(try world.report(anchors: [stranger.certificate])) == .chainNotFound)
        // With a way out it passes all the same.
        world.above = [there, back, world.agencies.certificate]
        #expect(code(try world.report()) == nil)
    }

    @Test func `below an authority of the same name is not taken for ours`() throws {
        let ours = try World()
        let theirs = try World()
        #expect(code(try theirs.report(anchors: [ours.root.certificate])) == .chainNotFound)
        // Theirs with our intermediate beside it: the name fits, the key does not.
        var mixed = theirs
        mixed.above = [ours.agencies.certificate]
        #expect(code(try mixed.report(anchors: [ours.root.certificate])) == .chainNotFound)
        // A whole chain of theirs, its root along: what a message brings is no anchor.
        mixed.above = [theirs.agencies.certificate, theirs.root.certificate]
        #expect(code(try mixed.report(anchors: [ours.root.certificate])) == .chainNotFound)
    }

    /// CVE-2023-0464: every policy mapped to every other, level by level.
    @Test func `below a bomb of policies is refused`() throws {
        let names = (1...6).map { "1.2.3.\($0)" }
        let pairs = names.flatMap { from in names.map { "\(from):\($0)" } }
        let bomb: Change = {
            $0.extensions = [
                ("certificatePolicies", names.joined(separator: ",")),
                ("policyMappings", "critical,\(pairs.joined(separator: ","))"),
            ]
        }
        let root = try CertificateIssuer(root: made("Root").asAuthority(), key: .generate(.ec(.p256)))
        var above: [CertificateIssuer] = []
        for level in 1...7 {
            var profile = made("Level \(level)").asAuthority()
            bomb(&profile)
            above.append(try (above.last ?? root).intermediate(profile, key: .generate(.ec(.p256))))
        }
        let key = try PrivateKey.generate(.ec(.p256))
        var profile = made("Signer").asDocumentSigner()
        profile.extensions = [("certificatePolicies", names.joined(separator: ","))]
        let leaf = try #require(above.last).issue(profile, to: key.publicKey())
        var draft = CMSDraft(leaf, key)
        draft.certificates += above.map(\.certificate)
        let trust = TrustStore(certificates: [root.certificate])
        let report = SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy()).verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: noon)
        #expect(code(report) == .chainConstraint)
    }

    // MARK: - Revocation

    private let published: Change = {
        $0.crlURLs = ["http://crl.example/agencies.crl"]
        $0.ocspURLs = ["http://ocsp.example/"]
    }

    /// Code and cause of a verdict by these lists and responses.
    private func told(_ report: SignatureReport) -> String {
        guard let code = code(report) else { return "passed" }
        let cause = report.revocation?.status == .unknown ? report.revocation?.cause : nil
        return [code.rawValue, cause].compactMap { $0 }.joined(separator: " ")
    }

    @Test func `is in doubt without an answer, and revoked by a true one only`() throws {
        let world = try World(signer: published)
        func list(
            by issuer: CertificateIssuer, revoking: Bool = false, made: Instant = noon,
            scope: String? = nil
        ) throws -> CertificateList {
            var profile = RevocationListProfile(thisUpdate: made, nextUpdate: made.adding(seconds: oneDay))
            if revoking { profile.revoked = [RevokedSerial(serial: world.signer.serial, date: noon)] }
            if let scope { profile.extensions = [("issuingDistributionPoint", scope)] }
            return try issuer.revocationList(profile)
        }
        func told(_ lists: CertificateList...) throws -> String {
            self.told(try world.report(lists: lists, at: noon.adding(seconds: 60)))
        }
        #expect(try told() == "revocation_unknown no_data")
        #expect(try told(list(by: world.agencies)) == "passed")
        #expect(try told(list(by: world.agencies, revoking: true)) == "certificate_revoked")
        // Of another scope; stale; from the future; by a stranger of the same name; with no true signature.
        #expect(
            try told(list(by: world.agencies, scope: "critical,onlyCA:TRUE")) == "revocation_unknown no_data")
        #expect(
            try told(list(by: world.agencies, scope: "critical,indirectCRL:TRUE"))
                == "revocation_unknown no_data")
        let old = noon.adding(seconds: -30 * oneDay)
        #expect(try told(list(by: world.agencies, made: old)) == "revocation_unknown stale")
        let stranger = try World()
        #expect(try told(list(by: stranger.agencies)) == "revocation_unknown not_authentic")
        var bent = try list(by: world.agencies).der
        bent[bent.count - 1] ^= 1
        #expect(try told(CertificateList(der: bent)) == "revocation_unknown not_authentic")
        // A forged word changes nothing of a true one, whatever it says.
        #expect(
            try told(list(by: world.agencies), list(by: stranger.agencies, revoking: true)) == "passed")
        #expect(
            try told(list(by: world.agencies, revoking: true), list(by: stranger.agencies))
                == "certificate_revoked")
    }

    @Test func `whose authority was revoked is in doubt`() throws {
        let world = try World(agencies: published)
        var profile = RevocationListProfile(thisUpdate: noon, nextUpdate: noon.adding(seconds: oneDay))
        profile.revoked = [RevokedSerial(serial: world.agencies.certificate.serial, date: noon)]
        let list = try world.root.revocationList(profile)
        let report = try world.report(lists: [list], at: noon.adding(seconds: 60))
        #expect(code(report) == .authorityRevoked && report.indication == .indeterminate)
    }

    @Test func `is not cleared by a response that is not about it, not from its authority or too old`() throws
    {
        let world = try World(signer: published)
        func responder(by issuer: CertificateIssuer, _ usages: [String]) throws -> OCSPResponder {
            var profile = made("Responder")
            profile.keyUsage = .digitalSignature
            profile.extendedKeyUsages = usages
            profile.extensions = [("noCheck", "ignored")]
            let key = try PrivateKey.generate(.ec(.p256))
            return OCSPResponder(certificate: try issuer.issue(profile, to: key.publicKey()), key: key)
        }
        func told(
            by responder: OCSPResponder, about certificate: Certificate? = nil,
            until end: Instant = noon.adding(seconds: oneDay / 4)
        ) throws -> String {
            let statement = OCSPResponder.Statement(
                certificate ?? world.signer, issuer: world.agencies.certificate, .good,
                thisUpdate: end.adding(seconds: -oneDay / 4), nextUpdate: end)
            let response = try responder.respond(
                [statement], OCSPResponder.Form(producedAt: statement.thisUpdate))
            return self.told(try world.report(responses: [response], at: noon.adding(seconds: 60)))
        }
        let signing = [ExtendedKeyUsage.ocspSigning]
        let appointed = try responder(by: world.agencies, signing)
        #expect(try told(by: appointed) == "passed")
        // About another certificate of the same authority.
        let other = try world.agencies.issue(made("Sở khác").asDocumentSigner(), to: world.key.publicKey())
        #expect(try told(by: appointed, about: other) == "revocation_unknown no_data")
        // Without the right to; of the authority above; of a stranger; by the signer himself.
        #expect(
            try told(by: responder(by: world.agencies, [ExtendedKeyUsage.emailProtection]))
                == "revocation_unknown not_authentic")
        #expect(try told(by: responder(by: world.root, signing)) == "revocation_unknown not_authentic")
        #expect(
            try told(by: responder(by: World().agencies, signing)) == "revocation_unknown not_authentic")
        let own = OCSPResponder(certificate: world.signer, key: world.key)
        #expect(try told(by: own) == "revocation_unknown not_authentic")
        // Replayed after its time.
        #expect(try told(by: appointed, until: noon.adding(seconds: -3600)) == "revocation_unknown stale")
    }
}
