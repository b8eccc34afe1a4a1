import Foundation
import Testing

/// Faults of the disk under the real daemon, each drawn from a seed.
///
/// `LIENTHONG_FAULTS` says how many (default 24), `LIENTHONG_SEED` makes a run again.
/// `LIENTHONG_KEEP` names a folder that gets the hub's files where something was wrong.
@Suite(.serialized) struct `A hub on a failing disk` {
    /// Faults that one data directory lives through before everything is checked.
    private static let roundsPerWorld = 50

    private let environment = ProcessInfo.processInfo.environment

    @Test func `keeps every promise and does nothing that it refused`() throws {
        let faults = environment["LIENTHONG_FAULTS"].flatMap { Int($0) } ?? 24
        var seed = environment["LIENTHONG_SEED"].flatMap { UInt64($0) } ?? 20_261_125
        var tally: [String: Int] = [:]
        var left = faults
        while left > 0 {
            let rounds = try FaultRounds()
            var generator = SeededGenerator(state: seed)
            var told: [String] = []
            for _ in 0..<min(left, Self.roundsPerWorld) {
                let round = FaultRound(&generator)
                try rounds.run(round, &generator)
                told.append("\(round): \(rounds.outcome)")
            }
            let wrong = try rounds.settleAndCheck()
            #expect(wrong == [], "LIENTHONG_SEED=\(seed) makes this again: \(told.joined(separator: "\n"))")
            if !wrong.isEmpty, let folder = environment["LIENTHONG_KEEP"] {
                try FileManager.default.copyItem(atPath: rounds.world.folder, toPath: "\(folder)/\(seed)")
            }
            tally.merge(rounds.tally, uniquingKeysWith: +)
            left -= Self.roundsPerWorld
            seed += 1
            if !wrong.isEmpty { break }
        }
        print("faults: \(faults - max(0, left)) of \(faults), last seed \(seed - 1)")
        for (name, count) in tally.sorted(by: { $0.key < $1.key }) { print("  \(count) \(name)") }
    }
}
