import OpenSSL
import PDF
import Testing

@testable import Signature

/// The attacks on PDF signatures that are known by name, and their relatives: each with its exact code.
@Suite struct `A PDF's signature is refused`: PDFSuite {
    let authority: Authority

    init() throws { authority = try Authority() }

    // MARK: Universal signature forgery

    @Test(arguments: ["", "/ByteRange null"])
    func `without a ByteRange`(text: String) throws {
        #expect(codes(try signed { $0.byteRange = { _, _, _ in text } }) == [.pdfByteRangeMissing])
    }

    @Test(arguments: [
        "/ByteRange []", "/ByteRange [0 10]", "/ByteRange [0 -1 100 200]", "/ByteRange [0 0 100 20]",
        "/ByteRange [1 100 200 300]", "/ByteRange [0 200 100 300]", "/ByteRange [0 100 100 300]",
        "/ByteRange [0 100 200 99999999]", "/ByteRange [0 100 99999999 1]", "/ByteRange [0 1 2 3 4 5]",
        "/ByteRange (0 1 2 3)", "/ByteRange 1 0 R", "/ByteRange [0 100 200 -5]", "/ByteRange [0 1.5 20 30]",
    ])
    func `with a ByteRange of another form`(text: String) throws {
        #expect(codes(try signed { $0.byteRange = { _, _, _ in text } }) == [.pdfByteRangeInvalid])
    }

    @Test func `with nothing in Contents`() throws {
        let draft = try signed { $0.contents = { _, length in String(repeating: "0", count: length) } }
        #expect(codes(draft) == [.pdfContentsMissing])
    }

    @Test func `with something behind the value in Contents`() throws {
        let draft = try signed {
            $0.contents = { cms, length in
                cms + String(repeating: "0", count: length - cms.utf8.count - 2) + "01"
            }
        }
        #expect(codes(draft) == [.pdfContentsPadding])
    }

    @Test func `with Contents that is no CMS`() throws {
        let draft = try signed { $0.contents = { _, length in String(repeating: "ab", count: length / 2) } }
        #expect(codes(draft) == [.cmsMalformed])
    }

    // MARK: Signature wrapping

    @Test(arguments: [-1, 1, 40])
    func `with a gap that is not its Contents`(shift: Int) throws {
        let draft = try signed {
            $0.byteRange = { a, b, c in "/ByteRange [0 \(a + shift) \(b) \(c)]" }
        }
        #expect(codes(draft) == [.pdfGapMismatch])
    }

    @Test func `with the second range moved to a copy further back`() throws {
        var draft = try signed { $0.byteRange = { a, b, c in "/ByteRange [0 \(a) \(b + 40) \(c - 40)]" } }
        draft.append(raw: String(repeating: " ", count: 40))
        #expect(codes(draft) == [.pdfGapMismatch])
    }

    @Test func `with spaces in Contents`() throws {
        let draft = try signed {
            $0.contents = { cms, length in
                cms + String(repeating: "0", count: length - cms.utf8.count - 2) + "  "
            }
        }
        #expect(codes(draft) == [.pdfGapMismatch])
    }

    @Test func `with a range that ends inside of a revision`() throws {
        let draft = try signed { $0.byteRange = { a, b, c in "/ByteRange [0 \(a) \(b) \(c - 9)]" } }
        #expect(codes(draft) == [.pdfCoverage])
    }

    // MARK: Kinds

    @Test(arguments: ["adbe.pkcs7.sha1", "adbe.x509.rsa_sha1", "Foo"])
    func `of a kind that is not judged`(kind: String) throws {
        let reports = judge(try signed { $0.subFilter = "/SubFilter /\(kind)" }, authority)
        #expect(reports.map(failures) == [[.pdfSubFilter]])
        #expect(reports.map(\.indication) == [.indeterminate])
    }

    @Test func `without a SubFilter`() throws {
        #expect(codes(try signed { $0.subFilter = "" }) == [.pdfStructure])
    }

    // MARK: Incremental saving

    @Test(arguments: PDFDraft.Style.allCases)
    func `with a page's content replaced later`(style: PDFDraft.Style) throws {
        var draft = try signed(style)
        draft.append([(4, PDFDraft.stream("BT /F1 12 Tf 72 700 Td (Cong van 999) Tj ET"))])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with a body behind it that has no cross-reference section`() throws {
        var draft = try signed()
        draft.append(raw: "4 0 obj\n\(PDFDraft.stream("evil"))\nendobj\n")
        #expect(codes(draft) == [.pdfAppendedBytes])
    }

    @Test func `with a body behind it and the old startxref again`() throws {
        var draft = try signed()
        draft.append(
            raw: "4 0 obj\n\(PDFDraft.stream("evil"))\nendobj\nstartxref\n\(draft.sections[1])\n%%EOF\n")
        #expect(codes(draft) == [.pdfAppendedBytes])
    }

    @Test func `with a trailer behind it and no table`() throws {
        var draft = try signed()
        draft.append(raw: "trailer\n<< /Root 1 0 R /Size 9 >>\nstartxref\n0\n%%EOF\n")
        #expect(codes(draft) == [.pdfMalformed])
    }

    @Test(arguments: ["\n", "%", String(repeating: " ", count: 5000)])
    func `with anything at all behind it`(text: String) throws {
        var draft = try signed()
        draft.append(raw: text)
        #expect(codes(draft) == [.pdfAppendedBytes])
    }

    @Test func `with an empty revision behind it`() throws {
        var draft = try signed()
        draft.append([])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with the document information alone changed`() throws {
        var draft = PDFDraft(objects: [(6, PDFDraft.information)])
        try draft.sign(authority, PDFDraft.Shape(trailer: "/Info 6 0 R"))
        draft.append([(6, "<< /Title (Cong van) /ModDate (D:20261121120000Z) >>")], trailer: "/Info 6 0 R")
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with the title changed beside a further signature`() throws {
        var draft = PDFDraft(objects: [(6, PDFDraft.information)])
        try draft.sign(authority, PDFDraft.Shape(trailer: "/Info 6 0 R"))
        try draft.sign(
            authority,
            PDFDraft.Shape(name: "Seal", objects: [(6, "<< /Title (Other) >>")], trailer: "/Info 6 0 R"))
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with the catalog's pages led elsewhere`() throws {
        var draft = try signed()
        let pages = draft.newNumber()
        let catalog = draft.catalog.replacing("/Pages 2 0 R", with: "/Pages \(pages) 0 R")
        draft.append([(1, catalog), (pages, "<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>")])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with another catalog named by the trailer`() throws {
        var draft = try signed()
        let other = draft.newNumber()
        let start = draft.bytes.count + "\(other) 0 obj\n\(draft.catalog)\nendobj\n".utf8.count
        let place =
            String(repeating: "0", count: 10 - "\(draft.bytes.count)".utf8.count) + "\(draft.bytes.count)"
        draft.append(
            raw: "\(other) 0 obj\n\(draft.catalog)\nendobj\nxref\n\(other) 1\n\(place) 00000 n \n"
                + "trailer\n<< /Size 20 /Root \(other) 0 R /Prev \(draft.sections[1]) >>\n"
                + "startxref\n\(start)\n%%EOF\n")
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with content changed beside a further signature`() throws {
        var draft = try signed()
        try draft.sign(
            authority, PDFDraft.Shape(name: "Seal", objects: [(4, PDFDraft.stream("BT (999) Tj ET"))]))
        let reports = judge(draft, authority)
        #expect(reports.map(failures) == [[.pdfChangedAfterSigning], []])
        #expect(Verdict(signatures: reports).indication == .totalFailed)
    }

    @Test func `with an object removed`() throws {
        var draft = try signed()
        draft.append([], freed: [4])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with the field taken away`() throws {
        var draft = try signed()
        draft.fields = []
        draft.annotations = []
        draft.append([(1, draft.catalog), (3, draft.page)])
        let found = codes(draft)
        #expect(found.contains(.pdfSignatureRemoved))
        #expect(found.contains(.pdfChangedAfterSigning))
    }

    // MARK: Shadow attacks

    @Test func `with an object defined that was missing when it was signed`() throws {
        var draft = PDFDraft()
        draft.pageEntries = "/Contents2 [77 0 R]"
        try draft.sign(authority)
        draft.append([(77, PDFDraft.stream("hidden"))])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with a section that leads to another text of the signed bytes`() throws {
        // Two texts of object 4 lie in what is signed; a table behind it chooses the other one.
        let hidden = "4 0 obj\n\(PDFDraft.stream("BT (the other text) Tj ET"))\nendobj\n"
        var draft = PDFDraft(objects: [(6, PDFDraft.stream(hidden))])
        try draft.sign(authority)
        let place = draft.bytes.indices.first { draft.bytes[$0...].starts(with: Array(hidden.utf8)) }!
        let digits = String(repeating: "0", count: 10 - "\(place)".utf8.count) + "\(place)"
        let start = draft.bytes.count
        draft.append(
            raw:
                "xref\n4 1\n\(digits) 00000 n \ntrailer\n<< /Size 9 /Root 1 0 R "
                + "/Prev \(draft.sections[1]) >>\n"
                + "startxref\n\(start)\n%%EOF\n")
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `with an object stream replaced`() throws {
        var draft = PDFDraft(.packed)
        try draft.sign(authority)
        // The first increment's container, by its number: what is in it changes without being named.
        let container = 6
        let objects = [
            (1, draft.catalog), (2, "<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>"), (3, draft.page),
            (5, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"),
        ]
        let place = draft.bytes.count
        draft.append(raw: PDFDraft.objectStream(container, objects))
        let start = draft.bytes.count
        let digits = String(repeating: "0", count: 10 - "\(place)".utf8.count) + "\(place)"
        draft.append(
            raw: "xref\n\(container) 1\n\(digits) 00000 n \ntrailer\n<< /Size 30 /Root 1 0 R "
                + "/Prev \(draft.sections[1]) >>\nstartxref\n\(start)\n%%EOF\n")
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    // MARK: Fields

    @Test func `in two fields at once`() throws {
        var draft = try signed()
        let second = draft.newNumber()
        let value = draft.fields[0] - 1
        draft.fields.append(second)
        draft.annotations.append(second)
        draft.append([
            (1, draft.catalog), (3, draft.page),
            (
                second,
                "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Copy) /V \(value) 0 R /Rect [0 0 0 0] >>"
            ),
        ])
        let reports = judge(draft, authority)
        #expect(reports.count == 2)
        #expect(reports.allSatisfy { failures($0).contains(.pdfSignatureShared) })
    }

    @Test func `in two fields of one name`() throws {
        var draft = try signed()
        try draft.sign(authority)
        #expect(judge(draft, authority).allSatisfy { failures($0) == [.pdfFieldRepeated] })
    }

    @Test func `where a new field acts by itself`() throws {
        var draft = try signed()
        try draft.sign(
            authority, PDFDraft.Shape(name: "Seal", fieldEntries: "/AA << /E << /S /JavaScript >> >>"))
        #expect(judge(draft, authority).map(failures) == [[.pdfChangedAfterSigning], []])
    }

    // MARK: Files

    @Test func `in an encrypted file, which is neither good nor bad`() throws {
        var draft = PDFDraft()
        try draft.sign(authority, PDFDraft.Shape(trailer: "/Encrypt << /Filter /Standard /V 4 >>"))
        let reports = judge(draft, authority)
        #expect(reports.map(failures) == [[.pdfEncrypted]])
        #expect(reports.map(\.indication) == [.indeterminate])
        #expect(reports.map(\.isUnsigned) == [false])
    }

    @Test func `in a file that only a lenient viewer opens`() throws {
        var draft = try signed()
        draft.replace("trailer\n<< /Size 6", by: "trailer\n<< /Size X")
        #expect(codes(draft) == [.pdfMalformed])
        #expect(judge(draft, authority).first?.indication == .totalFailed)
    }

    @Test func `with a key that stands twice`() throws {
        #expect(codes(try signed { $0.entries = "/Filter /Other" }) == [.pdfMalformed])
    }
}
