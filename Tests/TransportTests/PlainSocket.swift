import Foundation
import Glibc

@testable import Transport

/// A blocking client socket that sends any bytes, right or wrong.
final class PlainSocket {
    let descriptor: CInt

    /// - Parameter source: the address that the server is to see.
    init(_ address: SocketAddress, from source: SocketAddress? = nil) throws {
        descriptor = socket(address.isIPv6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        if let source {
            guard source.withSocketAddress({ bind(descriptor, $0, $1) }) == 0 else {
                throw SystemError("bind")
            }
        }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = address.withSocketAddress { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 else { throw SystemError("connect") }
    }

    deinit { Glibc.close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + offset, bytes.count - offset, CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            offset += count
        }
    }

    func closeSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Up to `count` bytes; empty at the end of the stream.
    func read(_ count: Int = 65536) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &buffer, count, 0)
        return Array(buffer.prefix(max(0, got)))
    }

    /// Everything until the server closes.
    func readToEnd() -> String {
        var bytes: [UInt8] = []
        while true {
            let piece = read()
            if piece.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece
        }
    }

    /// Reads until `text` has come, or the stream ends.
    func read(until text: String) -> String {
        var bytes: [UInt8] = []
        while true {
            let so = String(decoding: bytes, as: UTF8.self)
            if so.contains(text) { return so }
            let piece = read()
            if piece.isEmpty { return so }
            bytes += piece
        }
    }
}
