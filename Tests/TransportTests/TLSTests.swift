import Foundation
import HTTP
import OpenSSL
import Testing

@testable import Transport

@Suite struct `A TLS server and its client` {
    let pki = TestPKI.shared

    private func client(_ running: RunningServer, _ tls: TLSContext, host: String = "127.0.0.1") throws
        -> BlockingClient
    {
        try BlockingClient(url: "https://\(host):\(running.address.port)", tls: tls, timeoutSeconds: 20)
    }

    private func text(_ answer: BlockingClient.Answer) -> String {
        String(decoding: answer.bytes, as: UTF8.self)
    }

    private func failure(_ body: () throws -> Void) -> ClientError? {
        do { try body() } catch { return error as? ClientError }
        return nil
    }

    @Test func `proves both sides to each other`() throws {
        let running = try RunningServer(tls: pki.server())
        let answer = try client(running, pki.client()).send("GET", "/who")
        #expect(answer.head.status == 200)
        #expect(text(answer) == "CN=Sở Nội vụ,O=UBND tỉnh false")
        let byName = try client(running, pki.client(), host: "localhost").send("GET", "/who")
        #expect(byName.head.status == 200)
    }

    @Test(arguments: [nil, "stranger", "server-only"] as [String?])
    func `lets no client in without a right certificate`(_ name: String?) throws {
        let running = try RunningServer(tls: pki.server())
        let error = failure { _ = try client(running, pki.client(name)).send("GET", "/who") }
        #expect(error != nil)
        #expect(running.server.statistics.requests == 0)
        // The client may read the alert before the server has counted.
        while running.server.statistics.handshakesFailed == 0 { usleep(1000) }
    }

    @Test func `lets a client in without a certificate where it is optional, but none that is wrong`() throws
    {
        let running = try RunningServer(tls: pki.server("server", anchors: ["ca"], .optional))
        #expect(text(try client(running, pki.client(nil)).send("GET", "/who")) == "nobody false")
        #expect(failure { _ = try client(running, pki.client("stranger")).send("GET", "/who") } != nil)
    }

    @Test func `is refused by a client that does not trust or does not mean the server`() throws {
        let running = try RunningServer(tls: pki.server())
        guard
            case .handshake(let reason) = failure({
                _ = try client(running, pki.client("client", anchors: "other-ca")).send("GET", "/who")
            })
        else { Issue.record("no handshake error"); return }
        #expect(reason.contains("certificate verify failed"))
        let elsewhere = try RunningServer(tls: pki.server("elsewhere"))
        guard case .handshake = failure({ _ = try client(elsewhere, pki.client()).send("GET", "/who") })
        else {
            Issue.record("took another host's certificate")
            return
        }
        guard
            case .handshake = failure({
                _ = try client(elsewhere, pki.client(), host: "localhost").send("GET", "/who")
            })
        else { Issue.record("took another host's certificate for a name"); return }
    }

    @Test func `resumes sessions, with the certificate, until the context is replaced`() throws {
        let running = try RunningServer(tls: pki.server())
        let blocking = try client(running, pki.client())
        let shared = try HTTPClient(tls: pki.client())
        defer { shared.stop() }
        func who() throws -> String { try HTTPClientProbe.ask(shared, running.address) }
        #expect(text(try blocking.send("GET", "/who")) == "CN=Sở Nội vụ,O=UBND tỉnh false")
        #expect(try who() == "CN=Sở Nội vụ,O=UBND tỉnh false")
        #expect(try who() == "CN=Sở Nội vụ,O=UBND tỉnh true")
        #expect(running.server.statistics.sessionsResumed == 1)
        #expect(running.server.replaceTLS(try pki.server("server2"), on: running.address))
        #expect(try who() == "CN=Sở Nội vụ,O=UBND tỉnh false")
        #expect(try who() == "CN=Sở Nội vụ,O=UBND tỉnh true")
    }

    @Test func `forgets a removed anchor at once, also for sessions that could be resumed`() throws {
        let running = try RunningServer(tls: pki.server("server", anchors: ["ca", "other-ca"]))
        let stranger = try HTTPClient(tls: pki.client("stranger"))
        defer { stranger.stop() }
        #expect(try HTTPClientProbe.ask(stranger, running.address) == "CN=stranger false")
        #expect(try HTTPClientProbe.ask(stranger, running.address) == "CN=stranger true")
        running.server.replaceTLS(try pki.server("server", anchors: ["ca"]), on: running.address)
        #expect(throws: ClientError.self) { try HTTPClientProbe.ask(stranger, running.address) }
    }

    @Test func `speaks 1.2 and 1.3 and nothing older, and does not renegotiate`() throws {
        let running = try RunningServer(tls: pki.server("server", anchors: ["ca"], .none))
        func openssl(_ options: [String], input: String) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                [
                    "openssl", "s_client", "-connect", "\(running.address)", "-CAfile", pki.path("ca.pem"),
                    "-ign_eof",
                ]
                + options
            let stdin = Pipe()
            let stdout = Pipe()
            process.standardInput = stdin
            process.standardOutput = stdout
            process.standardError = stdout
            try process.run()
            stdin.fileHandleForWriting.write(Data(input.utf8))
            try stdin.fileHandleForWriting.close()
            let output = stdout.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: output, as: UTF8.self)
        }
        let request = "GET /version HTTP/1.0\r\n\r\n"
        #expect(try openssl(["-tls1_2", "-quiet"], input: request).contains("\r\n\r\n/version"))
        #expect(try openssl(["-tls1_3", "-quiet"], input: request).contains("\r\n\r\n/version"))
        #expect(try !openssl(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], input: request).contains("/version"))
        #expect(try !openssl(["-tls1_2"], input: "R\n" + request).contains("\r\n\r\n/version"))
    }

    @Test func `costs nothing but the connection where a client speaks no TLS`() throws {
        let running = try RunningServer(tls: pki.server())
        let socket = try PlainSocket(running.address)
        socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(!socket.readToEnd().contains("HTTP/1.1 200"))
        #expect(try client(running, pki.client()).send("GET", "/x").head.status == 200)
    }

    @Test func `refuses a key that is not the certificate's, a missing file and an encrypted key`() throws {
        #expect(throws: OpenSSLError.self) {
            try TLSContext(serverCertificate: pki.path("server.pem"), key: pki.path("client.key"))
        }
        #expect(throws: OpenSSLError.self) {
            try TLSContext(serverCertificate: pki.path("none.pem"), key: pki.path("server.key"))
        }
        #expect(throws: OpenSSLError.self) { try TLSContext(clientAnchors: [pki.path("none.pem")]) }
    }

    @Test func `carries large bodies both ways, also to a slow reader`() throws {
        let path = pki.path("large-\(UUID().uuidString)")
        let content = [UInt8]((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) })
        try Data(content).write(to: URL(fileURLWithPath: path))
        let file = try FileDescriptor.open(reading: path)
        let running = try RunningServer(tls: pki.server(), file: file)
        let blocking = try client(running, pki.client())
        let upload = try blocking.send("POST", "/pause", body: .file(path))
        #expect(text(upload) == "\(content.count)")
        let echoed = try blocking.send("POST", "/echo", body: .bytes(content))
        #expect(echoed.bytes == content)
        let copy = FileDescriptor(open(path + ".copy", O_RDWR | O_CREAT, 0o600))
        let slow = SlowProgress()
        let answer = try blocking.download("/file", to: copy, progress: { slow.saw($0) })
        #expect(answer.head.status == 200)
        #expect(slow.last == Int64(content.count))
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path + ".copy"))) == content)
        #expect(running.server.statistics.connectionsAccepted == 1)
    }
}

/// Waits a little in each of its first calls, so that the sender meets a full socket.
private final class SlowProgress: @unchecked Sendable {
    // Sendable because the lock guards both numbers.
    private let lock = NSLock()
    private var total: Int64 = 0
    private var calls = 0

    func saw(_ count: Int64) {
        lock.withLock {
            total = count
            calls += 1
        }
        if lock.withLock({ calls }) < 10 { usleep(5000) }
    }

    var last: Int64 { lock.withLock { total } }
}

/// One request on a fresh connection of a shared client.
enum HTTPClientProbe {
    static func ask(_ client: HTTPClient, _ address: SocketAddress) throws -> String {
        let receiver = try Receiver()
        try ask(client, address, receiver).close()
        return String(decoding: receiver.bytes, as: UTF8.self)
    }

    /// A connection that has asked once and stays open.
    static func open(_ client: HTTPClient, _ address: SocketAddress) throws -> ClientConnection {
        try ask(client, address, Receiver())
    }

    private static func ask(
        _ client: HTTPClient, _ address: SocketAddress, _ receiver: Receiver
    ) throws -> ClientConnection {
        let connection = try client.connect(host: address.host, port: address.port)
        connection.send(ClientRequest(method: "GET", target: "/who"), to: receiver)
        while !receiver.wakeup.wait(milliseconds: 20_000) {}
        if let error = receiver.error { throw error }
        return connection
    }

    private final class Receiver: ResponseReceiver {
        let wakeup: Wakeup
        var bytes: [UInt8] = []
        var error: ClientError?

        init() throws { wakeup = try Wakeup() }
        func sent(_ byteCount: Int64) {}
        func head(_ head: ResponseHead) {}
        func body(_ span: Span<UInt8>) { for index in span.indices { bytes.append(span[index]) } }
        func end() { wakeup.signal() }
        func failed(_ error: ClientError) {
            self.error = error
            wakeup.signal()
        }
    }
}
