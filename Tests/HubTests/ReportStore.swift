import AuditLog
import Exchange
import Foundation
import OpenSSL
import Storage

/// A store that tests fill with letters of other days.
final class ReportStore {
    private let root = NSTemporaryDirectory() + "lienthong-" + UUID().uuidString
    private let store: Store
    private var now: Instant
    private let signer: NoteSigner
    private var letters: [String: NewDocument] = [:]

    init(now: Instant) throws {
        self.now = now
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        signer = try NoteSigner(name: "test.example/log", key: PrivateKey.generate(.ed25519))
        store = try Store(directory: root + "/data", options: StoreOptions())
        let codes: [AgencyCode] = ["H37.12", "H31.7", "H31.45.2"]
        try commit([.putAgencies(codes.map { Agency(code: $0, name: $0.string) }, retire: .others)], now)
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(atPath: root)
    }

    struct Refused: Error {}

    private func commit(_ changes: [Change], _ at: Instant) throws {
        let checkpoint = Checkpoint(origin: "test.example/log", size: store.tree.size, root: store.tree.root)
        let signed = SignedCheckpoint(size: store.tree.size, note: try signer.sign(checkpoint.text))
        for result in try store.commit(changes, at: at, signed: signed) {
            guard case .success = result else { throw Refused() }
        }
    }

    func reader() throws -> StoreReader { try store.makeReader(connections: 1) }

    private func document(
        _ name: String, _ kind: DocumentKind, _ sender: AgencyCode, _ recipients: [AgencyCode]
    ) -> NewDocument {
        let bytes = Array("\(kind) \(name) \(sender)".utf8)
        return NewDocument(
            key: DocumentKey(truncating: SHA256.hash(bytes)), kind: kind, sender: sender,
            documentID: ExactString(name), code: name, businessType: 0, subject: "V/v \(name)",
            priority: .normal, promulgationDate: "2026/11/20", dueDate: nil, recipients: recipients,
            payload: .memory(bytes), byteCount: Int64(bytes.count), sha256: SHA256.hash(bytes),
            detachedSignature: nil, indication: "TOTAL-PASSED", verdict: Array("{}".utf8), signerSHA256: nil,
            requestID: "0123456789abcdef", status: nil)
    }

    func send(
        _ name: String, to recipients: [String], at: Instant? = nil, due: String? = nil,
        type: String = "Công văn", indication: String = "TOTAL-PASSED"
    ) throws {
        var letter = document(name, .letter, "H37.12", recipients.map { AgencyCode($0) })
        letter.dueDate = due
        letter.documentType = type
        letter.indication = indication
        letters[name] = letter
        try commit([.accept(letter)], at ?? now)
    }

    func sendMany(_ count: Int) throws {
        for first in stride(from: 0, to: count, by: 500) {
            let changes = (first..<min(first + 500, count)).map {
                Change.accept(document("n\($0)", .letter, "H37.12", ["H31.7"]))
            }
            try commit(changes, now)
        }
    }

    func report(_ code: String, _ name: String, by agency: AgencyCode, at: Instant) throws {
        guard let letter = letters[name] else { throw Refused() }
        var message = document("\(name) \(code)", .status, agency, [])
        message.documentID = letter.documentID
        message.status = StatusDetails(
            originalSender: letter.sender, targetDocumentID: letter.documentID, code: code, description: "",
            timestamp: at.edXMLTimestamp)
        try commit([.accept(message)], at)
    }
}
