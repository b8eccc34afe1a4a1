import Exchange
import Foundation
import HTTP
import OpenSSL
import Synchronization
import Testing
import Transport

/// Publishes one revocation list, or fails.
private final class ListServer: RequestHandler {
    private let server: Server
    private let list = Mutex<[UInt8]?>(nil)
    let url: String

    init() throws {
        server = try Server(reactors: 1)
        let handler = Page()
        let address = try server.listen(
            ListenerConfiguration(address: "127.0.0.1:0", tls: nil), handler: handler)
        url = "http://\(address)/own.crl"
        handler.owner.withLock { $0 = WeakServer(self) }
        try server.start()
    }

    deinit { server.drain(secondsMax: 0) }

    func publish(_ list: CertificateList?) { self.list.withLock { $0 = list?.der } }

    func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        let bytes = list.withLock { $0 }
        exchange.respond(
            Response(status: bytes == nil ? 500 : 200, contentType: "application/pkix-crl", bytes ?? []))
    }

    private struct WeakServer: @unchecked Sendable {
        // Sendable because a weak reference is read atomically.
        weak var server: ListServer?
        init(_ server: ListServer) { self.server = server }
    }

    private final class Page: RequestHandler {
        let owner = Mutex<WeakServer?>(nil)
        func handle(_ request: RequestHead, on exchange: HTTPExchange) {
            owner.withLock { $0 }?.server?.handle(request, on: exchange)
        }
    }
}

@Suite struct `A hub that fetches` {
    private static let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    private let world: World
    private let server: ListServer
    private let issuer: CertificateIssuer
    private let signer: Certificate

    /// An authority of our own beside the world's, whose list is had from the server only.
    init() throws {
        world = try World()
        server = try ListServer()
        func profile(_ name: String) -> CertificateProfile {
            CertificateProfile(
                commonName: name, notBefore: Self.now.adding(seconds: -86_400),
                notAfter: Self.now.adding(seconds: 86_400 * 20))
        }
        issuer = try CertificateIssuer(
            root: profile("Fetched root").asAuthority(), key: .generate(.ec(.p256)))
        let key = try PrivateKey.generate(.ec(.p256))
        var signing = profile("Fetched signer").asDocumentSigner()
        signing.crlURLs = [server.url]
        signer = try issuer.issue(signing, to: key.publicKey())
        try write(issuer.certificate.pem, "fetched.root.pem")
        try write(signer.pem, "fetched.sign.pem")
        try write(key.pem, "fetched.sign.key")
        try replace(
            "agencies.json5", "\"\(World.sender).sign.pem\"",
            "\"\(World.sender).sign.pem\", \"fetched.sign.pem\"")
        try replace(
            "hub.json5", "anchors: [\"root.pem\"]",
            """
            fetch: { crls: ["\(server.url)"], intervalSeconds: 1, timeoutSeconds: 5 }, checkSeconds: 1,
            anchors: ["root.pem", "fetched.root.pem"]
            """)
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: world.path(name)), options: .atomic)
    }

    private func replace(_ name: String, _ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: world.path(name), encoding: .utf8)
        try #require(text.contains(old), "\(name) has no \(old)")
        try write(Array(text.replacingOccurrences(of: old, with: new).utf8), name)
    }

    private func list(revoking revoked: [Certificate] = []) throws -> CertificateList {
        try issuer.revocationList(
            revoking: revoked.map { RevokedSerial(serial: $0.serial, date: Self.now.adding(seconds: -3600)) },
            thisUpdate: Self.now.adding(seconds: revoked.isEmpty ? -60 : -30),
            nextUpdate: Self.now.adding(seconds: 86_400), number: revoked.isEmpty ? 1 : 2)
    }

    /// Waits until the journal has so many lines with all of `words`; the test's own limit ends it otherwise.
    private func waitFor(_ count: Int = 1, _ words: String...) throws {
        while true {
            let log = try String(contentsOfFile: world.path("lienthongd.log"), encoding: .utf8)
            let found = log.split(separator: "\n").filter { line in words.allSatisfy { line.contains($0) } }
            if found.count >= count { return }
            try #require(world.daemon?.isRunning == true)
            usleep(5_000)
        }
    }

    private func submit() throws -> String {
        let letter = try world.letter(signer: "fetched")
        let reply = try world.client(World.sender).submit(world.bytes(letter))
        return reply.status == 201 ? "accepted" : reply.json["code"]?.string ?? "\(reply.status)"
    }

    @Test(.timeLimit(.minutes(5)))
    func `takes a new list without a restart, and keeps it through one while the server is down`() throws {
        server.publish(try list())
        try world.start()
        try waitFor(1, "trust_changed", "fetched")
        #expect(try submit() == "accepted")

        server.publish(try list(revoking: [signer]))
        try waitFor(2, "trust_changed", "fetched")
        #expect(try submit() == "signature_invalid")

        server.publish(nil)
        #expect(world.stop() == 0)
        try world.start()
        try waitFor(1, "fetch_failed", "status")
        #expect(try submit() == "signature_invalid")
        let metrics = try get("/metrics")
        #expect(metrics.contains("lienthong_revocation_sources_failing 1\n"))
        #expect(metrics.contains("lienthong_seconds_to_expiry{kind=\"crl\"} "))
        #expect(metrics.contains("lienthong_seconds_to_expiry{kind=\"agency\"} "))
        #expect(try get("/readyz").contains("\"warnings\":["))
    }

    @Test(.timeLimit(.minutes(5)))
    func `notices changed files and a changed policy, and logs what it goes by`() throws {
        try world.start()
        try write(list().pem, "crl.d.pem")
        try replace("hub.json5", "crls: [\"crl.pem\"]", "crls: [\"crl.pem\", \"crl.d.pem\"]")
        world.daemon?.signal(SIGHUP)
        try waitFor(1, "trust_changed", "reload")
        #expect(try submit() == "accepted")
        try write(list(revoking: [signer]).pem, "crl.d.pem")
        try waitFor(1, "trust_changed", "files")
        #expect(try submit() == "signature_invalid")

        let hub = try String(contentsOfFile: world.path("hub.json5"), encoding: .utf8)
        try write(
            Array(
                hub.replacingOccurrences(
                    of: "trust: {", with: "policy: { algorithms: { ecdsa: false } }, trust: {"
                ).utf8),
            "hub.json5")
        world.daemon?.signal(SIGHUP)
        try waitFor(2, "\"reloaded\"")
        let letter = try world.letter()
        let reply = try world.client(World.sender).submit(world.bytes(letter))
        #expect(
            reply.json["code"]?.string == "signature_invalid"
                || reply.json["code"]?.string == "signature_indeterminate")
        try replace("hub.json5", "hub: {", "hub: { misspelt: 1,")
        world.daemon?.signal(SIGHUP)
        try waitFor(1, "reload_failed", "misspelt")

        let mirror = world.path("mirror")
        #expect(try world.run(["audit", "mirror", mirror], as: "auditor").code == 0)
        var entries = ""
        for case let name as String in FileManager.default.enumerator(atPath: mirror)!
        where name.contains("entries") {
            entries += String(
                decoding: FileManager.default.contents(atPath: "\(mirror)/\(name)") ?? Data(), as: UTF8.self)
        }
        func count(_ event: String) -> Int { entries.components(separatedBy: "\"\(event)\"").count - 1 }
        #expect(count("policy.changed") == 1)
        #expect(count("configuration.changed") == 2)
        #expect(count("trust.changed") == 2)
    }

    @Test(.timeLimit(.minutes(5)))
    func `warns of an agency's certificate that ends soon`() throws {
        var profile = CertificateProfile(
            commonName: "Short", notBefore: Self.now.adding(seconds: -20 * 86_400),
            notAfter: Self.now.adding(seconds: 5 * 86_400 + 3600)
        ).asDocumentSigner()
        profile.crlURLs = [server.url]
        let short = try issuer.issue(profile, to: try PrivateKey.generate(.ec(.p256)).publicKey())
        try write(short.pem, "short.pem")
        try world.start()
        let bound = try world.run(
            ["agency", "certificate", "H37.14", "signing", world.path("short.pem")], as: "operator")
        #expect(bound.code == 0, "\(bound.errors)")
        world.daemon?.signal(SIGHUP)
        try waitFor(1, "expires_soon", "\"H37.14\"", short.sha256.hex)
        let ready = try BlockingClient(url: "http://\(world.operations)", tls: nil).send("GET", "/readyz")
        #expect(ready.head.status == 200)
        #expect(String(decoding: ready.bytes, as: UTF8.self).contains("agency_expires_soon H37.14 5"))

        // The body must be what the address says.
        let path = "/v1/agencies/H37.14/certificates/signing/\(signer.sha256.hex)"
        let wrong = try world.client("operator").send("PUT", path, body: .bytes(short.der))
        #expect(wrong.head.status == 400)
        let right = try world.client("operator").send("PUT", path, body: .bytes(signer.der))
        #expect(right.head.status == 200)
    }

    private func get(_ path: String) throws -> String {
        let client = try BlockingClient(url: "http://\(world.operations)", tls: nil)
        return String(decoding: try client.send("GET", path).bytes, as: UTF8.self)
    }
}
