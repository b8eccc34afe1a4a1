internal import AuditLog
internal import Exchange
internal import Files
internal import Hub
internal import JSON
internal import OpenSSL
internal import Storage

/// Everything that a letter's verdict rests on, as one tar archive that anybody opens: enough to compute the
/// verdict again without the hub, and to see that the hub wrote it into its log.
struct EvidenceArchive {
    private struct Listed {
        let path: String
        let kind: String
        let sha256: Digest256
        let size: Int64
    }

    private let hub: Hub
    private let document: StoredDocument
    private let trail: Trail
    private let set: EvidenceSet?
    private let file: File
    private var writer: TarWriter
    private var files: [Listed] = []

    /// Writes the archive into a file without a name, which goes when the last reference does.
    static func write(
        _ document: StoredDocument, _ trail: Trail, _ hub: Hub
    ) throws(StorageError) -> (file: File, length: Int64) {
        var archive = EvidenceArchive(
            hub: hub, document: document, trail: trail, set: try hub.reader.evidence(document.summary.key),
            file: try hub.reader.makeScratchFile())
        try archive.writeVerdicts()
        try archive.writeItems()
        try archive.writeProofs()
        let manifest = archive.manifest
        return try mappingFiles { () throws(FileError) in
            try archive.writer.add("manifest.json", manifest)
            try archive.writer.finish()
            return (archive.file, archive.writer.length)
        }
    }

    private init(hub: Hub, document: StoredDocument, trail: Trail, set: EvidenceSet?, file: File) {
        self.hub = hub
        self.document = document
        self.trail = trail
        self.set = set
        self.file = file
        writer = TarWriter(into: file, modified: document.summary.acceptedAt.seconds)
    }

    private mutating func add(_ path: String, _ kind: String, _ bytes: [UInt8]) throws(StorageError) {
        try mappingFiles { () throws(FileError) in try writer.add(path, bytes) }
        files.append(Listed(path: path, kind: kind, sha256: SHA256.hash(bytes), size: Int64(bytes.count)))
    }

    private var currentVerdict: [UInt8] { trail.laterVerdicts.last?.verdict ?? trail.verdict }
    private var currentLeaf: Int64 { trail.laterVerdicts.last?.leafIndex ?? trail.leafIndex }

    private mutating func writeVerdicts() throws(StorageError) {
        try add("README.txt", "readme", Array(Self.readme.utf8))
        try add("verdict.json", "verdict", currentVerdict)
        let earlier = ([trail.verdict] + trail.laterVerdicts.map(\.verdict)).dropLast()
        for (number, verdict) in earlier.enumerated() {
            try add("earlier-verdicts/\(number + 1).json", "earlierVerdict", verdict)
        }
        if let signature = try hub.reader.detachedSignature(document.summary.key) {
            try add("signature.p7s", "signature", signature)
        }
    }

    private mutating func writeItems() throws(StorageError) {
        for item in set?.items ?? [] where !files.contains(where: { $0.path == item.path }) {
            guard let place = try hub.reader.evidenceItem(item.sha256) else {
                throw StorageError(.damaged, "evidence \(item.sha256) of \(document.summary.key) is missing")
            }
            // A revocation list may be large: copied in pieces.
            let content = try hub.reader.openPayload(place)
            try mappingFiles { () throws(FileError) in
                try writer.add(item.path, from: content.file, at: content.offset, count: content.length)
            }
            files.append(
                Listed(path: item.path, kind: item.kind.name, sha256: item.sha256, size: content.length))
        }
    }

    private mutating func writeProofs() throws(StorageError) {
        let receipts = hub.receipts
        if let proof = try receipts.proof(ofEntry: trail.leafIndex) {
            try add("receipt.tlog-proof", "receipt", proof)
        }
        if currentLeaf != trail.leafIndex, let proof = try receipts.proof(ofEntry: currentLeaf) {
            try add("verdict.tlog-proof", "verdictProof", proof)
        }
        guard let timestamp = trail.timestamp else { return }
        try add("checkpoint.txt", "checkpoint", timestamp.note)
        try add("checkpoint.tsr", "checkpointTimestamp", timestamp.token)
        let proof = try receipts.proof(ofEntry: trail.leafIndex, in: timestamp)
        if let proof { try add("timestamp.tlog-proof", "timestampProof", proof) }
    }

    private var manifest: [UInt8] {
        JSONWriter.object { writer in
            writer.member("format", "lienthong-evidence/1")
            writer.member("log", hub.signer.origin)
            writer.member("documentKey", document.summary.key.description)
            writer.member("documentId", document.summary.documentID)
            writer.member("kind", document.summary.kind.rawValue)
            writer.member("sender", document.summary.sender)
            writer.member("sha256", document.summary.sha256.hex)
            writer.member("byteCount", document.summary.byteCount)
            writer.member("receivedAt", document.summary.acceptedAt)
            writer.member("logIndex", trail.leafIndex)
            writer.member("verdictSha256", SHA256.hash(currentVerdict).hex)
            writer.member("verdictLogIndex", currentLeaf)
            if let set { write(set, into: &writer) }
            writer.name("files")
            writer.array(files) { writer, file in
                writer.object { object in
                    object.member("path", file.path)
                    object.member("kind", file.kind)
                    object.member("sha256", file.sha256.hex)
                    object.member("size", file.size)
                }
            }
        }
    }

    private func write(_ set: EvidenceSet, into writer: inout JSONWriter) {
        writer.name("evidence")
        writer.object { object in
            object.member("sha256", set.sha256.hex)
            object.member("trust", set.trust.hex)
            object.name("items")
            object.array(set.items) { writer, item in
                writer.object { object in
                    object.member("kind", item.kind.name)
                    object.member("sha256", item.sha256.hex)
                    object.member("path", item.path)
                }
            }
        }
    }

    private static let readme = """
        Bằng chứng của một văn bản qua trục liên thông

        Kiểm tra lại kết luận về chữ ký, không cần mạng và không cần tin trục:
          lienthong verify VĂN-BẢN --evidence TỆP-NÀY --trust CHỨNG-THƯ-GỐC --key KHÓA-NHẬT-KÝ

        manifest.json        mọi tệp, SHA-256 của chúng, giờ nhận
        verdict.json         kết luận; earlier-verdicts/ là các kết luận trước đó
        policy.json          chính sách thuật toán
        certificates/        chứng thư của người ký và các cấp trên (DER)
        crls/ ocsp/          dữ liệu thu hồi đã dùng (DER)
        timestamps/          dấu thời gian đi cùng chữ ký (RFC 3161, DER)
        signature.p7s        chữ ký tách rời, nếu có
        receipt.tlog-proof   mục nhật ký về việc tiếp nhận, với bằng chứng (C2SP tlog-proof)
        verdict.tlog-proof   mục nhật ký về kết luận mới, nếu văn bản đã được kiểm tra lại
        checkpoint.txt, .tsr điểm kiểm của nhật ký và dấu thời gian của bên thứ ba trên nó

        Evidence of one letter. The files are plain DER, JSON and text; with OpenSSL alone:
          openssl x509 -inform DER -text -in certificates/….der
          openssl crl -inform DER -text -in crls/….crl
          openssl ts -verify -token_in -in checkpoint.tsr -data checkpoint.txt -CAfile TSA-ROOT.pem

        """
}

extension EvidenceReference {
    /// Where the item is in the archive.
    fileprivate var path: String {
        switch kind {
        case .signer, .certificate: "certificates/\(sha256.hex).der"
        case .crl: "crls/\(sha256.hex).crl"
        case .ocsp: "ocsp/\(sha256.hex).der"
        case .timestamp: "timestamps/\(sha256.hex).tsr"
        case .policy: "policy.json"
        }
    }
}
