import CZlib
import Testing

@testable import PDF

/// A file of one revision, its objects numbered from 1, with what is asked for in its trailer.
func file(_ objects: [String], trailer: String = "", header: String = "%PDF-1.7\n") -> [UInt8] {
    var bytes = Array(header.utf8)
    var table = "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
    for (index, text) in objects.enumerated() {
        let digits = "\(bytes.count)"
        table += String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n"
        bytes += Array("\(index + 1) 0 obj\n\(text)\nendobj\n".utf8)
    }
    let start = bytes.count
    table += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R \(trailer) >>\nstartxref\n\(start)\n%%EOF\n"
    return bytes + Array(table.utf8)
}

func fault(_ bytes: [UInt8], limits: PDFLimits = PDFLimits()) -> PDFFault? {
    do throws(PDFFault) {
        let read = try PDFFile(PDFBytes(bytes), limits: limits)
        for entry in read.revisions[0].entries where entry.place != .free {
            _ = try read.object(PDFReference(entry.number, 0), at: read.lastRevision)
        }
        return nil
    } catch {
        return error
    }
}

@Suite struct `A PDF file` {
    @Test(arguments: [
        ("(a\\(b\\)\\101\\\nc)", PDFValue.string(Array("a(b)Ac".utf8))),
        ("(a(b)c)", .string(Array("a(b)c".utf8))), ("<48 65 6C6>", .string(Array("Hel`".utf8))),
        ("/A#42C", .name("ABC")), ("-12", .integer(-12)), ("+7", .integer(7)),
        ("[1 2 3 0 R]", .array([.integer(1), .integer(2), .reference(PDFReference(3, 0))])),
        ("[1 0 0 R]", .array([.integer(1), .reference(PDFReference(0, 0))])),
        ("true", .boolean(true)), ("null % comment", .null), (".5", .real(Array(".5".utf8))),
    ])
    func `has values of every kind`(text: String, value: PDFValue) throws {
        let read = try PDFFile(PDFBytes(file([text])))
        #expect(try read.object(PDFReference(1, 0), at: 0)?.value == value)
    }

    @Test(arguments: [
        "(open", "<4G>", "[1 2", "<< /A 1", "<< /A 1 /A 2 >>", "<< 1 2 >>", "nul", "--5", "1.2.3", "/A#0",
        "/A#00", "<< /Length 5 >>\nstream\nab\nendstream", "<< /Length 2 >>\nstream\rab\nendstream",
        "<< >>\nstream\nab\nendstream", "1 2 Rx", "<< /Length -1 >>\nstream\nab\nendstream",
    ])
    func `that is not built as the standard says is not repaired`(text: String) {
        #expect(fault(file([text]))?.kind == .malformed)
    }

    @Test func `must begin with its header`() {
        #expect(fault(file(["1"], header: "x%PDF-1.7\n"))?.kind == .notPDF)
        #expect(fault([])?.kind == .notPDF)
    }

    @Test func `ends its nesting somewhere`() {
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        #expect(fault(file([deep]))?.kind == .tooLarge)
    }

    @Test func `with loops of Prev is refused`() {
        let whole = file(["1"])
        let start = String(decoding: whole, as: UTF8.self).ranges(of: "xref").first!
        let offset = String(decoding: whole, as: UTF8.self)[..<start.lowerBound].utf8.count
        #expect(fault(file(["1"], trailer: "/Prev \(offset)"))?.kind == .malformed)
    }

    @Test func `with a cross-reference table larger than itself is refused`() {
        let text = String(decoding: file(["1"]), as: UTF8.self).replacing("0 2\n", with: "0 999999999\n")
        #expect(fault(Array(text.utf8))?.kind == .malformed)
    }

    @Test func `that unpacks to more than its bound is refused`() {
        var limits = PDFLimits()
        limits.inflatedBytesMax = 1 << 20
        var size = compressBound(8 << 20)
        var packed = [UInt8](repeating: 0, count: Int(size))
        let zeros = [UInt8](repeating: 0x20, count: 8 << 20)
        #expect(compress(&packed, &size, zeros, UInt(zeros.count)) == Z_OK)
        packed.removeLast(packed.count - Int(size))
        var bytes = Array("%PDF-1.7\n".utf8)
        let container = bytes.count
        bytes += Array(
            ("2 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode "
                + "/Length \(packed.count) >>\nstream\n").utf8)
        bytes += packed + Array("\nendstream\nendobj\n".utf8)
        let start = bytes.count
        let rows: [UInt8] = [
            0, 0, 0, 0, 2, 0, 2, 0, 1, UInt8(container >> 8), UInt8(container & 0xFF), 0,
            1, UInt8(start >> 8), UInt8(start & 0xFF), 0,
        ]
        bytes += Array(
            ("3 0 obj\n<< /Type /XRef /Size 4 /W [1 2 1] /Root 1 0 R /Length \(rows.count) >>\nstream\n").utf8
        )
        bytes += rows + Array("\nendstream\nendobj\nstartxref\n\(start)\n%%EOF\n".utf8)
        #expect(fault(bytes, limits: limits)?.kind == .tooLarge)
    }

    @Test func `costs no more than its bound`() {
        var limits = PDFLimits()
        limits.workMax = 1000
        #expect(fault(file([String](repeating: "(text)", count: 100)), limits: limits)?.kind == .tooLarge)
    }

    @Test func `is read at any place of it without trapping when it is cut or changed`() {
        let whole = file([
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Length 3 0 R >>\nstream\nabc\nendstream", "3",
            "[(a) <62>]",
        ])
        #expect(fault(whole) == nil)
        for count in whole.indices { _ = fault(Array(whole[..<count])) }
        for index in whole.indices {
            for byte: UInt8 in [0, 0x28, 0x3C, 0x39, 0xFF] {
                var changed = whole
                changed[index] = byte
                _ = fault(changed)
            }
        }
    }

    @Test func `in two parts for the first page and the rest is one revision`() throws {
        // Annex F: the first page's section stands in front and points at the main one.
        var text = "%PDF-1.7\n"
        func place() -> Int { text.utf8.count }
        func padded(_ number: Int) -> String {
            String(repeating: "0", count: 10 - "\(number)".count) + "\(number)"
        }
        let first = place()
        let head = "xref\n2 1\n@@@@@@@@@@ 00000 n \ntrailer\n<< /Size 3 /Root 2 0 R /Prev ########## >>\n"
        text += head + "startxref\n0\n%%EOF\n"
        let two = place()
        text += "2 0 obj\n<< /Type /Catalog >>\nendobj\n"
        let one = place()
        text += "1 0 obj\n(one)\nendobj\n"
        let main = place()
        text +=
            "xref\n0 2\n0000000000 65535 f \n\(padded(one)) 00000 n \ntrailer\n<< /Size 3 /Root 2 0 R >>\n"
        text += "startxref\n\(first)\n%%EOF\n"
        text = text.replacing("@@@@@@@@@@", with: padded(two)).replacing("##########", with: padded(main))
        let read = try PDFFile(PDFBytes(Array(text.utf8)))
        #expect(read.revisions.count == 1)
        #expect(read.trailingByteCount == 0)
        #expect(try read.object(PDFReference(1, 0), at: 0)?.value == .string(Array("one".utf8)))
    }

    @Test func `that hides objects from old readers must not contradict itself`() throws {
        func hybrid(_ tableEntry: String) -> [UInt8] {
            var text = "%PDF-1.7\n"
            let one = text.utf8.count
            text += "1 0 obj\n<< /Type /Catalog >>\nendobj\n"
            let stream = text.utf8.count
            text += "2 0 obj\n<< /Type /XRef /Size 2 /Index [1 1] /W [1 2 1] /Length 4 >>\nstream\n"
            var bytes = Array(text.utf8) + [1, UInt8(one >> 8), UInt8(one & 0xFF), 0]
            bytes += Array("\nendstream\nendobj\n".utf8)
            let start = bytes.count
            return bytes
                + Array(
                    ("xref\n0 2\n0000000000 65535 f \n\(tableEntry)\ntrailer\n"
                        + "<< /Size 3 /Root 1 0 R /XRefStm \(stream) >>\nstartxref\n\(start)\n%%EOF\n").utf8)
        }
        let read = try PDFFile(PDFBytes(hybrid("0000000000 00000 f ")))
        #expect(try read.object(PDFReference(1, 0), at: 0)?.dictionary?.isType("Catalog") == true)
        #expect(fault(hybrid("0000000011 00000 n "))?.kind == .malformed)
    }
}
