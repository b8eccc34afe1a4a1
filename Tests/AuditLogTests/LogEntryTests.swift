import AuditLog
import Exchange
import JSON
import OpenSSL
import Testing

@Suite struct `A log entry` {
    static let key = DocumentKey("000102030405060708090a0b0c0d0e0f")!
    static let digest = SHA256.hash([1])
    static let salt = [UInt8](repeating: 3, count: Commitment.saltByteCount)

    static func accepted(recipients: Int) -> AcceptedFacts {
        AcceptedFacts(
            documentKey: key, kind: .letter, sender: "H19.12",
            recipients: (0..<recipients).map { .init("H29.\($0)") },
            byteCount: 51_200, sha256: digest, indication: "TOTAL-PASSED", verdictSHA256: digest,
            signerSHA256: digest,
            subject: Commitment(to: "V/v phối hợp", field: "subject", salt: salt),
            requestID: "0011223344556677")
    }

    static let delivery = DeliveryFacts(delivery: 9, documentKey: key, recipient: "H29.\"8\"", attempt: 2)

    static let events: [LogEvent] = [
        .documentAccepted(accepted(recipients: 3)), .documentAccepted(accepted(recipients: 3500)),
        .statusReceived(accepted(recipients: 1), StatusFacts(letterKey: key, code: "03")),
        .documentRefused(
            RefusedFacts(caller: "H19.12", reason: .signatureInvalid, sha256: digest, requestID: "a")),
        .documentRefused(RefusedFacts(caller: nil, reason: .tooLarge, sha256: nil, requestID: nil)),
        .deliveryLeased(delivery, until: Instant(seconds: 60)), .deliveryAcknowledged(delivery),
        .deliveryReleased(delivery), .deliveryExpired(delivery), .deliveryDead(delivery),
        .deliveryRequeued(delivery),
        .directoryChanged(agencies: 3500, digest: digest), .agencyRetired("H19"),
        .certificateBound(agency: "H19", use: .signing, sha256: digest),
        .certificateRetired(agency: "H19", use: .transport, sha256: digest),
        .principalsChanged(count: 2, digest: digest),
        .configurationChanged(digest: digest), .trustChanged(digest: digest), .policyChanged(digest: digest),
        .payloadPurged(key, sha256: digest), .hubStarted(version: "1.0"), .hubStopped,
        .logRolledForward(signed: .empty, found: TreeState(size: 4, root: digest)),
    ]

    @Test(arguments: events.indices)
    func `is deterministic JSON`(index: Int) throws {
        let event = Self.events[index]
        let at = Instant(milliseconds: 1_795_140_930_000)
        let entry = try LogEntry(event, at: at, previous: 17)
        #expect(CanonicalJSON.isCanonical(entry.bytes))
        #expect(entry.bytes.count < 3000)
        let value = try JSONReader.read(entry.bytes)
        #expect(value["event"]?.string == event.name)
        #expect(value["previous"]?.integer == 17)
        #expect(value["time"]?.string == "2026-11-20T02:15:30.000Z")
        #expect(entry == (try LogEntry(event, at: at, previous: 17)))
        #expect(try JSONReader.read(LogEntry(event, at: at).bytes)["previous"] == nil)
        #expect(CanonicalJSON.isCanonical(try LogEntry(event, at: at).bytes))
    }

    @Test func `says what happened and keeps the subject to itself`() throws {
        let entry = try LogEntry(.documentAccepted(Self.accepted(recipients: 2)), at: Instant(seconds: 0))
        let commitment = Commitment(to: "V/v phối hợp", field: "subject", salt: Self.salt).digest.hex
        let expected =
            #"{"byteCount":51200,"documentKey":"000102030405060708090a0b0c0d0e0f","#
            + #""event":"document.accepted","indication":"TOTAL-PASSED","kind":"letter","recipientCount":2,"#
            + #""recipients":["H29.0","H29.1"],"#
            + #""requestId":"0011223344556677","sender":"H19.12","sha256":"\#(Self.digest.hex)","#
            + #""signerSha256":"\#(Self.digest.hex)","subjectCommitment":"\#(commitment)","#
            + #""time":"1970-01-01T00:00:00.000Z","verdictSha256":"\#(Self.digest.hex)"}"#
        #expect(String(decoding: entry.bytes, as: UTF8.self) == expected)
        #expect(entry.leafHash == MerkleTree.leafHash(entry.bytes))
        let other = [UInt8](repeating: 4, count: Commitment.saltByteCount)
        #expect(Commitment(to: "V/v phối hợp", field: "subject", salt: other).digest.hex != commitment)
        #expect(Commitment(to: "V/v phối hợp", field: "name", salt: Self.salt).digest.hex != commitment)
    }

    @Test func `names the recipients while they are few, their digest otherwise`() throws {
        let many = Self.accepted(recipients: 101)
        let entry = try JSONReader.read(try LogEntry(.documentAccepted(many), at: Instant(seconds: 0)).bytes)
        #expect(entry["recipients"] == nil && entry["recipientCount"]?.integer == 101)
        let listed: [UInt8] = many.recipients.flatMap { code -> [UInt8] in code.bytes + [0x0A] }
        #expect(entry["recipientsSha256"]?.string == SHA256.hash(listed).hex)
    }

    @Test func `is refused where a bundle could not hold it`() {
        let code = AgencyCode(String(repeating: "\u{1}", count: 12_000))
        #expect(throws: LogEntryError.self) { try LogEntry(.agencyRetired(code), at: Instant(seconds: 0)) }
    }

    @Test(arguments: [
        "", "{}", "[]", "1", #"{"event":"a"}"#, #"{"time":"b","event":"a"}"#, #"{"event":"a","time":"b"} "#,
        #"{"event": "a","time":"b"}"#, #"{"event":"a","time":"b","x":1.5}"#,
        #"{"event":"a","time":"b","x":null}"#,
        #"{"event":"a","time":"b","x":true}"#, #"{"event":"\u0061","time":"b"}"#,
        #"{"event":"a","time":"b","x":{"b":1,"a":2}}"#,
        #"{"event":"a","event":"b","time":"c"}"#, #"{"event":"a","time":"b","x":-0}"#,
        #"{"event":1,"time":"b"}"#,
        #"{"event":"a","previous":"1","time":"b"}"#,
    ])
    func `has one spelling`(text: String) {
        #expect(!CanonicalJSON.isCanonical(Array(text.utf8)))
    }
}
