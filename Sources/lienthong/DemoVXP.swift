internal import Exchange
internal import JSON

/// The demo's chapter about an office whose software is there already and speaks VXP.
extension DemoStory {
    private static let office = "H37.14"
    private static let native = "H31.7"

    func converse() throws {
        stage.tell("Một phần mềm có sẵn nói VXP: chỉ đổi địa chỉ và bí mật")
        let secret = String(
            decoding: try stage.run(["agency", "vxp-secret", Self.office], as: "operator"), as: UTF8.self
        ).filter { !$0.isWhitespace }
        let office = try client(secret)
        try stage.check(
            try office.call("getAgenciesListQD20")["data"]?.array?.isEmpty == false,
            "\(Self.office) nối vào cổng VXP (\(stage.hub?.vxp ?? "")) và thấy danh bạ")
        let wrong = try client(secret + "x").call("countReceiveEdoc")
        try stage.check(wrong["ErrorCode"]?.string == "15", "sai bí mật: \(wrong["ErrorDesc"]?.string ?? "")")
        try send(office)
        try receive(office)
    }

    private func client(_ secret: String) throws -> VXPOfficeClient {
        try VXPOfficeClient(
            address: stage.hub?.vxp ?? "", anchor: stage.path("root.pem"), systemID: Self.office,
            secret: secret)
    }

    private func send(_ office: VXPOfficeClient) throws {
        try compose(from: Self.office, to: Self.native, number: "77", into: "vxp.edxml")
        let letter = try InputFile.read(stage.path("vxp.edxml"))
        let first = try office.send(letter)
        let again = try office.send(letter)
        try stage.check(
            first["status"]?.string == "OK" && first["DocId"]?.string == again["DocId"]?.string,
            "VXP gửi tới \(Self.native), mất trả lời, gửi lại: cùng DocId \(first["DocId"]?.string ?? "")")
        let received = try stage.json(["receive", "--dir", stage.path("inbox-vxp")], as: Self.native)
        let file = received["received"]?.array?.first?["file"]?.string ?? ""
        try stage.check(
            try InputFile.read(file) == letter, "\(Self.native) nhận qua API của trục, đúng từng byte")
        let key = received["received"]?.array?.first?["documentKey"]?.string ?? ""
        try stage.run(["status", key, "03", "--from", Self.native], as: Self.native)
        let statuses = try office.list("status")
        let docId = statuses.first?["docId"]?.string ?? ""
        let status = String(decoding: try office.fetch(docId), as: UTF8.self)
        try stage.check(
            statuses.count == 1 && status.contains("StatusCode>03<"), "trạng thái 03 về tới phần mềm VXP")
        try settle(docId, office)
    }

    private func receive(_ office: VXPOfficeClient) throws {
        try compose(from: "H37.12", to: Self.office, number: "78", into: "to-vxp.edxml")
        try stage.run(["send", stage.path("to-vxp.edxml")], as: "H37.12")
        let list = try office.list("edoc")
        let docId = list.first?["docId"]?.string ?? ""
        try stage.check(
            try list.count == 1 && office.fetch(docId) == InputFile.read(stage.path("to-vxp.edxml")),
            "chiều ngược lại: VXP nhận văn bản gửi qua API, đúng từng byte")
        try stage.check(try office.list("edoc").count == 1, "xem và tải không lấy văn bản đi")
        try settle(docId, office)
        try stage.check(try office.list("edoc").isEmpty, "done: hết chờ")
    }

    private func settle(_ docId: String, _ office: VXPOfficeClient) throws {
        let reply = try office.call("updateStatus", [("status", "done"), ("docid", docId)])
        guard reply["status"]?.string == "OK" else {
            throw DemoFailure(description: "updateStatus: \(reply["ErrorDesc"]?.string ?? "")")
        }
    }

    private func compose(from: String, to: String, number: String, into file: String) throws {
        try stage.run([
            "compose", "--from", from, "--to", to, "--number", number, "--notation", "VXP", "--type",
            "Công văn",
            "--subject", "V/v trao đổi qua VXP", "--attach", stage.path("draft.pdf"), "-o",
            stage.path("unsigned-\(file)"),
        ])
        try sign("unsigned-\(file)", with: from, to: file)
    }
}
