import Exchange
import Foundation
import Storage
import Testing

/// What a letter costs, counted and not timed: whoever adds a statement to the way of every letter meets it
/// here, and raises the number or finds another way.
@Suite struct `What an exchange costs the database` {
    /// Statements begun, and steps of SQLite's machine, for each change of one batch.
    private func cost(_ fixture: Fixture, _ changes: [Change]) throws -> (runs: Int, steps: Int) {
        let before = fixture.store!.databaseWork
        #expect(try fixture.commit(all: changes).allSatisfy { (try? $0.get()) != nil })
        let after = fixture.store!.databaseWork
        #expect(after.scanned == before.scanned && after.sorted == before.sorted)
        return ((after.runs - before.runs) / changes.count, (after.steps - before.steps) / changes.count)
    }

    @Test func `is so many statements a letter, a lease and an acknowledgement, in a batch of 64`() throws {
        let fixture = try Fixture()
        func letters(_ start: Int) -> [Change] {
            (start..<start + 64).map { Change.accept(letter("\($0)", to: ["H31.7"])) }
        }
        // Statements that are prepared once, and rows that are made once.
        _ = try cost(fixture, letters(0))
        let accepted = try cost(fixture, letters(64))
        #expect(accepted.runs <= 5 && accepted.steps <= 240, "\(accepted)")
        let leases = (0..<64).map { _ in Change.lease(recipient: "H31.7", limit: 1, seconds: 60) }
        let leased = try cost(fixture, leases)
        #expect(leased.runs <= 5 && leased.steps <= 190, "\(leased)")
        let taken = try fixture.lease("H31.7", limit: 64)
        let acknowledged = try cost(
            fixture,
            taken.map { .acknowledge(delivery: $0.id, recipient: "H31.7", token: $0.token) })
        #expect(acknowledged.runs <= 5 && acknowledged.steps <= 165, "\(acknowledged)")
    }
}
