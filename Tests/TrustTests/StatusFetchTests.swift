import Exchange
import OpenSSL
import Synchronization
import Testing
import Transport

@testable import Trust

@Suite struct `A responder's answers` {
    private let world: TrustWorld
    private let responder: OCSPResponder

    init() throws {
        world = try TrustWorld()
        responder = OCSPResponder(certificate: world.agencies.certificate, key: world.agencies.key)
    }

    private func settings() throws -> TrustSettings {
        var settings = world.settings
        settings.fetch.responders = [
            .init(
                issuer: world.agencies.certificate.sha256, url: try HTTPURL("\(world.publisher.url)/ocsp"))
        ]
        return settings
    }

    private func answer(
        about certificate: Certificate? = nil, by other: OCSPResponder? = nil,
        _ status: OCSPStatement.Status = .good, age: Int64 = 0
    ) throws -> OCSPResponse {
        let made = world.now.adding(seconds: -age)
        return try (other ?? responder).respond(
            [
                .init(
                    certificate ?? world.signer, issuer: world.agencies.certificate, status, thisUpdate: made,
                    nextUpdate: made.adding(seconds: day))
            ], .init(producedAt: made))
    }

    private func serve(_ response: OCSPResponse) {
        world.publisher.put("ocsp") { _ in response.der }
    }

    private func seeSigner() {
        world.signers.note([world.signer, world.agencies.certificate, world.root.certificate])
    }

    @Test func `are asked for once a signer was seen, and count`() throws {
        serve(try answer())
        let keeper = try world.keeper(settings())
        #expect(world.round(keeper) == [] && world.publisher.requests(for: "ocsp").isEmpty)
        seeSigner()
        #expect(world.round(keeper) == ["fetched"])
        guard case .good(let source) = world.revocation(keeper) else { return #expect(Bool(false)) }
        #expect(source.kind == .ocsp)

        // A new answer with the same content may wait for others.
        world.advance(day / 2)
        serve(try answer())
        #expect(world.round(keeper) == [])
        world.advance(300)
        keeper.step()
        #expect(world.told() == ["fetched"])

        world.advance(day / 2)
        serve(try answer(.revoked(at: world.now, reason: .keyCompromise)))
        #expect(world.round(keeper) == ["fetched"])
        guard case .revoked = world.revocation(keeper) else { return #expect(Bool(false)) }
    }

    @Test func `survive a restart, for a signer that is seen again`() throws {
        serve(try answer())
        seeSigner()
        _ = world.round(try world.keeper(settings()))
        world.publisher.put("ocsp", [], status: 500)
        let keeper = try world.keeper(settings())
        guard case .good = world.revocation(keeper) else { return #expect(Bool(false)) }
    }

    @Test func `are asked for at a certificate's own address where that is allowed`() throws {
        serve(try answer())
        seeSigner()
        var settings = world.settings
        settings.fetch.allowed = try URLAllowList(["\(world.publisher.url)/ocsp"])
        #expect(world.round(try world.keeper(settings)) == ["fetched"])
    }

    @Test func `are refused for each fault by its own code`() throws {
        let stranger = try CertificateIssuer(
            root: TrustWorld.profile("Agencies").asAuthority(), key: try .generate(.ec(.p256)))
        let other = try world.agencies.issue(
            TrustWorld.profile("Other").asDocumentSigner(),
            to: try PrivateKey.generate(.ec(.p256)).publicKey())
        seeSigner()
        let faults: [(String, [UInt8])] = [
            ("not_authentic", try answer(about: other).der),
            (
                "not_authentic",
                try answer(by: OCSPResponder(certificate: stranger.certificate, key: stranger.key)).der
            ),
            ("not_authentic", try answer(.unknown).der), ("unreadable", [0x30, 3, 0x0A, 1, 3]),
            ("unreadable", []), ("stale", try answer(age: 2 * day).der),
            ("from_the_future", try answer(age: -3600).der),
        ]
        for (code, bytes) in faults {
            world.publisher.put("ocsp") { _ in bytes }
            let keeper = try world.keeper(settings())
            #expect(world.round(keeper) == [code], "\(code)")
        }
    }

    @Test func `to another question are a replay`() throws {
        seeSigner()
        let made = world.now
        let (signer, issuer, responder) = (world.signer, world.agencies.certificate, responder)
        world.publisher.put("ocsp") { _ in
            var form = OCSPResponder.Form(producedAt: made)
            form.nonce = [UInt8](repeating: 7, count: 32)
            let statement = OCSPResponder.Statement(
                signer, issuer: issuer, .good, thisUpdate: made, nextUpdate: made.adding(seconds: day))
            return (try? responder.respond([statement], form).der) ?? []
        }
        #expect(world.round(try world.keeper(settings())) == ["not_authentic"])
    }
}

@Suite struct `Signers seen lately` {
    @Test func `are kept with their issuers, where somebody vouches for them`() throws {
        let world = try TrustWorld()
        let seen = SeenSigners()
        seen.note([world.signer])
        #expect(seen.all.isEmpty && seen.changes == 0)
        for _ in 0..<3 { seen.note([world.signer, world.agencies.certificate, world.root.certificate]) }
        #expect(seen.all.map(\.issuer.sha256) == [world.agencies.certificate.sha256] && seen.changes == 1)
    }

    @Test func `are bounded in number, the oldest forgotten first`() throws {
        let world = try TrustWorld()
        let seen = SeenSigners(count: 4)
        let key = try PrivateKey.generate(.ec(.p256)).publicKey()
        let signers = try (0..<12).map { try world.agencies.issue(TrustWorld.profile("\($0)"), to: key) }
        for signer in signers {
            seen.note([signer, world.agencies.certificate])
            seen.note([world.signer, world.agencies.certificate])
        }
        let kept = Set(seen.all.map(\.certificate.sha256))
        #expect(kept.count <= 4 && kept.contains(world.signer.sha256) && kept.contains(signers[11].sha256))
        #expect(!kept.contains(signers[0].sha256))
    }
}
