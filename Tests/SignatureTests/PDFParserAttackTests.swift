import OpenSSL
import PDF
import Testing

@testable import Signature

/// Files that one reader takes for something else than the next one.
@Suite struct `A PDF that readers read differently`: PDFSuite {
    let authority: Authority

    init() throws { authority = try Authority() }

    // MARK: Spellings of the signature dictionary

    @Test func `spells names as it likes, but no key twice`() throws {
        #expect(codes(try signed { $0.byteRange = { "/Byte#52ange [0 \($0) \($1) \($2)]" } }) == [])
        for entries in ["/Byte#52ange [0 1 2 3]", "/#43ontents <30>", "/Sub#46ilter /Foo"] {
            #expect(codes(try signed { $0.entries = entries }) == [.pdfMalformed], "\(entries)")
        }
        #expect(
            codes(try signed { $0.byteRange = { "/ByteRange [0 \($0)%\n\($1) \($2)]" } }) == [])
        for range in ["/ByteRange [0 5 0 R 7 8]", "/ByteRange 5 0 R", "/ByteRange [5 0 R]"] {
            #expect(codes(try signed { $0.byteRange = { _, _, _ in range } }) == [.pdfByteRangeInvalid])
        }
    }

    @Test func `has its value in its own dictionary and nowhere else`() throws {
        var draft = try signed()
        draft.put("z", at: draft.contents.lowerBound - 2)
        #expect(codes(draft) == [.pdfContentsMissing])
        // By reference.
        draft = PDFDraft()
        let value = draft.newNumber()
        draft.fields = [9]
        draft.append([
            (1, draft.catalog), (9, "<< /FT /Sig /T (Leader) /V \(value) 0 R >>"),
            (
                value,
                "<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 5 8 9] /Contents 8 0 R >>"
            ),
            (8, "<3000>"),
        ])
        #expect(codes(draft) == [.pdfContentsMissing])
        // In an object stream its place says nothing about the file.
        draft = PDFDraft()
        draft.fields = [9]
        draft.append(
            [
                (1, draft.catalog), (9, "<< /FT /Sig /T (Leader) /V 10 0 R >>"),
                (10, "<< /SubFilter /ETSI.CAdES.detached /Byte#52ange [0 5 8 9] /Contents (0) >>"),
            ], style: .packed)
        #expect(codes(draft) == [.pdfContentsMissing])
        // Directly in the field.
        draft = PDFDraft()
        draft.fields = [9]
        draft.append([
            (1, draft.catalog), (9, "<< /FT /Sig /T (Leader) /V << /Type /Sig /Contents <3000> >> >>"),
        ])
        #expect(codes(draft) == [.pdfStructure])
    }

    /// Escapes can make a literal string as long as the hexadecimal one.
    @Test func `has its value in hexadecimal`() throws {
        var draft = try signed()
        let room = draft.contents.count - 2
        let digits = draft.bytes[draft.contents].dropFirst().dropLast()
        let value = Array(digits).chunked(2).map { UInt8(String(decoding: $0, as: UTF8.self), radix: 16)! }
        var pieces = value.map { byte -> [UInt8] in
            switch byte {
            case 0x28, 0x29, 0x5C: [0x5C, byte]
            case 0x0D: [0x5C, 0x72]
            default: [byte]
            }
        }
        var missing = room - pieces.map(\.count).reduce(0, +)
        for index in pieces.indices where pieces[index].count == 1 && missing >= 3 {
            let octal = String(value[index], radix: 8)
            pieces[index] = Array(("\\" + String(repeating: "0", count: 3 - octal.count) + octal).utf8)
            missing -= 3
        }
        for index in pieces.indices.reversed() where pieces[index] == [0] && missing > 0 {
            pieces[index] = Array("\\0".utf8)
            missing -= 1
        }
        let literal = [0x28] + pieces.flatMap(\.self) + [0x29]
        try #require(literal.count == draft.contents.count)
        draft.put(literal, at: draft.contents.lowerBound)
        #expect(codes(draft) == [.pdfGapMismatch])
    }

    // MARK: Sections

    /// A revision that says nothing new, written by hand.
    private func appending(
        _ table: String, _ trailer: String = "", before: String = "", tail: String = "\n",
        to draft: PDFDraft
    ) -> PDFDraft {
        var draft = draft
        draft.append(raw: before)
        let start = draft.bytes.count
        let size = trailer.contains("Size") ? "" : "/Size 20"
        let previous = trailer.contains("/Prev") ? "" : "/Prev \(draft.sections.last ?? 0)"
        draft.append(
            raw:
                "\(table)trailer\n<< \(size) /Root 1 0 R \(previous) \(trailer) >>\n"
                + "startxref\n\(start)\(tail)%%EOF\n"
        )
        return draft
    }

    private func padded(_ number: Int) -> String {
        String(repeating: "0", count: 10 - "\(number)".utf8.count) + "\(number)"
    }

    private func place(of object: Int, in draft: PDFDraft) -> Int {
        let head = Array("\n\(object) 0 obj".utf8)
        return draft.bytes.indices.last { draft.bytes[$0...].starts(with: head) }! + 1
    }

    /// What makes a viewer give the table up and search the file for objects.
    @Test func `has tables as the standard says`() throws {
        let draft = try signed()
        let line = "\(padded(place(of: 4, in: draft))) 00000 n"
        #expect(codes(appending("xref\n4 1\n\(line) \n", to: draft)) == [.pdfChangedAfterSigning])
        for table in [
            "xref %\n4 1\n\(line) \n", "xref\n4 1\n\(line)\t\n", "xref\n4 1\n\(line)\n",
            "xref\n4 1\n\(line)\u{0}\n",
            "xref\n4 1 %\n\(line) \n", "xref\n8388608 1\n\(line) \n", "xref\n4 1\n\(line) \n4 1\n\(line) \n",
            "xref\n4 1\n\(line) \n" + String(repeating: "\n", count: 80),
        ] {
            #expect(codes(appending(table, to: draft)) == [.pdfMalformed], "\(table)")
        }
        let table = "xref\n4 1\n\(line) \n"
        for trailer in ["/Size 0", "/Size (20)", "/Size 5 0 R", "/Prev 5 0 R", "/Prev 0", "/Prev 9.5"] {
            #expect(codes(appending(table, trailer, to: draft)) == [.pdfMalformed], "\(trailer)")
        }
        let blanks = String(repeating: " ", count: 2000)
        #expect(codes(appending(table, tail: "\n\(blanks)", to: draft)) == [.pdfMalformed])
        #expect(codes(appending(table, tail: "\n%\n", to: draft)) == [.pdfMalformed])
    }

    @Test func `does not hide an object from readers that know no streams`() throws {
        var draft = try signed()
        let (start, four) = (draft.bytes.count, place(of: 4, in: draft))
        let row = [1, UInt8(four >> 8), UInt8(four & 0xFF), 0] as [UInt8]
        draft.append(
            raw: "12 0 obj\n<< /Type /XRef /Size 20 /Index [4 1] /W [1 2 1] /Length 4 >>\nstream\n")
        draft.append(raw: row)
        draft.append(raw: "\nendstream\nendobj\n")
        let hybrid = "/XRefStm \(start)"
        #expect(
            codes(appending("xref\n4 1\n0000000000 00001 f \n", hybrid, to: draft)) == [.pdfMalformed])
        #expect(codes(appending("xref\n0 0\n", hybrid, to: draft)) == [.pdfChangedAfterSigning])
    }

    @Test func `keeps the generations of its objects`() throws {
        let draft = try signed()
        let four = place(of: 4, in: draft)
        #expect(
            codes(appending("xref\n4 1\n\(padded(four)) 00001 n \n", to: draft)) == [.pdfMalformed])
        let text = "4 1 obj\n\(PDFDraft.stream("BT (999) Tj ET"))\nendobj\n"
        let table = "xref\n4 1\n\(padded(draft.bytes.count)) 00001 n \n"
        #expect(codes(appending(table, before: text, to: draft)) == [.pdfChangedAfterSigning])
        #expect(
            codes(appending("xref\n4 1\n0000000000 00001 f \n", to: draft)) == [.pdfChangedAfterSigning])
        #expect(
            codes(appending("xref\n4 1\n0000000000 00000 n \n", to: draft)) == [.pdfChangedAfterSigning])
    }

    /// Viewers that repair a file search it for objects.
    @Test(arguments: [
        "4 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n", "x", "%\rx",
        "trailer\n<< /Root 4 0 R >>\n",
        "startxref\n0\n%%EOF\nx",
    ])
    func `has nothing in a later revision that its table does not tell of`(stray: String) throws {
        for style in PDFDraft.Style.allCases {
            var draft = try signed(style)
            draft.append(raw: stray)
            try draft.sign(authority, PDFDraft.Shape(name: "Seal"))
            #expect(judge(draft, authority).map(failures) == [[.pdfChangedAfterSigning], []])
        }
        var draft = try signed()
        draft.append(raw: "% written by nobody\n\n")
        try draft.sign(authority, PDFDraft.Shape(name: "Seal"))
        #expect(judge(draft, authority).map(failures) == [[], []])
    }

    /// A cross-reference stream has a number, and behind its rows it may hold what a page draws.
    @Test func `has no cross-reference stream under the number of another object`() throws {
        let refused = [SignatureReasonCode.pdfChangedAfterSigning]
        for (number, isListed, expected) in [(4, false, refused), (4, true, refused), (90, false, [])] {
            var draft = try signed()
            let (four, one) = (place(of: 4, in: draft), draft.bytes.count)
            draft.catalogEntries = "/DSS << >>"
            draft.append(raw: "1 0 obj\n\(draft.catalog)\nendobj\n")
            let start = draft.bytes.count
            let index = isListed ? "1 1 4 1" : "1 1"
            let rows = ([one] + (isListed ? [four] : [])).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            let data = rows + Array("\nBT (999) Tj ET".utf8)
            draft.append(
                raw:
                    "\(number) 0 obj\n<< /Type /XRef /Size 99 /Index [\(index)] /W [0 2 0] "
                    + "/Root 1 0 R /Prev \(draft.sections[1]) /Length \(data.count) >>\nstream\n")
            draft.append(raw: data)
            draft.append(raw: "\nendstream\nendobj\nstartxref\n\(start)\n%%EOF\n")
            #expect(codes(draft) == expected, "\(number) \(isListed)")
        }
    }

    @Test func `does not pass over a revision`() throws {
        var draft = try signed()
        let first = draft.sections[1]
        try draft.sign(authority, PDFDraft.Shape(name: "Seal"))
        let catalog =
            "1 0 obj\n<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] /SigFlags 3 >> "
            + "/DSS << >> >>\nendobj\n"
        let table = "xref\n1 1\n\(padded(draft.bytes.count)) 00000 n \n"
        let skipped = appending(table, "/Prev \(first)", before: catalog, to: draft)
        #expect(judge(skipped, authority).map(failures) == [[.pdfChangedAfterSigning]])
    }

    @Test func `is not taken for unsigned where it is broken and spells its names`() throws {
        for name in ["/AcroForm", "/#41croForm", "/Byte#52ange", "/#53#69#67"] {
            let reports = authority.verifier().verify(
                pdf: PDFBytes(Array("%PDF-1.7\n\(name)\n".utf8)), at: noon)
            #expect(reports.map(failures) == [[.pdfMalformed]] && reports.map(\.isUnsigned) == [false])
        }
        let reports = authority.verifier().verify(pdf: PDFBytes(Array("%PDF-1.7\n/A#zz\n".utf8)), at: noon)
        #expect(reports.map(\.isUnsigned) == [true])
    }

    // MARK: What a catalog and a page may get

    @Test(arguments: [
        "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", "/Names << /JavaScript << /Names [] >> >>",
        "/Names << /EmbeddedFiles << /Names [] >> >>", "/AA << >>", "/AF []", "/OCProperties << /D << >> >>",
        "/Perms << /DocMDP 6 0 R >>", "/Perms << /UR3 6 0 R >>", "/Legal << >>", "/Lang (vi)",
        "/PageLabels << >>", "/Outlines << >>", "/ViewerPreferences << >>", "/Collection << >>",
        "/Requirements []", "/NeedsRendering true", "/Dests << >>", "/Threads []", "/PieceInfo << >>",
    ])
    func `gets nothing into its catalog`(entries: String) throws {
        var draft = try signed()
        draft.catalogEntries = "/DSS << >> \(entries)"
        draft.append([(1, draft.catalog)])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test(arguments: [
        "/Rotate 180", "/CropBox [0 0 9 9]", "/UserUnit 2", "/AA << >>", "/Group << >>", "/B []", "/Dur 1",
        "/Tabs /S", "/StructParents 3", "/PieceInfo << >>", "/TemplateInstantiated /A", "/AF []", "/VP []",
    ])
    func `gets nothing into its pages`(entries: String) throws {
        var draft = try signed()
        draft.catalogEntries = "/DSS << >>"
        draft.pageEntries = entries
        draft.append([(1, draft.catalog), (3, draft.page)])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test(arguments: [
        (2, "<< /Type /Pages /Kids [8 0 R 3 0 R] /Count 2 >>"), (2, "<< /Type /Pages /Kids [] /Count 0 >>"),
        (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 /Rotate 90 >>"),
        (5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [49 /nine] >> >>"),
    ])
    func `keeps its pages and fonts`(number: Int, text: String) throws {
        var draft = try signed()
        draft.catalogEntries = "/DSS << >>"
        draft.append([(1, draft.catalog), (number, text)])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    /// One value for several fields, handed down by their group.
    @Test func `has a signature that only one field holds`() throws {
        var draft = PDFDraft()
        draft.fields = [30]
        draft.nextNumber = 33
        try draft.sign(
            authority,
            PDFDraft.Shape(
                existingField: 32,
                objects: [
                    (1, draft.catalog), (30, "<< /T (A) /FT /Sig /V 33 0 R /Kids [31 0 R 32 0 R] >>"),
                    (31, "<< /T (B) /Parent 30 0 R >>"),
                ]))
        let reports = judge(draft, authority)
        #expect(reports.count == 2 && reports.allSatisfy { failures($0).contains(.pdfSignatureShared) })
    }
}

extension Array where Element == UInt8 {
    fileprivate func chunked(_ count: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
