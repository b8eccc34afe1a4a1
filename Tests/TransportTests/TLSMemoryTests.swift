import Glibc
import Testing

@testable import OpenSSL

/// What a connection holds while it waits: ten thousand of them wait at once.
@Suite struct `A TLS session of a server` {
    @Test func `holds no certificate but the client's own`() throws {
        var sockets: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &sockets) == 0)
        defer { for socket in sockets { close(socket) } }
        for socket in sockets { _ = fcntl(socket, F_SETFL, O_NONBLOCK) }
        let pki = TestPKI.shared
        let server = try TLSSession(server: pki.server(), socket: sockets[0])
        let client = try TLSSession(client: pki.client(), socket: sockets[1], host: "localhost")
        func isDone(_ result: TLSResult) -> Bool {
            if case .done = result { return true }
            return false
        }
        var (serverIsDone, clientIsDone) = (false, false)
        for _ in 0..<10 where !(serverIsDone && clientIsDone) {
            clientIsDone = isDone(client.handshake())
            serverIsDone = isDone(server.handshake())
        }
        try #require(serverIsDone && clientIsDone)
        // The client sends its issuer along; the chain that was verified is gone already.
        #expect(server.peerChainCount == 1)
        server.forgetPeerChain()
        #expect(server.peerChainCount == 0)
        #expect(server.peerCertificate?.subject == "CN=Sở Nội vụ,O=UBND tỉnh")
        server.forgetPeerChain()
        #expect(
            isDone("x".withCString { server.write(UnsafeRawBufferPointer(start: $0, count: 1)) }))
        var byte: UInt8 = 0
        #expect(isDone(withUnsafeMutableBytes(of: &byte) { client.read(into: $0) }))
        #expect(byte == 0x78)
    }
}
