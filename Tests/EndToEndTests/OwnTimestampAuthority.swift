import Exchange
import Foundation
import HTTP
import OpenSSL
import Synchronization
import Testing
import Transport

/// A timestamp authority on loopback: OpenSSL's own `ts -reply` behind a port.
final class OwnTimestampAuthority: RequestHandler {
    let url: String
    let rootPEM: [UInt8]
    private let folder: String
    private let server: Server
    /// Answers 503 while true.
    let isDown: Mutex<Bool>
    let requests = Mutex<Int>(0)

    init(in folder: String, isDown: Bool = false) throws {
        self.folder = folder
        self.isDown = Mutex(isDown)
        let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        func profile(_ name: String) -> CertificateProfile {
            CertificateProfile(
                commonName: name, notBefore: now.adding(seconds: -3600),
                notAfter: now.adding(seconds: 360_000))
        }
        let root = try CertificateIssuer(root: profile("TSA root").asAuthority(), key: .generate(.ec(.p256)))
        let key = try PrivateKey.generate(.ec(.p256))
        var signing = profile("TSA")
        signing.keyUsage = [.digitalSignature]
        signing.extensions = [("extendedKeyUsage", "critical,timeStamping")]
        let certificate = try root.issue(signing, to: key.publicKey())
        rootPEM = root.certificate.pem
        let configuration = """
            [tsa]
            default_tsa = own
            [own]
            serial = \(folder)/tsa.serial
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256
            ess_cert_id_alg = sha256
            """
        for (name, bytes) in [
            ("tsa.pem", certificate.pem), ("tsa.key", key.pem), ("tsa.root.pem", rootPEM),
            ("tsa.cnf", Array(configuration.utf8)), ("tsa.serial", Array("01\n".utf8)),
        ] { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        server = try Server(reactors: 1)
        let handler = Box()
        let address = try server.listen(
            ListenerConfiguration(address: "127.0.0.1:0", tls: nil, limits: ConnectionLimits()),
            handler: handler)
        url = "http://\(address)/tsa"
        handler.authority.withLock { $0 = self }
        try server.start()
    }

    /// The server wants its handler before the handler knows its port.
    private final class Box: RequestHandler {
        let authority = Mutex<OwnTimestampAuthority?>(nil)

        func handle(_ request: RequestHead, on exchange: HTTPExchange) {
            authority.withLock { $0 }?.handle(request, on: exchange)
        }
    }

    func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        requests.withLock { $0 += 1 }
        guard !isDown.withLock({ $0 }) else {
            return exchange.respond(Response(status: 503, contentType: "text/plain", Array("down".utf8)))
        }
        exchange.receiveBody(Query(exchange, self))
    }

    fileprivate func answer(_ query: [UInt8]) -> [UInt8] {
        let (asked, answered) = (folder + "/tsa.tsq", folder + "/tsa.tsr")
        try? Data(query).write(to: URL(fileURLWithPath: asked))
        let words = [
            "ts", "-reply", "-config", folder + "/tsa.cnf", "-section", "own", "-queryfile", asked, "-signer",
            folder + "/tsa.pem", "-inkey", folder + "/tsa.key", "-out", answered,
        ]
        guard let child = try? Child("/usr/bin/openssl", words, errors: folder + "/tsa.log"),
            child.wait() == 0
        else { return [] }
        return (try? Data(contentsOf: URL(fileURLWithPath: answered))).map { [UInt8]($0) } ?? []
    }
}

private final class Query: BodyConsumer {
    private let exchange: HTTPExchange
    private let authority: OwnTimestampAuthority
    private var bytes: [UInt8] = []

    init(_ exchange: HTTPExchange, _ authority: OwnTimestampAuthority) {
        self.exchange = exchange
        self.authority = authority
    }

    func receive(_ span: Span<UInt8>) {
        for index in span.indices { bytes.append(span[index]) }
    }

    func end() {
        exchange.respond(
            Response(status: 200, contentType: "application/timestamp-reply", authority.answer(bytes)))
    }

    func abort() {}
}
