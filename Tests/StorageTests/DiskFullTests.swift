import AuditLog
import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

/// A file system of a few megabytes in memory; nil where this user may not mount one.
private final class SmallDisk {
    let path = NSTemporaryDirectory() + "lienthong-disk-" + UUID().uuidString

    init?(megabytes: Int) {
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path]) else {
            try? FileManager.default.removeItem(atPath: path)
            return nil
        }
    }

    deinit {
        _ = Self.run("/usr/bin/umount", [path])
        try? FileManager.default.removeItem(atPath: path)
    }

    static var isPossible: Bool { SmallDisk(megabytes: 1) != nil }

    private static func run(_ program: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

private func failure(of store: Store, _ document: NewDocument, at now: Instant) -> StorageError? {
    do throws(StorageError) {
        _ = try store.commit([.accept(document)], at: now, signed: nil)
        return nil
    } catch {
        return error
    }
}

@Suite struct `On a full disk` {
    @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
    func `a batch is rolled back whole, and the store goes on when there is room`() throws {
        let disk = try #require(SmallDisk(megabytes: 6))
        var options = StoreOptions()
        options.preallocationBytes = 256 << 10
        let now = Instant(seconds: 1_795_000_000)
        var store: Store? = try Store(directory: disk.path + "/data", options: options)
        let agencies = ["H37.12", "H31.7"].map { Agency(code: $0, name: "") }
        _ = try store!.commit([.putAgencies(agencies, retire: .others)], at: now, signed: nil)
        var accepted: [NewDocument] = []
        var refused: [NewDocument] = []
        var reader: StoreReader? = try store!.makeReader(connections: 1)
        for number in 0..<150 {
            let document = letter("\(number)", bytes: [UInt8](repeating: UInt8(number), count: 50_000))
            let before = store!.tree
            if let error = failure(of: store!, document, at: now) {
                #expect(error.code == .diskFull && !error.isFatal)
                #expect(store!.tree == before)
                #expect(try reader!.document(document.key) == nil)
                refused.append(document)
            } else {
                accepted.append(document)
            }
        }
        #expect(accepted.count > 10 && refused.count > 10)
        #expect(store!.tree.size == Int64(accepted.count) + 1)
        // More room: the same store takes the same letter.
        let filler = Process()
        filler.executableURL = URL(fileURLWithPath: "/usr/bin/mount")
        filler.arguments = ["-o", "remount,size=24m", disk.path]
        try filler.run()
        filler.waitUntilExit()
        for document in refused {
            let results = try store!.commit([.accept(document)], at: now, signed: nil)
            guard case .accepted(let acceptance) = try results[0].get() else { continue }
            #expect(try isProven(acceptance, by: reader!))
        }
        reader = nil
        store = nil
        store = try Store(directory: disk.path + "/data", options: options)
        reader = try store!.makeReader(connections: 1)
        for document in accepted + refused {
            let stored = try #require(try reader!.document(document.key))
            #expect(try reader!.check(stored.payload, sha256: document.sha256) == nil)
        }
    }
}
