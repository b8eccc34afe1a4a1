import Foundation
import Testing

/// A PDF of one empty page.
///
/// - Parameter padding: bytes of a comment that make it larger.
func onePagePDF(padding: Int = 0) -> String {
    var text = "%PDF-1.7\n" + (padding > 0 ? "%" + String(repeating: "x", count: padding) + "\n" : "")
    var table = "xref\n0 4\n0000000000 65535 f \n"
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>",
    ]
    for (index, object) in objects.enumerated() {
        table += String(format: "%010d 00000 n \n", text.utf8.count)
        text += "\(index + 1) 0 obj\n\(object)\nendobj\n"
    }
    let start = text.utf8.count
    return text + table + "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n\(start)\n%%EOF\n"
}

@Suite struct `A PDF on the command line` {
    let folder: Folder
    let trust: [String]

    init() throws {
        folder = try Folder()
        let pki = folder.path + "/pki"
        trust = ["--trust", "\(pki)/root.pem", "--trust", "\(pki)/agency-ca.pem", "--crl", "\(pki)/crl.pem"]
        #expect(try Program.run(["pki", "demo", pki]).code == 0)
        _ = try folder.file("plain.pdf", onePagePDF())
        try sign("plain.pdf", by: "H37.12.sign", to: "signed.pdf", ["--field", "LanhDao"])
        try sign(
            "signed.pdf", by: "H37.14.sign", to: "twice.pdf", ["--field", "Dau", "--reason", "Đóng dấu"])
    }

    func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    func sign(_ input: String, by signer: String, to output: String, _ options: [String] = []) throws {
        let keys = ["--cert", file("pki/\(signer).pem"), "--key", file("pki/\(signer).key")]
        #expect(try Program.run(["sign"] + keys + options + [file(input), "-o", file(output)]).code == 0)
    }

    /// Writes the file again with one text for another of the same length.
    func change(_ input: String, _ old: String, to new: String, as output: String) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: file(input)))
        let place = try #require(data.range(of: Data(old.utf8)))
        data.replaceSubrange(place, with: Data(new.utf8))
        try data.write(to: URL(fileURLWithPath: file(output)))
    }

    func letter(with attachment: String, to output: String) throws {
        let words = [
            "compose", "--from", "H37.12=A", "--to", "H31.7=B", "--number", "1", "--notation", "X-Y",
            "--subject", "trích yếu", "--attach", file(attachment), "-o", file("letter.edxml"),
        ]
        #expect(try Program.run(words).code == 0)
        try sign("letter.edxml", by: "H37.12.sign", to: output)
    }

    func verify(_ name: String) throws -> (code: Int32, signatures: [[String: Any]], json: [String: Any]) {
        let outcome = try Program.run(["verify", file(name), "--json"] + trust)
        return (outcome.code, outcome.json["signatures"] as? [[String: Any]] ?? [], outcome.json)
    }

    @Test func `is signed twice and passes`() throws {
        let found = try verify("twice.pdf")
        #expect(found.code == 0)
        #expect(found.signatures.map { $0["field"] as? String } == ["LanhDao", "Dau"])
        #expect(found.signatures.map { $0["format"] as? String } == ["PAdES-B", "PAdES-B"])
        #expect(found.signatures.first?["coverage"] as? String == "revision 2 of 3")
        let text = try Program.run(["verify", file("twice.pdf")] + trust)
        #expect(String(decoding: text.output, as: UTF8.self).contains("LanhDao"))
        // The field is taken.
        let keys = ["--cert", file("pki/H37.14.sign.pem"), "--key", file("pki/H37.14.sign.key")]
        let again = ["sign"] + keys + ["--field", "Dau", file("twice.pdf"), "-o", file("thrice.pdf")]
        #expect(try Program.run(again).code == 1)
    }

    @Test func `fails when changed, and is unsigned when nobody signed it`() throws {
        try change("signed.pdf", "595 842", to: "595 843", as: "changed.pdf")
        #expect(try verify("changed.pdf").code == 1)
        let plain = try verify("plain.pdf")
        #expect(plain.code == 2)
        #expect((plain.json["reasons"] as? [[String: Any]])?.first?["code"] as? String == "pdf_unsigned")
    }

    @Test func `in a letter is judged with it`() throws {
        try letter(with: "twice.pdf", to: "good.edxml")
        let good = try verify("good.edxml")
        #expect(good.code == 0)
        #expect(good.signatures.map { $0["document"] as? String } == [nil, "twice.pdf", "twice.pdf"])

        try change("signed.pdf", "595 842", to: "595 843", as: "changed.pdf")
        try letter(with: "changed.pdf", to: "bad.edxml")
        let bad = try verify("bad.edxml")
        #expect(bad.code == 1)
        #expect(bad.signatures.map { $0["indication"] as? String } == ["TOTAL-PASSED", "TOTAL-FAILED"])

        try letter(with: "plain.pdf", to: "plain.edxml")
        let plain = try verify("plain.edxml")
        #expect(plain.code == 0 && plain.signatures.count == 1)
    }

    @Test func `in a zipped attachment by another name is found, too`() throws {
        try FileManager.default.copyItem(atPath: file("signed.pdf"), toPath: file("signed.bin"))
        try letter(with: "signed.bin", to: "zipped.edxml")
        let zipped = try verify("zipped.edxml")
        #expect(zipped.code == 0)
        #expect(zipped.signatures.map { $0["document"] as? String } == [nil, "signed.bin"])
    }

    @Test func `that is large is judged as a small one`() throws {
        _ = try folder.file("large.pdf", onePagePDF(padding: 3 << 20))
        try sign("large.pdf", by: "H37.12.sign", to: "large-signed.pdf")
        try letter(with: "large-signed.pdf", to: "large.edxml")
        let large = try verify("large.edxml")
        #expect(large.code == 0)
        #expect(large.signatures.map { $0["document"] as? String } == [nil, "large-signed.pdf"])
    }

    @Test func `does not make the letter around it signed`() throws {
        try letter(with: "signed.pdf", to: "signed.edxml")
        let found = try verify("letter.edxml")
        #expect(found.code == 2)
        #expect(found.signatures.map { $0["document"] as? String } == ["signed.pdf"])
        #expect((found.json["reasons"] as? [[String: Any]])?.first?["code"] as? String == "not_signed")
    }
}
