internal import AuditLog
internal import Exchange
internal import Hub
internal import JSON
internal import Signature

/// The third party's timestamp in an evidence archive: that the log with the letter's entry in it existed
/// then, whatever the hub's own clock said.
struct EvidenceTimestamp {
    private static let parts = ["checkpoint.txt", "checkpoint.tsr", "timestamp.tlog-proof"]

    let report: TimestampReport
    /// What speaks against it; Vietnamese.
    private(set) var faults: [String] = []

    /// Nil where the archive has none.
    ///
    /// - Parameters:
    ///   - verifier: Whose anchors the authority has to be below.
    ///   - log: The log's key, where the one who asks has it.
    init?(_ files: EvidenceFiles, receivedAt: Instant?, _ verifier: SignatureVerifier, log: NoteVerifier?) {
        let found = Self.parts.compactMap { files[$0] }
        guard !found.isEmpty else { return nil }
        let (note, token) = (files["checkpoint.txt"] ?? [], files["checkpoint.tsr"] ?? [])
        report = verifier.judge(token: token, over: note, now: Clock.system.now())
        guard found.count == Self.parts.count else {
            let names = Self.parts.joined(separator: ", ")
            faults = ["dấu thời gian của nhật ký không đủ tệp: \(names)"]
            return
        }
        // An authority that is not known here says nothing for the archive, and nothing against it.
        if report.indication == .totalFailed {
            faults.append("dấu thời gian của nhật ký (checkpoint.tsr) không đúng")
        }
        if let genTime = report.genTime, let receivedAt,
            receivedAt > genTime.adding(seconds: SignatureVerifier.clockSkewSeconds)
        {
            faults.append("giờ nhận \(receivedAt.rfc3339) muộn hơn dấu thời gian \(genTime.rfc3339)")
        }
        comparePosition(files, note, log)
    }

    /// The stamped checkpoint must be over a tree with the letter's entry at the place of its receipt.
    private mutating func comparePosition(_ files: EvidenceFiles, _ note: [UInt8], _ log: NoteVerifier?) {
        guard let proof = files["timestamp.tlog-proof"].flatMap({ try? TlogProof($0) }),
            let receipt = files["receipt.tlog-proof"].flatMap({ try? TlogProof($0) }),
            proof.checkpoint == note, proof.index == receipt.index, proof.extra == receipt.extra
        else {
            return faults.append("timestamp.tlog-proof không nối mục nhật ký của văn bản với checkpoint.txt")
        }
        guard let log, (try? proof.verify(verifier: log)) == nil else { return }
        faults.append("bằng chứng trong nhật ký (timestamp.tlog-proof) không đúng")
    }

    /// For `--json`: `{state, genTime, authority, reasons}`.
    func write(into object: inout JSONWriter) {
        object.member("state", report.indication.rawValue)
        if let genTime = report.genTime { object.member("genTime", genTime) }
        if let authority = report.tsa { object.member("authority", authority.subject) }
        object.name("reasons")
        object.array(report.reasons) { $0.string($1.code.rawValue) }
    }

    var lines: [String] {
        let time = report.genTime?.edXMLTimestamp ?? "không đọc được"
        let authority = report.tsa.map { ", \($0.subject)" } ?? ""
        return ["Dấu thời gian trên nhật ký: \(time)\(authority): \(report.indication.rawValue)"]
            + report.reasons.map { "  - \($0.detail) [\($0.code.rawValue)]" }
    }
}
