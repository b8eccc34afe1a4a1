import AuditLog
import Dispatch
import Exchange
import Foundation
import Hub
import OpenSSL
import Storage
import Synchronization
import Testing

@Suite struct `Changes that wait for the store` {
    /// A sequencer over a store of its own, held up until a test lets it go on.
    private final class World: Sendable {
        let path = NSTemporaryDirectory() + "lienthong-sequencer-" + UUID().uuidString
        let metrics = Metrics()
        let sequencer: Sequencer
        private let answered = Mutex<[String]>([])
        private let done = DispatchSemaphore(value: 0)
        private let gate = DispatchSemaphore(value: 0)
        private let isHeld = DispatchSemaphore(value: 0)

        init() throws {
            let store = try Store(directory: path)
            let signer = CheckpointSigner(
                origin: "test.example/log",
                key: try NoteSigner(name: "test.example/log", key: PrivateKey.generate(.ed25519)))
            sequencer = Sequencer(
                limits: Sequencer.Limits(), clock: .system, metrics: metrics, signer: signer)
            try sequencer.start(store, observer: { _, _, _ in }, onFatal: { _ in })
            // What is submitted from here on piles up, as it does while a commit takes its time.
            let isTaken = sequencer.submit(.expireLeases) { [isHeld, gate] _, _ in
                isHeld.signal()
                gate.wait()
            }
            try #require(isTaken)
            isHeld.wait()
        }

        deinit {
            sequencer.stop()
            try? FileManager.default.removeItem(atPath: path)
        }

        func submit(_ name: String, _ change: Change) {
            let isTaken = sequencer.submit(change) { [self] _, _ in
                answered.withLock { $0.append(name) }
                done.signal()
            }
            #expect(isTaken)
        }

        /// The names in the order of their answers.
        func order(of count: Int) -> [String] {
            gate.signal()
            for _ in 0..<count { done.wait() }
            return answered.withLock { $0 }
        }
    }

    private func refusal(_ agency: AgencyCode) -> Change {
        .refuse(RefusedLetter(caller: agency, code: .notEdXML, sha256: nil, requestID: ""))
    }

    @Test func `are taken agency by agency, each one's in their order`() throws {
        let world = try World()
        for number in 0..<100 { world.submit("loud \(number)", refusal("H37.12")) }
        world.submit("quiet", refusal("H31.7"))
        world.submit("hub", .expireLeases)
        let order = world.order(of: 102)
        #expect(Array(order.prefix(4)) == ["loud 0", "quiet", "hub", "loud 1"])
        #expect(order.filter { $0.hasPrefix("loud") } == (0..<100).map { "loud \($0)" })
    }

    private func broadcast(to count: Int) -> Change {
        .accept(
            NewDocument(
                key: DocumentKey(truncating: SHA256.hash([1])), kind: .letter, sender: "H37.13",
                documentID: "H37.13,2026/11/20,1/CV", code: "1/CV", businessType: 0, subject: "",
                priority: .normal, promulgationDate: "2026/11/20", dueDate: nil,
                recipients: (0..<count).map { AgencyCode("H31.\($0)") }, payload: .memory([1]), byteCount: 1,
                sha256: SHA256.hash([1]), detachedSignature: nil, indication: "TOTAL-PASSED", verdict: [],
                signerSHA256: nil, requestID: "", status: nil))
    }

    @Test func `that are heavy get a batch of their own`() throws {
        let world = try World()
        let before = world.metrics.batches.total
        world.submit("light", refusal("H37.12"))
        world.submit("heavy", broadcast(to: 1000))
        world.submit("light", refusal("H37.14"))
        #expect(world.order(of: 3) == ["light", "heavy", "light"])
        #expect(world.metrics.batches.total == before + 3)
    }

    @Test func `share a batch where they are polls that find little, however much they ask for`() throws {
        let world = try World()
        let before = world.metrics.batches.total
        for number in 0..<64 {
            world.submit("", .lease(recipient: AgencyCode("H31.\(number)"), limit: 100, seconds: 60))
        }
        #expect(world.order(of: 64).count == 64)
        #expect(world.metrics.batches.total - before == 4)
    }

    @Test func `weigh what the recipient's last page says`() {
        var weights = BatchWeights()
        func poll(_ recipient: AgencyCode) -> Change { .lease(recipient: recipient, limit: 100, seconds: 60) }
        #expect(weights.weight(of: poll("H31.7")) == 1)
        weights.note("H31.7", isFull: true)
        #expect(weights.weight(of: poll("H31.7")) == 26)
        #expect(weights.weight(of: poll("H31.8")) == 1)
        weights.note(poll("H31.7"), .success(.leased([])))
        #expect(weights.weight(of: poll("H31.7")) == 1)
        #expect(weights.weight(of: broadcast(to: 3500)) == 219)
    }

    @Test func `are so many in one batch, and all of them in the end`() throws {
        let world = try World()
        let before = world.metrics.batches.total
        for number in 0..<64 { world.submit("\(number)", refusal("H37.12")) }
        #expect(world.order(of: 64) == (0..<64).map { "\($0)" })
        #expect(world.metrics.batches.total - before == 4)
    }
}
