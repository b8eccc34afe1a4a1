import Exchange
import OpenSSL
import Testing

@Suite struct `A revocation list` {
    let demo: DemoAuthority

    init() throws {
        var signer = profile("Signer").asDocumentSigner()
        signer.crlURLs = ["http://crl.example/part1.crl"]
        demo = try DemoAuthority(signer: signer)
    }

    let past = noon.adding(seconds: -60)

    func list(
        revoking reason: RevocationReason? = nil, from date: Instant? = nil, made: Instant = noon,
        by issuer: CertificateIssuer? = nil, _ change: (inout RevocationListProfile) -> Void = { _ in }
    ) throws -> CertificateList {
        var wanted = RevocationListProfile(thisUpdate: made, nextUpdate: made.adding(seconds: day))
        if let reason {
            wanted.revoked = [RevokedSerial(serial: demo.signer.serial, date: date ?? past, reason: reason)]
        }
        change(&wanted)
        return try (issuer ?? demo.agencies).revocationList(wanted)
    }

    func status(_ lists: CertificateList..., at time: Instant = noon) -> RevocationStatus {
        demo.store(lists).validate(demo.signer, at: time).signerRevocation
    }

    @Test func `is signed with what is evidence today`() throws {
        let key = try PrivateKey.generate(.rsa(bits: 2048))
        let root = try CertificateIssuer(root: profile("RSA root").asAuthority(), key: key)
        let leaf = try root.issue(profile("Leaf").asDocumentSigner(), to: demo.signerKey.publicKey())
        for (digest, isEvidence) in [
            ("SHA1", false), ("MD5", false), ("SHA224", false), ("SHA256", true), ("SHA384", true),
            ("SHA512", true),
        ] {
            var wanted = RevocationListProfile(thisUpdate: noon, nextUpdate: noon.adding(seconds: day))
            wanted.revoked = [RevokedSerial(serial: leaf.serial, date: past)]
            wanted.digest = digest
            let list = try root.revocationList(wanted)
            let found = TrustStore(
                certificates: [root.certificate], revocation: RevocationData(lists: [list])
            ).validate(leaf, at: noon).signerRevocation
            #expect(isEvidence ? found.isRevoked : found == .unknown(.notAuthentic), "\(digest)")
        }
    }

    @Test func `is signed by the issuer's own key`() throws {
        // By an authority of the same name, by the root, by the signer in the issuer's name.
        let twin = try DemoAuthority()
        #expect(status(try list(by: twin.agencies)) == .unknown(.notAuthentic))
        #expect(status(try list(by: demo.root)) == .unknown(.noData))
        let thief = CertificateIssuer(certificate: demo.agencies.certificate, key: demo.signerKey)
        #expect(status(try list(by: thief)) == .unknown(.notAuthentic))
        // No signature, or another list's.
        var der = try list().der
        der[der.count - 1] ^= 1
        #expect(status(try CertificateList(der: der)) == .unknown(.notAuthentic))
        // A forged one beside a true one changes nothing.
        let good = try list()
        #expect(status(try list(revoking: .keyCompromise, by: twin.agencies), good) == .good(good.source))
        #expect(status(good, try list(revoking: .keyCompromise, by: twin.agencies)) == .good(good.source))
    }

    @Test func `comes from a key that may sign lists`() throws {
        var wanted = profile("Agencies").asAuthority()
        wanted.keyUsage = .keyCertSign
        let silent = try DemoAuthority(agencies: wanted)
        let list = try silent.agencies.revocationList(thisUpdate: noon, nextUpdate: noon.adding(seconds: day))
        #expect(
            silent.store([list]).validate(silent.signer, at: noon).signerRevocation
                == .unknown(.notAuthentic))
    }

    @Test func `that is a delta revokes and never clears`() throws {
        let delta = [(name: "2.5.29.27", value: "critical,DER:020101")]
        let silent = try list { $0.extensions = delta }
        #expect(status(silent) == .unknown(.noData))
        #expect(status(try list(revoking: .superseded) { $0.extensions = delta }).isRevoked)
        // It takes back nothing but a hold, and that only the next whole list shows.
        #expect(status(try list(revoking: .removeFromCRL) { $0.extensions = delta }) == .unknown(.noData))
        let held = try list(revoking: .certificateHold)
        let lifted = try list(revoking: .removeFromCRL, made: noon.adding(seconds: 60)) {
            $0.extensions = delta
        }
        #expect(status(held, lifted) == .unknown(.onHold))
        let whole = try list(made: noon.adding(seconds: 120))
        #expect(status(held, lifted, whole) == .good(whole.source))
        // Newer than the whole list.
        let full = try list()
        let news = try list(revoking: .keyCompromise, made: noon.adding(seconds: 60)) {
            $0.extensions = delta
        }
        #expect(status(full, news).isRevoked)
    }

    @Test func `for some reasons only revokes and never clears`() throws {
        let scope = [(name: "issuingDistributionPoint", value: "critical,onlysomereasons:keyCompromise")]
        #expect(status(try list { $0.extensions = scope }) == .unknown(.noData))
        #expect(status(try list(revoking: .keyCompromise) { $0.extensions = scope }).isRevoked)
    }

    @Test(arguments: [
        "indirectCRL:TRUE", "onlyAA:TRUE", "onlyCA:TRUE", "fullname:URI:http://crl.example/part2.crl",
    ])
    func `of another scope says nothing`(scope: String) throws {
        for reason in [nil, RevocationReason.keyCompromise] {
            let other = try list(revoking: reason) {
                $0.extensions = [("issuingDistributionPoint", "critical,\(scope)")]
            }
            #expect(status(other) == .unknown(.noData))
            // And does not shadow one that says something.
            let own = try list(made: noon.adding(seconds: -60))
            #expect(status(other, own) == .good(own.source))
        }
    }

    @Test(arguments: [
        "onlyuser:TRUE", "fullname:URI:http://crl.example/part1.crl",
        "onlyuser:TRUE,fullname:URI:http://crl.example/part1.crl",
    ])
    func `of the certificate's part speaks of it`(scope: String) throws {
        let own = try list { $0.extensions = [("issuingDistributionPoint", "critical,\(scope)")] }
        #expect(status(own) == .good(own.source))
    }

    @Test func `of users says nothing of authorities`() throws {
        func root(_ scope: String) throws -> RevocationStatus? {
            let list = try demo.root.revocationList(
                thisUpdate: noon, nextUpdate: noon.adding(seconds: day), scope: scope)
            return demo.store([list]).validate(demo.signer, at: noon).revocation.last
        }
        #expect(try root("critical,onlyuser:TRUE") == .unknown(.noData))
        #expect(try root("critical,onlyCA:TRUE")?.isGood == true)
    }

    @Test func `with something critical that nobody knows says nothing`() throws {
        let strange = [(name: "1.2.3.4.5", value: "critical,DER:0500")]
        #expect(status(try list { $0.extensions = strange }) == .unknown(.noData))
        #expect(status(try list { $0.extensions = [("1.2.3.4.5", "DER:0500")] }).isGood)
        // In the entry of somebody else.
        func entry(_ name: String, _ value: String) throws -> RevocationStatus {
            status(
                try list {
                    var other = RevokedSerial(serial: [7], date: past)
                    other.extensions = [(name, value)]
                    $0.revoked = [other]
                })
        }
        #expect(try entry("1.2.3.4.5", "critical,DER:0500") == .unknown(.noData))
        #expect(try entry("1.2.3.4.5", "DER:0500").isGood)
        // certificateIssuer: an indirect list that does not say so.
        #expect(
            try entry("2.5.29.29", "critical,DER:3012A410300E310C300A06035504030C03466F6F")
                == .unknown(.noData))
    }

    @Test func `without a next one grows old`() throws {
        let endless = try list { $0.nextUpdate = nil }
        #expect(status(endless, at: noon.adding(seconds: 7 * day)).isGood)
        #expect(status(endless, at: noon.adding(seconds: 7 * day + 1)) == .unknown(.stale))
        let revoking = try list(revoking: .superseded) { $0.nextUpdate = nil }
        #expect(status(revoking, at: noon.adding(seconds: 8 * day)).isRevoked)
    }

    @Test func `from the future counts for nothing yet, but for what it revokes`() throws {
        let made = noon.adding(seconds: 3600)
        func status(_ list: CertificateList, now: Instant) -> RevocationStatus {
            TrustStore(
                certificates: [demo.root.certificate, demo.agencies.certificate],
                revocation: RevocationData(lists: [list]), now: { now }
            ).validate(demo.signer, at: noon).signerRevocation
        }
        let ahead = try list(made: made)
        #expect(status(ahead, now: noon) == .unknown(.notYetValid))
        #expect(status(ahead, now: made).isGood)
        #expect(status(try list(revoking: .superseded, made: made), now: noon).isRevoked)
    }

    @Test func `counts from the day on which the certificate became invalid`() throws {
        let told = noon
        let stolen = noon.adding(seconds: -3600)
        let list = try list(made: noon.adding(seconds: 60)) {
            $0.revoked = [
                RevokedSerial(
                    serial: demo.signer.serial, date: told, reason: .keyCompromise, invalidityDate: stolen)
            ]
        }
        #expect(status(list, at: stolen).isRevoked && status(list, at: told).isRevoked)
        #expect(status(list, at: stolen.adding(seconds: -1)).isGood)
        let later = try self.list(made: noon.adding(seconds: 60)) {
            $0.revoked = [
                RevokedSerial(
                    serial: demo.signer.serial, date: told, invalidityDate: told.adding(seconds: 3600))
            ]
        }
        #expect(status(later, at: told).isRevoked)
    }

    @Test func `on hold lasts until somebody takes it back`() throws {
        let held = try list(revoking: .certificateHold)
        #expect(status(held) == .unknown(.onHold))
        #expect(status(held, at: past.adding(seconds: -1)).isGood)
        // Not because the list ended, or because an older one says good.
        let older = try list(made: noon.adding(seconds: -7200)) {
            $0.nextUpdate = noon.adding(seconds: 90 * day)
        }
        #expect(status(held, older, at: noon.adding(seconds: 3 * day)) == .unknown(.onHold))
        let lifted = try list(made: noon.adding(seconds: 60))
        #expect(status(held, lifted) == .good(lifted.source))
        // What ended in revocation leaves a doubt about the time between.
        let ended = try list(
            revoking: .keyCompromise, from: noon.adding(seconds: 600), made: noon.adding(seconds: 900))
        #expect(status(held, ended, at: noon) == .unknown(.onHold))
        #expect(status(held, ended, at: noon.adding(seconds: 600)).isRevoked)
    }

    @Test func `keeps expired certificates where it says so`() throws {
        let late = demo.signer.notAfter.adding(seconds: day)
        let silent = try list(made: late)
        #expect(status(silent) == .unknown(.noData))
        // expiredCertsOnCRL: a GeneralizedTime.
        func keeping(_ time: String) throws -> CertificateList {
            try list(made: late) {
                $0.extensions = [("2.5.29.60", "DER:180F\(Hex.encode(Array(time.utf8)))")]
            }
        }
        let kept = try keeping("20200101000000Z")
        #expect(status(kept) == .good(kept.source))
        #expect(status(try keeping("20991231235959Z")) == .unknown(.noData))
        #expect(status(try list(revoking: .superseded, made: late)).isRevoked)
    }
}
