internal import AuditLog
internal import Exchange
internal import JSON

/// What a receipt proves about a document, from the receipt, the document's digest and the log's key alone.
struct ReceiptCheck {
    struct Fault: Error {
        /// Stable, for `--json`.
        enum Code: String {
            case receiptMalformed = "receipt_malformed"
            /// Signature, origin or inclusion.
            case proofInvalid = "proof_invalid"
            case entryMalformed = "entry_malformed"
            case documentDiffers = "document_differs"
            /// The readable part of the receipt says other things than the entry in the log.
            case receiptContradictsLog = "receipt_contradicts_log"
        }

        let code: Code
        /// Vietnamese.
        let detail: String

        init(_ code: Code, _ detail: String) {
            self.code = code
            self.detail = detail
        }
    }

    let checkpoint: Checkpoint
    let index: Int64
    /// As it is in the log.
    let entry: JSONValue

    /// - Parameter receipt: the hub's receipt as JSON, or the `.tlog-proof` alone.
    init(
        receipt: [UInt8], documentSHA256: Digest256, documentByteCount: Int64, verifier: NoteVerifier
    ) throws(Fault) {
        let claims = receipt.first == 0x7B ? try Self.readJSON(receipt) : nil
        let proof: TlogProof
        do throws(NoteError) {
            if let claims {
                guard let text = claims["proof"]?.string else { throw .malformed("no member \"proof\"") }
                proof = try TlogProof(Array(text.utf8))
            } else {
                proof = try TlogProof(receipt)
            }
        } catch {
            throw Fault(.receiptMalformed, "biên nhận không đọc được: \(error)")
        }
        do throws(NoteError) {
            checkpoint = try proof.verify(verifier: verifier)
        } catch {
            throw Fault(.proofInvalid, "bằng chứng không đúng: \(error)")
        }
        guard let bytes = proof.extra, let entry = try? JSONReader.read(bytes),
            ["document.accepted", "status.received"].contains(entry["event"]?.string)
        else {
            throw Fault(.entryMalformed, "mục nhật ký của biên nhận không phải là việc tiếp nhận văn bản")
        }
        guard entry["sha256"]?.string == documentSHA256.hex, entry["byteCount"]?.integer == documentByteCount
        else {
            throw Fault(.documentDiffers, "văn bản không phải là văn bản mà trục đã tiếp nhận (SHA-256 khác)")
        }
        index = proof.index
        self.entry = entry
        if let claims { try Self.compare(claims, entry, index, checkpoint) }
    }

    private static func readJSON(_ bytes: [UInt8]) throws(Fault) -> JSONValue {
        do {
            return try JSONReader.read(bytes)
        } catch {
            throw Fault(.receiptMalformed, "biên nhận không phải JSON, dòng \(error.line): \(error.message)")
        }
    }

    /// The proof says nothing about the words around it: a forger could leave it and change the sender's
    /// name.
    private static func compare(
        _ claims: JSONValue, _ entry: JSONValue, _ index: Int64, _ checkpoint: Checkpoint
    ) throws(Fault) {
        let texts = [
            ("documentKey", "documentKey"), ("kind", "kind"), ("sender", "sender"), ("sha256", "sha256"),
            ("indication", "indication"), ("acceptedAt", "time"),
        ]
        var differing = texts.filter { !isSame(claims[$0.0]?.string, entry[$0.1]?.string) }.map(\.0)
        if claims["byteCount"]?.integer != entry["byteCount"]?.integer { differing.append("byteCount") }
        if !namesRecipients(claims["recipients"]?.array, of: entry) { differing.append("recipients") }
        let log = claims["log"]
        if log?["index"]?.integer != index { differing.append("log.index") }
        if log?["treeSize"]?.integer != checkpoint.size { differing.append("log.treeSize") }
        if !isSame(log?["origin"]?.string, checkpoint.origin) { differing.append("log.origin") }
        guard differing.isEmpty else {
            throw Fault(
                .receiptContradictsLog,
                "biên nhận ghi khác với mục trong nhật ký ở: \(differing.joined(separator: ", "))")
        }
    }

    private static func isSame(_ claim: String?, _ logged: String?) -> Bool {
        guard let claim, let logged else { return false }
        return ExactString(claim) == ExactString(logged)
    }

    private static func namesRecipients(_ claim: [JSONValue]?, of entry: JSONValue) -> Bool {
        guard let claim, let claimed = codes(claim), entry["recipientCount"]?.integer == Int64(claim.count)
        else {
            return false
        }
        if let listed = entry["recipients"]?.array { return codes(listed) == claimed }
        return entry["recipientsSha256"]?.string == AcceptedFacts.digest(of: claimed).hex
    }

    private static func codes(_ values: [JSONValue]) -> [AgencyCode]? {
        let codes = values.compactMap { value in value.string.map { AgencyCode($0) } }
        return codes.count == values.count ? codes : nil
    }
}
