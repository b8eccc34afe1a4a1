internal import AuditLog
internal import Exchange
internal import Files
internal import JSON

/// Says that a data directory came out of a backup, until a batch is committed in it.
struct RestoreMark: Equatable {
    /// The backup's tree.
    let found: TreeState
    /// The newest tree that is known to have been signed; the backup's where nothing else is known.
    let signed: TreeState

    func write(_ directory: DataDirectory) throws(StorageError) {
        let bytes = JSONWriter.object { json in
            for (name, tree) in [("found", found), ("signed", signed)] {
                json.name(name)
                json.object { json in
                    json.member("size", tree.size)
                    json.member("root", tree.root.hex)
                }
            }
        }
        try mappingFiles { () throws(FileError) in
            let file = try File(directory.restoreMark, .createNew)
            try file.write(bytes + [0x0A], at: 0)
            try file.synchronize()
            try Directory.synchronize(directory.path)
        }
    }

    /// Nil where there is none. One that cannot be read counts: it is about the tree that the database has.
    static func read(_ directory: DataDirectory, else tree: TreeState) throws(StorageError) -> RestoreMark? {
        guard Directory.exists(directory.restoreMark) else { return nil }
        let bytes = try mappingFiles { () throws(FileError) in
            try File(directory.restoreMark, .read).read(at: 0, count: 4096)
        }
        let json = try? JSONReader.read(bytes)
        return RestoreMark(
            found: json?["found"].flatMap(Self.tree) ?? tree,
            signed: json?["signed"].flatMap(Self.tree) ?? tree)
    }

    private static func tree(_ json: JSONValue) -> TreeState? {
        guard let size = json["size"]?.integer,
            let root = json["root"]?.string.flatMap({ Digest256(hex: $0) })
        else { return nil }
        return TreeState(size: size, root: root)
    }

    static func remove(_ directory: DataDirectory) throws(FileError) {
        try Directory.remove(directory.restoreMark)
        try Directory.synchronize(directory.path)
    }
}
