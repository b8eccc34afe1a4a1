internal import Database
internal import Exchange

/// How many deliveries of each sender wait for their recipients: what one agency may pile up is bounded, so
/// that a program that sends the same news to a whole country every minute fills nobody's disk but is told to
/// wait.
///
/// Kept only where a bound is configured.
struct WaitingQuota {
    let max: Int64
    private(set) var counts: [Int64: Int64]

    /// Nil where `max` is 0: no bound.
    init?(_ connection: SQLiteConnection, max: Int64) throws(DatabaseError) {
        guard max > 0 else { return nil }
        self.max = max
        var counts: [Int64: Int64] = [:]
        // One query each, because queued and leased ones have a partial index that holds nothing else.
        for state in [DeliveryState.queued, .leased, .held] {
            let select = try connection.prepare(
                """
                SELECT d.sender, count(*) FROM deliveries v JOIN documents d ON d.id = v.document
                WHERE v.state = \(state.number) GROUP BY d.sender
                """)
            for (sender, count) in try select.all({ ($0.integer(0), $0.integer(1)) }) {
                counts[sender, default: 0] += count
            }
        }
        self.counts = counts
    }

    /// Whether so many more may wait.
    func allows(_ count: Int, of sender: Int64) -> Bool {
        counts[sender, default: 0] + Int64(count) <= max
    }

    mutating func add(_ count: Int, of sender: Int64) {
        let sum = counts[sender, default: 0] + Int64(count)
        counts[sender] = sum > 0 ? sum : nil
    }
}
