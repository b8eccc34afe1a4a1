/// What a connection's time limit is waiting for; a value without a clock.
struct ConnectionWatch {
    enum Subject {
        case handshake, header, idle
        /// A lowest rate, not an end: a large letter on a thin line takes as long as it takes.
        case body, output
        case linger
        /// A handler's answer, which may take as long as a long poll lasts.
        case nothing
    }

    private let limits: ConnectionLimits
    private(set) var subject = Subject.nothing
    /// In milliseconds of the monotonic clock.
    private(set) var deadline = Int64.max
    private var progressAtStart: Int64 = 0

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    /// - Parameter progress: bytes moved so far, for the subjects with a rate.
    mutating func begin(_ subject: Subject, at now: Int64, progress: Int64) {
        self.subject = subject
        progressAtStart = progress
        let seconds: Double? =
            switch subject {
            case .handshake: limits.handshakeSecondsMax
            case .header: limits.headerSecondsMax
            case .idle: limits.idleSecondsMax
            case .body, .output: limits.bodyBytesPerSecondMin > 0 ? limits.rateSecondsWindow : nil
            case .linger: limits.lingerSecondsMax
            case .nothing: nil
            }
        deadline = seconds.map { now &+ Int64(min(max($0, 0), 1e9) * 1000) } ?? Int64.max
    }

    /// Whether the limit is broken. Where a rate was kept, the next window begins.
    mutating func isOverdue(at now: Int64, progress: Int64) -> Bool {
        guard now >= deadline else { return false }
        guard subject == .body || subject == .output else { return true }
        let least = Double(limits.bodyBytesPerSecondMin) * limits.rateSecondsWindow
        if Double(progress - progressAtStart) < least { return true }
        begin(subject, at: now, progress: progress)
        return false
    }
}
