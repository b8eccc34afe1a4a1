internal import EdXML
internal import Exchange
internal import Files
internal import Hub
internal import OpenSSL
internal import Signature
internal import XML

/// `lienthong verify`: the verdict on a letter, or on any file with a detached signature, without a network.
struct VerifyCommand: Command {
    static let words = ["verify"]
    static let summary = "kiểm tra chữ ký số của văn bản, không cần mạng"
    static let operands = "FILE [--signature P7S] [--trust F]… [--crl F]… [--ocsp F]… [--json]"
    static let options: [Option] = [
        .value("--signature", "P7S", "chữ ký CMS tách rời (DER hoặc PEM) của FILE"),
        .value(
            "--trust", "FILE|DIR", "chứng thư gốc và trung gian được tin cậy (PEM hoặc DER)", repeats: true),
        .value("--crl", "FILE|DIR", "danh sách thu hồi (PEM hoặc DER)", repeats: true),
        .value("--ocsp", "FILE|DIR", "phản hồi OCSP đã lưu (DER hoặc PEM)", repeats: true),
        .value("--at", "RFC3339", "thời điểm nhận văn bản (mặc định: bây giờ)"),
        .value("--policy", "FILE", "chính sách thuật toán (JSON5)"),
        .value("--evidence", "TAR|DIR", "tính lại kết luận từ gói bằng chứng của lệnh evidence"),
        .value("--key", "VKEY", "khóa kiểm tra của nhật ký, hoặc tệp chứa nó (cùng với --evidence)"),
        .json,
    ]
    static let notes = """
        Mã thoát: 0 TOTAL-PASSED, 1 TOTAL-FAILED, 2 INDETERMINATE.
        Danh sách thu hồi và phản hồi OCSP lập sau thời điểm --at vẫn dùng được: ngày thu hồi được so với
        thời điểm đó.
        Với --evidence chỉ dùng dữ liệu trong gói và chứng thư gốc của --trust, vào lúc trục nhận văn bản;
        kết luận tính lại phải đúng như kết luận đã lưu, nếu không thì mã thoát là 1. Thêm --key thì đối
        chiếu cả với nhật ký. Dấu thời gian trên nhật ký được kiểm tra khi chứng thư gốc của bên cấp dấu
        thời gian cũng có trong --trust.
        Ví dụ: lienthong verify vb.edxml --trust root.pem --trust agency-ca.pem --crl crl.pem
        """

    private static let pieceBytes = 1 << 20
    private static let signatureBytesMax: Int64 = 8 << 20

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let path = try arguments.operands("FILE")[0]
        var check = try EvidenceCheck(arguments)
        let time = try time(arguments, receivedAt: check?.receivedAt)
        let verifier = try check?.verifier(anchors: arguments.all("--trust")) ?? verifier(arguments)
        let signature = try arguments.value("--signature").map(signatureBytes) ?? check?.signature
        let verdict: Verdict
        do {
            let file = try File(path, .read)
            verdict = try self.verdict(on: file, signature, verifier, time, terminal)
            try check?.compare(verdict, of: file, by: verifier, arguments)
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không đọc được tệp: \(error)")
        }
        if arguments.wantsJSON {
            terminal.print(json: check?.json(verdict) ?? verdict.json())
        } else {
            (VerdictText(verdict).lines + (check?.lines ?? [])).forEach(terminal.print)
        }
        if check?.faults.isEmpty == false { return .refused }
        switch verdict.indication {
        case .totalPassed: return .done
        case .totalFailed: return .refused
        case .indeterminate: return .indeterminate
        }
    }

    /// - Parameter signature: a detached one that came beside the file.
    static func verdict(
        on file: File, _ signature: [UInt8]?, _ verifier: SignatureVerifier, _ time: Instant,
        _ terminal: Terminal
    ) throws -> Verdict {
        if let signature { return try detached(signature, file, verifier, time, terminal) }
        return try enclosed(file, verifier, time, terminal)
    }

    static func time(_ arguments: Arguments, receivedAt: Instant? = nil) throws -> Instant {
        guard let text = arguments.value("--at") else { return receivedAt ?? Clock.system.now() }
        guard let time = Instant(rfc3339: text) else {
            throw CommandFailure(.usage, "--at phải là thời điểm RFC 3339, ví dụ 2026-11-20T09:15:30+07:00")
        }
        return time
    }

    static func verifier(_ arguments: Arguments) throws -> SignatureVerifier {
        var policy = AlgorithmPolicy()
        if let path = arguments.value("--policy") {
            do {
                policy = try AlgorithmPolicy(json5: try InputFile.read(path))
            } catch let error as PolicyFileError {
                throw CommandFailure(.noInput, "chính sách \(path) không dùng được: \(error)")
            }
        }
        do {
            let trust = try TrustStore(
                anchors: arguments.all("--trust"), crls: arguments.all("--crl"),
                responses: arguments.all("--ocsp"), now: clock(arguments))
            return SignatureVerifier(trust: trust, algorithms: policy)
        } catch {
            throw CommandFailure(.noInput, "danh sách tin cậy không dùng được: \(error)")
        }
    }

    /// Who asks about another time hands in what he wants judged then; else nothing from the future counts.
    private static func clock(_ arguments: Arguments) -> @Sendable () -> Instant {
        guard arguments.value("--at") != nil else { return Clock.system.now }
        return { .distantFuture }
    }

    private static func signatureBytes(_ path: String) throws -> [UInt8] {
        guard try InputFile.size(path) <= signatureBytesMax else {
            throw CommandFailure(.noInput, "\(path) quá lớn")
        }
        let bytes = try InputFile.read(path)
        let labels = ["CMS", "PKCS7"]
        return PEMBlock.all(in: bytes).first { labels.contains($0.label) }?.bytes ?? bytes
    }

    /// A letter's own signature counts beside the detached one, as it does at the hub.
    private static func detached(
        _ signature: [UInt8], _ file: File, _ verifier: SignatureVerifier, _ time: Instant,
        _ terminal: Terminal
    ) throws -> Verdict {
        var failure: (any Error)?
        let report = verifier.verify(
            cms: signature,
            contentDigest: { algorithm in
                let digester = Digester(algorithm)
                do {
                    try forEachPiece(of: file, terminal) { digester.update($0) }
                    return digester.finalize()
                } catch {
                    failure = error
                    return nil
                }
            }, at: time)
        if let failure { throw failure }
        guard let (evidence, documents) = try? letter(file, terminal) else {
            return Verdict(signatures: [report])
        }
        var reports = [report]
        if evidence.isPresent { reports.append(verifier.verify(evidence, at: time)) }
        for document in documents where document.mayBeSigned {
            reports += verifier.verify(pdf: document.source, at: time, document: document.name)
        }
        return Verdict(signatures: reports)
    }

    private static func enclosed(
        _ file: File, _ verifier: SignatureVerifier, _ time: Instant, _ terminal: Terminal
    ) throws -> Verdict {
        if try file.read(at: 0, count: 5) == Array("%PDF-".utf8) {
            return Verdict(signatures: verifier.verify(pdf: try SpooledPDF(file), at: time))
        }
        do {
            let (evidence, documents) = try letter(file, terminal)
            var reports = [verifier.verify(evidence, at: time)]
            for document in documents where document.mayBeSigned {
                reports += verifier.verify(pdf: document.source, at: time, document: document.name)
            }
            return Verdict(signatures: reports)
        } catch let error as XMLError {
            return .malformed("\(error.line):\(error.column): \(error.message)")
        }
    }

    /// The letter's own signature, and the PDFs among its attachments, in one pass.
    private static func letter(
        _ file: File, _ terminal: Terminal
    ) throws -> (XMLSignatureEvidence, [AttachedPDF]) {
        let signature = XMLSignatureReader()
        let attachments = PDFCollector(folder: Environment.value("TMPDIR") ?? "/tmp")
        let letter = EdXMLReader(limits: EdXMLLimits(), attachments: attachments)
        let reader = XMLEventReader(handler: XMLEventTee(letter, signature))
        try forEachPiece(of: file, terminal) { try reader.feed($0) }
        try reader.finish()
        if let failure = attachments.failure { throw failure }
        return (signature.evidence(), attachments.documents())
    }

    private static func forEachPiece(
        of file: File, _ terminal: Terminal, _ body: ([UInt8]) throws -> Void
    ) throws {
        let bar = terminal.progress("kiểm tra", total: try file.size())
        var read: Int64 = 0
        try file.forEachPiece(bytesMax: pieceBytes) { piece in
            try body(piece)
            read += Int64(piece.count)
            bar.advance(to: read)
        }
        bar.finish()
    }
}
