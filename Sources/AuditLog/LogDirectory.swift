package import Files

/// A mirrored log: the hub's paths as files under one directory, with `checkpoint.<size>` for each older
/// checkpoint seen.
package struct LogDirectory: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// What is stored under `name`, cut after `bytesMax` + 1 bytes, so that a caller sees that there is more.
    /// Nil where there is no such file.
    package func read(_ name: String, bytesMax: Int) throws(FileError) -> [UInt8]? {
        do throws(FileError) {
            let file = try File("\(path)/\(name)", .read)
            let size = try file.size()
            return try file.read(at: 0, count: Int(min(size, Int64(bytesMax) + 1)))
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// Replaces `name` in one step: a reader finds the old bytes or the new ones, never a part.
    ///
    /// - Parameter isDurable: survives a loss of power once this returns. Tiles go without and are written
    ///   out together by `synchronize`, because a sync for each of them would take a log's mirror minutes.
    package func write(_ name: String, _ bytes: [UInt8], isDurable: Bool) throws(FileError) {
        let target = "\(path)/\(name)"
        let temporary = "\(target).tmp"
        let parent = String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)])
        // Not for each tile: making a directory synchronizes its name.
        if !Directory.exists(parent) { try Directory.create(parent) }
        let file = try File(temporary, .createOrOpen)
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
        if isDurable { try file.synchronize() }
        try Directory.rename(temporary, to: target)
        if isDurable { try Directory.synchronize(parent) }
    }

    /// Everything written so far survives a loss of power.
    package func synchronize() throws(FileError) {
        try Directory.synchronizeFileSystem(path)
    }

    package func remove(_ name: String) throws(FileError) {
        try Directory.remove("\(path)/\(name)")
    }

    /// Sizes of the older checkpoints kept, ascending.
    package func olderCheckpoints() throws(FileError) -> [Int64] {
        let prefix = "checkpoint."
        return try Directory.names(in: path)
            .compactMap { $0.hasPrefix(prefix) ? Decimal.read($0.utf8.dropFirst(prefix.utf8.count)) : nil }
            .sorted()
    }

    package static func checkpointName(size: Int64) -> String { "checkpoint.\(size)" }
}
