import AuditLog
import Exchange
import Foundation
import Testing

@Suite struct `A mirrored log` {
    static let sizes = [0, 1, 2, 255, 256, 257, 700, 66_000]

    /// A mirror that was brought up to date at each of `sizes`.
    static func mirror(_ sizes: [Int]) throws -> (MirrorFixture, ServedLog) {
        let hub = ServedLog(size: 0)
        let mirror = MirrorFixture()
        for size in sizes {
            hub.grow(to: size)
            try mirror.update(from: hub)
        }
        return (mirror, hub)
    }

    @Test(arguments: sizes)
    func `is found sound`(size: Int) throws {
        let (mirror, hub) = try Self.mirror([size])
        let report = mirror.audit()
        #expect(report.isSound && report.findings.isEmpty)
        #expect(report.size == size && report.replayed == size && report.root == hub.state.root)
        #expect(report.origin == LogKey.origin)
        #expect(Set(mirror.names) == Set(hub.log.files(size: Int64(size)).keys).union(["checkpoint"]))
    }

    @Test func `is found sound with every older checkpoint`() throws {
        let (mirror, _) = try Self.mirror(Self.sizes.dropLast() + [701, 1500])
        let report = mirror.audit()
        #expect(report.isSound)
        #expect(report.olderCheckpoints == 8)
    }

    @Test(.enabled(if: Judge.isAvailable), arguments: sizes)
    func `is accepted by software that others wrote`(size: Int) throws {
        let (mirror, _) = try Self.mirror(size > 300 ? [3, 256, size] : [size])
        let verdict = Judge.verdict(mirror)
        #expect(verdict.status == 0, "\(verdict.output)")
        #expect(mirror.audit().isSound)
    }

    @Test func `is found broken whichever byte is changed, cut or added`() throws {
        let (mirror, _) = try Self.mirror([3, 300, 520])
        var dice = Dice(seed: 4)
        for name in mirror.names {
            let bytes = mirror.read(name)
            for _ in 0..<6 {
                var changed = bytes
                changed[Int.random(in: bytes.indices, using: &dice)] ^= UInt8(
                    1 << Int.random(in: 0..<8, using: &dice))
                mirror.replace(name, changed)
                let report = mirror.audit()
                #expect(!report.isSound)
                #expect(report.findings.contains { $0.path == name })
                // A digit of the checkpoint's size sends the replay astray; anything else is told apart
                // precisely.
                if !name.hasPrefix("checkpoint"),
                    report.findings.contains(where: { $0.code != .entryMalformed })
                {
                    #expect(report.findings.filter { $0.code != .entryMalformed }.count == 1)
                }
            }
            for broken in [Array(bytes.dropLast()), bytes + [0], []] {
                mirror.replace(name, broken)
                #expect(mirror.audit().findings.contains { $0.path == name })
            }
            mirror.replace(name, bytes)
        }
        #expect(mirror.audit().isSound)
    }

    @Test(.enabled(if: Judge.isAvailable)) func `that is broken is refused by both judges`() throws {
        let (mirror, _) = try Self.mirror([3, 300, 520])
        for name in mirror.names {
            let bytes = mirror.read(name)
            var changed = bytes
            changed[bytes.count / 2] ^= 4
            for broken in [changed, Array(bytes.dropLast()), bytes + [7]] {
                mirror.replace(name, broken)
                #expect(!Judge.accepts(mirror), "\(name)")
                #expect(!mirror.audit().isSound, "\(name)")
            }
            mirror.replace(name, bytes)
        }
        #expect(Judge.accepts(mirror))
        #expect(!Judge.accepts(mirror, LogKey(seed: 1)))
        #expect(!mirror.audit(LogKey(seed: 1)).isSound)
    }

    @Test func `tells which entries and which hashes are wrong`() throws {
        let (mirror, _) = try Self.mirror([66_000])
        // An entry in a full bundle and one in the partial bundle, rewritten as good entries.
        for (tile, offset) in [
            (Tile(level: 0, number: 2)!, 17), (Tile(level: 0, number: 257, width: 208)!, 207),
        ] {
            let original = try #require(EntryBundle(mirror.read(tile.entriesPath), width: tile.width))
            var bundle = EntryBundle()
            for place in 0..<tile.width {
                let forged = try LogEntry(.hubStarted(version: "forged"), at: Instant(seconds: 1)).bytes
                bundle.append(place == offset ? forged : Array(original.entry(place)))
            }
            mirror.replace(tile.entriesPath, bundle.bytes)
        }
        let hashes: [(String, Int, Int64)] = [
            ("tile/0/001", 5, 261), ("tile/1/000", 255, 255), ("tile/1/001.p/1", 0, 256),
            ("tile/2/000.p/1", 0, 0),
        ]
        for (name, place, _) in hashes {
            var bytes = mirror.read(name)
            bytes[place * 32] ^= 1
            mirror.replace(name, bytes)
        }
        let found = mirror.audit().findings
        #expect(found.filter { $0.code == .entryDiffers }.map(\.index) == [512 + 17, 65_999])
        let differing = found.filter { $0.code == .tileDiffers }
        #expect(Set(differing.map(\.path)) == Set(hashes.map(\.0)) && differing.count == 4)
        for (name, _, index) in hashes { #expect(differing.first { $0.path == name }?.index == index) }
        #expect(found.count == 6)
    }

    @Test func `that lost a file says so and goes on as far as it can`() throws {
        let (mirror, _) = try Self.mirror([3, 300, 1000])
        func without(_ names: String...) -> AuditReport {
            let saved = names.map { ($0, mirror.read($0)) }
            for name in names { try? FileManager.default.removeItem(atPath: "\(mirror.path)/\(name)") }
            defer { for (name, bytes) in saved { mirror.replace(name, bytes) } }
            return mirror.audit()
        }
        for name in [
            "tile/0/001", "tile/entries/001", "tile/1/000.p/3", "tile/0/003.p/232", "tile/entries/003.p/232",
        ] {
            let report = without(name)
            #expect(report.findings.map(\.code) == [.fileMissing] && report.findings.first?.path == name)
            #expect(report.replayed == 1000 && !report.isSound)
        }
        let both = without("tile/0/001", "tile/entries/001")
        #expect(both.replayed == 256 && both.findings.count == 2 && !both.isSound)
        #expect(without("checkpoint").findings.map(\.code) == [.fileMissing])
        #expect(without("checkpoint.3").isSound)
    }

    @Test func `that was rewritten is betrayed by an older checkpoint`() throws {
        let (mirror, _) = try Self.mirror([3, 300])
        let forged = ServedLog(size: 400, forkAt: 299)
        for (name, bytes) in forged.log.files(size: 400) {
            try FileManager.default.createDirectory(
                atPath: ("\(mirror.path)/\(name)" as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            mirror.replace(name, bytes)
        }
        mirror.replace("checkpoint.300", mirror.read("checkpoint"))
        mirror.replace("checkpoint", forged.key.sign(forged.state))
        let report = mirror.audit()
        #expect(report.findings.map(\.code) == [.checkpointInconsistent])
        #expect(report.findings.first?.path == "checkpoint.300" && report.olderCheckpoints == 1)
        if Judge.isAvailable { #expect(!Judge.accepts(mirror)) }
        mirror.replace("checkpoint.3", mirror.read("checkpoint.300"))
        #expect(mirror.audit().findings.map(\.code) == [.checkpointMisnamed, .checkpointInconsistent])
    }

    @Test func `that went back is betrayed by a newer checkpoint`() throws {
        let (mirror, hub) = try Self.mirror([300])
        hub.grow(to: 301)
        mirror.replace("checkpoint.301", hub.key.sign(hub.state))
        #expect(mirror.audit().findings.map(\.code) == [.checkpointInconsistent])
    }

    @Test func `with a hostile checkpoint ends soon`() throws {
        let (mirror, hub) = try Self.mirror([3])
        for size in [Int64.max, 1 << 40, 4] {
            mirror.replace("checkpoint", hub.key.sign(TreeState(size: size, root: hub.state.root)))
            let report = mirror.audit()
            #expect(!report.isSound && report.findingCount <= 4 && report.replayed <= 3)
        }
        mirror.replace("checkpoint", [])
        #expect(mirror.audit().findings.map(\.code) == [.checkpointInvalid])
        let nowhere = Auditor.audit(LogDirectory(mirror.path + "/none"), verifier: hub.key.verifier)
        #expect(nowhere.findings.map(\.code) == [.fileMissing])
    }

    @Test func `reports entries that are no entries`() throws {
        let hub = ServedLog(size: 0)
        var log = MemoryLog(size: 0)
        for text in [#"{"event":"a","time":"b"}"#, "not JSON", #"{"event":"a","previous":2,"time":"b"}"#] {
            log.append(Array(text.utf8))
        }
        let mirror = MirrorFixture()
        for (name, bytes) in log.files(size: 3) {
            try mirror.directory.write(name, bytes, isDurable: false)
        }
        try mirror.directory.write("checkpoint", hub.key.sign(log.frontier.state), isDurable: true)
        #expect(mirror.audit().findings.map(\.code) == [.entryMalformed, .entryOutOfOrder])
        #expect(mirror.audit().findings.map(\.index) == [1, 2])
    }
}
