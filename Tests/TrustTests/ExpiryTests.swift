import Exchange
import OpenSSL
import Testing
import Trust

@Suite struct `The watch over ends` {
    private func item(_ kind: ExpiringItem.Kind = .anchor, days: Int64 = 3650, _ byte: UInt8 = 0)
        -> ExpiringItem
    {
        ExpiringItem(
            kind: kind, name: "x", sha256: SHA256.hash([byte]), startsAt: noon.adding(seconds: -days * day),
            endsAt: noon)
    }

    /// The days left in each warning of a watch that looks once a day.
    private func warnings(_ item: ExpiringItem, from: Int64, to: Int64) -> [Int64] {
        var watch = ExpiryWatch()
        return (from...to).flatMap { number in
            watch.news([item], now: noon.adding(seconds: number * day)).map(\.daysLeft)
        }
    }

    @Test func `warns 60, 30 and 7 days before, and at the end, once each`() {
        #expect(warnings(item(), from: -100, to: 10) == [60, 30, 7, -1])
    }

    @Test func `tells the nearest only where it was not looking before`() {
        #expect(warnings(item(), from: -5, to: -1) == [5])
        #expect(warnings(item(), from: 5, to: 9) == [-5])
    }

    @Test func `does not warn of a short-lived list all its life`() {
        #expect(warnings(item(.crl, days: 100), from: -99, to: 0) == [30, 7])
        #expect(warnings(item(.crl, days: 8), from: -8, to: 0) == [1])
        #expect(ExpiryWatch.standing([item(.crl, days: 7)], now: noon.adding(seconds: -day)).isEmpty)
        #expect(
            ExpiryWatch.standing([item(.crl, days: 7)], now: noon.adding(seconds: -day * 7 / 8)).count == 1)
    }

    @Test func `tells of each certificate by itself, and anew where another takes its place`() {
        var watch = ExpiryWatch()
        let now = noon.adding(seconds: -10 * day)
        #expect(watch.news([item(days: 3650, 1), item(.tls, days: 3650, 2)], now: now).count == 2)
        #expect(
            watch.news([item(days: 3650, 1), item(.tls, days: 3650, 3)], now: now).map(\.item.kind) == [.tls])
    }

    @Test func `keeps standing warnings in the order of their ends`() {
        let late = ExpiringItem(
            kind: .agency, name: "y", sha256: SHA256.hash([9]), startsAt: noon.adding(seconds: -3650 * day),
            endsAt: noon.adding(seconds: day))
        let now = noon.adding(seconds: -3 * day)
        let standing = ExpiryWatch.standing([late, item(.intermediate)], now: now)
        #expect(standing.map(\.item.kind) == [.intermediate, .agency])
        #expect(standing.map(\.daysLeft) == [3, 4] && standing.allSatisfy { !$0.hasEnded })
    }

    @Test func `knows what of a trust list ends`() throws {
        let world = try TrustWorld()
        let old = try world.list(by: world.root, age: day)
        let new = try world.list(by: world.root)
        let endless = try world.agencies.revocationList(thisUpdate: noon, nextUpdate: nil)
        let trust = TrustStore(
            certificates: [world.root.certificate, world.agencies.certificate],
            revocation: RevocationData(lists: [old, new, endless]))
        let items = ExpiringItem.all(of: trust)
        #expect(items.map(\.kind) == [.anchor, .intermediate, .crl])
        #expect(items.last?.sha256 == new.sha256)
    }
}
