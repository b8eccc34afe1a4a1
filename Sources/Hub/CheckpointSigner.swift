package import AuditLog
package import Storage

/// Signs the tree's head with the log's Ed25519 key.
///
/// Ed25519 is deterministic: the same tree signed again gives the same bytes, so a checkpoint that a crash
/// kept from being stored can be made again for a receipt that quotes it.
package final class CheckpointSigner: Sendable {
    package let origin: String
    private let key: NoteSigner

    package init(origin: String, key: NoteSigner) {
        self.origin = origin
        self.key = key
    }

    /// - Throws: `StorageError` (damaged) where OpenSSL would not sign: without a checkpoint nobody may be
    ///   answered.
    package func sign(_ tree: TreeState) throws(StorageError) -> SignedCheckpoint {
        let checkpoint = Checkpoint(origin: origin, size: tree.size, root: tree.root)
        do {
            return SignedCheckpoint(size: tree.size, note: try key.sign(checkpoint.text))
        } catch {
            throw StorageError(.damaged, "the checkpoint cannot be signed: \(error)")
        }
    }

    package var verifierKey: String { key.verifierKey }
}
