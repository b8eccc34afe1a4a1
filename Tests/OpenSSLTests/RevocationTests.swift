import Exchange
import OpenSSL
import Testing

@Suite struct `Revocation` {
    let demo: DemoAuthority

    init() throws {
        var signer = profile("Signer").asDocumentSigner()
        signer.crlURLs = ["http://crl.example/agencies.crl"]
        demo = try DemoAuthority(signer: signer)
    }

    func list(
        revokedAt date: Instant? = nil, reason: RevocationReason = .unspecified, made: Instant = noon,
        until: Instant? = noon.adding(seconds: day), scope: String? = nil, by issuer: CertificateIssuer? = nil
    ) throws -> CertificateList {
        try (issuer ?? demo.agencies).revocationList(
            revoking: date.map { [RevokedSerial(serial: demo.signer.serial, date: $0, reason: reason)] }
                ?? [],
            thisUpdate: made, nextUpdate: until, scope: scope)
    }

    func status(_ lists: [CertificateList], at time: Instant = noon) -> RevocationStatus {
        demo.store(lists).validate(demo.signer, at: time).signerRevocation
    }

    @Test func `has three answers`() throws {
        let good = try list()
        #expect(status([good]) == .good(good.source))
        let bad = try list(revokedAt: noon.adding(seconds: -60), reason: .keyCompromise)
        #expect(
            status([bad])
                == .revoked(at: noon.adding(seconds: -60), reason: .keyCompromise, bad.source))
        #expect(status([]) == .unknown(.noData))
        #expect(!demo.store().validate(demo.signer, at: noon).isTrusted)
        #expect(demo.store([good]).validate(demo.signer, at: noon).isTrusted)
        #expect(!demo.store([bad]).validate(demo.signer, at: noon).isTrusted)
    }

    @Test func `is judged at the time in question, also by a list made later`() throws {
        let revoked = noon.adding(seconds: 10 * day)
        let later = try list(
            revokedAt: revoked, reason: .cessationOfOperation, made: noon.adding(seconds: 20 * day),
            until: noon.adding(seconds: 21 * day))
        let trust = demo.store([later])
        for _ in 0..<2 {
            #expect(
                trust.validate(demo.signer, at: noon).signerRevocation
                    == .good(later.source))
            #expect(
                trust.validate(demo.signer, at: revoked).signerRevocation
                    == .revoked(at: revoked, reason: .cessationOfOperation, later.source))
            #expect(
                trust.validate(demo.signer, at: revoked.adding(milliseconds: -1)).signerRevocation
                    == .good(later.source))
        }
    }

    @Test func `is unknown once the list is stale`() throws {
        let old = try list(made: noon, until: noon.adding(seconds: day))
        #expect(status([old], at: noon.adding(seconds: 2 * day)) == .unknown(.stale))
        let endless = try list(made: noon, until: nil)
        #expect(status([endless], at: noon.adding(seconds: 6 * day)) != .unknown(.stale))
        #expect(status([endless], at: noon.adding(seconds: 8 * day)) == .unknown(.stale))
    }

    @Test func `is what the newest list says`() throws {
        let before = try list()
        let after = try list(revokedAt: noon, made: noon.adding(seconds: 60))
        #expect(
            status([before, after], at: noon.adding(seconds: 90))
                == status([after], at: noon.adding(seconds: 90)))
        #expect(status([after, before], at: noon) == status([after], at: noon))
    }

    @Test func `is not learnt from a list that does not speak for the certificate`() throws {
        let forged = try DemoAuthority()
        #expect(status([try list(by: forged.agencies)]) == .unknown(.notAuthentic))
        #expect(status([try list(scope: "onlyCA:TRUE")]) == .unknown(.noData))
        #expect(status([try list(scope: "indirectCRL:TRUE")]) == .unknown(.noData))
        #expect(status([try list(scope: "onlysomereasons:keyCompromise")]) == .unknown(.noData))
        #expect(status([try list(scope: "fullname:URI:http://crl.example/other.crl")]) == .unknown(.noData))
        let own = try list(scope: "critical,onlyuser:TRUE,fullname:URI:http://crl.example/agencies.crl")
        #expect(status([own]) == .good(own.source))
    }

    @Test func `is not learnt from a bent list`() throws {
        let der = try list(revokedAt: noon.adding(seconds: -60)).der
        for index in der.indices {
            var bent = der
            bent[index] ^= 1
            guard let list = try? CertificateList(der: bent) else { continue }
            switch status([list]) {
            case .good: Issue.record("byte \(index) bent and the certificate is good")
            case .revoked, .unknown: break
            }
        }
    }

    @Test func `on hold is no answer yet`() throws {
        let held = try list(revokedAt: noon.adding(seconds: -60), reason: .certificateHold)
        #expect(status([held]) == .unknown(.onHold))
    }

    @Test func `says nothing about a certificate that had expired when the list was made`() throws {
        let late = try list(
            made: noon.adding(seconds: 500 * day), until: noon.adding(seconds: 501 * day))
        #expect(status([late]) == .unknown(.noData))
    }

    @Test func `of an authority reaches what it issued`() throws {
        let revoked = try demo.root.revocationList(
            revoking: [RevokedSerial(serial: demo.agencies.certificate.serial, date: noon)], thisUpdate: noon,
            nextUpdate: noon.adding(seconds: day))
        let result = demo.store([try list(), revoked]).validate(demo.signer, at: noon)
        #expect(result.failure == nil && !result.isTrusted)
        guard case .revoked = result.revocation.last else {
            Issue.record("the authority is revoked")
            return
        }
    }
}

extension CertificateList {
    /// As an answer names it.
    var source: RevocationSource {
        RevocationSource(kind: .crl, sha256: sha256, thisUpdate: thisUpdate, nextUpdate: nextUpdate)
    }
}
