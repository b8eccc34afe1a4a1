import Foundation
import Testing

/// Every call that one letter's commit makes, with every fault at each of them; and proof that the oracle
/// would notice.
@Suite(.serialized) struct `Each step of a commit` {
    /// Of the faults below at each step. All of them take minutes: `LIENTHONG_STEPS=all`.
    private let isComplete = ProcessInfo.processInfo.environment["LIENTHONG_STEPS"] == "all"

    /// Calls that reach the disk while one letter goes in.
    private func steps(_ rounds: FaultRounds) throws -> UInt64 {
        if rounds.world.daemon?.isRunning != true { try rounds.world.start() }
        let client = try rounds.world.client(World.sender)
        // The first one after a start reserves space.
        try rounds.callers.send(rounds.callers.newLetter(), by: client, mayFail: false)
        rounds.shim.arm(.none, at: 0, seed: 0)
        try rounds.callers.send(rounds.callers.newLetter(), by: client, mayFail: false)
        defer { rounds.shim.disarm() }
        return rounds.shim.calls
    }

    @Test(arguments: [
        FaultKind.killBefore, .killAfter, .cutBefore, .cutAfter, .noSpace, .ioError, .shortWrite, .syncLost,
    ])
    func `may be the last one`(_ kind: FaultKind) throws {
        let rounds = try FaultRounds(usesLarge: false)
        let steps = try steps(rounds)
        #expect(steps > 5)
        // The start after a kill reserves space, too.
        let points = isComplete ? Array(1...steps + 8) : [2, steps / 2, steps]
        for point in points {
            var generator = SeededGenerator(state: point)
            try rounds.run(FaultRound(kind, at: point, seed: point), &generator)
        }
        #expect(try rounds.settleAndCheck() == [])
        #expect(rounds.tally["not reached", default: 0] < points.count)
        print("commit steps: \(steps), \(rounds.tally)")
    }

    /// Before there is a write-ahead log the database is made with a rollback journal, by other rules.
    @Test(arguments: [5, 6, 7, 9, 12, 14] as [UInt64])
    func `may fail at the first start of all`(_ point: UInt64) throws {
        let rounds = try FaultRounds(usesLarge: false)
        var generator = SeededGenerator(state: point)
        try rounds.run(FaultRound(.syncLost, at: point, seed: point, isAtStart: true), &generator)
        #expect(rounds.shim.call.hasPrefix("f") && rounds.shim.hasFired)
        let first = rounds.outcome
        try rounds.run(FaultRound(.cutBefore, at: 120, seed: point), &generator)
        let wrong = try rounds.settleAndCheck()
        #expect(wrong == [], "\(first), then \(rounds.outcome)")
    }

    /// The directories that the first start made must be there again, and what was acknowledged in them.
    @Test(arguments: [45, 50, 60, 80] as [UInt64])
    func `may come in the run that made the data directory`(_ point: UInt64) throws {
        let rounds = try FaultRounds(usesLarge: false)
        try rounds.world.start()
        var generator = SeededGenerator(state: point)
        try rounds.run(FaultRound(.cutBefore, at: point, seed: point), &generator)
        #expect(rounds.shim.hasFired)
        let wrong = try rounds.settleAndCheck()
        #expect(wrong == [], "\(rounds.outcome)")
    }

    /// The write-ahead log is copied into the database, and the disk fails at the end of that. SQLite would
    /// go on, and might begin the log anew over what the disk has lost.
    @Test func `ends the hub where the database cannot be synchronized`() throws {
        let rounds = try FaultRounds(usesLarge: false)
        try rounds.world.start()
        let client = try rounds.world.client(World.sender)
        rounds.shim.arm(.syncLost, at: 1, seed: 7, ofDatabase: true)
        // Some 10 pages each; 2,000 are copied.
        for _ in 0..<600 where !rounds.shim.hasFired {
            _ = try? rounds.callers.send(rounds.callers.newLetter(), by: client, mayFail: false)
        }
        #expect(rounds.shim.hasFired)
        #expect(rounds.world.daemon?.wait(secondsMax: 20) == 70)
        #expect(try rounds.settleAndCheck() == [])
    }

    /// The oracle's own test: a disk that does not keep what it confirmed loses letters, and that is told.
    @Test func `on a disk that lies is found out`() throws {
        let rounds = try FaultRounds(usesLarge: false)
        try rounds.world.start()
        let client = try rounds.world.client(World.sender)
        rounds.shim.arm(.lyingDisk, at: 1, seed: 5)
        for _ in 0..<8 { try rounds.callers.send(rounds.callers.newLetter(), by: client, mayFail: false) }
        #expect(rounds.world.stop() == 0)
        #expect(try rounds.settleAndCheck() != [])
    }
}
