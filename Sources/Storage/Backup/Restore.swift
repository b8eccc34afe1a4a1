package import AuditLog
internal import Exchange
internal import Files

/// Makes a data directory out of a backup.
///
/// The hub may have signed more since the backup was made, and nobody here knows. So what is restored carries
/// a mark, and a hub that finds it does not start before an operator has decided (`lienthongd
/// --roll-forward`).
package enum Restore {
    package struct Report: Sendable {
        package let tree: TreeState
        package let bytes: Int64
        package let examination: DoctorReport
    }

    package typealias Progress = (_ done: Int64, _ total: Int64) -> Void

    /// - Parameters:
    ///   - directory: must be empty or not be there.
    ///   - signed: the newest tree that somebody holds a checkpoint of; nil where nobody asked the auditors.
    /// - Throws: `cannotOpen` where `folder` holds no backup or `directory` is in use, `damaged` where the
    ///   backup is not what was written, `diskFull`, `ioFailure`.
    package static func restore(
        from folder: String, to directory: String, signed: TreeState?, verifier: NoteVerifier?,
        progress: @escaping Progress = { _, _ in }
    ) throws(StorageError) -> Report {
        guard let manifest = try BackupManifest.read(folder) else {
            throw StorageError(.cannotOpen, "\(folder) holds no backup")
        }
        let target = DataDirectory(path: directory)
        try requireEmpty(directory)
        try mappingFiles { () throws(FileError) in try Directory.create(target.incoming) }
        // First of all: a restoring that breaks off must not look like a hub's own data.
        try RestoreMark(found: manifest.tree, signed: signed ?? manifest.tree).write(target)
        let total = manifest.segments.reduce(manifest.database.size) { $0 + $1.size }
        var done: Int64 = 0
        func advance(_ bytes: Int64) {
            done += bytes
            progress(done, total)
        }
        for segment in manifest.segments {
            try copy(segment, folder + "/payload/", target.payload + "/", advance)
        }
        try mappingFiles { () throws(FileError) in try Directory.synchronize(target.payload) }
        let path = target.database
        let sha256 = try FileCopy.copy(
            folder + "/" + manifest.database.name, to: path, size: manifest.database.size, advance)
        try require(sha256, manifest.database)
        try mappingFiles { () throws(FileError) in try Directory.synchronize(directory) }
        let examination = try Doctor.examine(directory: directory, verifier: verifier)
        guard examination.isSound else {
            let first = examination.findings.first.map { "\($0.place): \($0.detail)" } ?? ""
            throw StorageError(.damaged, "what was restored is not sound: \(first)")
        }
        return Report(tree: manifest.tree, bytes: total, examination: examination)
    }

    private static func copy(
        _ part: BackupManifest.Part, _ from: String, _ to: String, _ advance: (Int64) -> Void
    ) throws(StorageError) {
        let sha256 = try FileCopy.copy(from + part.name, to: to + part.name, size: part.size, advance)
        try require(sha256, part)
    }

    private static func require(_ sha256: Digest256, _ part: BackupManifest.Part) throws(StorageError) {
        guard sha256 == part.sha256 else {
            throw StorageError(.damaged, "\(part.name) in the backup is not what was written")
        }
    }

    private static func requireEmpty(_ directory: String) throws(StorageError) {
        guard Directory.exists(directory) else { return }
        let names = try mappingFiles { () throws(FileError) in try Directory.names(in: directory) }
        guard names.isEmpty else {
            throw StorageError(.cannotOpen, "\(directory) is not empty; nothing there is overwritten")
        }
    }
}
