import AuditLog
import Exchange
import Foundation
import Testing

@Suite struct `Mirroring a log` {
    @Test func `fetches only what is new`() throws {
        let (mirror, hub) = try `A mirrored log`.mirror([66_000])
        hub.forgetFetched()
        let same = try mirror.update(from: hub)
        #expect(hub.fetched == ["checkpoint"] && same.filesWritten == 0 && same.before == same.after)
        hub.grow(to: 66_001)
        hub.forgetFetched()
        let outcome = try mirror.update(from: hub)
        #expect(outcome.before?.size == 66_000 && outcome.after == hub.state)
        #expect(hub.fetched.filter { $0.hasPrefix("tile/entries") } == ["tile/entries/257.p/209"])
        #expect(hub.fetched.count <= 8)
        #expect(mirror.audit().isSound)
        #expect(mirror.names.contains("checkpoint.66000"))
        #expect(!mirror.names.contains { $0.hasSuffix("p/208") })
    }

    @Test func `goes on where it was broken off`() throws {
        struct Broken: Error {}
        let hub = ServedLog(size: 3000)
        let mirror = MirrorFixture()
        let total = hub.log.files(size: 3000).count + 1
        for limit in 0..<total {
            var left = limit
            hub.tamper = { _, bytes in
                left -= 1
                return bytes
            }
            #expect(throws: Broken.self) {
                try LogMirror.update(mirror.directory, verifier: hub.key.verifier) { path, bytesMax in
                    if left == 0 { throw Broken() }
                    return try hub.fetch(path, bytesMax)
                }
            }
            #expect(!mirror.names.contains("checkpoint"))
            if limit > 4 { break }
        }
        try mirror.update(from: hub)
        #expect(mirror.audit().isSound)
        // What a broken run left behind is checked before it is believed.
        let again = MirrorFixture()
        var changed = mirror.read("tile/0/003")
        changed[0] ^= 1
        try again.directory.write("tile/0/003", changed, isDurable: false)
        try again.directory.write("tile/entries/005", [1, 2, 3], isDurable: false)
        try again.update(from: hub)
        #expect(again.snapshot == mirror.snapshot)
    }

    @Test func `refuses whatever byte the hub changes, and keeps what it had`() throws {
        let (mirror, hub) = try `A mirrored log`.mirror([300])
        let before = mirror.snapshot
        hub.grow(to: 1100)
        let needed = Set(hub.log.files(size: 1100).keys).subtracting(before.keys).union(["checkpoint"])
        for path in needed.sorted() {
            for change: ([UInt8]) -> [UInt8]? in [
                { $0 + [0] }, { Array($0.dropLast()) }, { _ in nil }, { _ in [] },
                { bytes in
                    bytes.enumerated().map { $0.offset == bytes.count / 2 ? $0.element ^ 1 : $0.element }
                },
            ] {
                hub.tamper = { name, bytes in name == path ? change(bytes) : bytes }
                #expect(throws: MirrorError.self, "\(path)") { try mirror.update(from: hub) }
                let after = mirror.snapshot
                #expect(before.allSatisfy { after[$0.key] == $0.value })
                #expect(mirror.audit().isSound)
            }
        }
        hub.tamper = { _, bytes in bytes }
        try mirror.update(from: hub)
        #expect(mirror.audit().isSound)
    }

    @Test(arguments: [(300, 301), (300, 1000), (256, 512), (511, 513), (300, 300)])
    func `refuses a fork and keeps its checkpoint as evidence`(old: Int, new: Int) throws {
        let (mirror, _) = try `A mirrored log`.mirror([old])
        let before = mirror.snapshot
        let fork = ServedLog(size: new, forkAt: old - 1)
        #expect(throws: MirrorError.self) { try mirror.update(from: fork) }
        var after = mirror.snapshot
        #expect(after.removeValue(forKey: "checkpoint.rejected") == fork.key.sign(fork.state))
        #expect(after == before)
        #expect(mirror.audit().isSound)
    }

    @Test func `tells a log that lags from one that went another way`() throws {
        let (mirror, hub) = try `A mirrored log`.mirror([700])
        hub.size = 300
        #expect(throws: MirrorError.behind(mirrored: 700, served: 300)) { try mirror.update(from: hub) }
        #expect(!mirror.names.contains("checkpoint.rejected"))
        let fork = ServedLog(size: 300, forkAt: 100)
        let error = #expect(throws: MirrorError.self) { try mirror.update(from: fork) }
        guard case .forked = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `refuses another log, another key, a damaged mirror`() throws {
        let (mirror, hub) = try `A mirrored log`.mirror([5])
        let other = ServedLog(size: 9, key: LogKey(origin: "other.example"))
        #expect(throws: MirrorError.otherOrigin(mirrored: LogKey.origin, served: "other.example")) {
            try mirror.update(from: other)
        }
        let impostor = ServedLog(size: 9, key: LogKey(seed: 1))
        #expect(throws: MirrorError.checkpointInvalid(.unsigned(name: LogKey.origin))) {
            try LogMirror.update(mirror.directory, verifier: hub.key.verifier, fetch: impostor.fetch)
        }
        mirror.replace("checkpoint", [1, 2])
        hub.grow(to: 9)
        let error = #expect(throws: MirrorError.self) { try mirror.update(from: hub) }
        guard case .mirrorDamaged = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `is not led on by a checkpoint of an endless log`() throws {
        let hub = ServedLog(size: 5)
        let mirror = MirrorFixture()
        let note = hub.key.sign(TreeState(size: .max, root: hub.state.root))
        var calls = 0
        #expect(throws: MirrorError.self) {
            try LogMirror.update(mirror.directory, verifier: hub.key.verifier) { path, _ in
                calls += 1
                return path == "checkpoint" ? note : [UInt8](repeating: 0, count: 255 * 32)
            }
        }
        #expect(calls <= 10)
        #expect(mirror.names.isEmpty)
    }
}
