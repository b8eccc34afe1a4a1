import Foundation

/// One file of the working tree.
struct TreeFile {
    /// From the root, with slashes: `Sources/Hub/Intake.swift`.
    let path: String
    let bytes: [UInt8]

    /// Nil where the bytes are not UTF-8: a test vector, not something that people read.
    var text: String? { String(validating: bytes, as: UTF8.self) }

    var isSwift: Bool { path.hasSuffix(".swift") }

    /// `Hub` for `Sources/Hub/Intake.swift`; nil outside of Sources.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// The working tree that this test was compiled from, without what is built or generated.
struct Tree {
    let files: [TreeFile]

    /// What .gitignore leaves out, as far as it is large or made by others.
    private static let skipped: Set<String> = [".git", ".build", ".swiftpm", ".index-build"]
    private static let skippedPaths: Set<String> = ["Certs/demo", "demo", "Package.resolved"]

    static let root: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Read once; every test looks at the same bytes.
    static let current = Tree(root: root)

    init(root: URL) {
        var files: [TreeFile] = []
        Self.collect(root, "", into: &files)
        self.files = files.sorted { $0.path < $1.path }
    }

    private static func collect(_ folder: URL, _ prefix: String, into files: inout [TreeFile]) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names {
            let path = prefix + name
            let isBuilt = skipped.contains(name) || name.hasPrefix(".build-") || name.hasSuffix(".key")
            if isBuilt || skippedPaths.contains(path) { continue }
            let url = folder.appendingPathComponent(name)
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
                continue
            }
            if isDirectory.boolValue {
                collect(url, path + "/", into: &files)
            } else if let data = FileManager.default.contents(atPath: url.path) {
                files.append(TreeFile(path: path, bytes: Array(data)))
            }
        }
    }

    func file(_ path: String) -> TreeFile? { files.first { $0.path == path } }

    /// The text of a file that must be there; empty where it is not, which the caller's test will not like.
    func text(_ path: String) -> String { file(path)?.text ?? "" }

    func bytes(_ path: String) -> [UInt8] { file(path)?.bytes ?? [] }

    var swiftFiles: [TreeFile] { files.filter(\.isSwift) }
    var sources: [TreeFile] { swiftFiles.filter { $0.path.hasPrefix("Sources/") } }
}

/// Lines without their line feeds; a file that ends in one has no empty last line.
func lines(of text: String) -> [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
}
