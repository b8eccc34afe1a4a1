import Exchange
import OpenSSL
import Storage
import Testing

@Suite struct `A delivery without a lease` {
    private func conclude(_ fixture: Fixture, _ id: Int64, _ conclusion: Conclusion) throws -> Result<
        Outcome, Rejection
    > {
        try fixture.commit(.conclude(delivery: id, recipient: "H31.7", conclusion))[0]
    }

    @Test func `is taken once, with one entry, and the others stay`() throws {
        let fixture = try Fixture()
        let sent = [letter("1"), letter("2")]
        for document in sent { _ = try fixture.accept(document) }
        let reader = try fixture.reader()
        let waiting = try reader.copies(recipient: "H31.7", kinds: [.letter], offset: 0, limit: 10)
        #expect(waiting.map(\.document.key) == sent.map(\.key))
        guard case .success(.acknowledged) = try conclude(fixture, waiting[0].id, .taken) else {
            Issue.record("not taken")
            return
        }
        let size = fixture.tree.size
        guard case .success(.acknowledged) = try conclude(fixture, waiting[0].id, .taken) else {
            Issue.record("not taken again")
            return
        }
        #expect(fixture.tree.size == size)
        #expect(
            try reader.copies(recipient: "H31.7", kinds: [.letter], offset: 0, limit: 10).map(\.id) == [
                waiting[1].id
            ])
        let delivery = try #require(try reader.trail(sent[0].key)?.deliveries.first)
        #expect(delivery.state == .delivered && delivery.attempt == 1 && delivery.leafIndexes.count == 1)
        #expect(try reader.deliveryCounts() == DeliveryCounts(queued: 1, delivered: 1))
        #expect(
            try fixture.rejection(
                .conclude(delivery: waiting[0].id, recipient: "H31.7", .failed(reason: nil))) == .leaseStale)
        #expect(
            try fixture.rejection(.conclude(delivery: waiting[1].id, recipient: "H31.45.2", .taken))
                == .deliveryNotFound)
        #expect(
            try fixture.rejection(.conclude(delivery: 99, recipient: "H31.7", .taken)) == .deliveryNotFound)
    }

    @Test func `that failed is dead with its reason, and goes back by an operator`() throws {
        let fixture = try Fixture()
        let sent = letter("1")
        let id = try fixture.accept(sent).deliveries[0].id
        #expect(
            try fixture.rejection(.conclude(delivery: id, recipient: "H31.7", .failed(reason: "tệp hỏng")))
                == nil)
        #expect(
            try fixture.rejection(.conclude(delivery: id, recipient: "H31.7", .failed(reason: "tệp hỏng")))
                == nil)
        let reader = try fixture.reader()
        #expect(try reader.deadLetters(limit: 10).map(\.releaseReason) == ["tệp hỏng"])
        #expect(try reader.copyCount(recipient: "H31.7", kind: .letter, max: 10) == 0)
        #expect(try fixture.rejection(.requeue(delivery: id)) == nil)
        #expect(try reader.copyCount(recipient: "H31.7", kind: .letter, max: 10) == 1)
    }

    @Test func `that is begun says so and ends nothing`() throws {
        let fixture = try Fixture()
        let id = try fixture.accept(letter("1")).deliveries[0].id
        let size = fixture.tree.size
        for _ in 0..<2 {
            #expect(try fixture.rejection(.conclude(delivery: id, recipient: "H31.7", .begun)) == nil)
        }
        #expect(fixture.tree.size == size)
        #expect(
            try fixture.reader().copies(recipient: "H31.7", kinds: [.letter], offset: 0, limit: 1).map(
                \.isBegun) == [true])
    }

    @Test func `that somebody leased is taken all the same, and the lease may acknowledge it`() throws {
        let fixture = try Fixture()
        _ = try fixture.accept(letter("1"))
        let leased = try fixture.lease("H31.7")[0]
        #expect(try fixture.rejection(.conclude(delivery: leased.id, recipient: "H31.7", .taken)) == nil)
        #expect(
            try fixture.rejection(.acknowledge(delivery: leased.id, recipient: "H31.7", token: leased.token))
                == nil)
        #expect(try fixture.reader().deliveryCounts() == DeliveryCounts(delivered: 1))
    }

    /// SQLite counts its steps: a page costs the same behind a hundred thousand of the other kind.
    @Test func `is listed by its kind at the cost of a page`() throws {
        let fixture = try Fixture()
        let reader = try fixture.reader()
        let first = letter("first", from: "H31.7", to: ["H37.12"])
        _ = try fixture.accept(first)
        for batch in 0..<20 {
            _ = try fixture.commit(all: (0..<100).map { .accept(letter("\(batch)-\($0)", to: ["H31.7"])) })
        }
        _ = try fixture.accept(status("03", of: first, from: "H37.12"))
        let statuses = try reader.copies(recipient: "H31.7", kinds: [.status], offset: 0, limit: 500)
        #expect(statuses.map(\.document.kind) == [.status])
        #expect(try reader.copies(recipient: "H31.7", kinds: [.letter], offset: 500, limit: 500).count == 500)
        #expect(
            try reader.copies(recipient: "H31.7", kinds: [.letter, .status], offset: 1995, limit: 500).count
                == 6)
        // Pages of both kinds are one list, each entry once, in the order of places.
        let pages = try stride(from: 0, to: 2400, by: 300).flatMap { offset in
            try reader.copies(recipient: "H31.7", kinds: [.status, .letter], offset: offset, limit: 300)
        }
        let whole = try reader.copies(recipient: "H31.7", kinds: [.letter, .status], offset: 0, limit: 5000)
        #expect(pages.map(\.id) == whole.map(\.id) && Set(pages.map(\.id)).count == 2001)
        #expect(pages.map(\.id) == pages.map(\.id).sorted())
        #expect(try reader.copies(recipient: "H31.7", kinds: [.letter], offset: 2000, limit: 1).isEmpty)
        #expect(try reader.copyCount(recipient: "H31.7", kind: .letter, max: 10_000) == 2000)
        #expect(try reader.copyCount(recipient: "H31.7", kind: .letter, max: 7) == 7)
        #expect(try reader.copyCount(recipient: "H31.7", kind: .status, max: 7) == 1)
    }

    @Test func `is seen by its sender, latest first, or by its document`() throws {
        let fixture = try Fixture()
        let first = try fixture.accept(letter("1", to: ["H31.7", "H31.45.2"]))
        fixture.now = fixture.now.adding(seconds: 1)
        _ = try fixture.accept(letter("2"))
        let reader = try fixture.reader()
        let all = try reader.sentCopies(sender: "H37.12", kind: .letter, firstDelivery: nil, limit: 10)
        #expect(all.map(\.code) == ["2", "1", "1"])
        let one = try reader.sentCopies(
            sender: "H37.12", kind: nil, firstDelivery: first.deliveries[0].id, limit: 10)
        #expect(one.map(\.recipient.string) == ["H31.7", "H31.45.2"])
        #expect(
            try reader.sentCopies(
                sender: "H37.12", kind: nil, firstDelivery: first.deliveries[1].id, limit: 10
            ).isEmpty)
        #expect(
            try reader.sentCopies(
                sender: "H31.7", kind: nil, firstDelivery: first.deliveries[0].id, limit: 10
            ).isEmpty)
    }
}

@Suite struct `Secrets in the store` {
    @Test func `belong to agencies of the directory, a few at a time`() throws {
        let fixture = try Fixture()
        func add(_ name: String, to agency: String = "H31.7") throws -> RejectionCode? {
            try fixture.rejection(
                .addSecret(agency: ExactString(agency), SealedSecret(name: name, sealed: [1, 2, 3])))
        }
        #expect(try add("a", to: "nobody") == .notFound)
        for number in 0..<8 { #expect(try add("s\(number)") == nil) }
        #expect(try add("s9") == .badRequest)
        #expect(try fixture.rejection(.removeSecret(agency: "H37.12", name: "s0")) == .notFound)
        #expect(try fixture.rejection(.removeSecret(agency: "H31.7", name: "s0")) == nil)
        #expect(try fixture.reader().sharedSecrets().secrets.map(\.secret.name) == (1..<8).map { "s\($0)" })
        let blocks = [try #require(AddressBlock("10.0.0.0/8")), try #require(AddressBlock("192.0.2.1"))]
        #expect(try fixture.rejection(.putSourceAddresses(agency: "H31.7", blocks)) == nil)
        #expect(try fixture.reader().sharedSecrets().addresses == ["H31.7": blocks])
        #expect(try fixture.rejection(.putSourceAddresses(agency: "H31.7", [])) == nil)
        #expect(try fixture.reader().sharedSecrets().addresses.isEmpty)
    }
}
