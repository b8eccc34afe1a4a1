internal import AuditLog
internal import Exchange
internal import Files
internal import JSON
internal import OpenSSL
internal import Signature
internal import Storage

/// Computes a verdict again from its evidence, and compares it with what the hub had said.
struct EvidenceCheck {
    let files: EvidenceFiles
    /// True where the anchors come from the one who asks, and not from the hub's archive.
    let hasOwnAnchors: Bool
    /// What speaks against the evidence; Vietnamese.
    private(set) var faults: [String]
    /// Nil where the archive has none, or before `compare`.
    private(set) var timestamp: EvidenceTimestamp?

    /// Nil without `--evidence`.
    init?(_ arguments: Arguments) throws {
        guard let path = arguments.value("--evidence") else {
            if arguments.value("--key") != nil {
                throw CommandFailure(.usage, "--key chỉ đi cùng --evidence")
            }
            return nil
        }
        for other in ["--crl", "--ocsp", "--policy"] where !arguments.all(other).isEmpty {
            throw CommandFailure(.usage, "\(other) không đi cùng --evidence: gói bằng chứng đã có")
        }
        files = try EvidenceFiles(path)
        faults = files.faults
        hasOwnAnchors = !arguments.all("--trust").isEmpty
    }

    /// The time at which the hub received the letter, by its own clock.
    var receivedAt: Instant? { files.manifest["receivedAt"]?.string.flatMap { Instant(rfc3339: $0) } }

    /// The detached signature that came with the letter.
    var signature: [UInt8]? { files["signature.p7s"] }

    /// With `anchors` nothing of the archive is trusted: its certificates only help to build the chain.
    func verifier(anchors: [String]) throws -> SignatureVerifier {
        let (policy, certificates, revocation): (AlgorithmPolicy, [Certificate], RevocationData)
        do {
            let enclosed = try files.items(.signer, .certificate).map { try Certificate(der: $0) }
            certificates =
                hasOwnAnchors
                ? try TrustFiles.certificates(at: anchors) + enclosed.filter { !$0.isSelfSigned } : enclosed
            revocation = RevocationData(
                lists: try files.items(.crl).map { try CertificateList(der: $0) },
                responses: try files.items(.ocsp).map { try OCSPResponse(der: $0) })
            policy = try files["policy.json"].map { try AlgorithmPolicy(json5: $0) } ?? AlgorithmPolicy()
        } catch {
            throw CommandFailure(.noInput, "bằng chứng không đọc được: \(error)")
        }
        return SignatureVerifier(
            trust: TrustStore(certificates: certificates, revocation: revocation), algorithms: policy)
    }

    /// Everything that can be compared: the letter, the verdict, the log's timestamp, and with `--key` the
    /// log's entries.
    mutating func compare(
        _ verdict: Verdict, of letter: File, by verifier: SignatureVerifier, _ arguments: Arguments
    ) throws {
        var sha256 = SHA256()
        try letter.forEachPiece { sha256.update($0.span) }
        compare(letter: sha256.finalize())
        // Asked about another time, another verdict is no contradiction.
        if arguments.value("--at") == nil { compare(verdict) }
        let log = try arguments.value("--key").map { try VerifierKey.read($0) }
        if let log { compare(with: log) }
        timestamp = EvidenceTimestamp(files, receivedAt: receivedAt, verifier, log: log)
        faults += timestamp?.faults ?? []
    }

    /// The letter must be the one that the evidence is about.
    private mutating func compare(letter sha256: Digest256) {
        if !Self.isSame(files.manifest["sha256"]?.string, sha256.hex) {
            faults.append("văn bản này không phải văn bản mà bằng chứng nói tới (SHA-256 khác)")
        }
    }

    private mutating func compare(_ verdict: Verdict) {
        guard let bytes = files["verdict.json"], let stored = try? JSONReader.read(bytes) else {
            return faults.append("không có verdict.json để so sánh")
        }
        guard Self.isSame(SHA256.hash(bytes).hex, files.manifest["verdictSha256"]?.string) else {
            return faults.append("verdict.json không phải kết luận mà manifest.json nêu")
        }
        let (own, theirs) = (Self.summary(verdict), Self.summary(stored))
        if own != theirs {
            faults.append("kết luận tính lại là \(own), kết luận đã lưu là \(theirs)")
        }
    }

    /// Checks that the log's entries say what the archive says.
    private mutating func compare(with verifier: NoteVerifier) {
        let (receipt, recheck) = (files["receipt.tlog-proof"], files["verdict.tlog-proof"])
        guard let receipt, let (accepted, index) = Self.entry(receipt, verifier) else {
            return faults.append("bằng chứng trong nhật ký (receipt.tlog-proof) không đúng")
        }
        let texts = [
            ("sha256", "sha256"), ("receivedAt", "time"), ("documentKey", "documentKey"), ("kind", "kind"),
            ("sender", "sender"),
        ]
        var differing = texts.filter { !Self.isSame(files.manifest[$0.0]?.string, accepted[$0.1]?.string) }
            .map(\.0)
        if files.manifest["byteCount"]?.integer != accepted["byteCount"]?.integer {
            differing.append("byteCount")
        }
        if files.manifest["logIndex"]?.integer != index { differing.append("logIndex") }
        if !differing.isEmpty {
            faults.append("manifest.json khác mục nhật ký ở: \(differing.joined(separator: ", "))")
        }
        guard
            let (last, lastIndex) = recheck == nil
                ? (accepted, index) : recheck.flatMap({ Self.entry($0, verifier) })
        else {
            return faults.append("bằng chứng trong nhật ký (verdict.tlog-proof) không đúng")
        }
        if recheck != nil, let first = files["earlier-verdicts/1.json"],
            !Self.isSame(SHA256.hash(first).hex, accepted["verdictSha256"]?.string)
        {
            faults.append("earlier-verdicts/1.json không phải kết luận mà mục tiếp nhận nêu")
        }
        if files.manifest["verdictLogIndex"]?.integer != lastIndex {
            faults.append("manifest.json nêu sai vị trí của kết luận trong nhật ký")
        }
        let isCovered =
            Self.isSame(last["verdictSha256"]?.string, files.manifest["verdictSha256"]?.string)
            && Self.isSame(last["evidenceSha256"]?.string, files.manifest["evidence"]?["sha256"]?.string)
            && Self.isSame(last["documentKey"]?.string, files.manifest["documentKey"]?.string)
        if !isCovered {
            faults.append("kết luận hoặc bằng chứng trong gói khác với mục nhật ký")
        }
    }

    /// Byte for byte: Swift takes "é" in NFC and in NFD for equal. What neither of them has is the same, too:
    /// not every letter has evidence.
    private static func isSame(_ one: String?, _ other: String?) -> Bool {
        one.map { ExactString($0) } == other.map { ExactString($0) }
    }

    private static func entry(
        _ proof: [UInt8], _ verifier: NoteVerifier
    ) -> (entry: JSONValue, index: Int64)? {
        guard let proof = try? TlogProof(proof), (try? proof.verify(verifier: verifier)) != nil,
            let entry = proof.extra.flatMap({ try? JSONReader.read($0) })
        else { return nil }
        return (entry, proof.index)
    }

    /// What two verdicts must have in common; later releases may say more about each signature.
    private static func summary(_ verdict: Verdict) -> String {
        let signatures = verdict.signatures.map { report in
            "\(report.indication.rawValue)/\(report.subIndication?.rawValue ?? "-")/"
                + (report.signer?.sha256.hex.prefix(16) ?? "-")
        }
        return ([verdict.summary] + signatures.sorted()).joined(separator: " ")
    }

    private static func summary(_ verdict: JSONValue) -> String {
        let signatures = (verdict["signatures"]?.array ?? []).map { report in
            "\(report["indication"]?.string ?? "-")/\(report["subIndication"]?.string ?? "-")/"
                + (report["signer"]?["sha256"]?.string?.prefix(16) ?? "-")
        }
        return ([verdict["indication"]?.string ?? "-"] + signatures.sorted()).joined(separator: " ")
    }
}

extension EvidenceCheck {
    /// The verdict's own JSON with what was found about the evidence in it.
    func json(_ verdict: Verdict) -> [UInt8] {
        var bytes = verdict.json()
        bytes.removeLast()
        let found = JSONWriter.object { writer in
            writer.member("agrees", faults.isEmpty)
            writer.member("anchors", hasOwnAnchors ? "given" : "evidence")
            writer.name("faults")
            writer.array(faults) { $0.string($1) }
            if let timestamp {
                writer.name("timestamp")
                writer.object { timestamp.write(into: &$0) }
            }
        }
        return bytes + Array(",\"evidence\":".utf8) + found + [0x7D]
    }

    var lines: [String] {
        var lines = [""]
        lines += timestamp?.lines ?? []
        lines += faults.map { "  - \($0)" }
        lines.append(
            faults.isEmpty
                ? "Bằng chứng khớp với kết luận đã lưu." : "Bằng chứng KHÔNG khớp, xem các dòng trên.")
        if !hasOwnAnchors {
            lines.append(
                "Lưu ý: chứng thư gốc lấy từ chính gói bằng chứng, tức là theo lời của trục; dùng --trust."
            )
        }
        return lines
    }
}
