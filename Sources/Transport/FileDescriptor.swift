internal import Glibc

/// Owns one descriptor; closed once, by `close()` or when the last reference goes.
package final class FileDescriptor: @unchecked Sendable {
    // Sendable because the number never changes; `close()` is called by the one thread that owns the use of
    // it.
    package let number: CInt
    private var isOpen = true

    package init(_ number: CInt) {
        self.number = number
    }

    deinit { close() }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        _ = Glibc.close(number)
    }

    /// Opens a file for reading.
    package static func open(reading path: String) throws(SystemError) -> FileDescriptor {
        let number = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw SystemError("open \(path)") }
        return FileDescriptor(number)
    }

    /// In bytes.
    package func size() throws(SystemError) -> Int64 {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw SystemError("fstat") }
        return Int64(status.st_size)
    }
}

/// A system call that failed, with its errno.
package struct SystemError: Error, Sendable, CustomStringConvertible {
    package let action: String
    package let code: CInt

    /// Reads errno, so it must be made on the line after the call.
    package init(_ action: String) {
        code = errno
        self.action = action
    }

    package init(_ action: String, code: CInt) {
        self.action = action
        self.code = code
    }

    package var description: String {
        "\(action): \(unsafe String(cString: strerror(code)))"
    }
}

/// A part of an open file, to be sent without passing through memory as a whole.
package struct FileSlice: Sendable {
    /// Open for as long as this value lives.
    let descriptor: CInt
    private let owner: any AnyObject & Sendable
    package let offset: Int64
    /// In bytes; the file must hold `offset + length` bytes until they are sent.
    package let length: Int64

    package init(file: FileDescriptor, offset: Int64, length: Int64) {
        self.init(descriptor: file.number, keeping: file, offset: offset, length: length)
    }

    /// - Parameter owner: keeps `descriptor` open while it lives.
    package init(descriptor: CInt, keeping owner: any AnyObject & Sendable, offset: Int64, length: Int64) {
        precondition(offset >= 0 && length >= 0)
        self.descriptor = descriptor
        self.owner = owner
        self.offset = offset
        self.length = length
    }
}
