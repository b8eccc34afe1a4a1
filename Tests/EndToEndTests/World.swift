import Foundation
import HTTP
import JSON
import OpenSSL
import Testing
import Transport

/// Where the built programs lie: beside the test bundle.
enum Program {
    static let folder: String = {
        // The test runner's bundle or executable lies in the build folder, like the programs.
        var url = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        while url.path != "/" {
            let folder = url.deletingLastPathComponent()
            if FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("lienthongd").path)
            {
                return folder.path
            }
            url = folder
        }
        return FileManager.default.currentDirectoryPath + "/.build/debug"
    }()

    struct Result {
        let code: Int32
        let output: [UInt8]
        let errors: String

        var json: JSONValue? { try? JSONReader.read(output) }
    }

    /// Runs `lienthong` to its end.
    @discardableResult
    static func lienthong(_ words: [String]) throws -> Result {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("lt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        // Files instead of pipes: a pipe that nobody drains stops a talkative child.
        let (out, err) = (scratch.path + "/out", scratch.path + "/err")
        let child = try Child(folder + "/lienthong", words, output: out, errors: err)
        let code = child.wait()
        return Result(
            code: code, output: [UInt8](try Data(contentsOf: URL(fileURLWithPath: out))),
            errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: err)), as: UTF8.self))
    }
}

extension Program {
    /// Files in that folder, or that file, that hold `needle`.
    static func found(_ needle: String, in path: String) throws -> [String] {
        let names = FileManager.default.subpaths(atPath: path) ?? []
        let files = names.isEmpty ? [path] : names.map { "\(path)/\($0)" }
        return files.filter { file in
            guard let bytes = FileManager.default.contents(atPath: file) else { return false }
            return bytes.range(of: Data(needle.utf8)) != nil
        }
    }
}

/// A process of ours. Foundation's own waits on a run loop, which the threads of tests do not have.
final class Child {
    let identifier: pid_t
    private var code: Int32?

    /// - Parameter environment: in addition to our own.
    init(
        _ program: String, _ words: [String], output: String = "/dev/null", errors: String = "/dev/null",
        environment: [String: String] = [:]
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program] + words).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let inherited = ProcessInfo.processInfo.environment.filter { environment[$0.key] == nil }
        var variables: [UnsafeMutablePointer<CChar>?] =
            inherited.merging(environment) { $1 }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for variable in variables { free(variable) } }
        let result = posix_spawnp(&child, program, &actions, nil, &arguments, &variables)
        try #require(result == 0, "cannot run \(program)")
        identifier = child
    }

    var isRunning: Bool {
        if code != nil { return false }
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return true }
        code = Self.exitCode(status)
        return false
    }

    /// The exit code; 128 + the signal's number where a signal ended it.
    func wait() -> Int32 {
        if let code { return code }
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
        let ended = Self.exitCode(status)
        code = ended
        return ended
    }

    /// The exit code; nil where it still runs after that time.
    func wait(secondsMax: Int) -> Int32? {
        for _ in 0..<secondsMax * 100 where isRunning { usleep(10_000) }
        return isRunning ? nil : wait()
    }

    func signal(_ number: Int32) {
        if isRunning { kill(identifier, number) }
    }

    private static func exitCode(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

/// A throw-away PKI with a hub's folder, and the real daemon in it.
final class World {
    let folder: String
    private(set) var daemon: Child?
    private(set) var api = ""
    private(set) var operations = ""
    private(set) var vxp = ""
    /// Of the daemon, in addition to our own.
    var environment: [String: String] = [:]
    private var letters = 0
    private var logged: [String: Int] = [:]

    static let sender = "H37.12"
    static let recipients = ["H37.14", "H31.7", "H31.45.2"]

    /// - Parameter settings: further keys for `hub.json5`, each with its comma.
    init(settings: String = "") throws {
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("lienthong-\(UUID().uuidString)")
            .path
        let made = try Program.lienthong(["pki", "demo", folder])
        try #require(made.code == 0, "\(made.errors)")
        let path = folder + "/hub.json5"
        let made5 = try String(contentsOfFile: path, encoding: .utf8)
        let end = try #require(made5.range(of: "}", options: .backwards))
        let configuration = made5.replacingCharacters(in: end, with: settings + "\n}")
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func path(_ name: String) -> String { folder + "/" + name }

    /// Starts the daemon and waits until it has written its addresses.
    func start(_ extra: [String] = []) throws {
        let addresses = path("data/addresses.json")
        try? FileManager.default.removeItem(atPath: addresses)
        let log = path("lienthongd.log")
        let before = (try? Data(contentsOf: URL(fileURLWithPath: log)).count) ?? 0
        let process = try Child(
            Program.folder + "/lienthongd", ["--config", path("hub.json5")] + extra, errors: log,
            environment: environment)
        daemon = process
        while process.isRunning {
            if let data = FileManager.default.contents(atPath: addresses) {
                let value = try JSONReader.read([UInt8](data))
                api = value["api"]?.string ?? ""
                operations = value["operations"]?.string ?? ""
                vxp = value["vxp"]?.string ?? ""
                return
            }
            usleep(5_000)
        }
        let code = process.wait()
        let written = (try? Data(contentsOf: URL(fileURLWithPath: log)).dropFirst(before)) ?? Data()
        throw StartFailure(code: code, log: String(decoding: written.suffix(2000), as: UTF8.self))
    }

    struct StartFailure: Error { let code: Int32, log: String }

    /// SIGKILL, by the id that we started.
    func kill() {
        daemon?.signal(SIGKILL)
        _ = daemon?.wait()
        daemon = nil
    }

    /// SIGTERM; the exit code.
    func stop() -> Int32 {
        guard let daemon else { return -1 }
        daemon.signal(SIGTERM)
        self.daemon = nil
        return daemon.wait()
    }

    /// Runs a verb as `agency` (or `auditor`, `operator`) against this hub.
    @discardableResult
    func run(_ words: [String], as agency: String) throws -> Program.Result {
        try Program.lienthong(
            words + ["--hub", "https://\(api)", "--profile", path("\(agency).profile.json5")])
    }

    /// A connection of `agency`'s software.
    func client(_ agency: String) throws -> BlockingClient {
        try BlockingClient(url: "https://\(api)", tls: try tls(agency), timeoutSeconds: 60)
    }

    /// Waits until the daemon has written `text` into its log `more` times more than when it was asked last.
    func waitForLog(_ text: String, more: Int) throws {
        let wanted = logged[text, default: 0] + more
        while daemon?.isRunning == true {
            let log = try String(contentsOfFile: path("lienthongd.log"), encoding: .utf8)
            if log.components(separatedBy: text).count > wanted { break }
            usleep(5_000)
        }
        logged[text] = wanted
    }

    func tls(_ agency: String) throws -> TLSContext {
        let (certificate, key) =
            FileManager.default.fileExists(atPath: path("\(agency).tls.pem"))
            ? ("\(agency).tls.pem", "\(agency).tls.key") : ("\(agency).pem", "\(agency).key")
        return try TLSContext(
            clientAnchors: [path("root.pem")], certificate: path(certificate), key: path(key))
    }

    /// Composes and signs a letter; its path.
    func letter(
        from sender: String = World.sender, to recipients: [String] = World.recipients, signer: String? = nil,
        subject: String = "V/v thử nghiệm", attachment: [UInt8] = Array("%PDF-1.7\n% mẫu\n%%EOF\n".utf8),
        more: [String] = []
    ) throws -> String {
        letters += 1
        let (pdf, unsigned, signed) = (
            path("\(letters).pdf"), path("\(letters).unsigned.edxml"), path("\(letters).edxml")
        )
        try Data(attachment).write(to: URL(fileURLWithPath: pdf))
        let composed = try Program.lienthong([
            "compose", "--from", sender, "--to", recipients.joined(separator: ","), "--number", "\(letters)",
            "--notation", "TEST", "--type", "Công văn", "--subject", subject, "--attach", pdf, "-o", unsigned,
        ] + more)
        try #require(composed.code == 0, "\(composed.errors)")
        try sign(unsigned, with: signer ?? sender, to: signed)
        return signed
    }

    func sign(_ input: String, with signer: String, to output: String) throws {
        let signed = try Program.lienthong([
            "sign", "--cert", path("\(signer).sign.pem"), "--key", path("\(signer).sign.key"), "--chain",
            path("agency-ca.pem"), input, "-o", output,
        ])
        try #require(signed.code == 0, "\(signed.errors)")
    }

    func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

extension BlockingClient {
    /// POSTs a message; status and JSON.
    func submit(_ bytes: [UInt8], type: String = "application/xml") throws -> (
        status: Int, json: JSONValue, bytes: [UInt8]
    ) {
        let reply = try send("POST", "/v1/documents", fields: ["Content-Type": type], body: .bytes(bytes))
        return (reply.head.status, try JSONReader.read(reply.bytes), reply.bytes)
    }

    func get(_ path: String, fields: Fields = [:]) throws -> (status: Int, head: ResponseHead, bytes: [UInt8])
    {
        let reply = try send("GET", path, fields: fields)
        return (reply.head.status, reply.head, reply.bytes)
    }

    func post(_ path: String, _ json: String) throws -> (status: Int, json: JSONValue) {
        let reply = try send(
            "POST", path, fields: ["Content-Type": "application/json"], body: .bytes(Array(json.utf8)))
        return (reply.head.status, try JSONReader.read(reply.bytes))
    }
}
