import AuditLog
import Exchange
import Foundation
import OpenSSL
import Storage

/// A data directory that goes when the test ends, and a store in it that a test can close, copy and open
/// again.
final class Fixture {
    let root = NSTemporaryDirectory() + "lienthong-" + UUID().uuidString
    var path: String { root + "/data" }
    var options = StoreOptions()
    var store: Store?
    var now = Instant(seconds: 1_795_000_000)
    let signer: NoteSigner

    init(agencies: [String] = ["H37.12", "H31.7", "H31.45.2"], segmentBytesMax: Int64 = 1 << 30) throws {
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        signer = try NoteSigner(name: "test.example/log", key: PrivateKey.generate(.ed25519))
        options.segmentBytesMax = segmentBytesMax
        options.preallocationBytes = 1 << 20
        store = try Store(directory: path, options: options)
        if !agencies.isEmpty {
            try commit(
                .putAgencies(agencies.map { Agency(code: ExactString($0), name: $0) }, retire: .others))
        }
    }

    deinit {
        store = nil
        try? FileManager.default.removeItem(atPath: root)
    }

    func close() { store = nil }

    func open() throws {
        store = nil
        store = try Store(directory: path, options: options)
    }

    var tree: TreeState { store!.tree }

    func signed() throws -> SignedCheckpoint {
        let checkpoint = Checkpoint(origin: "test.example/log", size: tree.size, root: tree.root)
        return SignedCheckpoint(size: tree.size, note: try signer.sign(checkpoint.text))
    }

    @discardableResult
    func commit(_ changes: Change...) throws -> [Result<Outcome, Rejection>] {
        try store!.commit(changes, at: now, signed: try signed())
    }

    func commit(all changes: [Change]) throws -> [Result<Outcome, Rejection>] {
        try store!.commit(changes, at: now, signed: try signed())
    }

    func accept(_ document: NewDocument) throws -> Acceptance {
        guard case .accepted(let acceptance) = try commit(.accept(document))[0].get() else {
            throw Unexpected()
        }
        return acceptance
    }

    func lease(_ recipient: String, limit: Int = 10, seconds: Int = 60) throws -> [LeasedDelivery] {
        let change = Change.lease(recipient: ExactString(recipient), limit: limit, seconds: seconds)
        guard case .leased(let leased) = try commit(change)[0].get() else { throw Unexpected() }
        return leased
    }

    func rejection(_ change: Change) throws -> RejectionCode? {
        guard case .failure(let rejection) = try commit(change)[0] else { return nil }
        return rejection.code
    }

    func reader() throws -> StoreReader { try store!.makeReader(connections: 2) }

    /// The data directory as it is now, as if the power had gone.
    func crashImage() throws -> String {
        let image = root + "/image-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: path, toPath: image)
        return image
    }

    struct Unexpected: Error {}
}

func letter(
    _ name: String, from sender: String = "H37.12", to recipients: [String] = ["H31.7"],
    bytes: [UInt8]? = nil,
    priority: Priority = .normal, signature: [UInt8]? = nil
) -> NewDocument {
    let bytes = bytes ?? Array("letter \(name)".utf8)
    return NewDocument(
        key: DocumentKey(truncating: SHA256.hash(Array("\(sender)/\(name)".utf8))), kind: .letter,
        sender: ExactString(sender), documentID: ExactString("\(sender),2026/11/20,\(name)"), code: name,
        businessType: 0, subject: "V/v \(name)", priority: priority, promulgationDate: "2026/11/20",
        dueDate: nil,
        recipients: recipients.map { ExactString($0) }, payload: .memory(bytes),
        byteCount: Int64(bytes.count),
        sha256: SHA256.hash(bytes), detachedSignature: signature, indication: "TOTAL-PASSED",
        verdict: Array(#"{"indication":"TOTAL-PASSED"}"#.utf8), signerSHA256: SHA256.hash([1]),
        requestID: "0123456789abcdef", status: nil)
}

func status(
    _ code: String, of target: NewDocument, from sender: String, text: String = "",
    originalSender: String? = nil
) -> NewDocument {
    let bytes = Array("status \(code) \(sender) \(text)".utf8)
    return NewDocument(
        key: DocumentKey(truncating: SHA256.hash(bytes)), kind: .status, sender: ExactString(sender),
        documentID: target.documentID, code: target.code, businessType: 0, subject: "status",
        priority: .normal,
        promulgationDate: target.promulgationDate, dueDate: nil, recipients: [], payload: .memory(bytes),
        byteCount: Int64(bytes.count), sha256: SHA256.hash(bytes), detachedSignature: nil,
        indication: "not verified",
        verdict: Array("{}".utf8), signerSHA256: nil, requestID: "fedcba9876543210",
        status: StatusDetails(
            originalSender: originalSender.map { ExactString($0) } ?? target.sender,
            targetDocumentID: target.documentID, code: code, description: text,
            timestamp: "2026/11/20 10:02:11"))
}

func json(_ bytes: [UInt8]) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
}

/// The proof of an acceptance under the tree that it names, against the entry's own bytes.
func isProven(_ acceptance: Acceptance, by reader: StoreReader) throws -> Bool {
    guard let tree = try reader.tree(size: acceptance.treeSize),
        let proof = try reader.inclusionProof(index: acceptance.leafIndex, size: acceptance.treeSize)
    else { return false }
    return proof.verifies(leafHash: MerkleTree.leafHash(acceptance.entry), root: tree.root)
}

func entry(_ index: Int64, _ reader: StoreReader) throws -> [String: Any] {
    guard let bytes = try reader.entry(index) else { throw Fixture.Unexpected() }
    return try json(bytes)
}

func replaceDatabase(of path: String, with other: String) throws {
    for name in ["hub.db", "hub.db-wal", "hub.db-shm"] {
        try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
        guard FileManager.default.fileExists(atPath: "\(other)/\(name)") else { continue }
        try FileManager.default.copyItem(atPath: "\(other)/\(name)", toPath: "\(path)/\(name)")
    }
}
