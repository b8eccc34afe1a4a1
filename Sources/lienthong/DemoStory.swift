internal import Exchange
internal import JSON

/// What the demo tells, chapter by chapter.
struct DemoStory {
    let stage: DemoStage

    private static let sender = "H37.12"
    private static let recipients = ["H37.14", "H31.7", "H31.45.2"]

    func tell() throws {
        try begin()
        let receipt = try send()
        try refuse()
        try resend(receipt)
        try receive()
        try answer()
        try converse()
        try audit()
        try close()
    }

    private func begin() throws {
        stage.tell("Hai tỉnh, bốn cơ quan, khóa dùng một lần")
        try stage.run(["pki", "demo", stage.folder, "--force"])
        try stage.startHub()
        stage.say(
            "Trục chạy ở \(stage.hub?.url ?? ""), TLS hai chiều, kho và nhật ký trong \(stage.path("data"))")
    }

    private func send() throws -> JSONValue {
        stage.tell("Sở KH&CN tỉnh H37 ký và gửi một công văn tới ba nơi ở hai tỉnh, một lần gửi")
        try OutputFile.write(
            DemoPDF.bytes(lines: ["UBND TINH (MAU)", "CONG VAN 482/SKHCN-CDS"]), to: stage.path("draft.pdf"))
        try sign(
            "draft.pdf", with: Self.sender, to: "482.pdf", "--field", "LanhDao", "--reason", "Ký ban hành")
        try stage.run([
            "compose", "--from", Self.sender, "--to", Self.recipients.joined(separator: ","), "--number",
            "482",
            "--notation", "SKHCN-CĐS", "--type", "Công văn", "--subject",
            "V/v phối hợp rà soát mã định danh điện tử",
            "--attach", stage.path("482.pdf"), "-o", stage.path("unsigned.edxml"),
        ])
        try sign("unsigned.edxml", with: Self.sender, to: "letter.edxml")
        let verdict = try stage.json(["verify", stage.path("letter.edxml")] + trust)
        try stage.check(verdict["indication"]?.string == "TOTAL-PASSED", "chữ ký của cơ quan: TOTAL-PASSED")
        let document = verdict["signatures"]?.array?.first { $0["document"]?.string == "482.pdf" }
        try stage.check(
            document?["format"]?.string == "PAdES-B" && document?["indication"]?.string == "TOTAL-PASSED",
            "chữ ký trong tệp đính kèm 482.pdf: PAdES-B, TOTAL-PASSED")
        let receipt = try stage.json(["send", stage.path("letter.edxml")], as: Self.sender)
        try stage.check(
            receipt["recipients"]?.array?.count == 3,
            "trục nhận, lưu bền, trả biên nhận số \(receipt["log"]?["index"]?.integer ?? -1) trong nhật ký")
        return receipt
    }

    private func refuse() throws {
        stage.tell("Ba kẻ giả mạo bị từ chối, kèm lý do")
        let letter = try InputFile.read(stage.path("letter.edxml"))
        let tampered = String(decoding: letter, as: UTF8.self).replacing("rà soát", with: "xóa bỏ")
        try OutputFile.write(Array(tampered.utf8), to: stage.path("tampered.edxml"))
        try refuse("tampered.edxml", "sửa một chữ sau khi ký", "signature_invalid")

        let fresh = String(decoding: try InputFile.read(stage.path("unsigned.edxml")), as: UTF8.self)
            .replacing("482/SKHCN", with: "483/SKHCN")
        try OutputFile.write(Array(fresh.utf8), to: stage.path("unsigned-483.edxml"))
        try sign("unsigned-483.edxml", with: Self.recipients[0], to: "wrong-signer.edxml")
        try refuse("wrong-signer.edxml", "cơ quan khác ký thay", "signer_not_registered")

        try sign("unsigned-483.edxml", with: "revoked", to: "revoked.edxml")
        try refuse("revoked.edxml", "chứng thư ký đã bị thu hồi", "signature_invalid")
    }

    private func refuse(_ file: String, _ what: String, _ code: String) throws {
        let problem = try stage.json(["send", stage.path(file)], as: Self.sender, expecting: .refused)
        try stage.check(problem["code"]?.string == code, "\(what): bị từ chối (\(code))")
        stage.say("  “\(problem["detail"]?.string ?? "")”")
    }

    private func resend(_ receipt: JSONValue) throws {
        stage.tell("Mất mạng lúc trả lời, phần mềm gửi lại")
        let first = try InputFile.read(stage.path("letter.edxml.receipt.json"))
        let again = try stage.json(["send", stage.path("letter.edxml")], as: Self.sender)
        try stage.check(
            try InputFile.read(stage.path("letter.edxml.receipt.json")) == first
                && again["documentKey"]?.string == receipt["documentKey"]?.string,
            "cùng biên nhận, giống từng byte; không có bản thứ hai")
    }

    private func receive() throws {
        stage.tell("Ba nơi nhận hỏi hộp đến, tải, kiểm tra, xác nhận")
        for recipient in Self.recipients {
            let result = try stage.json(
                ["receive", "--dir", stage.path("inbox-\(recipient)")] + trust, as: recipient)
            let received = result["received"]?.array ?? []
            try stage.check(received.count == 1, "\(recipient) nhận đúng một văn bản")
            let file = received.first?["file"]?.string ?? ""
            try stage.check(
                try InputFile.read(file) == (try InputFile.read(stage.path("letter.edxml"))),
                "\(recipient) có đúng từng byte mà nơi gửi đã ký")
            try stage.check(
                received.first?["indication"]?.string == "TOTAL-PASSED",
                "\(recipient) tự kiểm tra chữ ký: TOTAL-PASSED")
        }
        let rest = try stage.json(["receive", "--dir", stage.path("inbox-empty")], as: Self.recipients[1])
        try stage.check(rest["received"]?.array?.isEmpty == true, "hỏi lại: hộp đến trống, không nhận trùng")
    }

    private func answer() throws {
        stage.tell("Nơi nhận trả trạng thái 01, 03, 06 về nơi gửi")
        let key = try key()
        for code in ["01", "03", "06"] {
            try stage.run(["status", key, code, "--from", Self.recipients[1]], as: Self.recipients[1])
        }
        let statuses = try stage.json(
            ["receive", "--dir", stage.path("inbox-\(Self.sender)")], as: Self.sender)
        try stage.check(statuses["received"]?.array?.count == 3, "nơi gửi nhận đủ ba trạng thái qua hộp đến")
        let trail = try stage.json(["trail", key], as: Self.sender)
        let codes = trail["statuses"]?.array?.compactMap { $0["code"]?.string } ?? []
        try stage.check(codes == ["01", "03", "06"], "dấu vết ghi: \(codes.joined(separator: " → "))")
        let delivered = trail["deliveries"]?.array?.filter { $0["state"]?.string == "delivered" }.count
        try stage.check(delivered == 3, "cả ba nơi đã nhận, có giờ và số nhật ký")
    }

    private func audit() throws {
        stage.tell("Kiểm toán viên chép nhật ký và kiểm tra ngoại tuyến")
        let vkey = try stage.json(["log", "vkey", "--config", stage.path("hub.json5")])["vkey"]?.string ?? ""
        stage.say("khóa công khai của nhật ký: \(vkey)")
        try stage.run(["audit", "mirror", stage.path("mirror")], as: "auditor")
        let report = try stage.json(["audit", "verify", stage.path("mirror"), "--key", vkey])
        try stage.check(
            (report["size"]?.integer ?? 0) > 10,
            "\(report["size"]?.integer ?? 0) mục nhật ký, từng mục nằm đúng dưới chữ ký")
        try stage.run([
            "audit", "receipt", stage.path("letter.edxml.receipt.json"), "--document",
            stage.path("letter.edxml"),
            "--key", vkey,
        ])
        stage.say("✓ biên nhận đúng với văn bản, không cần hỏi trục")
        try stage.run(
            [
                "audit", "receipt", stage.path("letter.edxml.receipt.json"), "--document",
                stage.path("tampered.edxml"), "--key", vkey,
            ], expecting: .refused)
        stage.say("✓ cùng biên nhận với bản bị sửa: không khớp, đúng như phải thế")
    }

    private func close() throws {
        stage.tell("Dừng trục và chạy lại: không mất gì")
        let key = try key()
        try stage.stopHub()
        try stage.startHub()
        let trail = try stage.json(["trail", key], as: Self.sender)
        try stage.check(trail["statuses"]?.array?.count == 3, "sau khi chạy lại, dấu vết còn nguyên")
    }

    private var trust: [String] {
        [
            "--trust", stage.path("root.pem"), "--trust", stage.path("agency-ca.pem"), "--crl",
            stage.path("crl.pem"),
        ]
    }

    func sign(
        _ input: String, with signer: String, to output: String, _ more: String...
    ) throws {
        try stage.run(
            ["sign"] + more + [
                "--cert", stage.path("\(signer).sign.pem"), "--key", stage.path("\(signer).sign.key"),
                "--chain", stage.path("agency-ca.pem"), stage.path(input), "-o", stage.path(output),
            ])
    }

    private func key() throws -> String {
        let receipt = try JSONReader.read(try InputFile.read(stage.path("letter.edxml.receipt.json")))
        return receipt["documentKey"]?.string ?? ""
    }
}
