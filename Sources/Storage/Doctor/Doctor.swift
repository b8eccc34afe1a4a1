package import AuditLog
internal import Database
internal import Exchange
internal import Files

/// Looks at a stopped hub's data directory from all sides, and changes nothing.
///
/// Whatever can be reckoned again is: the tree from its entries, the counts from their rows, every letter's
/// sums from its bytes. What is damaged is named; the rest is examined all the same.
package struct Doctor {
    /// What is being looked at, for a progress bar.
    package enum Part: Sendable {
        case database
        case log
        case payloads
    }

    package typealias Progress = (Part, _ done: Int64, _ total: Int64) -> Void

    let place: DataDirectory
    let verifier: NoteVerifier?
    /// Letters of these are read; nil for all.
    let segments: Set<Int64>?
    let progress: Progress
    var report = DoctorReport()

    /// - Parameter verifier: of the log's key; nil leaves the checkpoints' signatures alone.
    /// - Throws: `alreadyOpen` where a hub runs on the directory, `cannotOpen` where there is none.
    package static func examine(
        directory path: String, verifier: NoteVerifier?, progress: @escaping Progress = { _, _, _ in }
    ) throws(StorageError) -> DoctorReport {
        let place = DataDirectory(path: path)
        guard Directory.exists(place.database) else {
            throw StorageError(.cannotOpen, "\(place.database) does not exist")
        }
        let lock = try place.takeLock()
        defer { withExtendedLifetime(lock) {} }
        return examine(place, verifier: verifier, segments: nil, progress: progress)
    }

    /// For a directory that nobody else uses.
    static func examine(
        _ place: DataDirectory, verifier: NoteVerifier?, segments: Set<Int64>?, progress: @escaping Progress
    ) -> DoctorReport {
        var doctor = Doctor(place: place, verifier: verifier, segments: segments, progress: progress)
        doctor.examine()
        return doctor.report
    }

    private init(
        place: DataDirectory, verifier: NoteVerifier?, segments: Set<Int64>?, progress: @escaping Progress
    ) {
        self.place = place
        self.verifier = verifier
        self.segments = segments
        self.progress = progress
    }

    private mutating func examine() {
        let connection: SQLiteConnection
        let values: StateTable.Values
        do throws(DatabaseError) {
            connection = try SQLiteConnection(path: place.database, mode: .readOnly)
            guard try isOurs(connection) else { return }
            progress(.database, 0, 1)
            try checkIntegrity(connection)
            progress(.database, 1, 1)
            guard let found = try StateTable(connection).values() else {
                return report.add(.databaseDamaged, "hub.db", "bảng state không có dòng nào")
            }
            values = found
        } catch {
            return report.add(.databaseUnreadable, "hub.db", "không đọc được: \(error)")
        }
        // Each by itself: one that fails half-way must not keep the others from being looked at.
        part { (doctor: inout Doctor) throws(DatabaseError) in try doctor.examineLog(connection, values) }
        part { (doctor: inout Doctor) throws(DatabaseError) in try doctor.examineEnds(connection, values) }
        part { (doctor: inout Doctor) throws(DatabaseError) in try doctor.examineDocuments(connection) }
        part { (doctor: inout Doctor) throws(DatabaseError) in try doctor.examineEvidence(connection) }
        part { (doctor: inout Doctor) throws(DatabaseError) in try doctor.examineCounts(connection, values) }
        examineSegments(values.position)
    }

    private mutating func part(_ body: (inout Doctor) throws(DatabaseError) -> Void) {
        do throws(DatabaseError) {
            try body(&self)
        } catch {
            report.add(.databaseUnreadable, "hub.db", "không đọc được: \(error)")
        }
    }

    private mutating func isOurs(_ connection: SQLiteConnection) throws(DatabaseError) -> Bool {
        let application = try connection.prepare("PRAGMA application_id").first { $0.integer(0) }
        let version = try connection.prepare("PRAGMA user_version").first { $0.integer(0) }
        guard application == Int64(Schema.applicationID), version == Int64(Schema.version) else {
            report.add(
                .schemaOther, "hub.db",
                "lược đồ \(version ?? 0), phần mềm này biết lược đồ \(Schema.version)"
                    + (application == Int64(Schema.applicationID) ? "" : "; không phải dữ liệu của trục"))
            return false
        }
        return true
    }

    private mutating func checkIntegrity(_ connection: SQLiteConnection) throws(DatabaseError) {
        let lines = try connection.prepare("PRAGMA integrity_check(50)").all { $0.text(0) }
        for line in lines where line != "ok" { report.add(.databaseDamaged, "hub.db", line) }
        for row in try connection.prepare("PRAGMA foreign_key_check").all({ ($0.text(0), $0.integer(1)) }) {
            report.add(.databaseDamaged, "\(row.0) \(row.1)", "trỏ tới một dòng không có")
        }
    }

    /// Whether the payload log and the database belong together, as a start would ask.
    private mutating func examineEnds(
        _ connection: SQLiteConnection, _ values: StateTable.Values
    ) throws(DatabaseError) {
        let reads = try LogReads(connection)
        guard let frontier = try reads.frontier(size: values.tree.size) else { return }
        do throws(StorageError) {
            let recovery = PayloadRecovery(
                directory: place, position: values.position,
                namedEnd: try OpenedDatabase.namedEnd(connection, segment: values.position.segment),
                isNewDatabase: false)
            let finding = try recovery.examine(values.tree) { size throws(StorageError) in
                try mapping { () throws(DatabaseError) in
                    try OpenedDatabase.tree(size: size, reads, frontier)
                }
            }
            guard case .wentBack(let header) = finding else { return }
            report.add(
                .databaseBehind, "hub.db",
                "cơ sở dữ liệu có \(values.tree.size) mục, kho tệp biết tới \(header.intended.size) mục")
        } catch {
            report.add(.payloadLogShort, "payload", error.message)
        }
    }

    private mutating func examineCounts(
        _ connection: SQLiteConnection, _ values: StateTable.Values
    ) throws(DatabaseError) {
        var counts = DeliveryCounts()
        let rows = try connection.prepare("SELECT state, count(*) FROM deliveries GROUP BY state").all {
            ($0.integer(0), $0.integer(1))
        }
        for (number, count) in rows {
            guard let state = DeliveryState(number: number) else {
                report.add(.deliveriesDiffer, "deliveries", "\(count) lượt phát có trạng thái lạ \(number)")
                continue
            }
            counts.add(count, to: state)
        }
        if counts != values.counts {
            report.add(
                .countsDiffer, "state",
                "bảng state ghi \(Self.text(values.counts)); đếm lại được \(Self.text(counts))")
        }
    }
    private static func text(_ counts: DeliveryCounts) -> String {
        "\(counts.queued) chờ, \(counts.leased) đang giữ, \(counts.delivered) đã nhận, \(counts.dead) chết, "
            + "\(counts.held) bị giữ lại, \(counts.withdrawn) đã rút"
    }
}
