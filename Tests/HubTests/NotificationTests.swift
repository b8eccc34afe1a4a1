import Exchange
import Foundation
import Hub
import Storage
import Synchronization
import Testing

@Suite struct `A webhook's push` {
    @Test func `is signed as Standard Webhooks says`() {
        // The example of the specification's reference libraries.
        let secret = Base64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") ?? []
        let signature = WebhookMessage.signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, Array(#"{"test": 2432232314}"#.utf8),
            secret: secret)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `waits longer after each failure, by chance, and never more than an hour`() {
        #expect(WebhookBackoff.milliseconds(failures: 0, luck: 1) == 5000)
        #expect(WebhookBackoff.milliseconds(failures: 0, luck: 0) == 2500)
        #expect(WebhookBackoff.milliseconds(failures: 3, luck: 1) == 40_000)
        for failures in [10, 63, 64, 1_000_000, Int.max] {
            #expect(WebhookBackoff.milliseconds(failures: failures, luck: 1) == 3_600_000)
        }
        #expect(WebhookBackoff.milliseconds(failures: -1, luck: 7) == 5000)
    }
}

@Suite struct `A stream of events` {
    private final class Heard: Sendable {
        private let pieces = Mutex<[String]>([])

        func write(_ bytes: [UInt8]) { pieces.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
        var text: String { pieces.withLock { $0.joined() } }
        var lastID: String? {
            text.components(separatedBy: "\n").last { $0.hasPrefix("id: ") }?.dropFirst(4).description
        }
    }

    private let at = Instant(seconds: 1_795_000_000)

    private func notice(_ number: Int64, _ agency: AgencyCode = "H31.7") -> ExchangeNotice {
        ExchangeNotice(.deliveryWaiting, agency, delivery: number)
    }

    @Test func `tells an agency its own events, and what it missed`() throws {
        let streams = EventStreams()
        let first = Heard()
        let token = try #require(
            streams.open("H31.7", lastEventID: nil) { first.write($0) })
        #expect(first.text.contains("event: ready\n"))
        streams.note([notice(1), notice(2, "H37.12"), notice(3)], at: at)
        #expect(first.text.contains("event: delivery.waiting\n"))
        #expect(first.text.contains(#""deliveryId":"1""#) && first.text.contains(#""deliveryId":"3""#))
        #expect(!first.text.contains(#""deliveryId":"2""#))
        let last = try #require(first.lastID)
        streams.close(token)
        streams.close(token)
        #expect(streams.count == 0)
        streams.note([notice(4), notice(5)], at: at)
        #expect(!first.text.contains(#""deliveryId":"4""#))
        let second = Heard()
        _ = streams.open("H31.7", lastEventID: last) { second.write($0) }
        #expect(second.text.contains(#""deliveryId":"4""#) && second.text.contains(#""deliveryId":"5""#))
        #expect(!second.text.contains(#""deliveryId":"3""#) && !second.text.contains("reset"))
        // Nothing was missed: nothing is told.
        let third = Heard()
        _ = streams.open("H31.7", lastEventID: second.lastID) { third.write($0) }
        #expect(!third.text.contains("event:"))
    }

    @Test(arguments: ["", "x", "0-1", "000000000000-0", "-", "99999999999999999999-1"])
    func `says where it does not know what was missed`(_ identifier: String) {
        let streams = EventStreams()
        let heard = Heard()
        _ = streams.open("H31.7", lastEventID: identifier) { heard.write($0) }
        #expect(heard.text.contains("event: reset\n"))
    }

    @Test func `forgets what is too long ago, and says so`() throws {
        let streams = EventStreams()
        let first = Heard()
        _ = streams.open("H31.7", lastEventID: nil) { first.write($0) }
        let early = try #require(first.lastID)
        streams.note((0..<256).map { notice($0) }, at: at)
        let second = Heard()
        _ = streams.open("H31.7", lastEventID: early) { second.write($0) }
        #expect(second.text.components(separatedBy: "event: delivery.waiting").count == 257)
        streams.note([notice(256)], at: at)
        let third = Heard()
        _ = streams.open("H31.7", lastEventID: early) { third.write($0) }
        #expect(third.text.contains("event: reset") && !third.text.contains("delivery.waiting"))
    }

    @Test func `is one of few for each agency`() {
        let streams = EventStreams()
        for _ in 0..<16 { #expect(streams.open("H31.7", lastEventID: nil) { _ in } != nil) }
        #expect(streams.open("H31.7", lastEventID: nil) { _ in } == nil)
        #expect(streams.open("H37.12", lastEventID: nil) { _ in } != nil)
    }
}
