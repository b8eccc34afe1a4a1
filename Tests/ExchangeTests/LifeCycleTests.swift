import Exchange
import Testing

@Suite struct `A letter's life with one recipient` {
    private func cycle(
        _ codes: String..., in delivery: DeliveryState = .delivered
    ) throws -> (LifeCycle, flags: [LifeCycle.Order]) {
        var cycle = LifeCycle(delivery: delivery)
        let flags = try codes.map { cycle.receive(try #require(BusinessStatus(rawValue: $0))) }
        return (cycle, flags)
    }

    @Test func `goes the way that edXML gives it`() throws {
        let (done, flags) = try cycle("01", "03", "04", "05", "05", "06")
        #expect(flags.allSatisfy { $0 == .inOrder })
        #expect(done.stage == .completed && done.isConfirmed && done.isClosed)
        #expect(try cycle("01", "02").0.stage == .refused)
        #expect(try cycle("03", "05").flags == [.inOrder, .inOrder])
        #expect(try cycle("01").0.isConfirmed == false && cycle("02").0.isConfirmed)
    }

    @Test func `records what comes out of order and takes it as far as it says`() throws {
        let (ahead, flags) = try cycle("01", "05")
        #expect(flags == [.inOrder, .outOfOrder] && ahead.stage == .inProgress)
        let (late, lateFlags) = try cycle("03", "05", "01", "04")
        #expect(lateFlags == [.inOrder, .inOrder, .outOfOrder, .outOfOrder] && late.stage == .inProgress)
        #expect(try cycle("06", "05").0.stage == .completed)
        let (again, againFlags) = try cycle("02", "03")
        #expect(againFlags == [.inOrder, .outOfOrder] && again.stage == .received)
        #expect(try cycle("06", "02").0.stage == .completed)
    }

    @Test func `flags what is said of a letter that is not there`() throws {
        for state in [DeliveryState.held, .queued, .dead, .withdrawn] {
            let (cycle, flags) = try cycle("03", in: state)
            #expect(flags == [.outOfOrder] && cycle.stage.rawValue == state.rawValue)
        }
        // Software may acknowledge after its clerk has looked.
        let (held, flags) = try cycle("01", in: .leased)
        #expect(flags == [.inOrder] && held.stage == .arrived)
    }

    @Test func `asks and takes one answer`() throws {
        var cycle = try cycle("03").0
        #expect(cycle.receive(.agreed) == .outOfOrder && cycle.stage == .received)
        cycle.ask(.recall)
        #expect(cycle.stage == .recallAsked && cycle.request?.state == "asked")
        #expect(cycle.receive(.declined) == .inOrder && cycle.stage == .received)
        #expect(cycle.receive(.agreed) == .outOfOrder && cycle.request?.state == "declined")
        cycle.ask(.recall)
        #expect(cycle.receive(.agreed) == .inOrder && cycle.stage == .recalled && cycle.isClosed)
        cycle.ask(.update)
        #expect(cycle.stage == .received && cycle.request?.state == "asked")
    }

    @Test func `takes back what was not delivered and nothing else`() {
        for state in DeliveryState.allCases {
            let expected = [.held, .queued, .leased, .dead].contains(state)
            #expect(state.mayBecome(.withdrawn) == expected, "\(state)")
            #expect(!DeliveryState.withdrawn.mayBecome(state))
        }
    }
}
