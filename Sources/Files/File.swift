internal import CLinux
internal import Synchronization

/// Owns one descriptor of a regular file and closes it when the last reference goes.
///
/// Every read and write names its offset, so that threads share a `File` without sharing a position.
@safe package final class File: Sendable {
    package enum Access: Sendable {
        case read
        case readWrite
        /// Must not exist yet.
        case createNew
        /// Must not exist yet; readable by its owner alone, for private keys.
        case createPrivate
        /// Made empty where it does not exist.
        case createOrOpen
    }

    package let path: String
    /// Valid for as long as this object lives; pass it on only to calls that end before that.
    package let descriptor: CInt

    /// Synchronizations of files and directories in this process.
    package static var synchronizations: Int64 { synchronizationCount.load(ordering: .relaxed) }
    private static let synchronizationCount = Atomic<Int64>(0)
    static func countSynchronization() { synchronizationCount.wrappingAdd(1, ordering: .relaxed) }

    /// New files are readable by their owner and group only, private ones not by the group.
    package init(_ path: String, _ access: Access) throws(FileError) {
        let flags =
            switch access {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .createNew, .createPrivate: O_RDWR | O_CREAT | O_EXCL
            case .createOrOpen: O_RDWR | O_CREAT
            }
        let mode: mode_t = if case .createPrivate = access { 0o600 } else { 0o640 }
        var opened: CInt
        repeat {
            opened = unsafe lt_open(path, flags | O_CLOEXEC, mode)
        } while opened < 0 && lt_errno() == EINTR
        guard opened >= 0 else { throw FileError("open", path: path, number: lt_errno()) }
        self.path = path
        descriptor = opened
    }

    /// A file without a name in `folder`: it is gone when nobody uses it any more, a crash included.
    package convenience init(unnamedIn folder: String) throws(FileError) {
        let name = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        try self.init("\(folder)/.scratch-\(name)", .createPrivate)
        try Directory.remove(path)
    }

    deinit {
        // Closing alone would not end a lock while a process that is being started still has a copy of the
        // descriptor; on a file that was never locked this does nothing.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// In bytes.
    package func size() throws(FileError) -> Int64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("look at") }
        return Int64(status.st_size)
    }

    /// Reads all of it in pieces of at most `bytesMax`: a file may be larger than memory.
    ///
    /// - Throws: `FileError`, and what `body` throws.
    package func forEachPiece(bytesMax: Int = 1 << 20, _ body: ([UInt8]) throws -> Void) throws {
        var offset: Int64 = 0
        while true {
            let piece = try read(at: offset, count: bytesMax)
            if piece.isEmpty { return }
            try body(piece)
            offset += Int64(piece.count)
        }
    }

    /// Up to `count` bytes; fewer only where the file ends.
    package func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        var failed: FileError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = unsafe pread(
                    descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset) + off_t(filled))
                if got < 0 {
                    if lt_errno() == EINTR { continue }
                    failed = failure("read")
                    return
                }
                if got == 0 { return }
                filled += got
            }
        }
        if let failed { throw failed }
        return bytes
    }

    package func write(_ bytes: [UInt8], at offset: Int64) throws(FileError) {
        try write(bytes.span, at: offset)
    }

    /// Writes all of it or throws; after a throw any part of the range may have been written.
    package func write(_ bytes: Span<UInt8>, at offset: Int64) throws(FileError) {
        let failed: FileError? = unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let put = unsafe pwrite(
                    descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
                if put < 0 {
                    if lt_errno() == EINTR { continue }
                    return failure("write")
                }
                done += put
            }
            return nil
        }
        if let failed { throw failed }
    }

    /// Neighbours, in as few system calls as the kernel allows: it takes large pieces of memory for a large
    /// write, and a page at a time for a small one.
    package func write(_ parts: [[UInt8]], at offset: Int64) throws(FileError) {
        var first = 0
        var start = offset
        while first < parts.count {
            let group = parts[first..<min(parts.count, first + Self.partsMax)]
            let total = group.reduce(0) { $0 + $1.count }
            if try writeGathered(group, at: start) != total {
                // Interrupted or short: piece by piece, which says why if it fails again.
                var position = start
                for part in group {
                    try write(part, at: position)
                    position += Int64(part.count)
                }
            }
            first += group.count
            start += Int64(total)
        }
    }

    /// Each part lends its bytes to one stack frame, so their number is bounded.
    private static let partsMax = 240

    private func writeGathered(_ parts: ArraySlice<[UInt8]>, at offset: Int64) throws(FileError) -> Int {
        var vectors: [iovec] = unsafe []
        unsafe vectors.reserveCapacity(parts.count)
        let put = unsafe gather(parts, into: &vectors) { vectors in
            unsafe pwritev(descriptor, vectors.baseAddress, CInt(vectors.count), off_t(offset))
        }
        if put < 0, lt_errno() != EINTR { throw failure("write") }
        return put
    }

    /// Borrowed pointers must not leave the closure that lends them, so all closures are open at once.
    private func gather(
        _ parts: ArraySlice<[UInt8]>, into vectors: inout [iovec],
        _ body: (UnsafeBufferPointer<iovec>) -> Int
    ) -> Int {
        guard let part = parts.first else { return unsafe vectors.withUnsafeBufferPointer(body) }
        return unsafe part.withUnsafeBytes { bytes in
            unsafe vectors.append(
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count))
            return unsafe gather(parts.dropFirst(), into: &vectors, body)
        }
    }

    /// Reserves disk space, so that later writes change no metadata and `synchronize` has less to do.
    package func preallocate(from offset: Int64, count: Int64) throws(FileError) {
        let number = posix_fallocate(descriptor, off_t(offset), off_t(count))
        guard number == 0 else { throw FileError("reserve space in", path: path, number: number) }
    }

    package func truncate(to size: Int64) throws(FileError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw failure("truncate") }
    }

    /// When this returns, what was written survives a loss of power. When it throws, nobody knows what does:
    /// the kernel may have dropped the pages, and a second call could succeed without having written them.
    package func synchronize() throws(FileError) {
        Self.countSynchronization()
        while fdatasync(descriptor) != 0 {
            guard lt_errno() == EINTR else { throw failure("synchronize") }
        }
    }

    /// Starts writing the range out in the background. A hint: durability comes from `synchronize` alone.
    package func beginWriteOut(from offset: Int64, count: Int64) {
        _ = sync_file_range(descriptor, off_t(offset), off_t(count), LT_SYNC_FILE_RANGE_WRITE)
    }

    /// False where another open file, in this process or another, holds the lock. Ends with this object.
    package func lockExclusively() throws(FileError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        if lt_errno() == EWOULDBLOCK { return false }
        throw failure("lock")
    }

    /// A second descriptor of the same open file, for an owner that closes it itself.
    package func duplicateDescriptor() throws(FileError) -> CInt {
        let copy = lt_duplicate(descriptor)
        guard copy >= 0 else { throw failure("duplicate") }
        return copy
    }

    private func failure(_ action: String) -> FileError {
        FileError(action, path: path, number: lt_errno())
    }
}
