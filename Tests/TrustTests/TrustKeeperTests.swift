import Exchange
import Foundation
import OpenSSL
import Testing
import Transport

@testable import Trust

@Suite struct `Revocation lists from the network` {
    private let world: TrustWorld

    init() throws { world = try TrustWorld() }

    private var isUnknown: RevocationStatus { .unknown(.noData) }

    private func isGood(_ status: RevocationStatus) -> Bool {
        if case .good = status { true } else { false }
    }

    private func isRevoked(_ status: RevocationStatus) -> Bool {
        if case .revoked = status { true } else { false }
    }

    @Test func `are fetched, used and renewed, and revoke a signer without a restart`() throws {
        world.publisher.put("a.crl", try world.list().der)
        let keeper = try world.keeper(world.settings(fetching: "a.crl"))
        #expect(world.revocation(keeper) == isUnknown)
        #expect(world.round(keeper) == ["fetched"])
        #expect(isGood(world.revocation(keeper)))

        world.advance(60)
        world.publisher.put("a.crl", try world.list(revoking: [world.signer], number: 2).pem)
        #expect(world.round(keeper) == [])
        world.advance(3600)
        #expect(world.round(keeper) == ["fetched"])
        #expect(isRevoked(world.revocation(keeper)))
        #expect(keeper.figures.sources == 1 && keeper.figures.failing == 0)
    }

    @Test func `stay in use while the server is down, until they end`() throws {
        world.publisher.put("a.crl", try world.list(life: 7200).der)
        let keeper = try world.keeper(world.settings(fetching: "a.crl"))
        _ = world.round(keeper)
        world.publisher.put("a.crl", [], status: 503)
        world.advance(3600)
        #expect(world.round(keeper) == ["status"])
        #expect(isGood(world.revocation(keeper)) && keeper.figures.failing == 1)
        world.advance(3600)
        #expect(world.revocation(keeper) == .unknown(.stale))
    }

    @Test func `survive a restart on the disk`() throws {
        world.publisher.put("a.crl", try world.list(revoking: [world.signer]).der)
        _ = world.round(try world.keeper(world.settings(fetching: "a.crl")))
        world.publisher.put("a.crl", [], status: 500)
        let keeper = try world.keeper(world.settings(fetching: "a.crl"))
        #expect(isRevoked(world.revocation(keeper)))
        #expect(world.revocation(try world.keeper(world.settings)) == isUnknown)
    }

    @Test func `are not taken from a spoilt cache`() throws {
        world.publisher.put("a.crl", try world.list().der)
        _ = world.round(try world.keeper(world.settings(fetching: "a.crl")))
        for name in try FileManager.default.contentsOfDirectory(atPath: world.path("revocation")) {
            try world.write([0x30, 0x82, 1], "revocation/\(name)")
        }
        #expect(world.revocation(try world.keeper(world.settings(fetching: "a.crl"))) == isUnknown)
    }

    @Test func `are asked for with what the server said to know them by`() throws {
        world.publisher.put(
            "a.crl", try world.list().der, fields: ["ETag": "\"1\"", "Last-Modified": "then"])
        let keeper = try world.keeper(world.settings(fetching: "a.crl"))
        _ = world.round(keeper)
        #expect(world.publisher.requests(for: "a.crl").map { $0.fields["If-None-Match"] } == [nil])
        world.advance(4000)
        #expect(world.round(keeper) == [] && keeper.figures.oldestSuccess! > noon.adding(seconds: 3000))
        let again = world.publisher.requests(for: "a.crl")
        #expect(again.map { $0.fields["If-None-Match"] } == ["\"1\""])
        #expect(again.map { $0.fields["If-Modified-Since"] } == ["then"])
        #expect(isGood(world.revocation(keeper)))
    }

    @Test func `are refused for each fault by its own code`() throws {
        let stranger = try CertificateIssuer(
            root: TrustWorld.profile("Agencies").asAuthority(), key: try .generate(.ec(.p256)))
        let good = try world.list()
        var spoilt = good.der
        spoilt[spoilt.count - 20] ^= 1
        let faults: [(String, [UInt8])] = [
            ("not_authentic", try world.list(by: stranger).der), ("not_authentic", spoilt),
            ("unreadable", Array("<html>moved</html>".utf8)), ("unreadable", []),
            ("unreadable", good.pem + (try world.list(by: world.root).pem)),
            ("unreadable", good.der + [0]), ("unreadable", world.signer.pem),
            ("stale", try world.list(age: 3 * day).der),
            ("from_the_future", try world.list(age: -3600, life: day).der),
        ]
        for (code, bytes) in faults {
            world.publisher.put("a.crl", bytes)
            let keeper = try world.keeper(world.settings(fetching: "a.crl"))
            #expect(world.round(keeper) == [code])
            #expect(world.revocation(keeper) == isUnknown && keeper.figures.failures == 1)
        }
        world.publisher.put("a.crl", [], status: 302, fields: ["Location": "/b.crl"])
        world.publisher.put("b.crl", good.der)
        #expect(world.round(try world.keeper(world.settings(fetching: "a.crl"))) == ["status"])
        #expect(world.publisher.requests(for: "b.crl").isEmpty)
    }

    @Test func `never go back to an older one`() throws {
        let old = try world.list(age: 60)
        world.publisher.put("a.crl", try world.list(revoking: [world.signer]).der)
        let keeper = try world.keeper(world.settings(fetching: "a.crl"))
        _ = world.round(keeper)
        world.publisher.put("a.crl", old.der)
        world.advance(4000)
        #expect(world.round(keeper) == ["older_than_known"])
        #expect(isRevoked(world.revocation(keeper)))
    }

    @Test func `come from a certificate's own address only where that is allowed`() throws {
        world.publisher.put("agencies.crl", try world.list().der)
        world.publisher.put("root.crl", try world.list(by: world.root).der)
        world.signers.note([world.signer, world.agencies.certificate, world.root.certificate])
        var settings = try world.settings(fetching: "none.crl")
        _ = world.round(try world.keeper(settings))
        #expect(world.publisher.requests(for: "agencies.crl").isEmpty)

        settings = world.settings
        settings.fetch.allowed = try URLAllowList(["\(world.publisher.url)/agencies.crl"])
        let keeper = try world.keeper(settings)
        #expect(world.round(keeper) == ["fetched"] && isGood(world.revocation(keeper)))
        #expect(world.publisher.requests(for: "root.crl").isEmpty)

        settings.fetch.allowed = try URLAllowList(["\(world.publisher.url)/"])
        try keeper.reload(settings)
        _ = world.round(keeper)
        #expect(world.publisher.requests(for: "root.crl").count == 1)
    }

    @Test func `of an address that is named no longer are used no longer`() throws {
        world.publisher.put("a.crl", try world.list().der)
        let keeper = try world.keeper(world.settings(fetching: "a.crl"))
        _ = world.round(keeper)
        try keeper.reload(world.settings)
        #expect(world.told() == ["reload"] && world.revocation(keeper) == isUnknown)
    }
}

@Suite struct `Trust files` {
    private let world: TrustWorld
    private let checked: TrustSettings

    init() throws {
        world = try TrustWorld()
        var settings = world.settings
        settings.checkSeconds = 10
        checked = settings
    }

    private func look(_ keeper: TrustKeeper) -> [String] {
        world.advance(10)
        keeper.step()
        return world.told()
    }

    @Test func `are noticed once they have stopped changing`() throws {
        let keeper = try world.keeper(checked)
        #expect(look(keeper) == [])
        try world.write(world.list().pem, "crls/a.crl")
        #expect(look(keeper) == [])
        try world.write(world.list(revoking: [world.signer]).pem, "crls/a.crl")
        #expect(look(keeper) == [] && world.revocation(keeper) == .unknown(.noData))
        #expect(look(keeper) == ["files"])
        guard case .revoked = world.revocation(keeper) else { return #expect(Bool(false)) }
        #expect(look(keeper) == [])
    }

    @Test func `are left alone where nobody asked to look at them, but for a reload`() throws {
        let keeper = try world.keeper(world.settings)
        try world.write(world.list().pem, "crls/a.crl")
        #expect(look(keeper) == [] && look(keeper) == [])
        try keeper.reload(world.settings)
        #expect(world.told() == ["reload"])
        try keeper.reload(world.settings)
        #expect(world.told() == [])
    }

    @Test func `that cannot be used leave the list as it was, and are told once`() throws {
        let keeper = try world.keeper(checked)
        let before = keeper.current.version
        try world.write(Array("nothing".utf8), "root.pem")
        #expect(look(keeper) == [] && look(keeper) == ["files_failed"] && look(keeper) == [])
        #expect(keeper.current.version == before)
        #expect(throws: (any Error).self) { try keeper.reload(checked) }
        #expect(keeper.current.version == before)
        try world.write(world.root.certificate.pem, "root.pem")
        #expect(look(keeper) == [] && look(keeper) == [] && keeper.current.version == before)
    }
}
