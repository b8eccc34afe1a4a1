import Exchange
import OpenSSL
import Testing
import Transport
import Trust

@Suite struct `The schedule of fetches` {
    private let a: FetchSource
    private let b: FetchSource
    private let sameServer: FetchSource

    init() throws {
        a = .list(try HTTPURL("http://a.vn/a.crl"))
        b = .list(try HTTPURL("http://b.vn/b.crl"))
        sameServer = .status(of: SHA256.hash([1]), at: try HTTPURL("http://a.vn/ocsp"))
    }

    private func at(_ seconds: Int64) -> Instant { noon.adding(seconds: seconds) }

    @Test func `asks what is new at once, each server for one thing at a time`() {
        var schedule = FetchSchedule(intervalSeconds: 3600)
        schedule.replaceSources([a, b, sameServer], now: noon)
        let first = schedule.begin(now: noon)
        #expect(first.count == 2 && first.contains(b))
        #expect(schedule.begin(now: noon).isEmpty)
        for source in first {
            schedule.succeeded(source, now: noon, endsAt: nil, validator: .init(), random: 0.5)
        }
        let second = schedule.begin(now: noon)
        #expect(second.count == 1 && !first.contains(second[0]))
    }

    @Test func `runs a bounded number at once`() throws {
        var schedule = FetchSchedule(intervalSeconds: 3600)
        schedule.replaceSources(try (0..<20).map { .list(try HTTPURL("http://s\($0).vn/")) }, now: noon)
        #expect(schedule.begin(now: noon).count == FetchSchedule.runningMax)
    }

    @Test(arguments: [(0.0, 2700), (0.5, 3600), (1.0, 4500)])
    func `asks again after the interval, spread by chance`(_ random: Double, _ seconds: Int64) {
        var schedule = FetchSchedule(intervalSeconds: 3600)
        schedule.replaceSources([a], now: noon)
        _ = schedule.begin(now: noon)
        schedule.succeeded(a, now: noon, endsAt: nil, validator: .init(), random: random)
        #expect(schedule.begin(now: at(seconds - 1)).isEmpty)
        #expect(schedule.begin(now: at(seconds)) == [a])
    }

    @Test func `asks again when half of the time until the end is over, and never in a hurry`() {
        for (endsAt, seconds): (Int64, Int64) in [(2000, 1000), (10, 60), (-10, 60), (1_000_000, 3600)] {
            var schedule = FetchSchedule(intervalSeconds: 3600)
            schedule.replaceSources([a], now: noon)
            _ = schedule.begin(now: noon)
            schedule.succeeded(a, now: noon, endsAt: at(endsAt), validator: .init(), random: 0.5)
            #expect(schedule.begin(now: at(seconds - 1)).isEmpty)
            #expect(schedule.begin(now: at(seconds)) == [a])
        }
    }

    @Test func `doubles the pause with each failure, up to the interval, and starts over after a success`() {
        var schedule = FetchSchedule(intervalSeconds: 200)
        schedule.replaceSources([a], now: noon)
        var now: Int64 = 0
        for pause: Int64 in [30, 60, 120, 200, 200] {
            #expect(schedule.begin(now: at(now)) == [a])
            schedule.failed(a, now: at(now), random: 0.5)
            #expect(schedule.begin(now: at(now + pause - 1)).isEmpty)
            #expect(schedule.failing == 1)
            now += pause
        }
        #expect(schedule.begin(now: at(now)) == [a])
        schedule.succeeded(a, now: at(now), endsAt: nil, validator: .init(), random: 0.5)
        #expect(schedule.failing == 0 && schedule.oldestSuccess == at(now))
        #expect(schedule.begin(now: at(now + 200)) == [a])
        schedule.failed(a, now: at(now + 200), random: 0.5)
        #expect(schedule.begin(now: at(now + 230)) == [a])
    }

    @Test func `forgets what is named no longer, and frees its server`() {
        var schedule = FetchSchedule(intervalSeconds: 200)
        schedule.replaceSources([a, b], now: noon)
        _ = schedule.begin(now: noon)
        schedule.replaceSources([b, sameServer], now: noon)
        #expect(schedule.sources == [b, sameServer] && schedule.oldestSuccess == nil)
        #expect(schedule.begin(now: noon).isEmpty)
        schedule.failed(a, now: noon, random: 0)
        #expect(schedule.begin(now: noon) == [sameServer])
    }
}
