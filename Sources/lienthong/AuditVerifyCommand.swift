internal import AuditLog
internal import Exchange
internal import Files
internal import JSON

/// `lienthong audit verify`: replays a mirrored log offline.
struct AuditVerifyCommand: Command {
    static let words = ["audit", "verify"]
    static let summary = "kiểm tra toàn bộ bản sao nhật ký, không cần mạng, không cần tin trục"
    static let operands = "DIR --key VKEY [--json]"
    static let options: [Option] = [
        .value("--key", "VKEY", "khóa kiểm tra của nhật ký, hoặc tệp chứa nó"),
        .json,
    ]
    static let notes = """
        DIR do lienthong audit mirror tạo. Từng mục được đối chiếu với mã băm, từng ô băm với tầng dưới, gốc
        cây với điểm kiểm đã ký, và mỗi điểm kiểm cũ phải là phần đầu của nhật ký hiện nay.
        Mã thoát: 0 không có gì sai, 1 có chỗ sai (kể ra từng chỗ), 66 không có bản sao.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("DIR")[0]
        let verifier = try VerifierKey.read(try arguments.required("--key"))
        guard Directory.exists(path) else { throw CommandFailure(.noInput, "không có thư mục \(path)") }
        var bar: ProgressBar?
        let report = Auditor.audit(LogDirectory(path), verifier: verifier) { done, total in
            if bar == nil { bar = terminal.progress("kiểm tra", total: total) }
            bar?.advance(to: done)
        }
        bar?.finish()
        if arguments.wantsJSON {
            terminal.print(json: json(report))
        } else {
            for line in lines(report) { terminal.print(line) }
        }
        return report.isSound ? .done : .refused
    }

    private static func lines(_ report: AuditReport) -> [String] {
        var lines = report.findings.map { "SAI \($0.path): \($0.detail) [\($0.code.rawValue)]" }
        if report.findingCount > report.findings.count {
            lines.append("… và \(report.findingCount - report.findings.count) chỗ sai nữa")
        }
        guard let root = report.root else { return lines }
        lines.append(
            "nhật ký \(report.origin): \(report.size) mục, gốc \(root.hex), "
                + "\(report.olderCheckpoints) điểm kiểm cũ khớp")
        lines.append(
            report.isSound
                ? "ĐÚNG: mọi mục, ô băm và điểm kiểm đều khớp"
                : "KHÔNG ĐÚNG: \(report.findingCount) chỗ sai, đã đọc \(report.replayed)/\(report.size) mục")
        return lines
    }

    private static func json(_ report: AuditReport) -> [UInt8] {
        JSONWriter.object { json in
            json.member("sound", report.isSound)
            json.member("origin", report.origin)
            json.member("size", report.size)
            json.member("root", optional: report.root?.hex)
            json.member("replayed", report.replayed)
            json.member("olderCheckpoints", report.olderCheckpoints)
            json.member("findingCount", report.findingCount)
            json.name("findings")
            json.array(report.findings) { json, finding in
                json.object { json in
                    json.member("code", finding.code.rawValue)
                    json.member("path", finding.path)
                    if let index = finding.index { json.member("index", index) }
                    json.member("detail", finding.detail)
                }
            }
        }
    }
}
