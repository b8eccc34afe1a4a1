import Exchange
import Foundation
import Storage
import Testing

/// What one agency's pile costs the others, in steps of SQLite's machine: no clock, no luck.
@Suite struct `A pile of waiting deliveries` {
    /// Steps, rows walked without an index, and sorts of one batch.
    private func work(_ fixture: Fixture, _ change: Change) throws -> (steps: Int, scanned: Int, sorted: Int)
    {
        let before = fixture.store!.databaseWork
        try fixture.commit(change)
        let after = fixture.store!.databaseWork
        return (
            after.steps - before.steps, after.scanned - before.scanned, after.sorted - before.sorted
        )
    }

    private func pile(_ fixture: Fixture, _ numbers: Range<Int>) throws {
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 500) {
            let changes = (start..<start + 500).map { Change.accept(letter("\($0)", to: ["H31.7"])) }
            #expect(try fixture.commit(all: changes).allSatisfy { (try? $0.get()) != nil })
        }
    }

    @Test func `costs its recipient and everybody else the same as a small one`() throws {
        let fixture = try Fixture()
        let mine = Change.lease(recipient: "H31.7", limit: 10, seconds: 60)
        let others = Change.lease(recipient: "H31.45.2", limit: 10, seconds: 60)
        func measure() throws -> [(steps: Int, scanned: Int, sorted: Int)] {
            [
                try work(fixture, mine), try work(fixture, others), try work(fixture, .expireLeases),
                try work(fixture, .accept(letter(UUID().uuidString, to: ["H31.45.2"]))),
            ]
        }
        try pile(fixture, 0..<500)
        _ = try measure()
        let small = try measure()
        try pile(fixture, 500..<5000)
        let large = try measure()
        for (before, after) in zip(small, large) {
            #expect(after.scanned == 0 && after.sorted == 0)
            #expect(after.steps <= before.steps + before.steps / 4 + 50, "\(before.steps) → \(after.steps)")
        }
    }

    @Test func `is bounded for each sender where an operator says so`() throws {
        let fixture = try Fixture()
        fixture.options.deliveriesWaitingMax = 5
        fixture.options.attemptsMax = 1
        try fixture.open()
        let both = ["H31.7", "H31.45.2"]
        for number in 0..<2 { _ = try fixture.accept(letter("\(number)", to: both)) }
        #expect(try fixture.rejection(.accept(letter("2", to: both))) == .tooManyRequests)
        _ = try fixture.accept(letter("3", to: ["H31.7"]))
        // Another sender has its own bound; a letter that is in already gets its receipt.
        _ = try fixture.accept(letter("4", from: "H31.7", to: both))
        #expect(try fixture.accept(letter("0", to: both)).isReplay)
        #expect(try fixture.rejection(.accept(letter("5", to: ["H31.7"]))) == .tooManyRequests)
        // Taken, or given up: there is room again, also after a restart.
        let leased = try fixture.lease("H31.7", limit: 2)
        try fixture.commit(
            .acknowledge(delivery: leased[0].id, recipient: "H31.7", token: leased[0].token))
        try fixture.open()
        _ = try fixture.accept(letter("6", to: ["H31.7"]))
        #expect(try fixture.rejection(.accept(letter("7", to: ["H31.7"]))) == .tooManyRequests)
        fixture.now = fixture.now.adding(seconds: 61)
        try fixture.commit(.expireLeases)
        _ = try fixture.accept(letter("7", to: ["H31.7"]))
    }
}
