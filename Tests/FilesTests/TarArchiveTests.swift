import Files
import Foundation
import Testing

@Suite struct `A tar archive` {
    private let folder = NSTemporaryDirectory() + "lienthong-tar-" + UUID().uuidString

    private func make(_ members: [(String, [UInt8])]) throws -> File {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = try File(folder + "/a.tar", .createNew)
        var writer = TarWriter(into: file, modified: 1_795_000_000)
        for (name, bytes) in members { try writer.add(name, bytes) }
        try writer.finish()
        #expect(try file.size() == writer.length)
        return file
    }

    @Test func `is opened by the system's tar, and its own reader agrees`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let members: [(String, [UInt8])] = [
            ("README.txt", Array("đọc trước".utf8)), ("crls/a.crl", [UInt8](repeating: 7, count: 100_001)),
            ("empty", []), ("certificates/b.der", [UInt8](repeating: 1, count: 512)),
        ]
        let file = try make(members)
        let read = try TarArchive.members(of: file)
        #expect(read.map(\.name) == members.map(\.0))
        for (member, (_, bytes)) in zip(read, members) {
            #expect(try file.read(at: member.offset, count: Int(member.length)) == bytes)
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
        process.arguments = ["-xf", folder + "/a.tar", "-C", folder]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        for (name, bytes) in members {
            #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))) == bytes)
        }
    }

    @Test func `takes part of another file`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try make([("a", [1])])
        let source = try File(folder + "/source", .createNew)
        try source.write([0, 1, 2, 3, 4, 5], at: 0)
        let target = try File(folder + "/b.tar", .createNew)
        var writer = TarWriter(into: target, modified: 0)
        try writer.add("part", from: source, at: 2, count: 3)
        try writer.finish()
        let member = try #require(try TarArchive.members(of: target).first)
        #expect(try target.read(at: member.offset, count: 3) == [2, 3, 4])
        _ = file
    }

    @Test func `that was made to harm is refused`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["../a", "/a", "a/../b", ".a", "a//b", "a\\b", "a b", ""] {
            #expect(!TarArchive.isSafe(name))
        }
        let good = try make([("victim", [1, 2, 3])])
        let bytes = try good.read(at: 0, count: Int(try good.size()))
        func refuses(_ change: (inout [UInt8]) -> Void) throws -> Bool {
            var changed = bytes
            change(&changed)
            let sum = changed[..<512].enumerated().reduce(0) {
                $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element))
            }
            changed.replaceSubrange(148..<156, with: Array(String(format: "%06o\0 ", sum).utf8))
            let path = folder + "/" + UUID().uuidString
            let file = try File(path, .createNew)
            try file.write(changed, at: 0)
            return (try? TarArchive.members(of: file)) == nil
        }
        #expect(try !refuses { _ in })
        #expect(try refuses { $0.replaceSubrange(0..<6, with: Array("../vic".utf8)) })
        #expect(try refuses { $0[156] = 0x32 })  // a symbolic link
        #expect(try refuses { $0.replaceSubrange(124..<135, with: Array("77777777777".utf8)) })
        #expect(try refuses { $0.replaceSubrange(124..<125, with: [0x39]) })
        #expect(try refuses { $0.removeLast(1024) })
        var torn = bytes
        torn[3] = 0x41
        let file = try File(folder + "/torn", .createNew)
        try file.write(torn, at: 0)
        #expect(throws: TarError("a header's sum is wrong")) {
            try TarArchive.members(of: file)
        }
    }
}
