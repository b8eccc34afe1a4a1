internal import Glibc

/// Time that nobody sets.
enum MonotonicClock {
    static var microseconds: Int { nanoseconds(CLOCK_MONOTONIC) / 1000 }
    static var milliseconds: Int64 { Int64(microseconds / 1000) }

    /// Processor time of the calling thread: what others do on the machine is not in it.
    static var threadNanoseconds: Int { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

    private static func nanoseconds(_ clock: clockid_t) -> Int {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
