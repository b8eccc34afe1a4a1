package import AuditLog
internal import Database
package import Exchange
internal import Files

/// Copies a hub's data while it serves.
///
/// The database is copied as one moment has it; then the segments that this copy names. They only grow, and
/// what a committed row names was synchronised before its COMMIT, so copying them later is not too late.
package struct Backup {
    package struct Report: Sendable {
        package let tree: TreeState
        package let segments: Int
        package let bytesCopied: Int64
        /// In the backup, with what was there from before.
        package let bytes: Int64
        /// Of the backup as it was read back.
        package let examination: DoctorReport
    }

    package enum Verification: Sendable {
        /// Everything in the backup is read back.
        case everything
        /// The database and the log, and letters of the segments that were copied now.
        case copied
    }

    package enum Part: Sendable {
        case database
        case segments
        case verification
    }

    package typealias Progress = (Part, _ done: Int64, _ total: Int64) -> Void

    /// A compaction may take a segment away between the two copies; then the database is copied again.
    private static let attemptsMax = 5

    private let source: DataDirectory
    private let folder: String
    private let madeAt: Instant
    private let progress: Progress

    /// - Parameters:
    ///   - folder: made where there is none; what is in it from an earlier backup of this hub is not copied
    ///     again.
    ///   - verifier: of the log's key.
    /// - Throws: `damaged` where the source or the written backup is not sound, `cannotOpen`, `diskFull`,
    ///   `ioFailure`, `treeWentBack` where the folder holds a longer log.
    package static func make(
        of directory: String, in folder: String, at: Instant, verifier: NoteVerifier?,
        verification: Verification = .everything, progress: @escaping Progress = { _, _, _ in }
    ) throws(StorageError) -> Report {
        let source = DataDirectory(path: directory)
        guard Directory.exists(source.database) else {
            throw StorageError(.cannotOpen, "\(source.database) does not exist")
        }
        let backup = Backup(source: source, folder: folder, madeAt: at, progress: progress)
        return try backup.make(verifier, verification)
    }

    private func make(
        _ verifier: NoteVerifier?, _ verification: Verification
    ) throws(StorageError) -> Report {
        try mappingFiles { () throws(FileError) in
            try Directory.create(folder + "/payload")
            try Directory.create(folder + "/payload/incoming")
        }
        let earlier = try BackupManifest.read(folder)
        var attempt = 1
        while true {
            do throws(StorageError) {
                return try copy(earlier, verifier, verification)
            } catch {
                guard error.code == .damaged, attempt < Self.attemptsMax else { throw error }
                attempt += 1
            }
        }
    }

    private func copy(
        _ earlier: BackupManifest?, _ verifier: NoteVerifier?, _ verification: Verification
    ) throws(StorageError) -> Report {
        let (name, values) = try copyDatabase()
        let target = DataDirectory(path: folder, databaseName: name)
        if let earlier {
            try require(earlier, in: target, values.tree)
        }
        let copied = try copySegments(values.position, earlier)
        let database = try part(name, size: try size(target.database))
        let manifest = BackupManifest(
            tree: values.tree, madeAt: madeAt, database: database, segments: copied.parts)
        let examination = Doctor.examine(
            target, verifier: verifier, segments: verification == .everything ? nil : copied.numbers
        ) { _, done, total in progress(.verification, done, total) }
        guard examination.isSound else {
            let first = examination.findings.first.map { "\($0.place): \($0.detail)" } ?? ""
            throw StorageError(.damaged, "what was copied is not sound: \(first)")
        }
        try publish(manifest)
        return Report(
            tree: values.tree, segments: copied.parts.count, bytesCopied: copied.bytes + database.size,
            bytes: copied.parts.reduce(database.size) { $0 + $1.size }, examination: examination)
    }

    private func copyDatabase() throws(StorageError) -> (name: String, values: StateTable.Values) {
        let temporary = folder + "/hub.db.part"
        try removeIfThere(temporary)
        return try mapping { () throws(DatabaseError) in
            let connection = try SQLiteConnection(path: source.database, mode: .readOnly)
            try connection.requireSchema(Schema.version)
            try connection.copy(to: temporary) { progress(.database, Int64($0), Int64($1)) }
            let copy = try SQLiteConnection(path: temporary, mode: .readOnly)
            guard let values = try StateTable(copy).values() else {
                throw DatabaseError(.damaged, action: "copy the database", message: "it has no state")
            }
            return values
        }.named(temporary, in: folder, madeAt)
    }

    /// A backup is not replaced by one of another log, or of an older state of the same.
    private func require(
        _ earlier: BackupManifest, in target: DataDirectory, _ tree: TreeState
    ) throws(StorageError) {
        let same = try mapping { () throws(DatabaseError) -> TreeState? in
            let connection = try SQLiteConnection(path: target.database, mode: .readOnly)
            let reads = try LogReads(connection)
            guard let frontier = try reads.frontier(size: tree.size), earlier.tree.size <= tree.size else {
                return nil
            }
            return try OpenedDatabase.tree(size: earlier.tree.size, reads, frontier)
        }
        guard same == earlier.tree else {
            throw StorageError(
                .treeWentBack,
                "\(folder) holds a backup of \(earlier.tree.size) entries (\(earlier.tree.root)), which the"
                    + " log of \(tree.size) entries does not begin with")
        }
    }

    private struct Copied {
        var parts: [BackupManifest.Part] = []
        var numbers: Set<Int64> = []
        var bytes: Int64 = 0
    }

    private func copySegments(
        _ position: LogPosition, _ earlier: BackupManifest?
    ) throws(StorageError) -> Copied {
        let numbers = try mappingFiles { () throws(FileError) in
            try Directory.names(in: source.payload).compactMap(DataDirectory.segmentNumber)
        }.filter { $0 < position.nextSegment }
        var sizes: [(number: Int64, size: Int64)] = []
        for number in numbers {
            let isOpen = number == position.segment
            sizes.append((number, isOpen ? position.end : try size(source.segment(number))))
        }
        let total = sizes.reduce(0) { $0 + $1.size }
        var done: Int64 = 0
        var copied = Copied()
        for (number, size) in sizes {
            let name = DataDirectory.segmentName(number)
            let known = earlier?.segments.first { $0.name == name }
            if let known, known.size == size, try self.size(folder + "/payload/" + name) == size {
                copied.parts.append(known)
                done += size
                continue
            }
            let sha256 = try FileCopy.copy(
                source.segment(number), to: folder + "/payload/" + name, size: size, kept: known?.size ?? 0
            ) { bytes in
                done += bytes
                progress(.segments, done, total)
            }
            copied.parts.append(BackupManifest.Part(name: name, size: size, sha256: sha256))
            copied.numbers.insert(number)
            copied.bytes += size - (known?.size ?? 0)
        }
        return copied
    }

    private func part(_ name: String, size: Int64) throws(StorageError) -> BackupManifest.Part {
        let path = folder + "/" + name
        return BackupManifest.Part(
            name: name, size: size, sha256: try FileCopy.sha256(path, size: size) { _ in })
    }

    /// From here on the backup is this one; what only the earlier one needed goes.
    private func publish(_ manifest: BackupManifest) throws(StorageError) {
        try mappingFiles { () throws(FileError) in
            let temporary = folder + "/" + BackupManifest.name + ".part"
            if Directory.exists(temporary) { try Directory.remove(temporary) }
            let file = try File(temporary, .createNew)
            try file.write(manifest.bytes + [0x0A], at: 0)
            try file.synchronize()
            try File(folder + "/" + manifest.database.name, .read).synchronize()
            try Directory.synchronize(folder + "/payload")
            // Before the manifest names it: some file systems make renames durable in another order.
            try Directory.synchronize(folder)
            try Directory.rename(temporary, to: folder + "/" + BackupManifest.name)
            try Directory.synchronize(folder)
            for name in try Directory.names(in: folder)
            where name.hasPrefix("hub") && name != manifest.database.name {
                try Directory.remove(folder + "/" + name)
            }
            let segments = Set(manifest.segments.map(\.name))
            for name in try Directory.names(in: folder + "/payload")
            where DataDirectory.segmentNumber(name) != nil && !segments.contains(name) {
                try Directory.remove(folder + "/payload/" + name)
            }
        }
    }

    private func size(_ path: String) throws(StorageError) -> Int64 {
        do throws(FileError) {
            return try File(path, .read).size()
        } catch {
            throw StorageError(error.isNotFound ? .damaged : .ioFailure, error.description)
        }
    }

    private func removeIfThere(_ path: String) throws(StorageError) {
        guard Directory.exists(path) else { return }
        try mappingFiles { () throws(FileError) in try Directory.remove(path) }
    }
}

extension StateTable.Values {
    /// Gives the database's copy the name that it has in the backup.
    fileprivate func named(
        _ temporary: String, in folder: String, _ madeAt: Instant
    ) throws(StorageError) -> (name: String, values: StateTable.Values) {
        let name = BackupManifest.databaseName(size: tree.size, madeAt: madeAt)
        try mappingFiles { () throws(FileError) in try Directory.rename(temporary, to: folder + "/" + name) }
        return (name, self)
    }
}
