import Database
import Exchange
import Foundation
import Testing

/// A path in a directory that goes when the test ends.
final class ScratchDatabase {
    let directory = NSTemporaryDirectory() + "lienthong-" + UUID().uuidString
    var path: String { directory + "/test.db" }
    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: directory) }
}

@Suite struct `A statement` {
    let scratch: ScratchDatabase
    let connection: SQLiteConnection

    init() throws {
        scratch = try ScratchDatabase()
        connection = try SQLiteConnection(path: scratch.path, mode: .readWrite)
        try connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB, n INTEGER UNIQUE)")
    }

    @Test func `gives back every kind of value byte for byte`() throws {
        let insert = try connection.prepare("INSERT INTO t VALUES(?,?,?,?)")
        let texts = ["", "V/v phối hợp", "e\u{301}", "a\u{0}b", String(repeating: "x", count: 10_000)]
        let blobs: [[UInt8]] = [
            [], [0], Array(0...255), [UInt8](repeating: 7, count: 100_000), [0xFF, 0xFE],
        ]
        for (index, (text, blob)) in zip(texts, blobs).enumerated() {
            insert.bind(1, index)
            insert.bind(2, text)
            insert.bind(3, blob)
            insert.bind(4, Int64.min + Int64(index))
            try insert.run()
        }
        let select = try connection.prepare("SELECT a, b, n FROM t ORDER BY id")
        let rows = try select.all { (Array($0.text(0).utf8), $0.bytes(1), $0.integer(2)) }
        #expect(rows.map(\.0) == texts.map { Array($0.utf8) })
        #expect(rows.map(\.1) == blobs)
        #expect(rows.map(\.2) == (0..<5).map { Int64.min + $0 })
    }

    @Test func `finds everything again after memory was given back, and nothing rolled back`() throws {
        let insert = try connection.prepare("INSERT INTO t VALUES(?,?,?,?)")
        try connection.begin()
        for number in 0..<2000 {
            insert.bind(1, number)
            insert.bind(2, "thư \(number)")
            insert.bind(3, [UInt8](repeating: 1, count: 400))
            insert.bind(4, number)
            try insert.run()
        }
        try connection.commit()
        #expect(connection.heldBytes > 500_000)
        #expect(connection.releaseMemory() > 500_000)
        #expect(connection.heldBytes < 100_000)
        try connection.begin()
        try connection.execute("UPDATE t SET a = 'khác'")
        connection.releaseMemory()
        connection.rollback()
        let texts = try connection.prepare("SELECT a FROM t ORDER BY id").all { $0.text(0) }
        #expect(texts == (0..<2000).map { "thư \($0)" })
    }

    @Test func `tells NULL from empty`() throws {
        let insert = try connection.prepare("INSERT INTO t VALUES(?,?,?,?)")
        insert.bind(1, 1)
        insert.bind(2, nil as String?)
        insert.bind(3, nil as [UInt8]?)
        insert.bind(4, nil as Int64?)
        try insert.run()
        insert.bind(1, 2)
        insert.bind(2, "")
        insert.bind(3, [] as [UInt8])
        insert.bind(4, 0)
        try insert.run()
        let rows = try connection.prepare("SELECT a, b, n FROM t ORDER BY id").all {
            ($0.optionalText(0), $0.optionalBytes(1), $0.optionalInteger(2))
        }
        #expect(rows[0].0 == nil && rows[0].1 == nil && rows[0].2 == nil)
        #expect(rows[1].0 == "" && rows[1].1 == [] && rows[1].2 == 0)
    }

    @Test func `is ready again after a failure`() throws {
        let insert = try connection.prepare("INSERT INTO t(id, n) VALUES(?,?)")
        insert.bind(1, 1)
        insert.bind(2, 1)
        try insert.run()
        insert.bind(1, 2)
        let error = #expect(throws: DatabaseError.self) { try insert.run() }
        #expect(error?.kind == .constraint)
        insert.bind(2, 2)
        try insert.run()
        insert.bind(9, 2)
        #expect(throws: DatabaseError.self) { try insert.run() }
        insert.bind(1, 3)
        insert.bind(2, 3)
        try insert.run()
        #expect(try connection.prepare("SELECT count(*) FROM t").first { $0.integer(0) } == 3)
    }

    @Test func `stops visiting where it is told to, and holds no snapshot after that`() throws {
        for id in 1...5 { try connection.execute("INSERT INTO t(id) VALUES(\(id))") }
        let select = try connection.prepare("SELECT id FROM t ORDER BY id")
        var seen: [Int64] = []
        try select.forEach {
            seen.append($0.integer(0))
            return seen.count < 2
        }
        #expect(seen == [1, 2])
        try connection.execute("DROP TABLE t")
    }
}

@Suite struct `A connection` {
    @Test func `writes ahead and synchronises fully`() throws {
        let scratch = try ScratchDatabase()
        let connection = try SQLiteConnection(path: scratch.path, mode: .readWrite)
        #expect(try connection.prepare("PRAGMA journal_mode").first { $0.text(0) } == "wal")
        #expect(try connection.prepare("PRAGMA synchronous").first { $0.integer(0) } == 3)
        #expect(try connection.prepare("PRAGMA foreign_keys").first { $0.integer(0) } == 1)
    }

    @Test func `shows a reader what was committed and nothing else`() throws {
        let scratch = try ScratchDatabase()
        let writer = try SQLiteConnection(path: scratch.path, mode: .readWrite)
        try writer.execute("CREATE TABLE t(id INTEGER PRIMARY KEY)")
        let reader = try SQLiteConnection(path: scratch.path, mode: .readOnly)
        let count = try reader.prepare("SELECT count(*) FROM t")
        try writer.begin()
        try writer.execute("INSERT INTO t VALUES(1)")
        #expect(try count.first { $0.integer(0) } == 0)
        try writer.commit()
        #expect(try count.first { $0.integer(0) } == 1)
        try writer.begin()
        try writer.execute("INSERT INTO t VALUES(2)")
        writer.rollback()
        #expect(try count.first { $0.integer(0) } == 1)
        #expect(throws: DatabaseError.self) { try reader.execute("INSERT INTO t VALUES(3)") }
        try writer.checkpoint()
    }

    @Test func `says busy while another one writes`() throws {
        let scratch = try ScratchDatabase()
        var options = SQLiteConnection.Options()
        options.busyMillisecondsMax = 0
        let first = try SQLiteConnection(path: scratch.path, mode: .readWrite, options: options)
        let second = try SQLiteConnection(path: scratch.path, mode: .readWrite, options: options)
        try first.begin()
        let error = #expect(throws: DatabaseError.self) { try second.begin() }
        #expect(error?.kind == .busy)
        first.rollback()
        try second.begin()
    }

    @Test func `tells a full disk from other failures, changes nothing, and goes on when there is room`()
        throws
    {
        let scratch = try ScratchDatabase()
        let connection = try SQLiteConnection(path: scratch.path, mode: .readWrite)
        try connection.execute(
            "CREATE TABLE t(b BLOB); INSERT INTO t VALUES(zeroblob(10)); PRAGMA max_page_count=4;")
        try connection.begin()
        let error = #expect(throws: DatabaseError.self) {
            try connection.execute("INSERT INTO t VALUES(zeroblob(100000))")
        }
        #expect(error?.kind == .diskFull)
        connection.rollback()
        try connection.execute("PRAGMA max_page_count=4000; INSERT INTO t VALUES(zeroblob(100000));")
        #expect(try connection.prepare("SELECT count(*) FROM t").first { $0.integer(0) } == 2)
    }

    @Test func `refuses what is no database`() throws {
        let scratch = try ScratchDatabase()
        try Data("not a database, but long enough to be taken for one at first sight".utf8)
            .write(to: URL(fileURLWithPath: scratch.path))
        let error = #expect(throws: DatabaseError.self) {
            try SQLiteConnection(path: scratch.path, mode: .readWrite)
        }
        #expect(error?.kind == .damaged)
        let missing = #expect(throws: DatabaseError.self) {
            try SQLiteConnection(path: scratch.directory + "/none/x.db", mode: .readOnly)
        }
        #expect(missing?.kind == .cannotOpen)
    }
}

@Suite struct `A migration` {
    let steps = [
        Migration(version: 1, sql: "CREATE TABLE t(id INTEGER PRIMARY KEY)"),
        Migration(version: 2, sql: "ALTER TABLE t ADD COLUMN name TEXT"),
    ]

    @Test func `runs once, each step after the one before`() throws {
        let scratch = try ScratchDatabase()
        let connection = try SQLiteConnection(path: scratch.path, mode: .readWrite)
        try connection.migrate([steps[0]])
        try connection.execute("INSERT INTO t VALUES(1)")
        try connection.migrate(steps)
        try connection.migrate(steps)
        #expect(try connection.schemaVersion() == 2)
        #expect(try connection.prepare("SELECT id, name FROM t").all { $0.integer(0) } == [1])
        try connection.requireSchema(2)
    }

    @Test func `leaves no half of a step that fails`() throws {
        let scratch = try ScratchDatabase()
        let connection = try SQLiteConnection(path: scratch.path, mode: .readWrite)
        let broken = Migration(version: 2, sql: "CREATE TABLE u(id); CREATE TABLE t(id);")
        #expect(throws: DatabaseError.self) { try connection.migrate([steps[0], broken]) }
        #expect(try connection.schemaVersion() == 1)
        #expect(
            try connection.prepare("SELECT count(*) FROM sqlite_schema WHERE name='u'").first {
                $0.integer(0)
            } == 0)
    }

    @Test func `refuses a file of a newer release and says which`() throws {
        let scratch = try ScratchDatabase()
        let connection = try SQLiteConnection(path: scratch.path, mode: .readWrite)
        try connection.migrate(steps)
        let error = #expect(throws: DatabaseError.self) { try connection.migrate([steps[0]]) }
        #expect(error?.kind == .newerSchema)
        #expect(error?.message.contains("schema 2") == true && error?.message.contains("up to 1") == true)
        let reading = #expect(throws: DatabaseError.self) { try connection.requireSchema(1) }
        #expect(reading?.kind == .newerSchema)
    }
}
