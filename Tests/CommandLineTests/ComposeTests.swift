import Foundation
import Testing

@Suite struct `lienthong compose` {
    private func arguments(_ folder: Folder, attach: String, _ more: [String] = []) -> [String] {
        [
            "compose", "--from", "H37.12=Sở Khoa học", "--to", "H31.7,H31.45.2=UBND xã", "--number", "482",
            "--notation", "SKHCN-CĐS", "--subject", "V/v rà soát", "--attach", attach,
            "-o", folder.path + "/out.edxml",
        ] + more
    }

    @Test func `writes a letter that says what the options say`() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            arguments(
                folder, attach: try folder.file("a.pdf", "%PDF"),
                ["--to", "H31.8=Sở Văn hóa, Thể thao", "--date", "2026/11/20", "--priority", "3",
                    "--type", "Tờ trình", "--type-detail", "16", "--signer-name", "Nguyễn Văn Mẫu", "--json",
                ]))
        #expect(outcome.code == 0, "\(outcome.talk)")
        #expect(outcome.json["documentId"] as? String == "H37.12,2026/11/20,482/SKHCN-CĐS")
        #expect(outcome.json["recipients"] as? [String] == ["H31.7", "H31.45.2", "H31.8"])
        let letter = try String(contentsOfFile: folder.path + "/out.edxml", encoding: .utf8)
        #expect(outcome.json["size"] as? Int == letter.utf8.count)
        for part in [
            "<edXML:OrganName>Sở Khoa học</edXML:OrganName>", "<edXML:OrganName>H31.7</edXML:OrganName>",
            "<edXML:OrganName>Sở Văn hóa, Thể thao</edXML:OrganName>", "<edXML:Priority>3</edXML:Priority>",
            "<edXML:TypeName>Tờ trình</edXML:TypeName>", "<edXML:TypeDetail>16</edXML:TypeDetail>",
            "<edXML:FullName>Nguyễn Văn Mẫu</edXML:FullName>", ">JVBERg==<",
        ] {
            #expect(letter.contains(part), "\(part)")
        }
        #expect(try folder.names == ["a.pdf", "out.edxml"], "no temporary file is left")
    }

    @Test func `replaces a letter of the same name as a whole`() throws {
        let folder = try Folder()
        _ = try folder.file("out.edxml", String(repeating: "old", count: 10_000))
        let outcome = try Program.run(arguments(folder, attach: try folder.file("a.pdf", "%PDF")))
        #expect(outcome.code == 0)
        #expect(outcome.output.isEmpty)
        #expect(
            try String(contentsOfFile: folder.path + "/out.edxml", encoding: .utf8).hasSuffix("</edXML>\n"))
    }

    @Test(arguments: [
        (["--date", "2026/02/30"], 64, "PromulgationDate"), (["--due", "mai"], 64, "DueDate"),
        (["--priority", "5"], 64, "--priority"), (["--to", "H31.7"], 64, "H31.7"),
        (["--signer-position", "Giám đốc"], 64, "--signer-name"), (["--wrong"], 64, "--wrong"),
        (["--number", "1"], 64, "--number"), (["operand"], 64, "tham số"),
        (["--attach", "/nonexistent"], 66, "/nonexistent"),
        (["--attach", "/tmp"], 66, "/tmp"),
        (["--content", String(repeating: "a", count: 501)], 64, "Content"),
    ])
    func `refuses and writes nothing`(more: [String], code: Int, word: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(arguments(folder, attach: try folder.file("a.pdf", "%PDF"), more))
        #expect(outcome.code == Int32(code))
        #expect(outcome.talk.contains("lienthong compose") && outcome.talk.contains(word), "\(outcome.talk)")
        #expect(try folder.names == ["a.pdf"])
    }

    @Test func `without an attachment or an output explains its use`() throws {
        #expect(try Program.run(["compose"]).code == 64)
        #expect(
            try Program.run([
                "compose", "--from", "A", "--to", "B", "--number", "1", "--notation", "X", "--subject", "S",
                "-o", "/nonexistent/out",
            ]).code == 64)
        let help = try Program.run(["compose", "--help"])
        #expect(help.code == 0)
        #expect(String(decoding: help.output, as: UTF8.self).contains("--attach FILE"))
    }

    @Test(arguments: ["large.pdf", "large.bin"])
    func `takes 100 MiB with memory for a third of it`(name: String) throws {
        let folder = try Folder()
        let large = try folder.sparseFile(name, byteCount: 100 << 20)
        let outcome = try Program.run(arguments(folder, attach: large), after: "ulimit -d 32768")
        #expect(outcome.code == 0, "\(outcome.talk)")
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/out.edxml")
        let size = try #require(attributes[.size] as? Int)
        #expect(name.hasSuffix("pdf") ? size > 139_000_000 : size < 400_000)
    }
}
