internal import Exchange
package import Storage
internal import Synchronization

/// Tells whoever wants to know of urgent letters that nobody takes. They stand in the database as well:
/// who was not there asks for what came after the last one that it knows.
package final class Alerts: Sendable {
    package typealias Listener = @Sendable ([UrgentAlert]) -> Void

    private let listeners = Mutex<[Listener]>([])
    private let metrics: Metrics
    private let log: any EventLog

    init(metrics: Metrics, log: any EventLog) {
        self.metrics = metrics
        self.log = log
    }

    /// - Parameter listener: called on the sequencer's thread after the commit; it must not block.
    package func subscribe(_ listener: @escaping Listener) {
        listeners.withLock { $0.append(listener) }
    }

    func raise(_ alerts: [UrgentAlert]) {
        guard !alerts.isEmpty else { return }
        metrics.urgentAlerts.add(UInt64(alerts.count))
        for alert in alerts {
            log.write(
                .warning, "urgent_not_taken",
                [
                    ("delivery", .number(alert.delivery)), ("recipient", .text(alert.recipient.string)),
                    ("documentKey", .text(alert.documentKey.description)),
                    ("priority", .number(Int64(alert.priority.rawValue))),
                ])
        }
        for listener in listeners.withLock({ $0 }) { listener(alerts) }
    }
}
