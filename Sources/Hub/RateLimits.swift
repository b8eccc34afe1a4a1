package import Exchange
internal import Synchronization

/// What each agency may ask of the hub in a second, so that one that goes wild does not take it from the
/// others.
///
/// For each a bucket that fills up with time. A letter needs a bucket that is not empty, however large it is,
/// and is charged in full: a huge one goes in, and its sender waits longer for the next.
package final class RateLimits: Sendable {
    package struct Limits: Sendable, Equatable {
        /// Requests of one agency in a second; 0 for no limit.
        package var requestsPerSecondMax: Int64 = 0
        /// Bytes of letters that one agency sends and fetches in a second; 0 for no limit.
        package var bytesPerSecondMax: Int64 = 0

        package init() {}
    }

    private struct Bucket {
        var requests: Double
        var bytes: Double
        var at: Instant
    }

    /// A bucket holds what comes in this time: software that polls all its boxes at once is no flood.
    private static let burstSeconds = 4.0
    /// Full buckets are thrown away from here on.
    private static let bucketsMax = 4096
    private static let retrySecondsMax = 3600.0

    private let limits: Limits
    private let clock: Clock
    private let buckets = Mutex<[AgencyCode: Bucket]>([:])

    package init(_ limits: Limits, clock: Clock) {
        self.limits = limits
        self.clock = clock
    }

    /// Counts one request.
    ///
    /// - Throws: `tooManyRequests`.
    package func admit(_ agency: AgencyCode) throws(Rejection) {
        guard limits.requestsPerSecondMax > 0 else { return }
        let missing = withBucket(of: agency) { bucket -> Double in
            guard bucket.requests < 1 else {
                bucket.requests -= 1
                return 0
            }
            return 1 - bucket.requests
        }
        guard missing > 0 else { return }
        throw Self.tooMany(
            "Đã gửi quá nhiều yêu cầu (tối đa \(limits.requestsPerSecondMax) mỗi giây).",
            seconds: missing / Double(limits.requestsPerSecondMax))
    }

    /// Counts one request of somebody who showed no certificate that is known.
    ///
    /// - Parameter address: without a port.
    /// - Throws: `tooManyRequests`.
    package func admit(address: String) throws(Rejection) {
        // No agency's code has a space in it.
        try admit(ExactString("address \(Self.network(of: address))"))
    }

    /// Of an IPv6 address the first 64 bits: who has one has all of them.
    static func network(of address: String) -> String {
        guard address.utf8.contains(0x3A) else { return address }
        var groups: [Substring] = []
        for group in address.split(separator: ":", omittingEmptySubsequences: false) {
            // The place of the zeros that are left out; they reach to where the rest begins, or beyond.
            if group.isEmpty { break }
            groups.append(group)
        }
        let rest = address.split(separator: ":").count - groups.count
        while groups.count + rest < 8 { groups.append("0") }
        let tail = address.split(separator: ":").suffix(rest)
        return (groups + tail).prefix(4).joined(separator: ":")
    }

    /// Whether the agency may send or fetch a letter now.
    ///
    /// - Throws: `tooManyRequests`.
    package func admitLetter(_ agency: AgencyCode) throws(Rejection) {
        guard limits.bytesPerSecondMax > 0 else { return }
        let missing = withBucket(of: agency) { $0.bytes > 0 ? 0 : 1 - $0.bytes }
        guard missing > 0 else { return }
        throw Self.tooMany(
            "Cơ quan đã gửi, nhận quá nhiều dữ liệu (tối đa \(limits.bytesPerSecondMax) byte mỗi giây).",
            seconds: missing / Double(limits.bytesPerSecondMax))
    }

    /// What a letter, or the part of it that came, was.
    package func charge(_ agency: AgencyCode, bytes: Int64) {
        guard limits.bytesPerSecondMax > 0 else { return }
        withBucket(of: agency) { $0.bytes -= Double(bytes) }
    }

    private func withBucket<Value>(
        of agency: AgencyCode, _ body: (inout Bucket) -> Value
    ) -> Value {
        let now = clock.now()
        let full = Bucket(
            requests: Double(limits.requestsPerSecondMax) * Self.burstSeconds,
            bytes: Double(limits.bytesPerSecondMax) * Self.burstSeconds, at: now)
        return buckets.withLock { buckets in
            var bucket = buckets[agency] ?? full
            // A clock that was set back gives nothing, and takes nothing.
            let seconds = max(0, Double(now.milliseconds - bucket.at.milliseconds) / 1000)
            bucket.requests = min(
                full.requests, bucket.requests + seconds * Double(limits.requestsPerSecondMax))
            bucket.bytes = min(full.bytes, bucket.bytes + seconds * Double(limits.bytesPerSecondMax))
            bucket.at = now
            let value = body(&bucket)
            if buckets.count >= Self.bucketsMax, buckets[agency] == nil {
                let slack = Int64(Self.burstSeconds * 1000)
                buckets = buckets.filter {
                    $0.value.bytes < 0 || now.milliseconds - $0.value.at.milliseconds < slack
                }
            }
            buckets[agency] = bucket
            return value
        }
    }

    /// Agencies that are remembered.
    package var agencies: Int { buckets.withLock { $0.count } }

    private static func tooMany(_ detail: String, seconds: Double) -> Rejection {
        let wait = Int(min(retrySecondsMax, max(1, seconds.rounded(.up))))
        return Rejection(
            .tooManyRequests, "\(detail) Hãy gửi lại sau \(wait) giây.", remedy: .retry(afterSeconds: wait))
    }
}
