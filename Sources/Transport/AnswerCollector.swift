internal import Glibc
internal import HTTP
internal import Synchronization

/// Where the reactor leaves an answer, or why there is none, and the caller waits for it.
final class Outcome: Sendable {
    private let wakeup: Wakeup
    private let result = Mutex<Result<BlockingClient.Answer, ClientError>?>(nil)

    init() throws(ClientError) {
        do {
            wakeup = try Wakeup()
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// The first one stays.
    func set(_ result: Result<BlockingClient.Answer, ClientError>) {
        self.result.withLock { $0 = $0 ?? result }
        wakeup.signal()
    }

    func wait() -> Result<BlockingClient.Answer, ClientError> {
        while true {
            if let result = wait(milliseconds: 60_000) { return result }
        }
    }

    /// Nil where none came in time.
    func wait(milliseconds: Int64) -> Result<BlockingClient.Answer, ClientError>? {
        if let result = result.withLock({ $0 }) { return result }
        _ = wakeup.wait(milliseconds: milliseconds)
        return result.withLock { $0 }
    }
}

/// Gathers one bounded answer, in memory or in a file.
final class AnswerCollector: ResponseReceiver {
    private let outcome: Outcome
    private let connection: ClientConnection
    private let bytesMax: Int
    private let file: FileDescriptor?
    private let sent: (@Sendable (Int64) -> Void)?
    private let received: (@Sendable (Int64) -> Void)?
    private var head: ResponseHead?
    private var bytes: [UInt8] = []
    private var byteCount: Int64 = 0
    private var announcedCount: Int64 = 0

    /// - Parameters:
    ///   - bytesMax: of a body that is kept in memory.
    ///   - file: takes the body of a 200 or 206.
    init(
        _ outcome: Outcome, connection: ClientConnection, bytesMax: Int, file: FileDescriptor? = nil,
        sent: (@Sendable (Int64) -> Void)? = nil, received: (@Sendable (Int64) -> Void)? = nil
    ) {
        self.outcome = outcome
        self.connection = connection
        self.bytesMax = bytesMax
        self.file = file
        self.sent = sent
        self.received = received
    }

    func sent(_ byteCount: Int64) { sent?(byteCount) }

    func head(_ head: ResponseHead) {
        self.head = head
        announcedCount = head.fields["Content-Length"].flatMap { Int64($0) } ?? 0
    }

    func body(_ span: Span<UInt8>) {
        byteCount += Int64(span.count)
        if let file, head?.status == 200 || head?.status == 206 {
            guard write(span, to: file) else { return }
            received?(byteCount)
        } else if max(byteCount, announcedCount) > bytesMax {
            fail(.responseTooLarge)
        } else {
            unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        }
    }

    private func write(_ span: Span<UInt8>, to file: FileDescriptor) -> Bool {
        unsafe span.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = unsafe Glibc.write(
                    file.number, buffer.baseAddress! + written, buffer.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    fail(.file("\(SystemError("write"))"))
                    return false
                }
                written += count
            }
            return true
        }
    }

    private func fail(_ error: ClientError) {
        outcome.set(.failure(error))
        connection.close()
    }

    func end() {
        guard let head else { return outcome.set(.failure(.malformedResponse("no head"))) }
        outcome.set(.success(BlockingClient.Answer(head: head, bytes: bytes)))
    }

    func failed(_ error: ClientError) { outcome.set(.failure(error)) }
}
