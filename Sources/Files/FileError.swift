internal import CLinux

/// What the kernel answered when a file operation failed.
package struct FileError: Error, Sendable, CustomStringConvertible {
    /// English, an infinitive: `open`, `synchronize`.
    package let action: String
    package let path: String
    /// `errno` as it was on the line after the failing call.
    package let number: Int32

    package init(_ action: String, path: String, number: Int32) {
        self.action = action
        self.path = path
        self.number = number
    }

    /// No room: the device, the quota or the process's file-size limit. Everything else is a broken device or
    /// a bug.
    package var isDiskFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(number) }
    /// Too many files are open at the moment; nothing was done.
    package var isOutOfDescriptors: Bool { [EMFILE, ENFILE].contains(number) }
    package var isNotFound: Bool { number == ENOENT }
    package var isNotPermitted: Bool { number == EACCES }
    package var alreadyExists: Bool { number == EEXIST }

    package var description: String {
        let reason = unsafe String(cString: strerror(number))
        return "cannot \(action) \(path): \(reason)"
    }
}
