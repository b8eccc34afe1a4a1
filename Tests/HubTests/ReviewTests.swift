import AuditLog
import Exchange
import Foundation
import Hub
import OpenSSL
import Signature
import Storage
import Synchronization
import Testing

/// A hub on a data directory of its own, with a clock that the test moves.
private final class HubFixture {
    let path = NSTemporaryDirectory() + "lienthong-hub-" + UUID().uuidString
    let time = Ticking()
    let log = Lines()
    private(set) var hub: Hub?

    final class Ticking: Sendable {
        let now = Mutex(Instant(seconds: 1_795_000_000))
    }

    final class Lines: EventLog {
        let events = Mutex<[String]>([])

        func write(_ level: LogLevel, _ event: String, _ fields: [(String, LogValue)]) {
            events.withLock { $0.append(event) }
        }
    }

    /// - Parameter documents: what is in before the hub starts.
    init(_ documents: [NewDocument]) throws {
        let store = try Store(directory: path)
        let agencies = ["H37.12", "H31.7"].map { Agency(code: $0, name: "") }
        _ = try store.commit(
            [Change.putAgencies(agencies, retire: .others)] + documents.map { Change.accept($0) },
            at: time.now.withLock { $0 }, signed: nil)
        let reader = try store.makeReader()
        let signer = CheckpointSigner(
            origin: "test.example/log",
            key: try NoteSigner(name: "test.example/log", key: PrivateKey.generate(.ed25519)))
        let verifier = SignatureVerifier(trust: TrustStore(certificates: []), algorithms: AlgorithmPolicy())
        var options = HubOptions()
        options.hubCode = "HUB"
        options.diskFreeBytesMin = 0
        hub = try Hub(
            store: store, reader: reader, signer: signer, verifier: verifier, options: options, log: log,
            clock: Clock { [time] in time.now.withLock { $0 } }, onFatal: { _ in })
    }

    deinit {
        hub?.beginStopping()
        hub?.stop()
        try? FileManager.default.removeItem(atPath: path)
    }

    /// What the agency's inbox gives, once it gives something.
    func inbox(_ agency: AgencyCode) throws -> [LeasedDelivery] {
        let came = DispatchSemaphore(value: 0)
        let found = Mutex<[LeasedDelivery]>([])
        let poll = try #require(hub).inboxes.poll(
            recipient: agency, limit: 10, leaseSeconds: 60, mayWait: true
        ) { result in
            found.withLock { $0 = (try? result.get()) ?? [] }
            came.signal()
        }
        came.wait()
        _ = poll
        return found.withLock { $0 }
    }
}

private func held(_ name: String, atDeadline: Hold.Outcome) -> NewDocument {
    let bytes = Array("no edXML at all: \(name)".utf8)
    var document = NewDocument(
        key: DocumentKey(truncating: SHA256.hash(bytes)), kind: .letter, sender: "H37.12",
        documentID: ExactString(name), code: name, businessType: 0, subject: name, priority: .normal,
        promulgationDate: "2026/11/20", dueDate: nil, recipients: ["H31.7"], payload: .memory(bytes),
        byteCount: Int64(bytes.count), sha256: SHA256.hash(bytes), detachedSignature: nil,
        indication: "INDETERMINATE", verdict: Array("{}".utf8), signerSHA256: nil, requestID: "", status: nil)
    document.hold = Hold(until: Instant(seconds: 1_795_003_600), atDeadline: atDeadline)
    document.isUnsettled = true
    return document
}

@Suite struct `The alerts of a hub` {
    @Test func `go to who listens when an urgent letter was not taken in time`() throws {
        var letter = held("1", atDeadline: .release)
        letter.hold = nil
        letter.deadlines.alertBy = Instant(seconds: 1_795_000_900)
        let fixture = try HubFixture([letter])
        let came = DispatchSemaphore(value: 0)
        let heard = Mutex<[UrgentAlert]>([])
        let hub = try #require(fixture.hub)
        hub.alerts.subscribe { alerts in
            heard.withLock { $0 += alerts }
            came.signal()
        }
        fixture.time.now.withLock { $0 = Instant(seconds: 1_795_000_900) }
        came.wait()
        #expect(heard.withLock { $0.map(\.documentKey) } == [letter.key])
        #expect(fixture.log.events.withLock { $0.contains("urgent_not_taken") })
        #expect(hub.metrics.urgentAlerts.total == 1)
    }
}

@Suite struct `The review of letters` {
    @Test func `lets go at the deadline what is to be let go, marked as it is`() throws {
        let letter = held("1", atDeadline: .release)
        let fixture = try HubFixture([letter])
        fixture.time.now.withLock { $0 = Instant(seconds: 1_795_003_600) }
        let came = try fixture.inbox("H31.7")
        #expect(came.first?.document.key == letter.key)
        let reader = try #require(fixture.hub).reader
        #expect(try reader.trail(letter.key)?.laterVerdicts.isEmpty == true)
        #expect(try reader.document(letter.key)?.indication == "INDETERMINATE")
    }

    @Test func `tells the sender at the deadline that the letter will not go out`() throws {
        let letter = held("1", atDeadline: .refuse)
        let fixture = try HubFixture([letter])
        fixture.time.now.withLock { $0 = Instant(seconds: 1_795_003_601) }
        let told = try fixture.inbox("H37.12")
        #expect(told.map(\.document.kind) == [.notice] && told[0].document.sender == "HUB")
        let reader = try #require(fixture.hub).reader
        #expect(try reader.deliveryCounts().dead == 1)
        #expect(try reader.document(letter.key)?.isWithheld == true)
    }

    @Test func `goes on past a letter that cannot be judged`() throws {
        // Both are no edXML: the review says so of each and changes nothing.
        let letters = [held("1", atDeadline: .refuse), held("2", atDeadline: .refuse)]
        let fixture = try HubFixture(letters)
        while fixture.log.events.withLock({ $0.filter { $0 == "recheck_failed" }.count }) < 2 { usleep(1000) }
        let reader = try #require(fixture.hub).reader
        #expect(try reader.deliveryCounts() == DeliveryCounts(held: 2))
        #expect(try reader.unsettledLetters(after: 0, limit: 10).count == 2)
    }
}
