import Exchange
import Testing

@Suite struct `What waits in turns` {
    private func drained(_ turns: inout RoundRobin<String, Int>) -> [Int] {
        var all: [Int] = []
        while let next = turns.next() { all.append(next) }
        return all
    }

    @Test func `comes party by party, and in its own order`() {
        var turns = RoundRobin<String, Int>()
        for number in 1...4 { turns.append(number, of: "loud") }
        turns.append(10, of: "quiet")
        turns.append(20, of: "other")
        #expect(turns.count == 6 && turns.partyCount == 3)
        #expect(drained(&turns) == [1, 10, 20, 2, 3, 4])
        #expect(turns.isEmpty && turns.partyCount == 0 && turns.next() == nil)
    }

    @Test func `lets somebody in after one turn of each, however much waits`() {
        var turns = RoundRobin<String, Int>()
        for number in 0..<10_000 { turns.append(number, of: "loud") }
        for expected in 0..<100 { #expect(turns.next() == expected) }
        turns.append(-1, of: "quiet")
        #expect([turns.next(), turns.next()].contains(-1))
    }

    @Test func `agrees with a model of lists, whatever comes and goes`() {
        var generator = SystemRandomNumberGenerator()
        var turns = RoundRobin<Int, Int>()
        var model: [(party: Int, items: [Int])] = []
        for step in 0..<20_000 {
            // More comes than goes in the first half, the other way round in the second.
            if Int.random(in: 0..<10, using: &generator) < (step < 10_000 ? 6 : 4) {
                let party = Int.random(in: 0..<5, using: &generator)
                turns.append(step, of: party)
                if let place = model.firstIndex(where: { $0.party == party }) {
                    model[place].items.append(step)
                } else {
                    model.append((party, [step]))
                }
            } else {
                var expected: Int?
                if !model.isEmpty {
                    let (party, rest) = model.removeFirst()
                    var items = rest
                    expected = items.removeFirst()
                    if !items.isEmpty { model.append((party, items)) }
                }
                #expect(turns.first == expected)
                #expect(turns.next() == expected)
            }
            #expect(turns.count == model.reduce(0) { $0 + $1.items.count })
        }
    }

    @Test func `keeps nothing of what was taken`() {
        final class Held {}
        var turns = RoundRobin<Int, Held>()
        weak var first: Held?
        for number in 0..<3 {
            let held = Held()
            if number == 0 { first = held }
            turns.append(held, of: 1)
        }
        #expect(first != nil)
        _ = turns.next()
        #expect(first == nil && turns.count == 2)
        turns.removeAll()
        #expect(turns.isEmpty && turns.partyCount == 0)
    }
}
