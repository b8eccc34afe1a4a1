import Exchange
import Storage
import Testing

@Suite struct `A lease` {
    @Test func `ends in its time although the clock is set back`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        #expect(try fixture.lease("H31.7", seconds: 60).count == 1)
        try fixture.commit(.expireLeases)
        fixture.now = fixture.now.adding(seconds: -5 * 3600)
        // Also where the hub starts anew in between.
        try fixture.open()
        try fixture.commit(.expireLeases)
        #expect(try fixture.lease("H31.7").isEmpty)
        fixture.now = fixture.now.adding(seconds: 61)
        try fixture.commit(.expireLeases)
        #expect(try fixture.lease("H31.7").count == 1)
    }

    @Test func `takes urgent letters first and keeps the order inside each priority`() throws {
        let fixture = try Fixture()
        let priorities: [(String, Priority)] = [
            ("a", .normal), ("b", .urgent), ("c", .expressTimed), ("d", .moreUrgent), ("e", .express),
            ("f", .normal),
        ]
        for (name, priority) in priorities { _ = try fixture.accept(letter(name, priority: priority)) }
        let expected = ["c", "e", "d", "b", "a", "f"]
        #expect(
            try fixture.reader().inbox(recipient: "H31.7", limit: 10).map(\.document.subject)
                == expected.map { "V/v \($0)" })
        let first = try fixture.lease("H31.7", limit: 2)
        let rest = try fixture.lease("H31.7", limit: 10)
        #expect((first + rest).map(\.document.subject) == expected.map { "V/v \($0)" })
        #expect(Set((first + rest).map(\.token)).count == 6)
        #expect(first[0].leasedUntil == fixture.now.adding(seconds: 60) && first[0].attempt == 1)
        #expect(try fixture.lease("H31.7").isEmpty)
    }

    @Test func `costs no entry where nothing waits`() throws {
        let fixture = try Fixture()
        let size = fixture.tree.size
        #expect(try fixture.lease("H31.7").isEmpty)
        #expect(try fixture.lease("nobody").isEmpty)
        #expect(fixture.tree.size == size)
    }

    @Test func `ends with one acknowledgement, which may be repeated`() throws {
        let fixture = try Fixture()
        let sent = letter("1")
        _ = try fixture.accept(sent)
        let held = try fixture.lease("H31.7")[0]
        let acknowledge = Change.acknowledge(delivery: held.id, recipient: "H31.7", token: held.token)
        #expect(try fixture.rejection(acknowledge) == nil)
        let size = fixture.tree.size
        fixture.now = fixture.now.adding(seconds: 1000)
        #expect(try fixture.rejection(acknowledge) == nil)
        #expect(fixture.tree.size == size)
        let delivery = try #require(try fixture.reader().trail(sent.key)?.deliveries.first)
        #expect(delivery.state == .delivered && delivery.leafIndexes.count == 2)
        #expect(delivery.deliveredAt == fixture.now.adding(seconds: -1000))
        #expect(
            try fixture.rejection(
                .release(delivery: held.id, recipient: "H31.7", token: held.token, reason: nil))
                == .leaseStale)
    }

    @Test func `is worth nothing with another token or in other hands`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let held = try fixture.lease("H31.7")[0]
        let wrong = try #require(LeaseToken(bytes: [UInt8](repeating: 0, count: 16)))
        let size = fixture.tree.size
        #expect(
            try fixture.rejection(.acknowledge(delivery: held.id, recipient: "H31.7", token: wrong))
                == .leaseStale)
        #expect(
            try fixture.rejection(.extend(delivery: held.id, recipient: "H31.7", token: wrong, seconds: 5))
                == .leaseStale)
        #expect(
            try fixture.rejection(.acknowledge(delivery: held.id, recipient: "H31.45.2", token: held.token))
                == .deliveryNotFound)
        #expect(
            try fixture.rejection(.acknowledge(delivery: 999, recipient: "H31.7", token: held.token))
                == .deliveryNotFound)
        #expect(
            try fixture.rejection(.acknowledge(delivery: -1, recipient: "H31.7", token: held.token))
                == .deliveryNotFound)
        #expect(fixture.tree.size == size)
    }

    @Test func `that lapsed is stale, and the letter waits again`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let held = try fixture.lease("H31.7", seconds: 60)[0]
        fixture.now = fixture.now.adding(seconds: 59)
        guard case .expired(let none) = try fixture.commit(.expireLeases)[0].get() else { return }
        #expect(none.isEmpty)
        fixture.now = fixture.now.adding(seconds: 1)
        guard case .expired(let lapsed) = try fixture.commit(.expireLeases)[0].get() else { return }
        #expect(lapsed == [ExpiredDelivery(id: held.id, recipient: "H31.7", isDead: false)])
        #expect(
            try fixture.rejection(.acknowledge(delivery: held.id, recipient: "H31.7", token: held.token))
                == .leaseStale)
        let again = try fixture.lease("H31.7")[0]
        #expect(again.id == held.id && again.attempt == 2 && again.token != held.token)
        #expect(
            try fixture.rejection(.acknowledge(delivery: held.id, recipient: "H31.7", token: held.token))
                == .leaseStale)
        #expect(
            try fixture.rejection(.acknowledge(delivery: held.id, recipient: "H31.7", token: again.token))
                == nil)
    }

    @Test func `is made longer without an entry`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let held = try fixture.lease("H31.7", seconds: 60)[0]
        let size = fixture.tree.size
        fixture.now = fixture.now.adding(seconds: 30)
        let change = Change.extend(delivery: held.id, recipient: "H31.7", token: held.token, seconds: 600)
        guard case .extended(let until) = try fixture.commit(change)[0].get() else { return }
        #expect(until == fixture.now.adding(seconds: 600))
        #expect(fixture.tree.size == size)
        fixture.now = fixture.now.adding(seconds: 599)
        guard case .expired(let none) = try fixture.commit(.expireLeases)[0].get() else { return }
        #expect(none.isEmpty)
    }

    @Test func `given back too often ends as a dead letter`() throws {
        let fixture = try Fixture()
        fixture.options.attemptsMax = 2
        try fixture.open()
        let sent = letter("1")
        _ = try fixture.accept(sent)
        let first = try fixture.lease("H31.7")[0]
        guard
            case .released(let isDead) = try fixture.commit(
                .release(delivery: first.id, recipient: "H31.7", token: first.token, reason: "busy"))[0].get()
        else { return }
        #expect(!isDead)
        #expect(try fixture.reader().deliveryCounts() == DeliveryCounts(queued: 1))
        _ = try fixture.lease("H31.7")
        #expect(try fixture.reader().deliveryCounts() == DeliveryCounts(leased: 1))
        fixture.now = fixture.now.adding(seconds: 61)
        guard case .expired(let lapsed) = try fixture.commit(.expireLeases)[0].get() else { return }
        #expect(lapsed.map(\.isDead) == [true])
        let reader = try fixture.reader()
        #expect(try reader.deliveryCounts() == DeliveryCounts(dead: 1))
        #expect(try reader.deadLetters(limit: 10).map(\.document.key) == [sent.key])
        #expect(try reader.trail(sent.key)?.deliveries.first?.state == .dead)
        #expect(try fixture.lease("H31.7").isEmpty)

        let id = try #require(try reader.deadLetters(limit: 1).first?.id)
        #expect(try fixture.rejection(.requeue(delivery: id)) == nil)
        #expect(try entry(fixture.tree.size - 1, reader)["event"] as? String == "delivery.requeued")
        #expect(try reader.deliveryCounts() == DeliveryCounts(queued: 1))
        #expect(try fixture.rejection(.requeue(delivery: id)) == .deliveryNotDead)
        #expect(try fixture.rejection(.requeue(delivery: id + 1)) == .deliveryNotFound)
        #expect(try fixture.lease("H31.7").map(\.attempt) == [1])
    }

    @Test func `survives a restart`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let held = try fixture.lease("H31.7")[0]
        try fixture.open()
        #expect(try fixture.lease("H31.7").isEmpty)
        #expect(
            try fixture.rejection(.acknowledge(delivery: held.id, recipient: "H31.7", token: held.token))
                == nil)
    }

    /// The oracle is a list in memory that does the same things one by one.
    @Test func `of any order of events agrees with a model`() throws {
        let fixture = try Fixture()
        fixture.options.attemptsMax = 3
        try fixture.open()
        var generator = SystemRandomNumberGenerator()
        var queued: [(rank: Int, id: Int64)] = []
        var held: [Int64: (token: LeaseToken, until: Instant, rank: Int)] = [:]
        var done: Set<Int64> = []
        var dead: Set<Int64> = []
        var attempts: [Int64: Int] = [:]
        var ranks: [Int64: Int] = [:]
        for step in 0..<400 {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1:
                let priority = Priority.allCases.randomElement(using: &generator)!
                let id = try fixture.accept(letter("\(step)", priority: priority)).deliveries[0].id
                let rank = [Priority.normal: 3, .urgent: 2, .moreUrgent: 1][priority] ?? 0
                ranks[id] = rank
                queued.append((rank, id))
            case 2:
                let limit = Int.random(in: 1...3, using: &generator)
                let expected = queued.sorted { ($0.rank, $0.id) < ($1.rank, $1.id) }.prefix(limit)
                let leased = try fixture.lease("H31.7", limit: limit, seconds: 30)
                #expect(leased.map(\.id) == expected.map(\.id))
                for delivery in leased {
                    queued.removeAll { $0.id == delivery.id }
                    attempts[delivery.id, default: 0] += 1
                    #expect(delivery.attempt == attempts[delivery.id])
                    held[delivery.id] = (delivery.token, delivery.leasedUntil, ranks[delivery.id]!)
                }
            case 3:
                guard let (id, lease) = held.randomElement(using: &generator) else { continue }
                #expect(
                    try fixture.rejection(.acknowledge(delivery: id, recipient: "H31.7", token: lease.token))
                        == nil)
                held[id] = nil
                done.insert(id)
            case 4:
                guard let (id, lease) = held.randomElement(using: &generator) else { continue }
                let release = Change.release(
                    delivery: id, recipient: "H31.7", token: lease.token, reason: nil)
                guard case .released(let isDead) = try fixture.commit(release)[0].get() else { continue }
                #expect(isDead == (attempts[id] == 3))
                held[id] = nil
                if isDead { dead.insert(id) } else { queued.append((lease.rank, id)) }
            default:
                fixture.now = fixture.now.adding(seconds: Int64.random(in: 1...20, using: &generator))
                guard case .expired(let lapsed) = try fixture.commit(.expireLeases)[0].get() else { continue }
                let expected = held.filter { $0.value.until <= fixture.now }
                #expect(Set(lapsed.map(\.id)) == Set(expected.keys))
                for delivery in lapsed {
                    #expect(delivery.isDead == (attempts[delivery.id] == 3))
                    if delivery.isDead {
                        dead.insert(delivery.id)
                    } else {
                        queued.append((expected[delivery.id]!.rank, delivery.id))
                    }
                }
                for id in expected.keys { held[id] = nil }
            }
        }
        let stored = try fixture.reader().deliveryCounts()
        #expect(stored.queued == Int64(queued.count) && stored.leased == Int64(held.count))
        #expect(stored.delivered == Int64(done.count) && stored.dead == Int64(dead.count))
    }
}
