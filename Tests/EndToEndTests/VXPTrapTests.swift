import Foundation
import HTTP
import JSON
import OpenSSL
import Testing
import Transport
import VXP

/// The traps of the protocol that are not in one function, each stepped into.
@Suite struct `What breaks other servers of VXP` {
    private let pdf = Array("%PDF-1.7\n% mẫu\n%%EOF\n".utf8)

    @Test func `is answered here as the library wants it`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.12")
        let letter = BuiltMessage.letter(from: "H37.12", to: ["H31.7", "H37.12"], number: "1", pdf: pdf)
        let path = try world.write(letter, to: "a.edxml")

        // The body is the file and two bytes: what recipients get has neither more nor less.
        #expect(try office.send(path).isOK)
        let id = try #require(try office.waiting().first?["docId"]?.string)
        let file = try #require(try office.call("getEdoc", "docId=\(id)").file)
        #expect(file == Array(letter.utf8))

        // A hash with and without its leading zeros, and a wrong one.
        let digest = SHA256.hash(file)
        for hash in [digest.hex, FileHash.unpadded(digest), digest.hex.uppercased()] {
            let answer = try office.call(
                "sendEdoc", "from=H37.12", "messagetype=edoc", "--file", path, "--hash", hash)
            #expect(answer.isOK, "\(answer.text)")
        }
        let wrong = try office.call(
            "sendEdoc", "from=H37.12", "messagetype=edoc", "--file", path, "--hash",
            SHA256.hash([0]).hex)
        #expect(wrong.code == "10" && wrong.docId == "" && wrong.text.contains("hash-file"))
        // As a form.
        #expect(try office.call("sendEdoc", "from=H37.12", "messagetype=edoc", "--form", path).isOK)

        // Every reply: 200, ASCII (the office decodes nothing else), its length, and the connection ends.
        for operation in [
            "getAgenciesList", "getReceivedEdocList", "getSentEdocList", "countReceiveEdoc", "updateStatus",
            "getEdoc", "registerAgency", "nothing",
        ] {
            let answer = try office.call(operation)
            #expect(answer.http == 200)
            #expect(answer.closed && answer.headers["connection"]?.string == "close")
            #expect(answer.headers["content-type"]?.string == "application/json; charset=utf-8")
            for member in ["status", "ErrorCode", "ErrorDesc"] {
                #expect(answer.reply[member]?.string != nil)
            }
        }
        // Whoever waits for it is told to go on, whether his request is good or not.
        #expect(try office.call("updateStatus", "status=done", "docid=x").continued)
        #expect(try office.call("getEdoc", "docId=x", secret: "wrong").continued)

        // A refused download leaves nothing that could be taken for a document.
        for answer in [try office.download("x"), try office.download("../../etc/passwd")] {
            #expect(answer.http == 404 && answer.bytes.isEmpty)
        }
    }

    @Test func `leftovers of earlier calls change nothing`() throws {
        let world = try World.withPolicy("warn")
        let office = try VXPOffice(world, "H37.12")
        for number in 1...3 {
            let letter = BuiltMessage.letter(from: "H37.12", to: ["H37.12"], number: "\(number)", pdf: pdf)
            #expect(try office.send(try world.write(letter, to: "\(number).edxml")).isOK)
        }
        let ids = try office.waiting().compactMap { $0["docId"]?.string }
        let (first, second, third) = (ids[0], ids[1], ids[2])
        // A list is no search.
        let list = try office.call(
            "getReceivedEdocList", "messagetype=edoc", "status=done", "docId=\(second)", "from=H31.7",
            "to=[\"X\"]", "hash-file=00", "filePath=/x")
        #expect(list.data.count == 3)
        #expect(try office.call("getSentEdocList", "docId=\(second)").data.count == 3)
        #expect(try office.call("getSentEdocList", "docId=nothing").data.count == 3)
        // The captured sequence of one object.
        func number(_ answer: VXPOffice.Answer) -> String? {
            answer.file.map { String(decoding: $0, as: UTF8.self) }.flatMap { text in
                (1...3).first { text.contains("<edXML:CodeNumber>\($0)<") }.map { "\($0)" }
            }
        }
        #expect(number(try office.call("getEdoc", "docId=\(first)")) == "1")
        #expect(try office.call("updateStatus", "docId=\(first)", "docid=\(first)", "status=done").isOK)
        #expect(number(try office.call("getEdoc", "docId=\(second)", "docid=\(first)", "status=done")) == "2")
        #expect(try office.call("updateStatus", "docId=\(second)", "docid=\(third)", "status=done").isOK)
        #expect(try office.waiting().compactMap { $0["docId"]?.string } == [second])
        // Headers that are not what was signed: an older value of the same name, and another spelling.
        let told = try office.call(
            "getEdoc", "docId=\(second)", "--header", "XroadVnpt-docId=\(first)", "--header",
            "XroadVnpt-docid=\(third)")
        #expect(number(told) == "2")
        // `to` is a hint that may be old: every recipient of the letter gets it.
        let letter = BuiltMessage.letter(from: "H37.12", to: ["H31.7", "H37.14"], number: "9", pdf: pdf)
        let answer = try office.call(
            "sendEdoc", "from=H37.12", "messagetype=edoc", "to=[\"H31.45.2\"]", "--file",
            try world.write(letter, to: "9.edxml"))
        #expect(answer.isOK)
        let copies = try office.call("getSentEdocList", "docId=\(answer.docId)").data
        #expect(Set(copies.compactMap { $0["toCode"]?.string }) == ["H31.7", "H37.14"])
        #expect(Set(copies.compactMap { $0["receiverDocId"]?.string }).count == 2)
    }

    @Test func `letters that attack the library are not let through`() throws {
        let world = try World.withPolicy("off")
        let office = try VXPOffice(world, "H37.12")
        let good = BuiltMessage.letter(from: "H37.12", to: ["H31.7"], number: "1", pdf: pdf)
        let attacks: [(String, String)] = [
            (
                "DTD",
                good.replacing(
                    "<edXML xmlns",
                    with: "<!DOCTYPE edXML [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\r\n<edXML xmlns")
            ),
            ("blank before the XML", " " + good),
            ("SteeringType", good.replacing("<edXML:SteeringType>0", with: "<edXML:SteeringType>x")),
            (
                "date",
                good.replacing(
                    "2026/11/20</edXML:PromulgationDate>", with: "20/11/2026</edXML:PromulgationDate>")
            ),
            ("name", good.replacing("vb.pdf", with: "../vb.pdf")),
            ("base 64", good.replacing("JVBERi0xLjcK", with: "JVBERi0x*jcK")),
            (
                "no zip",
                BuiltMessage.letter(
                    from: "H37.12", to: ["H31.7"], number: "1", pdf: pdf, type: "application/zip",
                    name: "vb.xlsx")
            ),
            (
                "zip slip",
                BuiltMessage.letter(
                    from: "H37.12", to: ["H31.7"], number: "1", pdf: Self.zip("../x.xlsx"),
                    type: "application/zip", name: "vb.xlsx")
            ),
            ("not UTF-8", good.replacing("encoding=\"UTF-8\"", with: "encoding=\"ISO-8859-1\"")),
        ]
        for (what, text) in attacks {
            let answer = try office.send(try world.write(text, to: "attack.edxml"))
            #expect(answer.code == "22" && answer.docId == "", "\(what): \(answer.code) \(answer.text)")
            #expect(answer.text.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
        }
        #expect(try office.call("getSentEdocList").data.isEmpty)
        let honest = BuiltMessage.letter(
            from: "H37.12", to: ["H31.7"], number: "1", pdf: Self.zip("0b6f3b0e.xlsx"),
            type: "application/zip",
            name: "vb.xlsx")
        let answer = try office.send(try world.write(honest, to: "honest.edxml"))
        #expect(answer.isOK, "\(answer.text)")
    }

    /// One stored entry of five bytes.
    private static func zip(_ name: String) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) }
        }
        let content = Array("hello".utf8)
        let crc = number(0x3610_A686, 4)
        let common =
            number(20, 2) + number(0, 2) + number(0, 2) + number(0, 2) + number(33, 2) + crc + number(5, 4)
            + number(5, 4) + number(name.utf8.count, 2)
        let local = number(0x0403_4B50, 4) + common + number(0, 2) + Array(name.utf8) + content
        let central =
            number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2)
            + number(0, 2) + number(0, 4) + number(0, 4) + Array(name.utf8)
        let end =
            number(0x0605_4B50, 4) + number(0, 2) + number(0, 2) + number(1, 2) + number(1, 2)
            + number(central.count, 4) + number(local.count, 4) + number(0, 2)
        return local + central + end
    }
}
