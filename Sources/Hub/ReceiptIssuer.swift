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
        let note: [UInt8]
        if let checkpoint, checkpoint.size == acceptance.treeSize {
            note = checkpoint.note
        } else if let stored = try reader.checkpointNote(size: acceptance.treeSize) {
            note = stored
        } else {
            // A crash came between signing and storing; Ed25519 gives the same signature again.
            guard let tree = try reader.tree(size: acceptance.treeSize) else {
                throw Self.missing(acceptance)
            }
            note = try signer.sign(tree).note
        }
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
            writer.name("log")
            writer.object { log in
                log.member("origin", signer.origin)
                log.member("index", acceptance.leafIndex)
                log.member("treeSize", acceptance.treeSize)
            }
            writer.member("proof", String(decoding: proof, as: UTF8.self))
        }
        return Receipt(key: acceptance.key, json: json, proof: proof, isReplay: acceptance.isReplay)
    }

    private static func missing(_ acceptance: Acceptance) -> StorageError {
        StorageError(
            .damaged,
            "the log has no tree of \(acceptance.treeSize) entries that \(acceptance.key) was put in")
    }
}
