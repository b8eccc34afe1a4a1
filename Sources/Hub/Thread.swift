internal import CLinux
internal import Glibc

/// A POSIX thread with a name that `top -H` shows.
package enum Thread {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// - Parameter name: at most 15 bytes, Linux's limit.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe lt_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        // Without its threads the daemon can do nothing; it is better not to have started.
        precondition(result == 0, "cannot start a thread")
        pthread_detach(thread)
    }
}

/// How this process uses its memory.
package enum Heap {
    /// Letters come and go by the thousand: freed memory is kept for the next one. To be called at the start.
    package static func keepFreedMemory() {
        lt_keep_heaps()
    }

    /// Gives all that is free back to the system; takes some milliseconds, in which others may have to wait
    /// for memory.
    package static func releaseFreedMemory() {
        _ = malloc_trim(0)
    }
}

/// A counting semaphore.
@safe package final class CountingSemaphore: Sendable {
    // Sendable because sem_t may be used from any thread once it is initialised; freed when nobody holds us.
    private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

    package init(value: UInt32 = 0) {
        unsafe semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, value)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    package func signal() {
        unsafe sem_post(semaphore)
    }

    package func wait() {
        while unsafe sem_wait(semaphore) != 0 && errno == EINTR {}
    }

    /// False where `milliseconds` passed without a signal.
    package func wait(milliseconds: Int) -> Bool {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &deadline)
        let nanoseconds = Int(deadline.tv_nsec) + milliseconds % 1000 * 1_000_000
        deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        while unsafe sem_timedwait(semaphore, &deadline) != 0 {
            if errno != EINTR { return false }
        }
        return true
    }
}
