import Exchange
import Foundation
import HTTP
import OpenSSL
import Signature
import Synchronization
import Transport
import Trust

let day: Int64 = 86_400
let noon = Instant(year: 2026, month: 11, day: 20, hour: 12)!

/// A root, an authority for agencies and one signer; a folder with their certificates; a server that
/// publishes what a test tells it to; and a false clock.
final class TrustWorld: Sendable {
    let folder: String
    let root: CertificateIssuer
    let agencies: CertificateIssuer
    let signer: Certificate
    let publisher: Publisher
    let clock = Mutex(noon)
    let random = Mutex(0.5)
    let events = Mutex<[TrustKeeper.Event]>([])
    let signers = SeenSigners()
    private let fetch: Fetch

    init() throws {
        folder = NSTemporaryDirectory() + "trust-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        publisher = try Publisher()
        fetch = try Fetch(tls: nil)
        root = try CertificateIssuer(
            root: Self.profile("Root").asAuthority(), key: try .generate(.ec(.p256)))
        var authority = Self.profile("Agencies").asAuthority(pathLength: 0)
        authority.crlURLs = ["\(publisher.url)/root.crl"]
        agencies = try root.intermediate(authority, key: try .generate(.ec(.p256)))
        var signing = Self.profile("Sở Nội vụ").asDocumentSigner()
        signing.crlURLs = ["\(publisher.url)/agencies.crl", "ldap://ca.vn/cn=x"]
        signing.ocspURLs = ["\(publisher.url)/ocsp"]
        signer = try agencies.issue(signing, to: try PrivateKey.generate(.ec(.p256)).publicKey())
        try write(root.certificate.pem, "root.pem")
        try write(agencies.certificate.pem, "agencies.pem")
        try FileManager.default.createDirectory(atPath: path("crls"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func profile(_ name: String) -> CertificateProfile {
        CertificateProfile(
            commonName: name, notBefore: noon.adding(seconds: -400 * day),
            notAfter: noon.adding(seconds: 4000 * day))
    }

    func path(_ name: String) -> String { folder + "/" + name }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)), options: .atomic)
    }

    func advance(_ seconds: Int64) { clock.withLock { $0 = $0.adding(seconds: seconds) } }
    var now: Instant { clock.withLock { $0 } }

    /// A list of the agencies' authority, made `age` seconds ago and good for `life`.
    func list(
        revoking revoked: [Certificate] = [], by issuer: CertificateIssuer? = nil, age: Int64 = 0,
        life: Int64 = 2 * day, number: Int = 1
    ) throws -> CertificateList {
        try (issuer ?? agencies).revocationList(
            revoking: revoked.map { RevokedSerial(serial: $0.serial, date: now.adding(seconds: -age)) },
            thisUpdate: now.adding(seconds: -age), nextUpdate: now.adding(seconds: life - age), number: number
        )
    }

    var settings: TrustSettings {
        TrustSettings(
            paths: TrustPaths(
                anchors: [path("root.pem")], intermediates: [path("agencies.pem")], lists: [path("crls")]))
    }

    func settings(fetching names: String...) throws -> TrustSettings {
        var changed = settings
        changed.fetch.lists = try names.map { try HTTPURL("\(publisher.url)/\($0)") }
        return changed
    }

    /// Jobs run inside of `step`, so that a test needs no threads.
    func keeper(_ settings: TrustSettings) throws -> TrustKeeper {
        let cache = try RevocationCache(folder: path("revocation"))
        return try TrustKeeper(
            settings, cache: cache, signers: signers,
            fetcher: { [self] settings in
                settings.isOff
                    ? nil : RevocationFetcher(fetch: fetch, settings: settings, now: { [self] in now })
            },
            now: { [self] in now }, random: { [self] in random.withLock { $0 } },
            run: { job in
                job()
                return true
            },
            tell: { [self] event in events.withLock { $0.append(event) } })
    }

    /// What became of it: codes of failures, causes of changes.
    func told() -> [String] {
        events.withLock { events in
            defer { events = [] }
            return events.map { event in
                switch event {
                case .changed(_, let cause): cause.rawValue
                case .fetchFailed(_, let failure): failure.code
                case .filesFailed: "files_failed"
                }
            }
        }
    }

    /// Asks, takes in what came, and gives it the time that it may wait.
    func round(_ keeper: TrustKeeper) -> [String] {
        keeper.step()
        keeper.step()
        advance(1)
        keeper.step()
        return told()
    }

    func revocation(_ keeper: TrustKeeper) -> RevocationStatus {
        keeper.current.validate(signer, at: now).signerRevocation
    }
}

/// An HTTP server whose answers a test sets.
final class Publisher: RequestHandler {
    struct Page: Sendable {
        var status = 200
        var bytes: [UInt8] = []
        var fields: Fields = [:]
        /// Answers a POST from its body instead.
        var responder: (@Sendable ([UInt8]) -> [UInt8])?
    }

    private let server: Server
    private let pages = Mutex<[String: Page]>([:])
    private let asked = Mutex<[RequestHead]>([])
    private let address = Mutex("")

    init() throws {
        server = try Server(reactors: 1)
        let bound = try server.listen(
            ListenerConfiguration(address: "127.0.0.1:0", tls: nil), handler: Forwarder(self))
        address.withLock { $0 = bound.description }
        try server.start()
    }

    deinit { server.drain(secondsMax: 0) }

    var url: String { "http://\(address.withLock { $0 })" }

    func put(_ name: String, _ bytes: [UInt8], status: Int = 200, fields: Fields = [:]) {
        pages.withLock { $0["/" + name] = Page(status: status, bytes: bytes, fields: fields) }
    }

    func put(_ name: String, responder: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        pages.withLock { $0["/" + name] = Page(responder: responder) }
    }

    /// Requests for that page since the last call.
    func requests(for name: String) -> [RequestHead] {
        asked.withLock { asked in
            let found = asked.filter { $0.target.path == "/" + name }
            asked.removeAll { $0.target.path == "/" + name }
            return found
        }
    }

    func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        asked.withLock { $0.append(request) }
        guard let page = pages.withLock({ $0[request.target.path] }) else {
            return exchange.respond(Response(status: 404, contentType: "text/plain", []))
        }
        if let responder = page.responder {
            return exchange.receiveBody(Body(exchange, responder))
        }
        if let tag = page.fields["ETag"], request.fields["If-None-Match"] == tag {
            return exchange.respond(Response(head: ResponseHead(status: 304, fields: page.fields)))
        }
        exchange.respond(
            Response(head: ResponseHead(status: page.status, fields: page.fields), body: .bytes(page.bytes)))
    }

    /// The server must not keep its owner alive.
    private struct Forwarder: RequestHandler {
        private let owner: WeakOwner

        init(_ owner: Publisher) { self.owner = WeakOwner(owner) }
        func handle(_ request: RequestHead, on exchange: HTTPExchange) {
            owner.publisher?.handle(request, on: exchange)
        }
    }

    private final class WeakOwner: @unchecked Sendable {
        // Sendable because a weak reference is read atomically and never set again.
        weak var publisher: Publisher?
        init(_ publisher: Publisher) { self.publisher = publisher }
    }

    private final class Body: BodyConsumer {
        private let exchange: HTTPExchange
        private let responder: @Sendable ([UInt8]) -> [UInt8]
        private var bytes: [UInt8] = []

        init(_ exchange: HTTPExchange, _ responder: @escaping @Sendable ([UInt8]) -> [UInt8]) {
            self.exchange = exchange
            self.responder = responder
        }

        func receive(_ span: Span<UInt8>) { for index in span.indices { bytes.append(span[index]) } }
        func end() {
            exchange.respond(
                Response(status: 200, contentType: "application/ocsp-response", responder(bytes)))
        }
        func abort() {}
    }
}
