internal import Glibc
internal import Synchronization

/// SIGTERM, SIGINT and SIGHUP as calls on a thread of their own.
package enum Signals {
    package enum Kind: Sendable, Hashable {
        case terminate, interrupt, hangUp
    }

    /// The writing end of a pipe: all that a signal handler may safely do is write to it.
    private static let pipeInput = Atomic<CInt>(-1)

    /// Takes the three signals from now on; `block` is called for each, one after the other, and may block.
    /// Once per process; the thread lives as long as the process.
    package static func handle(_ block: @escaping @Sendable (Kind) -> Void) throws(SystemError) {
        unblock()
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw SystemError("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (_, previous) = pipeInput.compareExchange(
            expected: -1, desired: ends[1], ordering: .sequentiallyConsistent)
        precondition(previous == -1, "signals are handled once per process")
        let context = unsafe Unmanaged.passRetained(Reader(pipe: ends[0], block: block)).toOpaque()
        var thread = pthread_t()
        let result = unsafe pthread_create(&thread, nil, { context in
            unsafe Unmanaged<Reader>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        }, context)
        guard result == 0 else { throw SystemError("pthread_create", code: result) }
        pthread_detach(thread)
        for number in [SIGTERM, SIGINT, SIGHUP] {
            _ = signal(number) { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe write(Signals.pipeInput.load(ordering: .relaxed), &byte, 1)
                errno = saved
            }
        }
    }

    private final class Reader {
        private let pipe: CInt
        private let block: @Sendable (Kind) -> Void

        init(pipe: CInt, block: @escaping @Sendable (Kind) -> Void) {
            self.pipe = pipe
            self.block = block
        }

        func run() {
            while true {
                var byte: UInt8 = 0
                let count = unsafe read(pipe, &byte, 1)
                if count < 0, errno == EINTR { continue }
                guard count == 1 else { return }
                switch CInt(byte) {
                case SIGTERM: block(.terminate)
                case SIGINT: block(.interrupt)
                default: block(.hangUp)
                }
            }
        }
    }

    /// A mask is inherited: a daemon started from a thread that had signals blocked would never hear SIGTERM.
    private static func unblock() {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
}

/// The process's bound on open files.
package enum OpenFileLimit {
    /// Raises the soft bound to the hard one: 10,000 long polls do not fit into the usual 1,024.
    ///
    /// - Returns: the bound in force.
    @discardableResult
    package static func raise() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}
