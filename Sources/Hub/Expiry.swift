internal import Exchange
internal import Storage
internal import Synchronization

/// Brings deliveries whose lease lapsed back into the inboxes, or dead-letters them; raises alerts for urgent
/// letters that nobody takes; forgets old uploads; lets in letters that have waited for their turn too long.
final class Expiry: Sendable {
    /// How late a lapsed lease may be noticed.
    private static let intervalMilliseconds = 1000

    private let sequencer: Sequencer
    private let inboxes: Inboxes
    private let uploads: Uploads
    private let turns: LetterTurns
    private let alerts: Alerts
    private let metrics: Metrics
    private let log: any EventLog
    private let stopping = CountingSemaphore()
    private let ended = CountingSemaphore()

    init(
        sequencer: Sequencer, inboxes: Inboxes, uploads: Uploads, turns: LetterTurns, alerts: Alerts,
        metrics: Metrics, log: any EventLog
    ) {
        self.turns = turns
        self.alerts = alerts
        self.uploads = uploads
        self.sequencer = sequencer
        self.inboxes = inboxes
        self.metrics = metrics
        self.log = log
    }

    func start() {
        Thread.start(named: "expiry") { [self] in
            while !stopping.wait(milliseconds: Self.intervalMilliseconds) {
                turns.relieve()
                let forgotten = uploads.expire()
                if forgotten > 0 {
                    log.write(.info, "uploads_expired", [("count", .number(Int64(forgotten)))])
                }
                _ = sequencer.submit(.expireLeases) { [self] result, _ in
                    guard case .success(.expired(let expired)) = result, !expired.isEmpty else { return }
                    tell(expired)
                }
                _ = sequencer.submit(.raiseAlerts) { [alerts] result, _ in
                    if case .success(.alerted(let raised)) = result { alerts.raise(raised) }
                }
            }
            ended.signal()
        }
    }

    func stop() {
        stopping.signal()
        ended.wait()
    }

    private func tell(_ expired: [ExpiredDelivery]) {
        metrics.deliveriesExpired.add(UInt64(expired.count))
        for delivery in expired where delivery.isDead {
            metrics.deliveriesDead.add()
            log.write(
                .warning, "delivery_dead",
                [("delivery", .number(delivery.id)), ("recipient", .text(delivery.recipient.string))])
        }
        inboxes.deliveriesArrived(for: Set(expired.filter { !$0.isDead }.map(\.recipient)))
    }
}
