internal import Exchange
internal import Files
internal import HTTP
internal import JSON
internal import OpenSSL
internal import Transport

/// `lienthong send`: submits a letter or status message and keeps the receipt beside it.
struct SendCommand: Command {
    static let words = ["send"]
    static let summary = "gửi một văn bản hoặc trạng thái edXML, lưu biên nhận"
    static let operands = "FILE [--signature P7S] [--json]"
    static let options =
        Option.connection + [
            .value("--signature", "FILE", "chữ ký CMS tách rời (DER) của FILE"),
            .value("--receipt", "FILE", "nơi lưu biên nhận (mặc định FILE.receipt.json)"),
            .json,
        ]
    static let notes = """
        Gửi lại cùng một tệp là an toàn: trục trả lại đúng biên nhận cũ, không tạo bản thứ hai.
        Tệp lớn được gửi tiếp từ chỗ đứt khi đường truyền kém, kể cả sau khi chạy lại lệnh.
        Biên nhận kiểm tra được mà không cần trục:
        lienthong audit receipt FILE.receipt.json --document FILE --key VKEY
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let file = try arguments.operands("FILE")[0]
        let hub = try HubConnection(arguments)
        let bar = terminal.progress("gửi \(file)", total: try InputFile.size(file))
        let reply: BlockingClient.Answer
        if let signature = arguments.value("--signature") {
            // Named after what is in it, so that a broken transfer is found again by the next run.
            let form = try SubmissionForm(letter: file, signature: try InputFile.read(signature))
            reply = try submit(form.path, form.contentType, hub, bar, terminal)
            form.remove()
        } else {
            reply = try submit(file, "application/xml", hub, bar, terminal)
        }
        bar.finish()
        let receipt = arguments.value("--receipt") ?? "\(file).receipt.json"
        try OutputFile.write(reply.bytes, to: receipt)
        if arguments.wantsJSON { terminal.print(json: reply.bytes) }
        let value = try? JSONReader.read(reply.bytes)
        let what = reply.head.status == 200 ? "đã có ở trục từ trước" : "đã được nhận"
        terminal.tell("\(file) \(what), mã \(value?["documentKey"]?.string ?? "?"); biên nhận: \(receipt)")
        return .done
    }

    private static func submit(
        _ path: String, _ contentType: String, _ hub: HubConnection, _ bar: ProgressBar,
        _ terminal: Terminal
    ) throws -> BlockingClient.Answer {
        guard try InputFile.size(path) < ResumableUpload.byteCountMin else {
            return try ResumableUpload(path, contentType: contentType, hub: hub, terminal: terminal).send(bar)
        }
        return try hub.call(
            "POST", "/v1/documents", fields: ["Content-Type": contentType], body: .file(path),
            progress: { bar.advance(to: $0) })
    }
}

/// multipart/form-data with the parts `edoc` and `signature`, as a file beside the letter so that a letter of
/// a gigabyte needs no gigabyte of memory.
private struct SubmissionForm {
    let contentType: String
    let path: String

    init(letter: String, signature: [UInt8]) throws {
        // From the signature: it stands for the letter, so the same two give the same form again.
        let boundary = "lienthong-\(SHA256.hash(signature).hex.prefix(32))"
        contentType = "multipart/form-data; boundary=\(boundary)"
        path = "\(letter).\(boundary).form"
        remove()
        func head(_ name: String, _ type: String) -> [UInt8] {
            Array(
                ("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(name)\"\r\n"
                    + "Content-Type: \(type)\r\n\r\n").utf8)
        }
        do {
            let (input, output) = (try File(letter, .read), try File(path, .createNew))
            var written: Int64 = 0
            func write(_ bytes: [UInt8]) throws {
                try output.write(bytes, at: written)
                written += Int64(bytes.count)
            }
            try write(head("edoc", "application/xml"))
            try input.forEachPiece { try write($0) }
            try write(Array("\r\n".utf8) + head("signature", "application/pkcs7-signature") + signature)
            try write(Array("\r\n--\(boundary)--\r\n".utf8))
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không dựng được nội dung gửi: \(error)")
        }
    }

    func remove() {
        try? Files.Directory.remove(path)
    }
}
