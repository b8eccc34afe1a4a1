internal import CLinux

/// What is done to names rather than to bytes.
package enum Directory {
    /// Makes the directory and those above it where they are missing.
    ///
    /// When this returns, its name survives a loss of power, whoever made it: a directory that a crashed
    /// process made and did not synchronize would take with it everything that is written there from now on.
    package static func create(_ path: String) throws(FileError) {
        let path = withoutTrailingSlashes(path)
        if unsafe mkdir(path, 0o750) != 0, lt_errno() != EEXIST {
            let above = parent(of: path)
            guard lt_errno() == ENOENT, above != path, above != "." else {
                throw FileError("create directory", path: path, number: lt_errno())
            }
            try create(above)
            guard unsafe mkdir(path, 0o750) == 0 || lt_errno() == EEXIST else {
                throw FileError("create directory", path: path, number: lt_errno())
            }
        }
        try synchronizeName(of: path)
    }

    /// A parent that may be searched but not read cannot be synchronized; its file system can.
    private static func synchronizeName(of path: String) throws(FileError) {
        do throws(FileError) {
            try synchronize(parent(of: path))
        } catch {
            guard error.isNotPermitted else { throw error }
            try synchronizeFileSystem(path)
        }
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var path = Substring(path)
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
        return String(path)
    }

    /// Names in it without `.` and `..`, sorted by bytes. Names that are not UTF-8 are left out: none of ours
    /// is.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let stream = unsafe opendir(path) else {
            throw FileError("list", path: path, number: lt_errno())
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe lt_readdir(stream) {
            let name: String? = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name, name != ".", name != ".." { names.append(name) }
        }
        // An error looks like the end: who took half a list for the whole could give a segment's number
        // twice.
        guard lt_errno() == 0 else { throw FileError("list", path: path, number: lt_errno()) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Makes creations, renames and removals in the directory survive a loss of power.
    package static func synchronize(_ path: String) throws(FileError) {
        let descriptor = unsafe lt_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw FileError("open directory", path: path, number: lt_errno()) }
        defer { close(descriptor) }
        File.countSynchronization()
        guard fsync(descriptor) == 0 else {
            throw FileError("synchronize directory", path: path, number: lt_errno())
        }
    }

    /// Makes everything written so far to the file system of `path` survive a loss of power: one call where
    /// synchronizing thousands of small files would take minutes.
    package static func synchronizeFileSystem(_ path: String) throws(FileError) {
        let descriptor = unsafe lt_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw FileError("open directory", path: path, number: lt_errno()) }
        defer { close(descriptor) }
        File.countSynchronization()
        guard syncfs(descriptor) == 0 else {
            throw FileError("synchronize the file system of", path: path, number: lt_errno())
        }
    }

    /// Replaces `target` atomically.
    package static func rename(_ source: String, to target: String) throws(FileError) {
        guard unsafe CLinux.rename(source, target) == 0 else {
            throw FileError("rename", path: source, number: lt_errno())
        }
    }

    package static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 else { throw FileError("remove", path: path, number: lt_errno()) }
    }

    /// The folder that `path` lies in; `.` for a bare name.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A path as a file names it: absolute, or starting at that file's own folder.
    package static func resolve(_ named: String, beside file: String) -> String {
        guard !named.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return named }
        return String(file[...slash]) + named
    }

    /// What changes when a file's content is replaced or written over; nil where there is none.
    package struct Stamp: Sendable, Hashable {
        package let byteCount: Int64
        package let modifiedNanoseconds: Int64
        package let inode: UInt64
    }

    package static func stamp(of path: String) -> Stamp? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Stamp(
            byteCount: Int64(status.st_size),
            modifiedNanoseconds: Int64(status.st_mtim.tv_sec) &* 1_000_000_000
                &+ Int64(status.st_mtim.tv_nsec),
            inode: UInt64(status.st_ino))
    }

    /// Writes a file whole or not at all: whoever reads `path` sees the old bytes or the new ones.
    ///
    /// - Parameter durably: false where a loss of power may bring the old bytes back; whole they are even so.
    package static func replace(
        _ path: String, with bytes: [UInt8], durably: Bool = true
    ) throws(FileError) {
        try publish(bytes, as: path, .createNew, durably: durably) { draft throws(FileError) in
            try rename(draft, to: path)
        }
    }

    /// Writes a file that its owner alone may read, whole or not at all: a crash leaves no half key that
    /// would stand in the way of the next start. Never over a file that is there. Survives a loss of power.
    package static func createPrivate(_ path: String, with bytes: [UInt8]) throws(FileError) {
        try publish(bytes, as: path, .createPrivate, durably: true) { draft throws(FileError) in
            // A rename would replace what another process made meanwhile.
            guard unsafe link(draft, path) == 0 else {
                throw FileError("create", path: path, number: lt_errno())
            }
            try remove(draft)
        }
    }

    private static func publish(
        _ bytes: [UInt8], as path: String, _ access: File.Access, durably: Bool,
        _ name: (_ draft: String) throws(FileError) -> Void
    ) throws(FileError) {
        let draft = path + ".new"
        // A leftover of a crash.
        if exists(draft) { try remove(draft) }
        let file = try File(draft, access)
        do throws(FileError) {
            try file.write(bytes, at: 0)
            try file.synchronize()
            try name(draft)
        } catch {
            // The first error is the one to tell; a full disk may refuse even this.
            try? remove(draft)
            throw error
        }
        if durably { try synchronize(parent(of: path)) }
    }

    package static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }
}
