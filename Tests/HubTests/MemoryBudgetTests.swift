import Exchange
import Hub
import Testing

@Suite struct `What letters on their way in hold` {
    private func code(_ body: () throws(Rejection) -> Void) -> RejectionCode? {
        do {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `is bounded for one agency and for all`() throws {
        let budget = MemoryBudget(bytesMax: 4 << 20)
        var shares: [MemoryBudget.Share] = []
        for agency in ["A", "B", "C", "D"] as [AgencyCode] {
            let share = try budget.open(for: agency)
            try share.hold(1 << 20)
            shares.append(share)
        }
        #expect(budget.held == 4 << 20)
        let more = try budget.open(for: "A")
        #expect(code { () throws(Rejection) in try more.hold(1) } == .tooManyRequests)
        let other = try budget.open(for: "E")
        #expect(code { () throws(Rejection) in try other.hold(1) } == .overloaded)
        // Who holds much may go on holding it, and hold less.
        try shares[1].hold(100)
        try other.hold(100)
        #expect(budget.held < 4 << 20)
    }

    @Test func `is given back with the letter, taken or not`() throws {
        let budget = MemoryBudget(bytesMax: 4 << 20)
        do {
            let share = try budget.open(for: "A")
            try share.hold(70_000)
            #expect(budget.held >= 70_000)
            #expect(code { () throws(Rejection) in try share.hold(2 << 20) } == .tooManyRequests)
        }
        #expect(budget.held == 0)
        try budget.open(for: "A").hold(1 << 20)
        #expect(budget.held == 0)
    }

    @Test func `are so many of one agency at a time, and no more`() throws {
        let budget = MemoryBudget(bytesMax: 4 << 20, lettersPerAgencyMax: 2)
        let first = try budget.open(for: "A")
        do {
            let second = try budget.open(for: "A")
            #expect(code { () throws(Rejection) in _ = try budget.open(for: "A") } == .tooManyRequests)
            #expect(code { () throws(Rejection) in _ = try budget.open(for: "B") } == nil)
            withExtendedLifetime(second) {}
        }
        #expect(code { () throws(Rejection) in _ = try budget.open(for: "A") } == nil)
        withExtendedLifetime(first) {}
    }
}
