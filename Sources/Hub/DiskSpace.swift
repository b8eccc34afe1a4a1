internal import CLinux
internal import Exchange
internal import Synchronization

/// Watches the room that is left, so that letters are refused before a write fails half-way.
final class DiskSpace: Sendable {
    private let path: String
    private let bytesMin: Int64
    /// What was found last, and when, in milliseconds since 1970.
    private let last = Mutex<(isEnough: Bool, at: Int64)>((false, .min))
    /// For so long an answer serves: every letter asks.
    private static let millisecondsMax: Int64 = 100

    init(path: String, bytesMin: Int64) {
        self.path = path
        self.bytesMin = bytesMin
    }

    /// What an unprivileged process may still write, in bytes; 0 where the file system does not say.
    var bytesFree: Int64 {
        var state = statvfs()
        guard unsafe statvfs(path, &state) == 0 else { return 0 }
        let (bytes, overflow) = Int64(clamping: state.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: state.f_frsize))
        return overflow ? Int64.max : bytes
    }

    /// Whether so many bytes more would still leave enough.
    func isEnough(for byteCount: Int64) -> Bool { bytesFree - byteCount >= bytesMin }

    var isEnough: Bool {
        let now = Clock.system.now().milliseconds
        return last.withLock { last in
            // A clock that was set back asks anew.
            if last.at == .min || now < last.at || now - last.at >= Self.millisecondsMax {
                last = (bytesFree >= bytesMin, now)
            }
            return last.isEnough
        }
    }
}
