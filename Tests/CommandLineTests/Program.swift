import Foundation

/// Runs the `lienthong` that was built together with these tests.
enum Program {
    struct Outcome {
        let code: Int32
        let output: [UInt8]
        let talk: String

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output))) as? [String: Any] ?? [:]
        }
    }

    /// The test program lies beside it.
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("lienthong").path

    /// - Parameter shellPrefix: what the shell does first, such as a limit; none of the arguments passes
    ///   through it.
    static func run(_ arguments: [String], after shellPrefix: String = "true") throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "\(shellPrefix) && exec \"$0\" \"$@\"", path] + arguments
        let talkFile = FileManager.default.temporaryDirectory.appendingPathComponent(
            "talk-" + UUID().uuidString)
        try Data().write(to: talkFile)
        defer { try? FileManager.default.removeItem(at: talkFile) }
        // The talk goes to a file: two pipes read one after the other can block the program.
        let talk = try FileHandle(forWritingTo: talkFile)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = talk
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try talk.close()
        return Outcome(
            code: process.terminationStatus, output: Array(bytes),
            talk: String(decoding: try Data(contentsOf: talkFile), as: UTF8.self))
    }
}

/// A directory that goes when the test ends.
final class Folder {
    let path = NSTemporaryDirectory() + "lienthong-" + UUID().uuidString
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }

    /// Takes no room on the disk.
    func sparseFile(_ name: String, byteCount: UInt64) throws -> String {
        let file = try file(name, "")
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.truncate(atOffset: byteCount)
        try handle.close()
        return file
    }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}
