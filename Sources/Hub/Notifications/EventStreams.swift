package import Exchange
internal import OpenSSL
package import Storage
internal import Synchronization

/// Tells agencies over connections that they keep open (server-sent events) what comes into their inboxes.
///
/// A list of recent events is kept for agencies that listen, so that one whose connection broke misses
/// nothing; after a restart, or too long a time, it is told to look into its inbox instead.
package final class EventStreams: Sendable {
    /// Takes a piece of the stream; from any thread, and must not block.
    package typealias Write = @Sendable ([UInt8]) -> Void

    private static let recentMax = 256
    private static let perAgencyMax = 16
    private static let streamsMax = 10_000
    /// Agencies without a connection whose events are still kept.
    private static let idleFeedsMax = 2000

    private struct Stream {
        let number: UInt64
        let write: Write
    }

    private struct Event {
        let number: UInt64
        let bytes: [UInt8]
    }

    private struct Feed {
        var recent: [Event] = []
        var last: UInt64 = 0
        var streams: [Stream] = []
    }

    private struct State {
        var feeds: [AgencyCode: Feed] = [:]
        var nextStream: UInt64 = 1
        var count = 0
    }

    /// What `close` needs.
    package struct Token: Sendable {
        fileprivate let agency: AgencyCode
        fileprivate let number: UInt64
    }

    private let state = Mutex(State())
    /// Tells this process's numbers from an earlier one's.
    private let epoch = Hex.encode(SecureRandom.bytes(6))

    package init() {}

    package var count: Int { state.withLock { $0.count } }

    /// - Parameter lastEventID: what the client got last, as it got it.
    /// - Returns: nil where too many streams are open already.
    package func open(_ agency: AgencyCode, lastEventID: String?, write: @escaping Write) -> Token? {
        state.withLock { state in
            var feed = state.feeds[agency] ?? Feed()
            guard feed.streams.count < Self.perAgencyMax, state.count < Self.streamsMax else { return nil }
            let number = state.nextStream
            state.nextStream += 1
            state.count += 1
            feed.streams.append(Stream(number: number, write: write))
            // Inside the lock, so that no event falls between what is told now and what comes.
            write(greeting(feed, lastEventID))
            state.feeds[agency] = feed
            return Token(agency: agency, number: number)
        }
    }

    private func greeting(_ feed: Feed, _ lastEventID: String?) -> [UInt8] {
        guard let lastEventID else { return Self.frame("ready", id: identifier(feed.last), Array("{}".utf8)) }
        let parts = lastEventID.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == epoch, let seen = UInt64(parts[1]), seen <= feed.last,
            seen == feed.last || feed.recent.first.map({ $0.number <= seen + 1 }) ?? false
        else { return Self.frame("reset", id: identifier(feed.last), Array("{}".utf8)) }
        return feed.recent.filter { $0.number > seen }.reduce(into: [0x3A, 0x0A, 0x0A]) { $0 += $1.bytes }
    }

    package func close(_ token: Token) {
        state.withLock { state in
            guard var feed = state.feeds[token.agency] else { return }
            let before = feed.streams.count
            feed.streams.removeAll { $0.number == token.number }
            state.count -= before - feed.streams.count
            state.feeds[token.agency] = feed
            guard feed.streams.isEmpty, state.feeds.count - state.count > Self.idleFeedsMax else { return }
            state.feeds = state.feeds.filter { !$0.value.streams.isEmpty }
        }
    }

    /// Takes what was committed. Where nobody listens it costs nothing.
    func note(_ changes: [Change], _ results: [Result<Outcome, Rejection>], at: Instant) {
        guard state.withLock({ !$0.feeds.isEmpty }) else { return }
        var notices: [ExchangeNotice] = []
        for (change, result) in zip(changes, results) {
            guard case .success(let outcome) = result else { continue }
            notices += ExchangeNotice.notices(of: change, outcome)
        }
        note(notices, at: at)
    }

    /// To be called after a commit, in the order of the commits.
    package func note(_ notices: [ExchangeNotice], at: Instant) {
        guard !notices.isEmpty else { return }
        state.withLock { state in
            guard !state.feeds.isEmpty else { return }
            for notice in notices {
                guard var feed = state.feeds[notice.agency] else { continue }
                feed.last += 1
                let bytes = Self.frame(
                    notice.kind.rawValue, id: identifier(feed.last), notice.json(at: at))
                feed.recent.append(Event(number: feed.last, bytes: bytes))
                if feed.recent.count > Self.recentMax { feed.recent.removeFirst() }
                state.feeds[notice.agency] = feed
                for stream in feed.streams { stream.write(bytes) }
            }
        }
    }

    private func identifier(_ number: UInt64) -> String { "\(epoch)-\(number)" }

    /// - Parameter data: one line.
    private static func frame(_ event: String, id: String, _ data: [UInt8]) -> [UInt8] {
        Array("id: \(id)\nevent: \(event)\ndata: ".utf8) + data + [0x0A, 0x0A]
    }
}
