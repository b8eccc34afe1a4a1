package import Exchange
internal import Synchronization

/// What the hub counts about itself, as Prometheus reads it.
package final class Metrics: Sendable {
    /// Only goes up.
    package final class Counter: Sendable {
        private let value = Atomic<UInt64>(0)

        package func add(_ amount: UInt64 = 1) {
            value.wrappingAdd(amount, ordering: .relaxed)
        }

        package var total: UInt64 { value.load(ordering: .relaxed) }
    }

    package let lettersAccepted = Counter()
    package let lettersReplayed = Counter()
    package let statusesAccepted = Counter()
    package let bytesAccepted = Counter()
    package let lettersHeld = Counter()
    package let holdsReleased = Counter()
    package let holdsRefused = Counter()
    package let verdictsRechecked = Counter()
    package let deliveriesLeased = Counter()
    package let deliveriesAcknowledged = Counter()
    package let deliveriesReleased = Counter()
    package let deliveriesExpired = Counter()
    package let deliveriesDead = Counter()
    package let urgentAlerts = Counter()
    package let batches = Counter()
    package let batchMicroseconds = Counter()
    package let changes = Counter()
    package let checkpointsSigned = Counter()
    package let timestampsKept = Counter()
    package let timestampsFailed = Counter()
    package let storageErrors = Counter()
    package let requestsTurnedAway = Counter()
    package let segmentsCompacted = Counter()
    package let bytesFreed = Counter()
    package let webhooksPushed = Counter()
    package let webhooksFailed = Counter()
    package let webhooksDisabled = Counter()
    package let lettersPurged = Counter()
    package let deadLettersExported = Counter()
    package let deadLettersReturned = Counter()
    package let vxpRequests = Counter()
    package let vxpRefused = Counter()
    private let refusals = Mutex<[RejectionCode: UInt64]>([:])

    package init() {}

    package func refused(_ code: RejectionCode) {
        refusals.withLock { $0[code, default: 0] += 1 }
    }

    /// A value that is read when somebody asks.
    package struct Gauge: Sendable {
        package let name: String
        package let help: String
        /// Name and value; a word of ours, so that nothing needs escaping.
        package let label: (name: String, value: String)?
        package let value: Int64

        package init(
            _ name: String, _ help: String, label: (name: String, value: String)? = nil, _ value: Int64
        ) {
            self.name = name
            self.help = help
            self.label = label
            self.value = value
        }
    }

    /// Prometheus' text format, version 0.0.4.
    package func text(gauges: [Gauge]) -> String {
        var text = ""
        for (name, help, counter) in counters {
            text += "# HELP lienthong_\(name) \(help)\n# TYPE lienthong_\(name) counter\n"
            text += "lienthong_\(name) \(counter.total)\n"
        }
        text += "# HELP lienthong_refused_total Letters and requests refused, by code.\n"
        text += "# TYPE lienthong_refused_total counter\n"
        for (code, count) in refusals.withLock({ $0 }).sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            text += "lienthong_refused_total{code=\"\(code.rawValue)\"} \(count)\n"
        }
        var named = ""
        for gauge in gauges {
            // Those of one name follow each other, under one head.
            if gauge.name != named {
                text += "# HELP lienthong_\(gauge.name) \(gauge.help)\n# TYPE lienthong_\(gauge.name) gauge\n"
            }
            named = gauge.name
            let label = gauge.label.map { "{\($0.name)=\"\($0.value)\"}" } ?? ""
            text += "lienthong_\(gauge.name)\(label) \(gauge.value)\n"
        }
        return text
    }

    private var counters: [(String, String, Counter)] {
        [
            ("letters_accepted_total", "Letters stored, logged and routed.", lettersAccepted),
            ("letters_replayed_total", "Resends answered with the earlier receipt.", lettersReplayed),
            ("statuses_accepted_total", "Status messages stored and routed.", statusesAccepted),
            ("bytes_accepted_total", "Bytes of accepted letters and statuses.", bytesAccepted),
            ("letters_held_total", "Letters accepted whose deliveries wait for an answer.", lettersHeld),
            ("holds_released_total", "Held letters that went out.", holdsReleased),
            ("holds_refused_total", "Held letters that will not go out.", holdsRefused),
            ("verdicts_rechecked_total", "Letters with a new verdict.", verdictsRechecked),
            ("deliveries_leased_total", "Deliveries handed to a recipient's software.", deliveriesLeased),
            ("deliveries_acknowledged_total", "Deliveries that the recipient has.", deliveriesAcknowledged),
            ("deliveries_released_total", "Deliveries given back by the recipient.", deliveriesReleased),
            ("deliveries_expired_total", "Leases that lapsed.", deliveriesExpired),
            ("deliveries_dead_total", "Deliveries given up after too many attempts.", deliveriesDead),
            ("urgent_alerts_total", "Urgent letters that nobody took in time.", urgentAlerts),
            ("batches_total", "Commits.", batches),
            ("batch_microseconds_total", "Time spent in commits.", batchMicroseconds),
            ("changes_total", "Changes asked of the store.", changes),
            ("checkpoints_signed_total", "Checkpoints of the audit log signed.", checkpointsSigned),
            ("timestamps_kept_total", "Timestamps over the log that came and hold.", timestampsKept),
            ("timestamps_failed_total", "Timestamps that did not come, or do not hold.", timestampsFailed),
            ("storage_errors_total", "Commits that failed.", storageErrors),
            ("segments_compacted_total", "Segments copied because most was purged.", segmentsCompacted),
            ("bytes_freed_total", "Bytes that the disk got back from purged letters.", bytesFreed),
            ("webhooks_pushed_total", "Pushes that webhooks took.", webhooksPushed),
            ("webhooks_failed_total", "Pushes that failed, to be tried again.", webhooksFailed),
            ("webhooks_disabled_total", "Webhooks that failed for too long.", webhooksDisabled),
            ("letters_purged_total", "Letters whose time was over.", lettersPurged),
            ("dead_letters_exported_total", "Dead letters that an operator keeps.", deadLettersExported),
            ("dead_letters_returned_total", "Dead letters returned to their senders.", deadLettersReturned),
            ("vxp_requests_total", "Requests of software that speaks VXP.", vxpRequests),
            ("vxp_refused_total", "Those of them answered with FAIL.", vxpRefused),
            ("turned_away_total", "Requests answered 503 because too much waited.", requestsTurnedAway),
        ]
    }
}
