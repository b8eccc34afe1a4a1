internal import AuditLog
internal import Exchange
internal import Files
internal import JSON
internal import OpenSSL

/// What a backup consists of. Written last and under a temporary name, so that there is always one whole
/// backup.
struct BackupManifest: Equatable {
    struct Part: Equatable {
        /// In the backup's folder.
        let name: String
        /// Bytes that count; a segment that is still written to may be longer by the time it is copied again.
        let size: Int64
        let sha256: Digest256
    }

    static let name = "backup.json"
    private static let format: Int64 = 1

    let tree: TreeState
    let madeAt: Instant
    /// The database's copy.
    let database: Part
    /// By name.
    let segments: [Part]

    /// Names a file for each state of the database: the one before stays whole until the manifest names the
    /// next.
    static func databaseName(size: Int64, madeAt: Instant) -> String {
        "hub-\(size)-\(madeAt.milliseconds).db"
    }

    var bytes: [UInt8] {
        JSONWriter.object { json in
            json.member("format", Self.format)
            json.member("size", tree.size)
            json.member("root", tree.root.hex)
            json.member("madeAt", madeAt)
            json.name("database")
            Self.write(database, &json)
            json.name("segments")
            json.array(segments) { Self.write($1, &$0) }
        }
    }

    private static func write(_ part: Part, _ json: inout JSONWriter) {
        json.object { json in
            json.member("name", part.name)
            json.member("size", part.size)
            json.member("sha256", part.sha256.hex)
        }
    }

    /// Nil where there is none.
    ///
    /// - Throws: `damaged` where it cannot be understood.
    static func read(_ folder: String) throws(StorageError) -> BackupManifest? {
        let path = folder + "/" + name
        guard Directory.exists(path) else { return nil }
        let bytes = try mappingFiles { () throws(FileError) in
            let file = try File(path, .read)
            return try file.read(at: 0, count: Int(try file.size()))
        }
        guard let manifest = BackupManifest(bytes) else {
            throw StorageError(.damaged, "\(path) is no manifest of a backup")
        }
        return manifest
    }

    init(tree: TreeState, madeAt: Instant, database: Part, segments: [Part]) {
        self.tree = tree
        self.madeAt = madeAt
        self.database = database
        self.segments = segments
    }

    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONReader.read(bytes), json["format"]?.integer == Self.format,
            let size = json["size"]?.integer, let root = json["root"]?.string.flatMap({ Digest256(hex: $0) }),
            let madeAt = json["madeAt"]?.string.flatMap({ Instant(rfc3339: $0) }),
            let database = json["database"].flatMap(Self.part),
            let segments = json["segments"]?.array?.map(Self.part), !segments.contains(nil)
        else { return nil }
        self.init(
            tree: TreeState(size: size, root: root), madeAt: madeAt, database: database,
            segments: segments.compactMap { $0 })
    }

    private static func part(_ json: JSONValue) -> Part? {
        guard let name = json["name"]?.string, !name.contains("/"), !name.hasPrefix("."),
            let size = json["size"]?.integer, size >= 0,
            let sha256 = json["sha256"]?.string.flatMap({ Digest256(hex: $0) })
        else { return nil }
        return Part(name: name, size: size, sha256: sha256)
    }
}
