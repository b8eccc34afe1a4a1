internal import AuditLog
internal import Exchange
internal import Files
internal import JSON
internal import OpenSSL

/// `lienthong audit receipt`: one receipt against the document itself, offline.
struct AuditReceiptCommand: Command {
    static let words = ["audit", "receipt"]
    static let summary = "kiểm tra một biên nhận với chính văn bản, không cần mạng"
    static let operands = "FILE --document F --key VKEY [--json]"
    static let options: [Option] = [
        .value("--document", "FILE", "văn bản đúng như đã gửi hoặc đã nhận"),
        .value("--key", "VKEY", "khóa kiểm tra của nhật ký, hoặc tệp chứa nó"),
        .json,
    ]
    static let notes = """
        FILE là biên nhận JSON do lệnh send lưu, hoặc tệp .tlog-proof.
        Kiểm tra: chữ ký và tên nhật ký của điểm kiểm, mục nhật ký nằm trong cây, SHA-256 của văn bản đúng với
        mục ấy, và những gì biên nhận ghi không khác với mục ấy. DocumentId không nằm trong nhật ký.
        Mã thoát: 0 đúng, 1 không đúng, 66 không đọc được tệp.
        """

    private static let pieceBytes = 1 << 20

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("FILE")[0]
        let documentPath = try arguments.required("--document")
        let verifier = try VerifierKey.read(try arguments.required("--key"))
        let receipt = try InputFile.read(path)
        let document = try digest(of: documentPath, terminal)
        do throws(ReceiptCheck.Fault) {
            let check = try ReceiptCheck(
                receipt: receipt, documentSHA256: document.sha256, documentByteCount: document.byteCount,
                verifier: verifier)
            report(check, arguments, terminal)
            return .done
        } catch {
            if arguments.wantsJSON {
                terminal.print(
                    json: JSONWriter.object { json in
                        json.member("valid", false)
                        json.member("code", error.code.rawValue)
                        json.member("detail", error.detail)
                    })
            }
            terminal.tell("KHÔNG ĐÚNG: \(error.detail) [\(error.code.rawValue)]")
            return .refused
        }
    }

    private static func report(_ check: ReceiptCheck, _ arguments: Arguments, _ terminal: Terminal) {
        let entry = check.entry
        guard arguments.wantsJSON else {
            terminal.print(
                "ĐÚNG: \(entry["sender"]?.string ?? "") gửi, trục nhận lúc \(entry["time"]?.string ?? ""), "
                    + "chữ ký \(entry["indication"]?.string ?? "")")
            terminal.print(
                "mục \(check.index) trong \(check.checkpoint.size) mục của \(check.checkpoint.origin)")
            return
        }
        terminal.print(
            json: JSONWriter.object { json in
                json.member("valid", true)
                json.member("origin", check.checkpoint.origin)
                json.member("index", check.index)
                json.member("treeSize", check.checkpoint.size)
                json.member("root", check.checkpoint.root.hex)
                for name in ["event", "documentKey", "sender", "sha256", "indication"] {
                    json.member(name, optional: entry[name]?.string)
                }
                json.member("acceptedAt", optional: entry["time"]?.string)
            })
    }

    /// In pieces: a letter may be larger than memory.
    private static func digest(
        of path: String, _ terminal: Terminal
    ) throws -> (sha256: Digest256, byteCount: Int64) {
        do {
            let file = try File(path, .read)
            let bar = terminal.progress("băm \(path)", total: try file.size())
            var hash = SHA256()
            var byteCount: Int64 = 0
            try file.forEachPiece(bytesMax: pieceBytes) { piece in
                hash.update(piece)
                byteCount += Int64(piece.count)
                bar.advance(to: byteCount)
            }
            bar.finish()
            return (hash.finalize(), byteCount)
        } catch {
            throw CommandFailure(.noInput, "không đọc được \(path): \(error)")
        }
    }
}
