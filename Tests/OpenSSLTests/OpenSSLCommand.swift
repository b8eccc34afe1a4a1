import Exchange
import Foundation
import OpenSSL

/// The `openssl` command as an oracle, in a directory that goes away with the test.
final class OpenSSLCommand {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "lienthong-openssl-" + Hex.encode(SecureRandom.bytes(8))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func write(_ name: String, _ certificates: [Certificate]) throws {
        try write(name, certificates.flatMap(\.pem))
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    /// Both of its outputs, and whether it ended with 0.
    @discardableResult
    func run(_ words: [String]) throws -> (isDone: Bool, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + words
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus == 0, output)
    }

    /// `openssl verify` by the rules that we set, CRLs beside.
    func verifies(
        _ leaf: Certificate, untrusted: [Certificate], anchors: [Certificate], at time: Instant,
        _ more: [String] = []
    ) throws -> (isDone: Bool, output: String) {
        try write("leaf.pem", [leaf])
        try write("anchors.pem", anchors)
        var words = [
            "verify", "-x509_strict", "-policy_check", "-policy", "anyPolicy", "-auth_level", "2", "-purpose",
            "any", "-no-CApath", "-no-CAstore", "-verify_depth", "\(TrustStore.depthMax)", "-attime",
            "\(time.seconds)", "-CAfile", "anchors.pem",
        ]
        if !untrusted.isEmpty {
            try write("untrusted.pem", untrusted)
            words += ["-untrusted", "untrusted.pem"]
        }
        return try run(words + more + ["leaf.pem"])
    }
}
