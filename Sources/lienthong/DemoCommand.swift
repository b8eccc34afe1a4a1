internal import Exchange
internal import Files
internal import Glibc
internal import JSON

/// `lienthong demo`: the whole story on this machine; every step is checked, and one that fails fails the
/// demo.
struct DemoCommand: Command {
    static let words = ["demo"]
    static let summary = "cả câu chuyện trên một máy: gửi, từ chối, nhận, trạng thái, kiểm toán"
    static let operands = "[--dir D] [--keep]"
    static let options: [Option] = [
        .value("--dir", "D", "thư mục làm việc (mặc định một thư mục tạm)"),
        .flag("--keep", "giữ trục chạy tiếp và in địa chỉ; Ctrl-C để dừng"),
    ]

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        _ = try arguments.operands()
        let folder: String
        if let named = arguments.value("--dir") {
            folder = named
        } else {
            folder = "\(Environment.value("TMPDIR") ?? "/tmp")/lienthong-demo-\(try Environment.randomHex(4))"
        }
        let stage = try DemoStage(folder: folder, terminal: terminal)
        do {
            try DemoStory(stage: stage).tell()
        } catch {
            terminal.print("✗ \(error)")
            stage.end()
            return .refused
        }
        terminal.print("\nXong trong \(stage.elapsed). Mọi bước đều đúng như lời kể.")
        if arguments.has("--keep") {
            stage.printAddresses()
            _ = stage.hub?.process.wait()
        } else {
            stage.end()
        }
        return .done
    }
}

/// A step that did not do what it says.
struct DemoFailure: Error, CustomStringConvertible {
    let description: String
}

/// The demo's workplace: runs this very program's verbs and checks how they end.
final class DemoStage {
    let folder: String
    private let terminal: Terminal
    private let program: String
    private let began: Int64
    private(set) var hub: LocalHub?
    private var chapter = 0

    init(folder: String, terminal: Terminal) throws {
        self.folder = folder
        self.terminal = terminal
        program = "\(ChildProcess.programFolder)/lienthong"
        began = MonotonicClock.milliseconds
        try Files.Directory.create(folder)
    }

    var elapsed: String {
        let tenths = (MonotonicClock.milliseconds - began) / 100
        return "\(tenths / 10),\(tenths % 10) giây"
    }

    /// Begins a chapter, with the time since the demo began.
    func tell(_ title: String) {
        chapter += 1
        terminal.print("\n\(chapter). \(title)  [\(elapsed)]")
    }

    func say(_ line: String) {
        terminal.print("   \(line)")
    }

    func startHub() throws {
        hub = try LocalHub(folder: folder)
    }

    /// Stops the hub and checks that it ended in order.
    func stopHub() throws {
        guard let hub else { return }
        self.hub = nil
        let code = hub.stop()
        guard code == 0 else { throw DemoFailure(description: "lienthongd kết thúc với mã \(code)") }
    }

    func end() {
        guard let hub else { return }
        _ = hub.stop()
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Runs a verb; what it printed on stdout. Fails unless it ends with `expected`.
    @discardableResult
    func run(_ words: [String], as agency: String? = nil, expecting expected: ExitCode = .done) throws
        -> [UInt8]
    {
        let (code, output, errors) = try attempt(words, as: agency)
        guard code == expected.rawValue else {
            let text = String(decoding: errors.prefix(2000), as: UTF8.self)
            throw DemoFailure(
                description: "lienthong \(words.joined(separator: " ")) kết thúc với mã \(code), "
                    + "đáng lẽ \(expected.rawValue):\n\(text)")
        }
        return output
    }

    func json(_ words: [String], as agency: String? = nil, expecting expected: ExitCode = .done) throws
        -> JSONValue
    {
        let output = try run(words + ["--json"], as: agency, expecting: expected)
        do {
            return try JSONReader.read(output)
        } catch {
            throw DemoFailure(description: "lienthong \(words[0]) --json không in JSON")
        }
    }

    private func attempt(_ words: [String], as agency: String?) throws -> (Int32, [UInt8], [UInt8]) {
        var words = words
        if let agency, let hub {
            words += ["--hub", hub.url, "--profile", path("\(agency).profile.json5")]
        }
        let (output, errors) = (path("stdout.txt"), path("stderr.txt"))
        let child = try ChildProcess(program, words, output: output, errors: errors)
        let code = child.wait()
        return (code, try InputFile.read(output), try InputFile.read(errors))
    }

    func check(_ isTrue: Bool, _ what: String) throws {
        guard isTrue else { throw DemoFailure(description: "không đúng: \(what)") }
        say("✓ \(what)")
    }

    func printAddresses() {
        guard let hub else { return }
        terminal.print(
            "Trục đang chạy: \(hub.url) (vận hành: http://\(hub.operations)); khóa và cấu hình: \(folder)")
        terminal.print("Ví dụ: lienthong inbox --hub \(hub.url) --profile \(path("H31.7.profile.json5"))")
    }
}
