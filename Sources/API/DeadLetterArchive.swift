internal import Exchange
internal import Files
internal import Hub
internal import JSON
internal import Storage

/// A letter that nobody took, for an operator to keep: the exact bytes, the signature that came beside them,
/// what became of it, and the receipt that proves all of it.
enum DeadLetterArchive {
    /// Writes the archive into a file without a name, which goes when the last reference does.
    static func write(
        _ dead: DeadDelivery, _ document: StoredDocument, _ hub: Hub
    ) throws(StorageError) -> (file: File, length: Int64) {
        let file = try hub.reader.makeScratchFile()
        let payload = try hub.reader.openSound(document.payload, sha256: document.summary.sha256)
        let signature = try hub.reader.detachedSignature(document.summary.key)
        var receipt: [UInt8]?
        if document.summary.kind != .notice, let acceptance = try hub.reader.acceptance(document.summary.key)
        {
            receipt = try hub.receipts.receipt(for: acceptance, checkpoint: nil).proof
        }
        let description = JSONWriter.object { dead.write(into: &$0) }
        let proof = receipt
        return try mappingFiles { () throws(FileError) in
            var writer = TarWriter(into: file, modified: document.summary.acceptedAt.seconds)
            try writer.add("delivery.json", description)
            if let signature { try writer.add("signature.p7s", signature) }
            if let proof { try writer.add("receipt.tlog-proof", proof) }
            try writer.add(
                document.summary.kind == .notice ? "notice.json" : "letter.edxml", from: payload.file,
                at: payload.offset, count: payload.length)
            try writer.finish()
            return (file, writer.length)
        }
    }
}
