package import AuditLog
package import Exchange
internal import JSON
package import Storage

/// What the hub returns for an accepted message: its log entry with an inclusion proof under a signed
/// checkpoint.
package struct Receipt: Sendable {
    package let key: DocumentKey
    /// The receipt as JSON; the same bytes whenever it is asked for.
    package let json: [UInt8]
    /// The receipt as a C2SP tlog-proof, which other people's software reads.
    package let proof: [UInt8]
    /// True where the message had been accepted before and nothing was stored now.
    package let isReplay: Bool
}

/// A message that is durable, logged and routed. Only `Intake` makes one.
package struct AcceptedMessage: Sendable {
    private let acceptance: Acceptance
    private let checkpoint: SignedCheckpoint
    private let issuer: ReceiptIssuer

    init(_ acceptance: Acceptance, _ checkpoint: SignedCheckpoint, _ issuer: ReceiptIssuer) {
        self.acceptance = acceptance
        self.checkpoint = checkpoint
        self.issuer = issuer
    }

    package var key: DocumentKey { acceptance.key }
    /// True where the message had been accepted before and nothing was stored now.
    package var isReplay: Bool { acceptance.isReplay }
    /// As its sender's software knows the message where it knows no keys.
    package var transportID: TransportID {
        TransportID(.sender, delivery: acceptance.deliveries.first?.id ?? 0, of: acceptance.key)
    }

    /// True where all that the receipt is made of lies in memory: the message is new, and `checkpoint` is the
    /// one that was signed after it. That is so for all but resends.
    package var isReceiptAtHand: Bool { !acceptance.isReplay && checkpoint.size == acceptance.treeSize }

    /// The same bytes whenever it is asked for. May read the database where it is not at hand.
    package func receipt() throws(Rejection) -> Receipt {
        do {
            return try issuer.receipt(for: acceptance, checkpoint: checkpoint)
        } catch {
            // It is stored; a resend will fetch the receipt.
            throw Rejection(storage: error)
        }
    }
}

/// Makes receipts. Everything in one is derived from what is stored, so a resend after a lost reply gets
/// the same bytes.
package struct ReceiptIssuer: Sendable {
    private let reader: StoreReader
    private let signer: CheckpointSigner

    package init(reader: StoreReader, signer: CheckpointSigner) {
        self.reader = reader
        self.signer = signer
    }

    /// - Parameter checkpoint: the one signed after the batch, where the caller has it at hand.
    /// - Throws: `StorageError` where the log cannot be read.
    package func receipt(
        for acceptance: Acceptance, checkpoint: SignedCheckpoint?
    ) throws(StorageError) -> Receipt {
        let note =
            if let checkpoint, checkpoint.size == acceptance.treeSize { checkpoint.note } else {
                try self.note(size: acceptance.treeSize)
            }
        guard let note else { throw Self.missing(acceptance) }
        guard
            let inclusion = try reader.inclusionProof(index: acceptance.leafIndex, size: acceptance.treeSize)
        else { throw Self.missing(acceptance) }
        let proof = TlogProof(
            extra: acceptance.entry, index: acceptance.leafIndex, hashes: inclusion.hashes, checkpoint: note
        ).bytes
        let json = JSONWriter.object { writer in
            writer.member("documentKey", acceptance.key.description)
            writer.member("documentId", acceptance.documentID)
            writer.member("kind", acceptance.kind.rawValue)
            writer.member("sender", acceptance.sender)
            writer.name("recipients")
            writer.array(acceptance.recipients) { $0.string($1.string) }
            writer.member("byteCount", acceptance.byteCount)
            writer.member("sha256", acceptance.sha256.hex)
            writer.member("acceptedAt", acceptance.acceptedAt)
            writer.member("indication", acceptance.indication)
            if let until = acceptance.heldUntil { writer.member("heldUntil", until) }
            writer.name("log")
            writer.object { log in
                log.member("origin", signer.origin)
                log.member("index", acceptance.leafIndex)
                log.member("treeSize", acceptance.treeSize)
            }
            writer.member("proof", String(decoding: proof, as: UTF8.self))
        }
        return Receipt(
            key: acceptance.key, json: json, proof: proof, isReplay: acceptance.isReplay)
    }

    /// The signed checkpoint of a tree that a receipt may quote; nil where the log never was that long.
    private func note(size: Int64) throws(StorageError) -> [UInt8]? {
        if let stored = try reader.checkpointNote(size: size) { return stored }
        // A crash came between signing and storing; Ed25519 gives the same signature again.
        guard let tree = try reader.tree(size: size) else { return nil }
        return try signer.sign(tree).note
    }

    /// Any entry with its proof; nil where no stored checkpoint covers it.
    package func proof(ofEntry leaf: Int64) throws(StorageError) -> [UInt8]? {
        guard let size = try reader.treeSize(covering: leaf), let note = try note(size: size) else {
            return nil
        }
        return try proof(ofEntry: leaf, size: size, note: note)
    }

    /// The proof that the entry was in the log when a third party stamped its checkpoint.
    package func proof(
        ofEntry leaf: Int64, in timestamp: CheckpointTimestamp
    ) throws(StorageError) -> [UInt8]? {
        try proof(ofEntry: leaf, size: timestamp.size, note: timestamp.note)
    }

    private func proof(ofEntry leaf: Int64, size: Int64, note: [UInt8]) throws(StorageError) -> [UInt8]? {
        guard let entry = try reader.entry(leaf),
            let inclusion = try reader.inclusionProof(index: leaf, size: size)
        else { return nil }
        return TlogProof(extra: entry, index: leaf, hashes: inclusion.hashes, checkpoint: note).bytes
    }

    private static func missing(_ acceptance: Acceptance) -> StorageError {
        StorageError(
            .damaged,
            "the log has no tree of \(acceptance.treeSize) entries that \(acceptance.key) was put in")
    }
}
