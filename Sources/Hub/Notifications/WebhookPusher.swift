internal import Exchange
internal import JSON
internal import OpenSSL
internal import Storage
internal import Synchronization

/// How pushes leave the hub, and where to they may go; made where the configuration is known.
package struct WebhookSender: Sendable {
    /// Why a URL is not pushed to, in Vietnamese; nil where it is. Blocks for the look-up of its name.
    package var objection: @Sendable (_ url: String) -> String?
    /// Gives the HTTP status. Blocks until the answer is whole, or for some seconds.
    package var push: @Sendable (_ url: String, _ fields: [(String, String)], _ body: [UInt8]) throws -> Int
    /// Ends what is in flight.
    package var stop: @Sendable () -> Void

    package init(
        objection: @escaping @Sendable (String) -> String?,
        push: @escaping @Sendable (String, [(String, String)], [UInt8]) throws -> Int,
        stop: @escaping @Sendable () -> Void
    ) {
        self.objection = objection
        self.push = push
        self.stop = stop
    }
}

package struct WebhookOptions: Sendable {
    /// Nil where an operator allows no webhooks.
    package var sender: WebhookSender?
    package var perAgencyMax = 5
    /// A push that is older is given up.
    package var pushSecondsMax: Int64 = 86_400
    /// A hook that has failed for so long is disabled.
    package var failingSecondsMax: Int64 = 3 * 86_400

    package init() {}
}

/// Pushes what waits to agencies' webhooks: in order for each hook, a few hooks at a time, until the other
/// side has it. What waits is in the database; a restart loses nothing.
final class WebhookPusher: Sendable {
    private static let threads = 8
    private static let intervalMilliseconds = 1000
    private static let pageCount = 64

    private let options: WebhookOptions
    private let reader: StoreReader
    private let sequencer: Sequencer
    private let inboxes: Inboxes
    private let metrics: Metrics
    private let log: any EventLog
    private let clock: Clock
    private let hub: AgencyCode
    private let workers: Workers
    /// Hooks whose push is on its way.
    private let busy = Mutex<Set<Int64>>([])
    private let wakeUp = CountingSemaphore()
    private let ended = CountingSemaphore()
    private let isStopping = Atomic<Bool>(false)

    init(
        options: WebhookOptions, reader: StoreReader, sequencer: Sequencer, inboxes: Inboxes,
        metrics: Metrics, log: any EventLog, clock: Clock, hub: AgencyCode
    ) {
        self.options = options
        self.reader = reader
        self.sequencer = sequencer
        self.inboxes = inboxes
        self.metrics = metrics
        self.log = log
        self.clock = clock
        self.hub = hub
        workers = Workers(threads: options.sender == nil ? 0 : Self.threads, waitingMax: Self.pageCount)
    }

    func start() {
        Thread.start(named: "webhooks") { [self] in
            while !isStopping.load(ordering: .relaxed), let sender = options.sender {
                round(sender)
                _ = wakeUp.wait(milliseconds: Self.intervalMilliseconds)
            }
            ended.signal()
        }
    }

    /// Something may be due.
    func look() { wakeUp.signal() }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        options.sender?.stop()
        wakeUp.signal()
        ended.wait()
        workers.stop()
    }

    private func round(_ sender: WebhookSender) {
        do throws(StorageError) {
            for push in try reader.duePushes(at: clock.now(), limit: Self.pageCount) {
                guard busy.withLock({ $0.insert(push.webhook).inserted }) else { continue }
                let isTaken = workers.run { [self] in send(push, sender) }
                if !isTaken { _ = busy.withLock { $0.remove(push.webhook) } }
            }
        } catch {
            log.write(.error, "webhooks_failed", [("cause", .text(error.message))])
        }
    }

    private func send(_ push: WebhookPush, _ sender: WebhookSender) {
        guard !isStopping.load(ordering: .relaxed) else { return }
        let message = WebhookMessage(push, at: clock.now())
        var failure: String?
        var isGone = false
        do {
            let status = try sender.push(push.url, message.fields, message.body)
            isGone = status == 410
            if !(200...299).contains(status) { failure = "HTTP status \(status)" }
        } catch {
            failure = "\(error)"
        }
        guard !isStopping.load(ordering: .relaxed) else { return }
        (failure == nil ? metrics.webhooksPushed : metrics.webhooksFailed).add()
        let change =
            failure.map { .failed(push, self.failure(of: push, $0, isGone: isGone)) }
            ?? WebhookChange.pushed(push)
        let isTaken = sequencer.submit(.webhook(change)) { [self] result, _ in
            done(with: push)
            if case .success(.accepted(let acceptance)) = result {
                metrics.webhooksDisabled.add()
                log.write(
                    .warning, "webhook_disabled",
                    [("webhook", .number(push.webhook)), ("agency", .text(push.notice.agency.string))])
                inboxes.deliveriesArrived(for: acceptance.recipients)
            }
        }
        // The next round tries it again: twice is what the other side has to expect.
        if !isTaken { done(with: push) }
    }

    private func done(with push: WebhookPush) {
        _ = busy.withLock { $0.remove(push.webhook) }
        look()
    }

    private func failure(of push: WebhookPush, _ error: String, isGone: Bool) -> WebhookFailure {
        let now = clock.now()
        let luck = Double(SecureRandom.bytes(1)[0]) / 255
        let wait = WebhookBackoff.milliseconds(failures: push.attempt, luck: luck)
        let since = push.failingSince ?? now
        let isOver = isGone || since.adding(seconds: options.failingSecondsMax) <= now
        return WebhookFailure(
            error: error, nextAt: now.adding(milliseconds: wait),
            dropsBefore: now.adding(seconds: -options.pushSecondsMax),
            notice: isOver ? notice(push, error, since: since, at: now) : nil)
    }

    /// What the agency finds in its inbox.
    private func notice(
        _ push: WebhookPush, _ error: String, since: Instant, at: Instant
    ) -> NewDocument {
        let subject = "Webhook \(push.webhook) đã bị tắt vì không gửi được thông báo"
        let bytes = JSONWriter.object { writer in
            writer.member("notice", "webhook.disabled")
            writer.member("webhook", String(push.webhook))
            writer.member("url", push.url)
            writer.member("failingSince", since)
            writer.member("at", at)
            writer.member("error", error)
            writer.member("detail", "\(subject). Hãy sửa rồi bật lại; văn bản vẫn ở trong hộp đến.")
        }
        let sha256 = SHA256.hash(bytes)
        return NewDocument(
            key: DocumentKey(truncating: sha256), kind: .notice, sender: hub,
            documentID: ExactString("webhook-\(push.webhook)"), code: "", businessType: 0, subject: subject,
            priority: .normal, promulgationDate: "", dueDate: nil, recipients: [push.notice.agency],
            payload: .memory(bytes), byteCount: Int64(bytes.count), sha256: sha256, detachedSignature: nil,
            indication: "", verdict: Array("{}".utf8), signerSHA256: nil, requestID: "", status: nil)
    }
}
