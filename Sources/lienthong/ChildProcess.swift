internal import Files
internal import Glibc
internal import JSON

/// A process that this one started and ends: by its id, never by its name.
final class ChildProcess {
    let identifier: pid_t
    private var exitStatus: Int32?

    /// - Parameters:
    ///   - output: file that takes stdout, or nil to throw it away.
    ///   - errors: file that takes stderr, or nil to throw it away.
    init(_ program: String, _ arguments: [String], output: String? = nil, errors: String? = nil) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (descriptor, path) in [(STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
            unsafe posix_spawn_file_actions_addopen(
                &actions, descriptor, path ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        var words: [UnsafeMutablePointer<CChar>?] =
            unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { for unsafe word in unsafe words { unsafe free(word) } }
        var child: pid_t = 0
        let result = unsafe posix_spawn(&child, program, &actions, nil, &words, environ)
        guard result == 0 else { throw CommandFailure(.noInput, "không chạy được \(program)") }
        identifier = child
    }

    var isRunning: Bool {
        if exitStatus != nil { return false }
        var status: Int32 = 0
        guard unsafe waitpid(identifier, &status, WNOHANG) == identifier else { return true }
        exitStatus = Self.exitCode(status)
        return false
    }

    /// The exit code; 128 + the signal's number where a signal ended it.
    func wait() -> Int32 {
        if let exitStatus { return exitStatus }
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
        let code = Self.exitCode(status)
        exitStatus = code
        return code
    }

    func signal(_ number: Int32) {
        if isRunning { kill(identifier, number) }
    }

    private static func exitCode(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// The folder of the running program, where its siblings lie.
    static var programFolder: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Files.Directory.parent(of: path)
    }
}

/// A hub started for a demonstration or a measurement, from a folder that `pki demo` made.
final class LocalHub {
    let folder: String
    let process: ChildProcess
    /// `https://127.0.0.1:PORT`
    let url: String
    let operations: String
    /// `127.0.0.1:PORT` of the front for existing software.
    let vxp: String

    private static let startSecondsMax = 20

    init(folder: String) throws {
        self.folder = folder
        let addresses = "\(folder)/data/addresses.json"
        if Files.Directory.exists(addresses) { try Files.Directory.remove(addresses) }
        process = try ChildProcess(
            "\(ChildProcess.programFolder)/lienthongd", ["--config", "\(folder)/hub.json5"],
            output: "\(folder)/lienthongd.out", errors: "\(folder)/lienthongd.log")
        var found: JSONValue?
        for _ in 0..<Self.startSecondsMax * 50 {
            if Files.Directory.exists(addresses) {
                found = try? JSONReader.read(try InputFile.read(addresses))
                break
            }
            guard process.isRunning else { break }
            usleep(20_000)
        }
        guard let api = found?["api"]?.string, let operations = found?["operations"]?.string else {
            process.signal(SIGKILL)
            throw CommandFailure(
                .unreachable, "lienthongd không khởi động được; xem \(folder)/lienthongd.log")
        }
        url = "https://\(api)"
        self.operations = operations
        vxp = found?["vxp"]?.string ?? ""
    }

    func hostAndPort() throws -> (host: String, port: UInt16) {
        let authority = url.dropFirst("https://".count)
        guard let colon = authority.lastIndex(of: ":"),
            let port = UInt16(authority[authority.index(after: colon)...])
        else { throw CommandFailure(.unreachable, "địa chỉ trục không đúng: \(url)") }
        return (String(authority[..<colon]), port)
    }

    /// Asks it to finish and waits; the exit code.
    func stop() -> Int32 {
        process.signal(SIGTERM)
        return process.wait()
    }
}
