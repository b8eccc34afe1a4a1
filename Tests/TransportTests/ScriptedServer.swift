import Foundation
import Glibc

@testable import Transport

/// Takes one connection after the other, reads each one's request head, and plays a script on it.
final class ScriptedServer: Sendable {
    let address: SocketAddress
    private let listener: CInt

    /// - Parameter script: given the request's head; on a thread of its own.
    init(_ script: @escaping @Sendable (_ head: String, _ peer: ScriptedPeer) -> Void) throws {
        let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let result = SocketAddress("127.0.0.1:0")!.withSocketAddress { bind(number, $0, $1) }
        guard result == 0, listen(number, 16) == 0 else { throw SystemError("listen") }
        listener = number
        address = SocketAddress.bound(to: number)!
        Thread.detachNewThread {
            while true {
                let connection = accept(number, nil, nil)
                guard connection >= 0 else {
                    // Here and not in deinit: accept would go on with whoever gets the number next.
                    close(number)
                    return
                }
                let peer = ScriptedPeer(connection)
                script(peer.readHead(), peer)
            }
        }
    }

    deinit { shutdown(listener, CInt(SHUT_RDWR)) }

    var url: String { "http://\(address)" }
}

/// The other end of a scripted server's connection.
final class ScriptedPeer {
    private let descriptor: CInt

    init(_ descriptor: CInt) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    func readHead() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8), recv(descriptor, &byte, 1, 0) == 1 {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// False once the client has gone.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    }

    /// Waits for the client to close, at most so long; true once it has.
    func hasClosed(milliseconds: CInt) -> Bool {
        var interest = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&interest, 1, milliseconds) > 0 else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) <= 0
    }
}
