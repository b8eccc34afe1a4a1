internal import Exchange
internal import Glibc
internal import Hub
internal import JSON
internal import Synchronization

/// One JSON object a line on stderr, where systemd's journal takes it. No personal data: codes, keys,
/// digests, times and request ids only.
final class LogWriter: EventLog {
    private let lock = Mutex(())

    func write(_ level: LogLevel, _ event: String, _ fields: [(String, LogValue)]) {
        let line = JSONWriter.object { writer in
            writer.member("time", Clock.system.now())
            writer.member("level", level.rawValue)
            writer.member("event", event)
            for (name, value) in fields {
                switch value {
                case .text(let text): writer.member(name, text)
                case .number(let number): writer.member(name, number)
                }
            }
        }
        // One write call a line: two threads' lines must not run into each other.
        lock.withLock { _ in
            let bytes = line + [0x0A]
            _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
    }
}
