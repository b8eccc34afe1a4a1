import Foundation
import HTTP
import Synchronization
import Testing

@testable import Transport

@Suite struct `What is posted to a connection` {
    /// Receipts and answers come this way from the thread that commits.
    @Test func `waits for its own party and not for all that others have posted`() throws {
        let running = try RunningServer(reactors: 1)
        let sockets = try ["127.0.0.1:0", "127.0.0.2:0"].map {
            try PlainSocket(running.address, from: SocketAddress($0))
        }
        var exchanges: [HTTPExchange] = []
        for (number, socket) in sockets.enumerated() {
            socket.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            while running.handler.waiting.withLock({ $0.count }) == number { usleep(1000) }
            exchanges.append(try #require(running.handler.waiting.withLock { $0.last }))
        }
        let order = Log()
        let (begun, gate, done) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        exchanges[0].post {
            begun.signal()
            gate.wait()
        }
        // From here on the reactor takes nothing, and then all at once.
        begun.wait()
        for number in 0..<50 {
            exchanges[0].post {
                order.append(number)
                if number == 49 { done.signal() }
            }
        }
        exchanges[1].post {
            order.append(-1)
            done.signal()
        }
        gate.signal()
        done.wait()
        done.wait()
        let ran = order.all
        #expect(try #require(ran.firstIndex(of: -1)) <= 2, "\(ran)")
        #expect(ran.filter { $0 >= 0 } == Array(0..<50))
        running.handler.waiting.withLock { $0.removeAll() }
    }

    private final class Log: Sendable {
        private let numbers = Mutex<[Int]>([])
        var all: [Int] { numbers.withLock { $0 } }
        func append(_ number: Int) { numbers.withLock { $0.append(number) } }
    }
}
