internal import Glibc
internal import Synchronization

/// Where a verb speaks: results on stdout, talk and progress bars on stderr.
struct Terminal: Sendable {
    let showsProgress: Bool

    init() {
        showsProgress = isatty(STDERR_FILENO) == 1
    }

    /// A line of the result.
    func print(_ line: String) {
        Self.write(Array((line + "\n").utf8), to: STDOUT_FILENO)
    }

    /// The one JSON value that `--json` promises.
    func print(json: [UInt8]) {
        Self.write(json + [0x0A], to: STDOUT_FILENO)
    }

    /// A line for the person, never part of the result.
    func tell(_ line: String) {
        Self.write(Array((line + "\n").utf8), to: STDERR_FILENO)
    }

    /// A progress bar for a transfer of `total` bytes; draws only on a terminal and at most ten times a
    /// second.
    func progress(_ title: String, total: Int64) -> ProgressBar {
        ProgressBar(title: title, total: total, isVisible: showsProgress)
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            // A reader that went away (`| head`) is no error of ours.
            guard count > 0 else { return }
            written += count
        }
    }
}

/// One line on stderr that tells how far a transfer is.
final class ProgressBar: Sendable {
    private let title: String
    private let total: Int64
    private let isVisible: Bool
    /// Bytes come in on the client's thread.
    private let lastDrawn = Atomic<Int64>(0)

    init(title: String, total: Int64, isVisible: Bool) {
        self.title = title
        self.total = total
        self.isVisible = isVisible
    }

    func advance(to bytes: Int64) {
        guard isVisible else { return }
        let milliseconds = MonotonicClock.milliseconds
        guard milliseconds - lastDrawn.load(ordering: .relaxed) >= 100 || bytes >= total else { return }
        lastDrawn.store(milliseconds, ordering: .relaxed)
        let share = total > 0 ? min(1, Double(bytes) / Double(total)) : 1
        let filled = Int(share * 30)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        Terminal.write(Array("\r\(title) \(bar) \(Int(share * 100)) %".utf8), to: STDERR_FILENO)
    }

    func finish() {
        guard isVisible else { return }
        advance(to: total)
        Terminal.write([0x0A], to: STDERR_FILENO)
    }
}

/// One bar after the other, for work in several parts.
final class ProgressBars<Part: Equatable> {
    private let terminal: Terminal
    private let title: (Part) -> String
    private var current: (part: Part, bar: ProgressBar)?

    init(_ terminal: Terminal, title: @escaping (Part) -> String) {
        self.terminal = terminal
        self.title = title
    }

    func advance(_ part: Part, _ done: Int64, _ total: Int64) {
        if current?.part != part {
            finish()
            current = (part, terminal.progress(title(part), total: total))
        }
        current?.bar.advance(to: done)
    }

    func finish() { current?.bar.finish() }
}
