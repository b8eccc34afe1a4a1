internal import Exchange
internal import OpenSSL
internal import Signature

/// A verdict as a person reads it.
struct VerdictText {
    let lines: [String]

    init(_ verdict: Verdict) {
        let word =
            switch verdict.indication {
            case .totalPassed: "hợp lệ"
            case .totalFailed: "KHÔNG hợp lệ"
            case .indeterminate: "chưa xác định được"
            }
        var lines = ["\(verdict.summary): chữ ký số \(word)"]
        lines += verdict.reasons.map { "  - \($0.detail) [\($0.code.rawValue)]" }
        for report in verdict.signatures { lines += Self.lines(for: report) }
        self.lines = lines
    }

    private static func lines(for report: SignatureReport) -> [String] {
        let sub = report.subIndication.map { " / \($0.rawValue)" } ?? ""
        var lines = ["", "\(report.formatName): \(report.indication.rawValue)\(sub)"]
        if let document = report.document { lines.append("  tệp đính kèm: \(document)") }
        if let field = report.field { lines.append("  trường ký:   \(field)") }
        if let signer = report.signer {
            lines.append("  người ký:    \(signer.subject)")
            lines.append("  cấp bởi:     \(signer.issuer)")
            lines.append("  số chứng thư: \(signer.serial)")
        }
        if let role = text(for: report.role) { lines.append("  vai trò:     \(role)") }
        if let algorithm = report.algorithm { lines.append("  thuật toán:  \(algorithm)") }
        if let time = report.signingTime { lines.append("  giờ ký (tự khai): \(time.edXMLTimestamp)") }
        for timestamp in report.timestamps { lines += text(for: timestamp) }
        if let time = report.bestSigningTime { lines.append("  xét tại:     \(time.edXMLTimestamp)") }
        if let revocation = report.revocation { lines.append("  thu hồi:     \(text(for: revocation))") }
        lines += report.reasons.map { "  - \($0.detail) [\($0.code.rawValue)]" }
        return lines
    }

    private static func text(for role: SignerRole) -> String? {
        switch role {
        case .leader: "chữ ký của người có thẩm quyền"
        case .seal: "con dấu (chữ ký) của cơ quan"
        case .unknown: nil
        }
    }

    private static func text(for timestamp: TimestampReport) -> [String] {
        let time = timestamp.genTime?.edXMLTimestamp ?? "không đọc được"
        let authority = timestamp.tsa.map { ", \($0.subject)" } ?? ""
        let line = "  dấu thời gian: \(time)\(authority): \(timestamp.indication.rawValue)"
        return [line] + timestamp.reasons.map { "    - \($0.detail) [\($0.code.rawValue)]" }
    }

    private static func name(_ revocation: SignatureReport.Revocation) -> String {
        revocation.source == RevocationSource.Kind.ocsp.rawValue ? "phản hồi OCSP" : "danh sách"
    }

    private static func text(for revocation: SignatureReport.Revocation) -> String {
        switch revocation.status {
        case .good:
            "không bị thu hồi"
                + (revocation.thisUpdate.map { ", theo \(name(revocation)) lúc \($0.edXMLTimestamp)" } ?? "")
        case .revoked: "đã bị thu hồi" + (revocation.revokedAt.map { " lúc \($0.edXMLTimestamp)" } ?? "")
        case .unknown: "chưa rõ (\(revocation.cause ?? ""))"
        }
    }
}
