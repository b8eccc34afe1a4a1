import Exchange
import OpenSSL
import Testing

/// An authority with OCSP responders, all keys P-256.
struct OCSPDemo {
    let demo: DemoAuthority
    /// What the authority appointed.
    let responder: OCSPResponder

    init() throws {
        var signer = profile("Signer").asDocumentSigner()
        signer.ocspURLs = ["http://ocsp.example/"]
        signer.crlURLs = ["http://crl.example/agencies.crl"]
        demo = try DemoAuthority(signer: signer)
        responder = try Self.appoint(Self.responderProfile(), by: demo.agencies)
    }

    static func responderProfile(
        _ purposes: [String] = [ExtendedKeyUsage.ocspSigning], hasNoCheck: Bool = true
    ) -> CertificateProfile {
        var wanted = profile("Responder")
        wanted.keyUsage = .digitalSignature
        wanted.extendedKeyUsages = purposes
        if hasNoCheck { wanted.extensions = [("noCheck", "ignored")] }
        return wanted
    }

    static func appoint(
        _ wanted: CertificateProfile, by issuer: CertificateIssuer,
        key specification: PrivateKey.Specification = .ec(.p256)
    ) throws -> OCSPResponder {
        let key = try PrivateKey.generate(specification)
        return OCSPResponder(certificate: try issuer.issue(wanted, to: try key.publicKey()), key: key)
    }

    func statement(
        _ status: OCSPStatement.Status = .good, made: Instant = noon,
        until: Instant? = noon.adding(seconds: day)
    ) -> OCSPResponder.Statement {
        OCSPResponder.Statement(
            demo.signer, issuer: demo.agencies.certificate, status, thisUpdate: made, nextUpdate: until)
    }

    func response(
        _ statement: OCSPResponder.Statement, by other: OCSPResponder? = nil,
        _ change: (inout OCSPResponder.Form) -> Void = { _ in }
    ) throws -> OCSPResponse {
        var form = OCSPResponder.Form(producedAt: statement.thisUpdate)
        change(&form)
        return try (other ?? responder).respond([statement], form)
    }

    func store(
        _ responses: [OCSPResponse], _ lists: [CertificateList] = [],
        now: @escaping @Sendable () -> Instant = { .distantFuture }
    ) -> TrustStore {
        TrustStore(
            certificates: [demo.root.certificate, demo.agencies.certificate],
            revocation: RevocationData(lists: lists, responses: responses), now: now)
    }

    func status(
        _ responses: [OCSPResponse], _ lists: [CertificateList] = [], at time: Instant = noon
    ) -> RevocationStatus {
        store(responses, lists).validate(demo.signer, at: time).signerRevocation
    }

    func list(
        revoking certificate: Certificate? = nil, from date: Instant = noon.adding(seconds: -60),
        _ reason: RevocationReason = .unspecified, made: Instant = noon
    ) throws -> CertificateList {
        let revoked = certificate.map { [RevokedSerial(serial: $0.serial, date: date, reason: reason)] }
        return try demo.agencies.revocationList(
            revoking: revoked ?? [], thisUpdate: made, nextUpdate: made.adding(seconds: day))
    }
}

extension OCSPResponse {
    /// As an answer names it that rests on its first statement.
    var source: RevocationSource {
        RevocationSource(
            kind: .ocsp, sha256: sha256, thisUpdate: statements[0].thisUpdate,
            nextUpdate: statements[0].nextUpdate)
    }
}

@Suite struct `An OCSP response` {
    let world: OCSPDemo

    init() throws {
        world = try OCSPDemo()
    }

    @Test func `has three answers`() throws {
        let good = try world.response(world.statement())
        #expect(world.status([good]) == .good(good.source))
        let date = noon.adding(seconds: -60)
        let bad = try world.response(world.statement(.revoked(at: date, reason: .keyCompromise)))
        #expect(world.status([bad]) == .revoked(at: date, reason: .keyCompromise, bad.source))
        let unknown = try world.response(world.statement(.unknown))
        #expect(world.status([unknown]) == .unknown(.unknownToResponder))
        #expect(world.status([]) == .unknown(.noData))
    }

    @Test func `says what it says`() throws {
        var statement = world.statement(.revoked(at: noon, reason: .superseded))
        statement.hash = .sha256
        let response = try world.response(statement) {
            $0.nonce = [1, 2, 3]
            $0.producedAt = noon.adding(seconds: 5)
        }
        #expect(response.producedAt == noon.adding(seconds: 5))
        #expect(response.responder == .name(world.responder.certificate.subjectDER))
        #expect(response.certificates.map(\.sha256) == [world.responder.certificate.sha256])
        #expect(response.nonce == [4, 3, 1, 2, 3])
        let said = try #require(response.statements.first)
        #expect(
            said.certificate
                == OCSPCertificateID(
                    world.demo.signer, issuer: world.demo.agencies.certificate, hash: .sha256))
        #expect(said.status == .revoked(at: noon, reason: .superseded))
        #expect(said.thisUpdate == noon && said.nextUpdate == noon.adding(seconds: day))
        #expect(try OCSPResponse.all(in: response.der).map(\.sha256) == [response.sha256])
        let pem = PEMBlock.encode(response.der, label: "OCSP RESPONSE")
        #expect(try OCSPResponse.all(in: pem + pem).map(\.sha256) == [response.sha256, response.sha256])
    }

    @Test(arguments: OCSPCertificateID.Hash.allCases)
    func `may name the certificate by any hash`(hash: OCSPCertificateID.Hash) throws {
        var statement = world.statement()
        statement.hash = hash
        #expect(world.status([try world.response(statement)]).isGood)
    }

    @Test func `speaks for nobody but the certificate that it names`() throws {
        let other = try world.demo.agencies.issue(
            profile("Other").asDocumentSigner(), to: world.demo.signerKey.publicKey())
        var statement = world.statement()
        statement.certificate = other
        #expect(world.status([try world.response(statement)]) == .unknown(.noData))
        // The same serial number, of another authority with the same name.
        let twin = try OCSPDemo()
        statement = world.statement()
        statement.issuer = twin.demo.agencies.certificate
        #expect(world.status([try world.response(statement)]) == .unknown(.noData))
    }

    @Test func `may speak of several certificates`() throws {
        let other = try world.demo.agencies.issue(
            profile("Other").asDocumentSigner(), to: world.demo.signerKey.publicKey())
        var second = world.statement(.revoked(at: noon, reason: .superseded))
        second.certificate = other
        let response = try world.responder.respond(
            [second, world.statement()], OCSPResponder.Form(producedAt: noon))
        let store = world.store([response])
        #expect(store.validate(world.demo.signer, at: noon).signerRevocation.isGood)
        #expect(store.validate(other, at: noon).signerRevocation.isRevoked)
        // Of two that contradict each other the one that revokes is believed.
        let both = try world.responder.respond(
            [world.statement(), world.statement(.revoked(at: noon, reason: .superseded))],
            OCSPResponder.Form(producedAt: noon))
        #expect(world.status([both]).isRevoked)
    }

    @Test func `is judged at the time in question, also where it was made later`() throws {
        let made = noon.adding(seconds: 20 * day)
        let later = try world.response(world.statement(made: made, until: made.adding(seconds: day)))
        #expect(world.status([later]) == .good(later.source))
        let revoked = noon.adding(seconds: 10 * day)
        let bad = try world.response(
            world.statement(
                .revoked(at: revoked, reason: .cessationOfOperation), made: made,
                until: made.adding(seconds: day)))
        let trust = world.store([bad])
        for _ in 0..<2 {
            #expect(trust.validate(world.demo.signer, at: noon).signerRevocation == .good(bad.source))
            #expect(trust.validate(world.demo.signer, at: revoked).signerRevocation.isRevoked)
            #expect(
                trust.validate(world.demo.signer, at: revoked.adding(milliseconds: -1)).signerRevocation
                    .isGood)
        }
    }

    @Test func `grows stale`() throws {
        let old = try world.response(world.statement())
        let trust = world.store([old])
        for _ in 0..<2 {
            #expect(
                trust.validate(world.demo.signer, at: noon.adding(seconds: day)).signerRevocation.isGood)
            #expect(
                trust.validate(world.demo.signer, at: noon.adding(seconds: day + 1)).signerRevocation
                    == .unknown(.stale))
        }
        let endless = try world.response(world.statement(until: nil))
        #expect(world.status([endless], at: noon.adding(seconds: day)).isGood)
        #expect(world.status([endless], at: noon.adding(seconds: day + 1)) == .unknown(.stale))
        // What revokes does not.
        let bad = try world.response(world.statement(.revoked(at: noon, reason: .unspecified)))
        #expect(world.status([bad], at: noon.adding(seconds: 30 * day)).isRevoked)
    }

    @Test func `from the future counts for nothing yet`() throws {
        let ahead = try world.response(world.statement(made: noon.adding(seconds: 3600)))
        let early = world.store([ahead], now: { noon })
        #expect(early.validate(world.demo.signer, at: noon).signerRevocation == .unknown(.notYetValid))
        let skewed = world.store([ahead], now: { noon.adding(seconds: 3600 - 200) })
        #expect(skewed.validate(world.demo.signer, at: noon).signerRevocation.isGood)
        // Made before the time that it speaks of.
        let prophecy = try world.response(world.statement()) { $0.producedAt = noon.adding(seconds: -3600) }
        #expect(world.status([prophecy]) == .unknown(.notYetValid))
    }

    @Test func `says nothing of a certificate that had expired, unless its archive reaches back`() throws {
        let late = noon.adding(seconds: 500 * day)
        var wanted = OCSPDemo.responderProfile()
        wanted.notAfter = noon.adding(seconds: 900 * day)
        let responder = try OCSPDemo.appoint(wanted, by: world.demo.agencies)
        var statement = world.statement(made: late, until: late.adding(seconds: day))
        #expect(world.status([try world.response(statement, by: responder)]) == .unknown(.noData))
        statement.archiveCutoff = world.demo.signer.notAfter.adding(seconds: 1)
        #expect(world.status([try world.response(statement, by: responder)]) == .unknown(.noData))
        statement.archiveCutoff = world.demo.signer.notAfter
        #expect(world.status([try world.response(statement, by: responder)]).isGood)
        statement = world.statement(.unknown, made: late)
        #expect(world.status([try world.response(statement, by: responder)]) == .unknown(.noData))
        statement = world.statement(.revoked(at: noon, reason: .unspecified), made: late)
        #expect(world.status([try world.response(statement, by: responder)]).isRevoked)
    }

    @Test func `counts from the day on which the certificate became invalid`() throws {
        var statement = world.statement(
            .revoked(at: noon, reason: .keyCompromise), made: noon.adding(seconds: 60))
        statement.invalidityDate = noon.adding(seconds: -3600)
        let response = try world.response(statement)
        #expect(world.status([response], at: noon.adding(seconds: -3600)).isRevoked)
        #expect(world.status([response], at: noon.adding(seconds: -3601)).isGood)
        // A later one takes nothing back.
        statement.invalidityDate = noon.adding(seconds: 3600)
        #expect(world.status([try world.response(statement)], at: noon).isRevoked)
    }

    @Test func `of a suspended certificate is no answer yet`() throws {
        let held = try world.response(
            world.statement(.revoked(at: noon.adding(seconds: -60), reason: .certificateHold)))
        #expect(world.status([held]) == .unknown(.onHold))
        // RFC 6960 section 2.2: so are certificates answered for that were never issued.
        let never = try world.response(
            world.statement(.revoked(at: Instant(seconds: 0), reason: .certificateHold)))
        #expect(world.status([never]) == .unknown(.onHold))
    }

    @Test func `with a critical extension that nobody knows counts for nothing`() throws {
        var statement = world.statement()
        statement.extensions = [("1.2.3.4.5", "critical,DER:0500")]
        #expect(world.status([try world.response(statement)]) == .unknown(.noData))
        statement.extensions = [("1.2.3.4.5", "DER:0500")]
        #expect(world.status([try world.response(statement)]).isGood)
        #expect(throws: OpenSSLError.self) {
            try world.response(world.statement()) { $0.extensions = [("1.2.3.4.5", "critical,DER:0500")] }
        }
        _ = try world.response(world.statement()) { $0.extensions = [("1.2.3.4.5", "DER:0500")] }
    }
}

extension RevocationStatus {
    var isGood: Bool { if case .good = self { true } else { false } }
    var isRevoked: Bool { if case .revoked = self { true } else { false } }
}
