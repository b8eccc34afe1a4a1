import AuditLog
import Exchange
import Files
import Foundation
import OpenSSL

/// A hub's log in memory, with entries as the hub writes them, served at any size that it had.
final class ServedLog {
    private(set) var log = MemoryLog(size: 0)
    var size: Int64
    let key: LogKey
    private let salt: String
    /// Changes what is served, to play a hub that lies.
    var tamper: (String, [UInt8]) -> [UInt8]? = { _, bytes in bytes }
    private(set) var fetched: [String] = []

    /// - Parameter forkAt: from this entry on it is another log than the one without.
    init(size: Int, forkAt: Int = .max, key: LogKey = LogKey()) {
        self.size = Int64(size)
        self.key = key
        salt = "\(forkAt)"
        grow(to: size, forkAt: forkAt)
    }

    func grow(to size: Int, forkAt: Int = .max) {
        for index in log.entries.count..<max(size, log.entries.count) {
            let version = index >= forkAt ? "fork" : "1.0"
            log.append(
                try! LogEntry(.hubStarted(version: "\(version).\(index)"), at: Instant(seconds: Int64(index)))
                    .bytes)
        }
        self.size = Int64(size)
    }

    var state: TreeState { TreeState.reading(size: size, tile: log.nodes)! }

    func fetch(_ path: String, _ bytesMax: Int) throws -> [UInt8]? {
        fetched.append(path)
        return original(path).flatMap { tamper(path, $0) }
    }

    func original(_ path: String) -> [UInt8]? {
        switch LogResource(path: path) {
        case .checkpoint: return key.sign(state)
        case .hashes(let tile):
            return tile.isWithin(size: size)
                ? log.nodes(tile.level, tile.number)?.bytes(width: tile.width) : nil
        case .entries(let tile): return tile.isWithin(size: size) ? log.bundle(tile) : nil
        case nil: return nil
        }
    }

    func forgetFetched() { fetched = [] }
}

/// A mirror on disk that goes when the test ends.
final class MirrorFixture {
    let path = NSTemporaryDirectory() + "lienthong-mirror-" + UUID().uuidString
    var directory: LogDirectory { LogDirectory(path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func update(from hub: ServedLog) throws -> LogMirror.Outcome {
        try LogMirror.update(directory, verifier: hub.key.verifier, fetch: hub.fetch)
    }

    func audit(_ key: LogKey = LogKey()) -> AuditReport {
        Auditor.audit(directory, verifier: key.verifier)
    }

    func read(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: "\(path)/\(name)").map { Array($0) } ?? []
    }

    func replace(_ name: String, _ bytes: [UInt8]) {
        try! Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    /// Every file, by its name within the mirror.
    var names: [String] {
        var names: [String] = []
        let all = FileManager.default.enumerator(atPath: path)
        while let name = all?.nextObject() as? String {
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isDirectory)
            if exists, !isDirectory.boolValue { names.append(name) }
        }
        return names.sorted()
    }

    var snapshot: [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, read($0)) })
    }
}

/// The judge in `Judge/main.go`, built once for all tests. Nil where this machine has no Go or not its
/// module.
enum Judge {
    private static let modules = "/usr/share/gocode"
    static let isAvailable =
        FileManager.default.isExecutableFile(atPath: "/usr/bin/go")
        && FileManager.default.fileExists(atPath: "\(modules)/src/golang.org/x/mod/sumdb/tlog")

    private static let program: String = {
        let target = NSTemporaryDirectory() + "lienthong-judge-\(UUID().uuidString)"
        atexit { Judge.remove() }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Judge/main.go")
        let result = run("/usr/bin/go", ["build", "-o", target, source.path])
        precondition(result.status == 0, result.output)
        return target
    }()

    private static func remove() { try? FileManager.default.removeItem(atPath: program) }

    static func accepts(_ mirror: MirrorFixture, _ key: LogKey = LogKey()) -> Bool {
        verdict(mirror, key).status == 0
    }

    static func verdict(_ mirror: MirrorFixture, _ key: LogKey = LogKey()) -> (status: Int32, output: String)
    {
        run(program, [mirror.path, key.signer.verifierKey])
    }

    private static func run(_ path: String, _ arguments: [String]) -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            [
                "GO111MODULE": "off", "GOPATH": modules, "GOFLAGS": "",
                "GOCACHE": NSTemporaryDirectory() + "lienthong-go",
            ],
            uniquingKeysWith: { $1 })
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try! process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
