import AuditLog
import Exchange
import Foundation
import Hub
import OpenSSL
import Storage
import Synchronization
import Testing

/// An inbox over a store of its own; the sequencer is the real one.
private final class InboxFixture {
    let path = NSTemporaryDirectory() + "lienthong-inbox-" + UUID().uuidString
    let sequencer: Sequencer
    let inboxes: Inboxes
    let metrics = Metrics()
    static let pollsMax = 8

    init() throws {
        let store = try Store(directory: path)
        _ = try store.commit(
            [.putAgencies(["H37.12", "H31.7"].map { Agency(code: $0, name: "") }, retire: .others)],
            at: Clock.system.now(), signed: nil)
        let signer = CheckpointSigner(
            origin: "test.example/log",
            key: try NoteSigner(name: "test.example/log", key: PrivateKey.generate(.ed25519)))
        sequencer = Sequencer(
            limits: Sequencer.Limits(), clock: .system, metrics: metrics, signer: signer)
        inboxes = Inboxes(
            sequencer: sequencer, metrics: metrics, waitingPerAgencyMax: Self.pollsMax)
        try sequencer.start(store, observer: { _, _, _ in }, onFatal: { _ in })
    }

    deinit {
        sequencer.stop()
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Runs the change and what came of it, to the end.
    func commit(_ change: Change, _ then: @escaping @Sendable () -> Void = {}) {
        let done = DispatchSemaphore(value: 0)
        let isTaken = sequencer.submit(change) { _, _ in
            then()
            done.signal()
        }
        if isTaken { done.wait() }
    }

    /// Everything that was asked of the sequencer so far is answered.
    func settle() { for _ in 0..<3 { commit(.expireLeases) } }

    func accept(_ name: String) {
        let bytes = Array("letter \(name)".utf8)
        let document = NewDocument(
            key: DocumentKey(truncating: SHA256.hash(bytes)), kind: .letter, sender: "H37.12",
            documentID: ExactString(name), code: name, businessType: 0, subject: name, priority: .normal,
            promulgationDate: "2026/11/20", dueDate: nil, recipients: ["H31.7"], payload: .memory(bytes),
            byteCount: Int64(bytes.count), sha256: SHA256.hash(bytes), detachedSignature: nil,
            indication: "TOTAL-PASSED", verdict: Array("{}".utf8), signerSHA256: nil, requestID: "",
            status: nil)
        commit(.accept(document)) { [inboxes] in inboxes.deliveriesArrived(for: ["H31.7"]) }
        settle()
    }
}

@Suite struct `Polls of one agency` {
    private final class Answers: Sendable {
        let counts = Mutex<[Int]>([])
        let codes = Mutex<[RejectionCode]>([])

        func note(_ result: Result<[LeasedDelivery], Rejection>) {
            switch result {
            case .success(let deliveries): counts.withLock { $0.append(deliveries.count) }
            case .failure(let rejection): codes.withLock { $0.append(rejection.code) }
            }
        }
    }

    private func poll(_ fixture: InboxFixture, _ answers: Answers) -> InboxPoll {
        fixture.inboxes.poll(recipient: "H31.7", limit: 1, leaseSeconds: 60, mayWait: true) {
            answers.note($0)
        }
    }

    @Test func `are woken one for each delivery, and are not without number`() throws {
        let fixture = try InboxFixture()
        let answers = Answers()
        let polls = (0..<InboxFixture.pollsMax).map { _ in poll(fixture, answers) }
        fixture.settle()
        #expect(fixture.inboxes.waitingPolls == polls.count)
        _ = poll(fixture, answers)
        fixture.settle()
        #expect(answers.codes.withLock { $0 } == [.tooManyRequests])
        let before = fixture.metrics.changes.total
        fixture.accept("1")
        // The letter, three to wait for it, and at most two polls: the one that takes it and the next.
        #expect(fixture.metrics.changes.total - before <= 6)
        #expect(answers.counts.withLock { $0 } == [1])
        #expect(fixture.inboxes.waitingPolls == polls.count - 1)
        fixture.accept("2")
        #expect(answers.counts.withLock { $0 } == [1, 1])
        let told = Atomic<Int>(0)
        for poll in polls { poll.onFinish { told.wrappingAdd(1, ordering: .relaxed) } }
        #expect(told.load(ordering: .relaxed) == 2)
        fixture.inboxes.endAll()
        #expect(told.load(ordering: .relaxed) == polls.count)
        #expect(fixture.inboxes.waitingPolls == 0)
    }
}
