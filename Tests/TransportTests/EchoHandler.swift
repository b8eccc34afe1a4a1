import Foundation
import HTTP
import Synchronization

@testable import Transport

/// A handler with one route for each thing that a test wants a server to do.
final class EchoHandler: RequestHandler {
    let aborted = Mutex<Int>(0)
    let consumersAborted = Mutex<Int>(0)
    let bytesReceived = Mutex<Int>(0)
    let waiting = Mutex<[HTTPExchange]>([])
    let file: FileDescriptor?
    let signal: Wakeup

    init(file: FileDescriptor? = nil) throws {
        self.file = file
        signal = try Wakeup()
    }

    func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        switch request.target.segments.first {
        case "who":
            let text = "\(exchange.peer.certificate?.subject ?? "nobody") \(exchange.peer.isResumed)"
            exchange.respond(.text(text))
        case "echo":
            exchange.receiveBody(Collector(exchange, self))
        case "count":
            exchange.receiveBody(Counter(exchange, self))
        case "refuse":
            exchange.respond(Response(status: 403, contentType: "text/plain", Array("refused".utf8)))
        case "lose":
            break
        case "pause":
            exchange.receiveBody(Pauser(exchange, self))
        case "wait":
            exchange.onAbort { [self] in
                aborted.withLock { $0 += 1 }
                waiting.withLock { $0.removeAll { $0 === exchange } }
                signal.signal()
            }
            exchange.onDrain { [self] in
                // Kept any longer, it would keep the connection, its reactor and this handler for good.
                waiting.withLock { $0.removeAll { $0 === exchange } }
                exchange.respond(.text("drained"))
            }
            waiting.withLock { $0.append(exchange) }
            signal.signal()
        case "later":
            exchange.after(milliseconds: 1) { exchange.respond(.text("later")) }
        case "file":
            let size = try! file!.size()
            exchange.respond(
                Response(
                    head: ResponseHead(status: 200),
                    body: .file(FileSlice(file: file!, offset: 0, length: size))))
        case "nothing":
            exchange.respond(Response(head: ResponseHead(status: 204)))
        default:
            exchange.respond(.text(request.target.raw))
        }
    }
}

extension Response {
    static func text(_ text: String) -> Response {
        Response(status: 200, contentType: "text/plain", Array(text.utf8))
    }
}

/// Answers with the body itself, from another thread.
private final class Collector: BodyConsumer {
    let exchange: HTTPExchange
    let handler: EchoHandler
    var bytes: [UInt8] = []

    init(_ exchange: HTTPExchange, _ handler: EchoHandler) {
        self.exchange = exchange
        self.handler = handler
    }

    func receive(_ span: Span<UInt8>) {
        for index in span.indices { bytes.append(span[index]) }
    }

    func end() {
        let answer = bytes
        let exchange = exchange
        Thread.detachNewThread {
            exchange.respond(Response(status: 200, contentType: "application/octet-stream", answer))
        }
    }

    func abort() {
        handler.consumersAborted.withLock { $0 += 1 }
        handler.signal.signal()
    }
}

private final class Counter: BodyConsumer {
    let exchange: HTTPExchange
    let handler: EchoHandler
    var count = 0

    init(_ exchange: HTTPExchange, _ handler: EchoHandler) {
        self.exchange = exchange
        self.handler = handler
    }

    func receive(_ span: Span<UInt8>) {
        count += span.count
        let total = count
        handler.bytesReceived.withLock { $0 = total }
    }
    func end() { exchange.respond(.text("\(count)")) }
    func abort() { handler.consumersAborted.withLock { $0 += 1 } }
}

/// Takes one piece, stops, and goes on from another thread, again and again.
private final class Pauser: BodyConsumer {
    let exchange: HTTPExchange
    let handler: EchoHandler
    var count = 0
    var isPaused = false

    init(_ exchange: HTTPExchange, _ handler: EchoHandler) {
        self.exchange = exchange
        self.handler = handler
    }

    func receive(_ span: Span<UInt8>) {
        precondition(!isPaused, "a paused body was delivered")
        count += span.count
        isPaused = true
        exchange.pauseBody()
        let exchange = exchange
        nonisolated(unsafe) let me = self
        Thread.detachNewThread {
            exchange.post {
                me.isPaused = false
                exchange.resumeBody()
            }
        }
    }
    func end() { exchange.respond(.text("\(count)")) }
    func abort() { handler.consumersAborted.withLock { $0 += 1 } }
}
