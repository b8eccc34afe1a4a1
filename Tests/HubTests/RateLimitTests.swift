import Exchange
import Hub
import Synchronization
import Testing

/// A clock that a test moves.
private final class MovedClock: Sendable {
    private let milliseconds = Atomic<Int64>(1_795_000_000_000)
    var clock: Clock { Clock { Instant(milliseconds: self.milliseconds.load(ordering: .relaxed)) } }

    func move(_ by: Int64) { milliseconds.wrappingAdd(by, ordering: .relaxed) }
}

private func seconds(_ body: () throws(Rejection) -> Void) -> Int? {
    do throws(Rejection) {
        try body()
        return nil
    } catch {
        guard error.code == .tooManyRequests, case .retry(let seconds) = error.remedy else { return -1 }
        return seconds
    }
}

@Suite struct `An agency's rate` {
    private let time = MovedClock()

    private func limits(_ requests: Int64, _ bytes: Int64) -> RateLimits {
        var limits = RateLimits.Limits()
        limits.requestsPerSecondMax = requests
        limits.bytesPerSecondMax = bytes
        return RateLimits(limits, clock: time.clock)
    }

    @Test func `is bounded, and nobody else's is`() {
        let rates = limits(10, 0)
        for _ in 0..<40 { #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == nil) }
        #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == 1)
        #expect(seconds { () throws(Rejection) in try rates.admit("H31.7") } == nil)
        time.move(1000)
        for _ in 0..<10 { #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == nil) }
        #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == 1)
    }

    @Test func `lets a huge letter in and makes its sender wait for the next`() {
        let rates = limits(0, 1000)
        #expect(seconds { () throws(Rejection) in try rates.admitLetter("H37.12") } == nil)
        rates.charge("H37.12", bytes: 14_000)
        #expect(seconds { () throws(Rejection) in try rates.admitLetter("H37.12") } == 11)
        #expect(seconds { () throws(Rejection) in try rates.admitLetter("H31.7") } == nil)
        time.move(10_001)
        #expect(seconds { () throws(Rejection) in try rates.admitLetter("H37.12") } == nil)
    }

    @Test func `is that of a network where nobody is known`() {
        let rates = limits(1, 0)
        for _ in 0..<4 {
            #expect(seconds { () throws(Rejection) in try rates.admit(address: "2001:db8:0:7::1") } == nil)
        }
        #expect(seconds { () throws(Rejection) in try rates.admit(address: "2001:db8:0:7:1:2:3:4") } == 1)
        #expect(seconds { () throws(Rejection) in try rates.admit(address: "2001:db8::7:0:0:0:1") } == 1)
        #expect(seconds { () throws(Rejection) in try rates.admit(address: "2001:db8::7:0:0:1") } == nil)
        #expect(seconds { () throws(Rejection) in try rates.admit(address: "10.0.0.1") } == nil)
        for _ in 0..<4 { _ = seconds { () throws(Rejection) in try rates.admit(address: "::1") } }
        #expect(seconds { () throws(Rejection) in try rates.admit(address: "::2") } == 1)
    }

    @Test func `is not bounded where nothing is configured`() {
        let rates = limits(0, 0)
        rates.charge("H37.12", bytes: .max)
        for _ in 0..<1000 {
            #expect(
                seconds { () throws(Rejection) in
                    try rates.admit("H37.12")
                    try rates.admitLetter("H37.12")
                } == nil)
        }
    }

    @Test func `neither grows nor shrinks when the clock is set back`() {
        let rates = limits(1, 0)
        for _ in 0..<4 { #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == nil) }
        time.move(-3_600_000)
        #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == 1)
        time.move(1000)
        #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == nil)
        #expect(seconds { () throws(Rejection) in try rates.admit("H37.12") } == 1)
    }

    @Test func `costs bounded memory, whoever comes`() {
        let rates = limits(5, 0)
        for number in 0..<20_000 {
            #expect(seconds { () throws(Rejection) in try rates.admit(AgencyCode("A\(number)")) } == nil)
            if number % 1000 == 0 { time.move(5000) }
        }
        #expect(rates.agencies <= 5096)
    }
}
