import Foundation
import Glibc
import Synchronization

/// A bad line: passes bytes between a client and the hub, and cuts the first connections after so many of
/// them. TLS goes through it untouched.
final class CuttingProxy: Sendable {
    let port: UInt16
    private let listener: CInt
    private let target: UInt16
    /// Bytes after which each of the next connections is cut, counting what the client sent or, where
    /// `countsAnswers`, what it received.
    private let cuts: Mutex<[Int]>
    private let countsAnswers: Bool
    private let cutsMade = Mutex(0)

    var cutCount: Int { cutsMade.withLock { $0 } }

    init(to address: String, cuts: [Int], countsAnswers: Bool) throws {
        target = UInt16(address.split(separator: ":").last ?? "") ?? 0
        self.cuts = Mutex(cuts)
        self.countsAnswers = countsAnswers
        let listening = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var name = Self.loopback(0)
        _ = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listening, $0, 16) }
        }
        listen(listening, 16)
        listener = listening
        port = UInt16(bigEndian: Self.name(of: listening).sin_port)
        let accepting = Thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Thread { [self] in pass(client) }.start()
            }
        }
        accepting.start()
    }

    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }

    private static func name(of listener: CInt) -> sockaddr_in {
        var name = loopback(0)
        var length: socklen_t = 16
        _ = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        return name
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return name
    }

    private func pass(_ client: CInt) {
        let hub = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(hub)
        }
        var name = Self.loopback(target)
        let connected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(hub, $0, 16) }
        }
        guard connected == 0 else { return }
        var left = cuts.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var polls = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: hub, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&polls, 2, 60_000) > 0 {
            for (index, other) in [(0, hub), (1, client)] where polls[index].revents != 0 {
                let count = recv(polls[index].fd, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                var sent = 0
                while sent < count {
                    let more = buffer.withUnsafeBytes {
                        send(other, $0.baseAddress! + sent, count - sent, CInt(MSG_NOSIGNAL))
                    }
                    guard more > 0 else { return }
                    sent += more
                }
                guard (index == 1) == countsAnswers, let budget = left else { continue }
                left = budget - count
                if budget <= count {
                    cutsMade.withLock { $0 += 1 }
                    return
                }
            }
        }
    }
}
