internal import CLinux
internal import Glibc

/// An eventfd: one thread waits, by poll or epoll, and any other thread wakes it.
package final class Wakeup: Sendable {
    let file: FileDescriptor

    package init() throws(SystemError) {
        let number = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
        guard number >= 0 else { throw SystemError("eventfd") }
        file = FileDescriptor(number)
    }

    package func signal() {
        var one: UInt64 = 1
        // EAGAIN means that the counter is full, so the waiter is awake as it is.
        _ = unsafe Glibc.write(file.number, &one, 8)
    }

    /// True if signalled since the last wait, false after `milliseconds`.
    package func wait(milliseconds: Int64) -> Bool {
        let end = Clock.milliseconds() &+ milliseconds
        while true {
            var counter: UInt64 = 0
            if unsafe Glibc.read(file.number, &counter, 8) == 8 { return true }
            let left = end - Clock.milliseconds()
            guard left > 0 else { return false }
            var interest = pollfd(fd: file.number, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&interest, 1, CInt(clamping: left))
        }
    }
}

/// Time that never jumps, for time limits.
package enum Clock {
    /// CLOCK_MONOTONIC.
    package static func milliseconds() -> Int64 { nanoseconds() / 1_000_000 }

    /// CLOCK_MONOTONIC.
    static func nanoseconds() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Since 1970, UTC.
    static func wallSeconds() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}
