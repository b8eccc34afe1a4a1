internal import Synchronization

/// Counts since the server was made, for metrics.
package struct ServerStatistics: Sendable, Equatable {
    package var connectionsOpen = 0
    package var connectionsAccepted = 0
    /// Over the cap of the listener or of one address.
    package var connectionsRefused = 0
    package var handshakesFailed = 0
    package var sessionsResumed = 0
    package var requests = 0
    /// Refused by the parser: framing, bounds.
    package var requestsMalformed = 0
    /// Handshake, header, idle, or a rate too low.
    package var timeouts = 0
    /// Requests whose peer went away before the response.
    package var requestsAborted = 0
}

final class ServerCounters: Sendable {
    let connectionsOpen = Atomic<Int>(0)
    let connectionsAccepted = Atomic<Int>(0)
    let connectionsRefused = Atomic<Int>(0)
    let handshakesFailed = Atomic<Int>(0)
    let sessionsResumed = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
    let requestsMalformed = Atomic<Int>(0)
    let timeouts = Atomic<Int>(0)
    let requestsAborted = Atomic<Int>(0)

    var snapshot: ServerStatistics {
        var statistics = ServerStatistics()
        statistics.connectionsOpen = connectionsOpen.load(ordering: .acquiring)
        statistics.connectionsAccepted = connectionsAccepted.load(ordering: .relaxed)
        statistics.connectionsRefused = connectionsRefused.load(ordering: .relaxed)
        statistics.handshakesFailed = handshakesFailed.load(ordering: .relaxed)
        statistics.sessionsResumed = sessionsResumed.load(ordering: .relaxed)
        statistics.requests = requests.load(ordering: .relaxed)
        statistics.requestsMalformed = requestsMalformed.load(ordering: .relaxed)
        statistics.timeouts = timeouts.load(ordering: .relaxed)
        statistics.requestsAborted = requestsAborted.load(ordering: .relaxed)
        return statistics
    }
}

extension Atomic where Value == Int {
    func increment() { wrappingAdd(1, ordering: .relaxed) }
}
