internal import AuditLog
internal import Exchange
internal import OpenSSL
package import Signature
internal import Storage
internal import Synchronization

/// A third party that says what time it is.
package struct TimestampAuthority: Sendable {
    /// Sends a TimeStampReq, gives the TimeStampResp; throws what the operator shall read.
    package let ask: @Sendable ([UInt8]) throws -> [UInt8]
    /// Of the authority's certificate.
    package let verifier: SignatureVerifier
    /// Ends what is being asked.
    package let stop: @Sendable () -> Void
    /// Between two requests, at least.
    package let intervalSeconds: Int

    package init(
        verifier: SignatureVerifier, intervalSeconds: Int,
        ask: @escaping @Sendable ([UInt8]) throws -> [UInt8], stop: @escaping @Sendable () -> Void
    ) {
        self.stop = stop
        self.ask = ask
        self.verifier = verifier
        self.intervalSeconds = intervalSeconds
    }
}

/// Has the log's newest checkpoint stamped from time to time.
///
/// One token covers every entry before it, so what it costs does not depend on how many letters come; and
/// nobody waits for it: a letter is in when it is in, its timestamp comes later, or when the authority is
/// back.
final class Timestamping: Sendable {
    private static let backOffSecondsMax = 900

    private let authority: TimestampAuthority
    private let reader: StoreReader
    private let sequencer: Sequencer
    private let metrics: Metrics
    private let log: any EventLog
    private let clock: Clock
    private let stopping = CountingSemaphore()
    private let ended = CountingSemaphore()

    init(
        authority: TimestampAuthority, reader: StoreReader, sequencer: Sequencer, metrics: Metrics,
        log: any EventLog, clock: Clock
    ) {
        self.authority = authority
        self.reader = reader
        self.sequencer = sequencer
        self.metrics = metrics
        self.log = log
        self.clock = clock
    }

    func start() {
        Thread.start(named: "timestamp") { [self] in
            var failures = 0
            while !stopping.wait(milliseconds: delaySeconds(after: failures) * 1000) {
                do {
                    try stampNewest()
                    failures = 0
                } catch {
                    failures += 1
                    metrics.timestampsFailed.add()
                    log.write(.warning, "timestamp_failed", [("cause", .text("\(error)"))])
                }
            }
            ended.signal()
        }
    }

    func stop() {
        stopping.signal()
        authority.stop()
        ended.wait()
    }

    private func delaySeconds(after failures: Int) -> Int {
        let interval = authority.intervalSeconds
        return failures == 0
            ? interval : max(interval, min(interval << min(failures, 16), Self.backOffSecondsMax))
    }

    private func stampNewest() throws {
        guard let checkpoint = sequencer.checkpoint, checkpoint.size > 0,
            try reader.timestamp(covering: checkpoint.size - 1) == nil
        else { return }
        let answer = try authority.ask(TimestampExchange.request(SHA256.hash(checkpoint.note)))
        let token = try TimestampExchange.token(in: answer)
        let report = authority.verifier.judge(token: token, over: checkpoint.note, now: clock.now())
        guard report.hasPassed, let time = report.genTime else {
            let reasons = report.reasons.map(\.code.rawValue).joined(separator: ", ")
            throw TimestampRefusal("the token does not hold: \(reasons)")
        }
        let timestamp = CheckpointTimestamp(
            size: checkpoint.size, note: checkpoint.note, token: token, at: time)
        let answered = CountingSemaphore()
        guard sequencer.submit(.keepTimestamp(timestamp), { _, _ in answered.signal() }) else { return }
        answered.wait()
        metrics.timestampsKept.add()
    }
}
