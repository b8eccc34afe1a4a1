import Files
import Foundation
import Testing

/// A directory that goes when the test ends.
final class Scratch {
    let path = NSTemporaryDirectory() + "lienthong-" + UUID().uuidString
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct `A file` {
    @Test func `gives back what was written at an offset`() throws {
        let scratch = try Scratch()
        let file = try File(scratch.path + "/a", .createNew)
        try file.write([[1, 2, 3], [], [4, 5], [6]], at: 10)
        #expect(try file.read(at: 9, count: 100) == [0, 1, 2, 3, 4, 5, 6])
        #expect(try file.read(at: 11, count: 2) == [2, 3])
        #expect(try file.read(at: 16, count: 5) == [])
        #expect(try file.size() == 16)
        try file.synchronize()
    }

    @Test func `takes any number of parts, one after the other`() throws {
        let scratch = try Scratch()
        let file = try File(scratch.path + "/a", .createNew)
        for count in [0, 1, 239, 240, 241, 1000] {
            let parts = (0..<count).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: $0 % 50) }
            try file.write(parts, at: 7)
            let all = Array(parts.joined())
            #expect(try file.read(at: 7, count: all.count) == all)
        }
        let full = try File("/dev/full", .readWrite)
        #expect(throws: FileError.self) { try full.write([[1], [2]], at: 0) }
    }

    @Test func `preallocated is longer and reads as zeros`() throws {
        let scratch = try Scratch()
        let file = try File(scratch.path + "/a", .createNew)
        try file.preallocate(from: 0, count: 8192)
        #expect(try file.size() == 8192)
        #expect(try file.read(at: 0, count: 8192).allSatisfy { $0 == 0 })
        try file.truncate(to: 3)
        #expect(try file.size() == 3)
    }

    @Test func `is locked by one holder at a time`() throws {
        let scratch = try Scratch()
        var first: File? = try File(scratch.path + "/lock", .createOrOpen)
        let second = try File(scratch.path + "/lock", .createOrOpen)
        #expect(try first?.lockExclusively() == true)
        #expect(try second.lockExclusively() == false)
        first = nil
        #expect(try second.lockExclusively() == true)
    }

    @Test func `says what failed, on which path, and why`() throws {
        let scratch = try Scratch()
        let missing = #expect(throws: FileError.self) { try File(scratch.path + "/none", .read) }
        #expect(missing?.isNotFound == true)
        #expect(missing?.isDiskFull == false)
        _ = try File(scratch.path + "/a", .createNew)
        let twice = #expect(throws: FileError.self) { try File(scratch.path + "/a", .createNew) }
        #expect(twice?.alreadyExists == true)
        let full = try File("/dev/full", .readWrite)
        let error = #expect(throws: FileError.self) { try full.write([1], at: 0) }
        #expect(error?.isDiskFull == true)
    }

    @Test func `directories are made with their parents and listed in byte order`() throws {
        let scratch = try Scratch()
        let deep = scratch.path + "/a/b/c"
        try Directory.create(deep)
        try Directory.create(deep)
        for name in ["b", "Z", "a"] { _ = try File(deep + "/" + name, .createNew) }
        #expect(try Directory.names(in: deep) == ["Z", "a", "b"])
        try Directory.rename(deep + "/b", to: deep + "/a")
        try Directory.remove(deep + "/Z")
        try Directory.synchronize(deep)
        #expect(try Directory.names(in: deep) == ["a"])
        #expect(Directory.exists(deep + "/a") && !Directory.exists(deep + "/b"))
    }

    @Test func `a directory that cannot be made says why`() throws {
        let scratch = try Scratch()
        try Directory.create(scratch.path + "/a///")
        _ = try File(scratch.path + "/a/file", .createNew)
        let error = #expect(throws: FileError.self) { try Directory.create(scratch.path + "/a/file/b") }
        #expect(error?.number == ENOTDIR)
        #expect(throws: FileError.self) { try Directory.create("") }
    }

    @Test func `a private file is whole, its owner's alone, and never written over`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/key"
        // What a crash left.
        _ = try File(path + ".new", .createNew)
        try Directory.createPrivate(path, with: [1, 2])
        #expect(try File(path, .read).read(at: 0, count: 9) == [1, 2])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let error = #expect(throws: FileError.self) { try Directory.createPrivate(path, with: [3]) }
        #expect(error?.alreadyExists == true)
        #expect(try File(path, .read).read(at: 0, count: 9) == [1, 2])
        #expect(try Directory.names(in: scratch.path) == ["key"])
    }

    @Test func `the kernel tells its run, always the same`() throws {
        let boot = try #require(Boot.identifier())
        #expect(boot.count == 36 && boot == Boot.identifier())
    }
}

@Suite struct `CRC-32C` {
    /// RFC 3720, appendix B.4.
    @Test func `gives the published values`() {
        func crc(_ bytes: [UInt8]) -> UInt32 {
            var crc = CRC32C()
            crc.update(bytes)
            return crc.value
        }
        #expect(crc([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(crc([UInt8](0..<32)) == 0x46DD_794E)
        #expect(crc(Array("123456789".utf8)) == 0xE306_9283)
        #expect(crc([]) == 0)
    }

    @Test func `does not depend on how the bytes are cut, and agrees with a bitwise reckoning`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0...300)).map { _ in UInt8.random(in: 0...255, using: &generator)
            }
            let cut = Int.random(in: 0...bytes.count)
            var whole = CRC32C()
            whole.update(bytes)
            var pieces = CRC32C()
            pieces.update(Array(bytes[..<cut]))
            pieces.update(Array(bytes[cut...]))
            #expect(whole.value == pieces.value)
            var state: UInt32 = 0xFFFF_FFFF
            for byte in bytes {
                state ^= UInt32(byte)
                for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0x82F6_3B78 : state >> 1 }
            }
            #expect(whole.value == ~state)
        }
    }
}
