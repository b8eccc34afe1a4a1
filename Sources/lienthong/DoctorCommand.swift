internal import AuditLog
internal import JSON
internal import Storage

/// `lienthong doctor`: examines a stopped hub's data directory.
struct DoctorCommand: Command {
    static let words = ["doctor"]
    static let summary = "khám thư mục dữ liệu của một trục đang dừng: cái gì hỏng, phải làm gì"
    static let operands = "DATA-DIR [--key VKEY] [--json]"
    static let options: [Option] = [
        .value("--key", "VKEY", "khóa kiểm tra của nhật ký, hoặc tệp chứa nó, để kiểm tra chữ ký điểm kiểm"),
        .json,
    ]
    static let notes = """
        Không sửa gì. Cơ sở dữ liệu, cây băm, ô băm, điểm kiểm, từng văn bản và từng bản ghi đều được tính lại
        từ đầu. Trục đang chạy thì phải dừng trước, hoặc khám một bản sao.
        Mã thoát: 0 không có gì sai, 1 có chỗ sai (kể ra từng chỗ), 66 không có dữ liệu, 75 trục đang chạy.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("DATA-DIR")[0]
        let verifier = try arguments.value("--key").map { try VerifierKey.read($0) }
        let bars = ProgressBars<Doctor.Part>(terminal) { part in
            switch part {
            case .database: "cơ sở dữ liệu"
            case .log: "nhật ký"
            case .payloads: "văn bản"
            }
        }
        let report: DoctorReport
        do throws(StorageError) {
            report = try Doctor.examine(directory: path, verifier: verifier) { part, done, total in
                bars.advance(part, done, total)
            }
        } catch {
            throw CommandFailure(storage: error)
        }
        bars.finish()
        if arguments.wantsJSON {
            terminal.print(json: json(report))
        } else {
            for line in lines(report, checksSignatures: verifier != nil) { terminal.print(line) }
        }
        return report.isSound ? .done : .refused
    }

    private static func lines(_ report: DoctorReport, checksSignatures: Bool) -> [String] {
        var lines: [String] = []
        for finding in report.findings {
            lines.append("SAI \(finding.place): \(finding.detail) [\(finding.code.rawValue)]")
        }
        if report.findingCount > report.findings.count {
            lines.append("… và \(report.findingCount - report.findings.count) chỗ sai nữa")
        }
        var told: Set<String> = []
        for finding in report.findings where told.insert(finding.code.rawValue).inserted {
            lines.append("PHẢI LÀM [\(finding.code.rawValue)]: \(finding.code.remedy)")
        }
        lines.append(
            "\(report.documents) văn bản (\(report.payloadBytes) byte), \(report.entries) mục nhật ký, "
                + "\(report.checkpoints) điểm kiểm, \(report.garbageBytes) byte không còn ai dùng")
        if !checksSignatures { lines.append("chưa kiểm tra chữ ký của điểm kiểm: cần --key") }
        lines.append(report.isSound ? "LÀNH: không thấy gì sai" : "HỎNG: \(report.findingCount) chỗ sai")
        return lines
    }

    private static func json(_ report: DoctorReport) -> [UInt8] {
        JSONWriter.object { json in
            json.member("sound", report.isSound)
            json.member("documents", report.documents)
            json.member("payloadBytes", report.payloadBytes)
            json.member("garbageBytes", report.garbageBytes)
            json.member("entries", report.entries)
            json.member("checkpoints", report.checkpoints)
            json.member("findingCount", report.findingCount)
            json.name("findings")
            json.array(report.findings) { json, finding in
                json.object { json in
                    json.member("code", finding.code.rawValue)
                    json.member("place", finding.place)
                    json.member("detail", finding.detail)
                    json.member("remedy", finding.code.remedy)
                }
            }
        }
    }
}
