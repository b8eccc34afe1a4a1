internal import Exchange
internal import Files
internal import Hub
internal import JSON
internal import OpenSSL
internal import Signature
internal import XML

/// `lienthong sign`: the organisation's signature, inside a letter or beside any file.
struct SignCommand: Command {
    static let words = ["sign"]
    static let summary = "ký văn bản edXML hoặc tệp PDF, hoặc tạo tệp .p7s đi kèm"
    static let operands = "--cert F --key F IN -o OUT [--detached] [--field NAME] [--json]"
    static let options: [Option] = [
        .value("--cert", "FILE", "chứng thư ký (PEM); các chứng thư sau nó trong tệp được kèm theo chữ ký"),
        .value("--key", "FILE", "khóa riêng của chứng thư ký (PEM, không mật khẩu)"),
        .value("--chain", "FILE", "chứng thư cấp trên kèm theo chữ ký (PEM)", repeats: true),
        .value("-o", "OUT", "tệp kết quả"),
        .flag("--detached", "chữ ký CAdES-B tách rời (DER) cho tệp bất kỳ, không sửa tệp"),
        .value("--field", "NAME", "tên trường chữ ký mới trong tệp PDF (mặc định: Signature)"),
        .value("--reason", "TEXT", "lý do ký, ghi vào chữ ký PDF"),
        .value("--digest", "D", "sha256, sha384 hoặc sha512 (mặc định theo khóa)"),
        .flag("--pss", "RSASSA-PSS thay cho PKCS#1 v1.5 (chỉ khóa RSA)"),
        .json,
    ]
    static let notes = """
        Văn bản edXML đã ký khác bản chưa ký đúng một phần tử ds:Signature.
        Văn bản đã có chữ ký thì không ký lại.
        Tệp PDF được ký PAdES-B vào một trường mới, không hiện trên trang; chữ ký có sẵn vẫn nguyên vẹn.
        Ví dụ: lienthong sign --cert H37.12.sign.pem --key H37.12.sign.key vb.edxml -o vb-da-ky.edxml
        """

    private static let pieceBytes = 1 << 20
    private static let pdfBytesMax: Int64 = 1 << 30

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let input = try arguments.operands("IN")[0]
        let output = try arguments.required("-o")
        let certificate = try arguments.required("--cert")
        let key = try arguments.required("--key")
        let digest = try digest(arguments)
        do {
            let identity = try identity(
                certificate, key, arguments.all("--chain"), digest, arguments.has("--pss"))
            let time = Clock.system.now()
            if arguments.has("--detached") {
                try signDetached(input, output, identity, time)
            } else if try isPDF(input) {
                try signPDF(input, output, identity, time, arguments)
            } else {
                try signLetter(input, output, identity)
            }
            let format = arguments.has("--detached") ? "CAdES-B" : try isPDF(input) ? "PAdES-B" : "XML-DSig"
            report(identity, output, format, time, arguments, terminal)
            return .done
        } catch let error as SigningError {
            throw CommandFailure(.refused, error.detail)
        } catch let error as XMLError {
            throw CommandFailure(.refused, "\(input):\(error.line):\(error.column): \(error.detail)")
        } catch let error as FileError {
            throw CommandFailure(.noInput, "lỗi tệp: \(error)")
        }
    }

    private static func digest(_ arguments: Arguments) throws -> DigestAlgorithm? {
        guard let name = arguments.value("--digest") else { return nil }
        switch name {
        case "sha256": return .sha256
        case "sha384": return .sha384
        case "sha512": return .sha512
        default: throw CommandFailure(.usage, "--digest phải là sha256, sha384 hoặc sha512")
        }
    }

    private static func identity(
        _ certificate: String, _ key: String, _ chain: [String], _ digest: DigestAlgorithm?, _ usesPSS: Bool
    ) throws -> SigningIdentity {
        var certificates = try certificatesIn(certificate)
        for file in chain { certificates += try certificatesIn(file) }
        let privateKey: PrivateKey
        do {
            privateKey = try PrivateKey(pem: try InputFile.read(key))
        } catch let error as OpenSSLError {
            throw CommandFailure(.noInput, "\(key): không có khóa riêng PEM không mật khẩu (\(error))")
        }
        return try SigningIdentity(
            certificate: certificates[0], key: privateKey, chain: Array(certificates.dropFirst()),
            digest: digest,
            usesPSS: usesPSS)
    }

    /// At least one.
    private static func certificatesIn(_ path: String) throws -> [Certificate] {
        do {
            let certificates = try Certificate.all(in: try InputFile.read(path))
            guard !certificates.isEmpty else {
                throw CommandFailure(.noInput, "\(path): không có chứng thư nào")
            }
            return certificates
        } catch let error as OpenSSLError {
            throw CommandFailure(.noInput, "\(path): không đọc được chứng thư (\(error))")
        }
    }

    private static func signLetter(_ input: String, _ output: String, _ identity: SigningIdentity) throws {
        let source = try File(input, .read)
        try OutputFile.make(output) { _ = try XMLSigner(identity).sign(source, to: $0) }
    }

    private static func isPDF(_ input: String) throws -> Bool {
        try File(input, .read).read(at: 0, count: 5) == Array("%PDF-".utf8)
    }

    private static func signPDF(
        _ input: String, _ output: String, _ identity: SigningIdentity, _ time: Instant,
        _ arguments: Arguments
    ) throws {
        guard try InputFile.size(input) <= pdfBytesMax else {
            throw CommandFailure(.noInput, "\(input) quá lớn để ký")
        }
        let description = PDFSigner.Description(
            field: arguments.value("--field") ?? "Signature", reason: arguments.value("--reason"))
        let signed = try PDFSigner(identity).sign(try InputFile.read(input), description, at: time)
        try OutputFile.write(signed, to: output)
    }

    private static func signDetached(
        _ input: String, _ output: String, _ identity: SigningIdentity, _ time: Instant
    ) throws {
        let source = try File(input, .read)
        let signer = CMSSigner(identity)
        let digester = Digester(signer.digest)
        try source.forEachPiece(bytesMax: pieceBytes) { digester.update($0) }
        try OutputFile.write(try signer.sign(contentDigest: digester.finalize(), at: time), to: output)
    }

    private static func report(
        _ identity: SigningIdentity, _ output: String, _ format: String, _ time: Instant,
        _ arguments: Arguments, _ terminal: Terminal
    ) {
        terminal.tell(
            "đã ký bằng chứng thư \(identity.certificate.subject) (\(identity.algorithm)): \(output)")
        guard arguments.wantsJSON else { return }
        terminal.print(
            json: JSONWriter.object { writer in
                writer.member("file", output)
                writer.member("format", format)
                writer.member("algorithm", "\(identity.algorithm)")
                // XML-DSig states no time.
                if format != "XML-DSig" { writer.member("signingTime", time) }
                writer.name("signer")
                writer.object { signer in
                    signer.member("subject", identity.certificate.subject)
                    signer.member("issuer", identity.certificate.issuer)
                    signer.member("serial", identity.certificate.serialHex)
                    signer.member("sha256", identity.certificate.sha256.hex)
                }
            })
    }
}
