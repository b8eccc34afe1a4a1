import Exchange
import OpenSSL
import Testing

@Suite struct `An OCSP responder` {
    let world: OCSPDemo

    init() throws {
        world = try OCSPDemo()
    }

    func status(
        by responder: OCSPResponder, _ change: (inout OCSPResponder.Form) -> Void = { _ in }
    ) throws -> RevocationStatus {
        world.status([try world.response(world.statement(), by: responder, change)])
    }

    func appointed(_ change: (inout CertificateProfile) -> Void) throws -> OCSPResponder {
        var wanted = OCSPDemo.responderProfile()
        change(&wanted)
        return try OCSPDemo.appoint(wanted, by: world.demo.agencies)
    }

    @Test func `is the issuer, or whom the issuer appointed`() throws {
        let issuer = OCSPResponder(
            certificate: world.demo.agencies.certificate, key: world.demo.agencies.key)
        for isNamedByKey in [false, true] {
            #expect(try status(by: issuer) { $0.namesItselfByKey = isNamedByKey }.isGood)
            #expect(try status(by: world.responder) { $0.namesItselfByKey = isNamedByKey }.isGood)
        }
        #expect(try status(by: issuer) { $0.bringsCertificate = false }.isGood)
    }

    @Test func `may be known from elsewhere`() throws {
        let response = try world.response(world.statement()) { $0.bringsCertificate = false }
        #expect(world.status([response]) == .unknown(.notAuthentic))
        let offered = world.store([response]).validate(
            world.demo.signer, untrusted: [world.responder.certificate], at: noon)
        #expect(offered.signerRevocation == .good(response.source))
        let configured = TrustStore(
            certificates: [
                world.demo.root.certificate, world.demo.agencies.certificate, world.responder.certificate,
            ], revocation: RevocationData(responses: [response]))
        #expect(configured.validate(world.demo.signer, at: noon).signerRevocation.isGood)
    }

    @Test(arguments: [
        [], [ExtendedKeyUsage.any], [ExtendedKeyUsage.emailProtection], [ExtendedKeyUsage.timeStamping],
    ])
    func `was appointed for just this`(purposes: [String]) throws {
        let other = try appointed { $0.extendedKeyUsages = purposes }
        #expect(try status(by: other) == .unknown(.notAuthentic))
    }

    @Test func `may be appointed for more`() throws {
        let other = try appointed {
            $0.extendedKeyUsages = [ExtendedKeyUsage.ocspSigning, ExtendedKeyUsage.timeStamping]
        }
        #expect(try status(by: other).isGood)
    }

    @Test func `is not the one whom it clears`() throws {
        let own = OCSPResponder(certificate: world.demo.signer, key: world.demo.signerKey)
        #expect(try status(by: own) == .unknown(.notAuthentic))
    }

    @Test func `was appointed by the issuer's own key`() throws {
        // By the authority above, by a stranger, by an authority of the same name, by itself.
        let wanted = OCSPDemo.responderProfile()
        let above = try OCSPDemo.appoint(wanted, by: world.demo.root)
        #expect(try status(by: above) == .unknown(.notAuthentic))
        let twin = try OCSPDemo()
        #expect(try status(by: twin.responder) == .unknown(.notAuthentic))
        let authority = OCSPResponder(
            certificate: twin.demo.agencies.certificate, key: twin.demo.agencies.key)
        #expect(try status(by: authority) == .unknown(.notAuthentic))
        let alone = try CertificateIssuer(root: wanted, key: .generate(.ec(.p256)))
        let itself = OCSPResponder(certificate: alone.certificate, key: alone.key)
        #expect(try status(by: itself) == .unknown(.notAuthentic))
        // By one whom the issuer made an authority.
        let base = try OCSPDemo()
        let below = try world.demo.root.intermediate(
            profile("Below").asAuthority(), key: .generate(.ec(.p256)))
        let indirect = try OCSPDemo.appoint(wanted, by: below)
        let response = try base.response(base.statement(), by: indirect) {
            $0.certificates = [below.certificate]
        }
        #expect(base.status([response]) == .unknown(.notAuthentic))
    }

    @Test func `was valid when it answered`() throws {
        let over = try appointed { $0.notAfter = noon.adding(seconds: -1) }
        #expect(try status(by: over) == .unknown(.notAuthentic))
        let soon = try appointed { $0.notBefore = noon.adding(seconds: 1) }
        #expect(try status(by: soon) == .unknown(.notAuthentic))
        // Long expired by now, but not then.
        let short = try appointed { $0.notAfter = noon.adding(seconds: 60) }
        let response = try world.response(world.statement(), by: short)
        #expect(world.status([response], at: noon.adding(seconds: 3600)).isGood)
    }

    @Test func `may sign with its key`() throws {
        #expect(try status(by: try appointed { $0.keyUsage = .keyEncipherment }) == .unknown(.notAuthentic))
        #expect(try status(by: try appointed { $0.keyUsage = [] }).isGood)
        let strange = try appointed { $0.extensions.append(("1.2.3.4.5", "critical,DER:0500")) }
        #expect(try status(by: strange) == .unknown(.notAuthentic))
    }

    @Test func `uses no algorithm that proves nothing`() throws {
        for digest in ["SHA1", "MD5", "SHA224"] {
            let rsa = try OCSPDemo.appoint(
                OCSPDemo.responderProfile(), by: world.demo.agencies, key: .rsa(bits: 2048))
            #expect(try status(by: rsa) { $0.digest = digest } == .unknown(.notAuthentic))
            #expect(try status(by: rsa) { $0.digest = "SHA384" }.isGood)
            if digest == "MD5" { continue }
            #expect(
                try status(by: try appointed { $0.digest = digest }) == .unknown(.notAuthentic),
                "appointed with \(digest)")
        }
        let short = try OCSPDemo.appoint(
            OCSPDemo.responderProfile(), by: world.demo.agencies, key: .rsa(bits: 1024))
        #expect(try status(by: short) == .unknown(.notAuthentic))
        let edwards = try OCSPDemo.appoint(
            OCSPDemo.responderProfile(), by: world.demo.agencies, key: .ed25519)
        #expect(try status(by: edwards).isGood)
    }

    @Test func `without ocsp-nocheck is itself looked up in the lists`() throws {
        let plain = try OCSPDemo.appoint(
            OCSPDemo.responderProfile(hasNoCheck: false), by: world.demo.agencies)
        // Made before the signer's own list would be valid: it speaks of the responder only.
        let response = try world.response(world.statement(made: noon.adding(seconds: 60)), by: plain)
        #expect(world.status([response], at: noon) == .unknown(.responderUnknown))
        let list = try world.list()
        let result = world.store([response], [list]).validate(world.demo.signer, at: noon)
        #expect(result.signerRevocation == .good(response.source))
        #expect(result.evidence.responses.map(\.sha256) == [response.sha256])
        #expect(result.evidence.lists.map(\.sha256) == [list.sha256])
        // Its own word about itself is none.
        var itself = world.statement()
        itself.certificate = plain.certificate
        let vouching = try world.response(itself, by: plain)
        #expect(world.status([response, vouching], at: noon) == .unknown(.responderUnknown))
    }

    @Test(arguments: [true, false])
    func `whose certificate was revoked proves nothing`(hasNoCheck: Bool) throws {
        let responder = try OCSPDemo.appoint(
            OCSPDemo.responderProfile(hasNoCheck: hasNoCheck), by: world.demo.agencies)
        // No list speaks of the signer: his part of the partitioned list is not at hand.
        func status(_ date: Instant, _ reason: RevocationReason) throws -> RevocationStatus {
            var profile = RevocationListProfile(
                thisUpdate: noon.adding(seconds: -7200), nextUpdate: noon.adding(seconds: day))
            profile.revoked = [
                RevokedSerial(serial: responder.certificate.serial, date: date, reason: reason)
            ]
            let list = try world.demo.agencies.revocationList(profile)
            let response = try world.response(world.statement(), by: responder)
            return world.status([response], [list])
        }
        let before = noon.adding(seconds: -3600)
        let after = noon.adding(seconds: 3600)
        // What remains is the list, which is older and clears the signer.
        for reason in RevocationReason.allCases where reason != .removeFromCRL {
            guard case .good(let source) = try status(before, reason) else {
                Issue.record("\(reason) and no answer")
                continue
            }
            #expect(source.kind == .crl, "\(reason)")
        }
        // Revoked later: what it said before stands, unless its key was stolen.
        guard case .good(let superseded) = try status(after, .superseded),
            case .good(let stolen) = try status(after, .keyCompromise)
        else {
            Issue.record("no answer")
            return
        }
        #expect(superseded.kind == .ocsp && stolen.kind == .crl)
    }

    @Test func `is not believed where one byte is bent`() throws {
        let der = try world.response(
            world.statement(.revoked(at: noon.adding(seconds: -60), reason: .keyCompromise))
        ).der
        var readable = 0
        for index in der.indices {
            var bent = der
            bent[index] ^= 1
            guard let response = try? OCSPResponse(der: bent) else { continue }
            readable += 1
            #expect(!world.status([response]).isGood, "byte \(index)")
        }
        #expect(readable > 100)
    }
}

@Suite struct `Reading an OCSP response` {
    let world: OCSPDemo

    init() throws {
        world = try OCSPDemo()
    }

    @Test func `takes one whole DER value`() throws {
        let der = try world.response(world.statement()).der
        #expect(try OCSPResponse(der: der).der == der)
        #expect(throws: OpenSSLError.self) { try OCSPResponse(der: der + [0]) }
        #expect(throws: OpenSSLError.self) { try OCSPResponse(der: der.dropLast()) }
        #expect(throws: OpenSSLError.self) { try OCSPResponse(der: []) }
        #expect(throws: OpenSSLError.self) {
            try OCSPResponse(der: [UInt8](repeating: 0x30, count: OCSPResponse.byteCountMax + 1))
        }
        // Indefinite length: BER, not DER.
        #expect(der[1] == 0x82)
        let content = Array(der.dropFirst(4))
        #expect(throws: OpenSSLError.self) { try OCSPResponse(der: [0x30, 0x80] + content + [0, 0]) }
        // A length longer than need be.
        #expect(throws: OpenSSLError.self) {
            try OCSPResponse(der: [0x30, 0x83, 0] + Array(der[2..<4]) + content)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 6, 7] as [UInt8])
    func `refuses what is no answer`(status: UInt8) {
        #expect(throws: OpenSSLError.self) { try OCSPResponse(der: [0x30, 3, 0x0A, 1, status]) }
    }

    @Test func `takes the part that CAdES keeps`() throws {
        let whole = try world.response(world.statement())
        // OCSPResponse { status, [0] { SEQUENCE { OID, OCTET STRING basic } } }: basic is the rest.
        let oid: [UInt8] = [0x06, 9, 0x2B, 6, 1, 5, 5, 7, 0x30, 1, 1]
        let start = try #require(
            whole.der.indices.first { Array(whole.der[$0...].prefix(oid.count)) == oid })
        #expect(whole.der[start + oid.count] == 0x04 && whole.der[start + oid.count + 1] == 0x82)
        let basic = Array(whole.der[(start + oid.count + 4)...])
        #expect(try OCSPResponse(basicDER: basic).der == whole.der)
        #expect(throws: OpenSSLError.self) { try OCSPResponse(basicDER: basic + [0]) }
        #expect(throws: OpenSSLError.self) { try OCSPResponse(basicDER: whole.der) }
    }

    @Test func `never fails on bent bytes in another way than by saying so`() throws {
        let der = try world.response(world.statement()).der
        for index in der.indices {
            for bit in 0..<8 {
                var bent = der
                bent[index] ^= 1 << UInt8(bit)
                _ = try? OCSPResponse(der: bent)
            }
            _ = try? OCSPResponse(der: Array(der.prefix(index)))
        }
    }
}
