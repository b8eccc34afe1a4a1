import OpenSSL
import PDF
import Testing

@testable import Signature

/// Scripts and their like, which were there when the document was signed.
@Suite struct `Active content of a signed PDF`: PDFSuite {
    let authority: Authority

    init() throws { authority = try Authority() }

    /// What the remark says behind its colon, of each signature; all of them pass.
    private func kinds(_ draft: PDFDraft, limits: PDFLimits = PDFLimits()) -> [String?] {
        let reports = authority.verifier().verify(pdf: PDFBytes(draft.bytes), at: noon, limits: limits)
        #expect(reports.map(\.indication) == reports.map { _ in .totalPassed })
        return reports.map { report in
            report.reasons.first { $0.code == .pdfActiveContent }?.message
                .split(separator: ": ").last.map(String.init)
        }
    }

    private func kinds(
        _ style: PDFDraft.Style = .table, catalog: String = "", page: String = "",
        objects: [(Int, String)] = []
    ) throws -> String? {
        var draft = PDFDraft(style, objects: objects)
        draft.catalogEntries = catalog
        draft.pageEntries = page
        try draft.sign(authority)
        return kinds(draft)[0]
    }

    private static let script = "<< /S /JavaScript /JS (app.alert\\(1\\)) >>"

    @Test(arguments: PDFDraft.Style.allCases)
    func `is told of wherever it stands`(style: PDFDraft.Style) throws {
        #expect(try kinds(style) == nil)
        #expect(try kinds(style, catalog: "/OpenAction \(Self.script)") == "JavaScript")
        #expect(
            try kinds(
                style, catalog: "/Names << /JavaScript 6 0 R >>",
                objects: [(6, "<< /Names [(a) 7 0 R] >>"), (7, Self.script)]) == "JavaScript")
        #expect(
            try kinds(
                style, page: "/Thing [<< /A << /S /GoTo /Next [6 0 R] >> >>]", objects: [(6, Self.script)])
                == "JavaScript")
        // Nothing leads there that we know of; somebody else may.
        #expect(try kinds(style, objects: [(6, "[[\(Self.script)]]")]) == "JavaScript")
    }

    @Test(arguments: [
        ("/S /Launch /F (a.exe)", "Launch"), ("/S /ImportData", "ImportData"),
        ("/S /SubmitForm", "SubmitForm"),
        ("/S /Hide /T (So)", "Hide"), ("/S /SetOCGState", "SetOCGState"), ("/S /ResetForm", "ResetForm"),
        ("/S /J#61vaScript", "JavaScript"), ("/S 7 0 R", "JavaScript"), ("/Subtype /RichMedia", "RichMedia"),
        ("/AA << /PO << /S /GoTo >> >>", "AA"), ("/AA 8 0 R", "AA"), ("/Subtype /Form /Ref << >>", "Ref"),
    ])
    func `is named by its kind`(entries: String, kind: String) throws {
        #expect(
            try kinds(objects: [(6, "<< \(entries) >>"), (7, "/JavaScript"), (8, "<< /E << >> >>")]) == kind)
    }

    @Test func `is a form that is drawn by its own rules, or a stream from elsewhere`() throws {
        var draft = PDFDraft()
        draft.formEntries = "/SigFlags 3 /XFA []"
        try draft.sign(authority)
        #expect(kinds(draft) == ["XFA"])
        #expect(try kinds(objects: [(6, PDFDraft.stream("", "/F (other.pdf)"))]) == "external stream")
    }

    /// What nearly every document has.
    @Test(arguments: [
        "/OpenAction [3 0 R /XYZ null null 0]", "/OpenAction << /S /GoTo /D [3 0 R /Fit] >>",
        "/OpenAction << /S /Named /N /FirstPage >>",
        "/Thing << /A << /S /URI /URI (https://example.vn) >> >>",
        "/Thing << /S /P /K 0 >>", "/Thing << /Type /Filespec /F (a.pdf) >>", "/AA << >>",
        "/Font << /AA << /Type /Font /Subtype /Type1 >> >>",
    ])
    func `is none of what only leads somewhere`(entries: String) throws {
        #expect(try kinds(catalog: entries) == nil)
    }

    @Test(arguments: [
        "<< /S /URI /URI (https://example.vn) >>",
        "<< /S /GoTo /Next [<< /S /Named >> << /S /GoTo /Next 6 0 R >>] >>",
    ])
    func `is a link that is followed unasked`(action: String) throws {
        #expect(try kinds(catalog: "/OpenAction \(action)", objects: [(6, "<< /S /URI >>")]) == "URI")
    }

    @Test func `is told of at every signature, and is what the last revision has`() throws {
        var draft = PDFDraft(objects: [(6, Self.script), (7, "<< /S /Hide >>")])
        draft.append([(7, "null")], freed: [])
        try draft.sign(authority)
        try draft.sign(authority, PDFDraft.Shape(name: "Seal"))
        #expect(kinds(draft) == ["JavaScript", "JavaScript"])
    }

    /// A bound must not be a place to hide.
    @Test func `is not ruled out where the file is not looked through`() throws {
        var draft = PDFDraft(objects: [(6, "<< /S /GoTo /Next 6 0 R >>")])
        draft.catalogEntries = "/OpenAction 6 0 R"
        try draft.sign(authority)
        #expect(kinds(draft) == ["not looked through, OpenAction"])
        draft = PDFDraft(objects: (6..<1000).map { ($0, "<< /A << /S /URI >> >>") })
        try draft.sign(authority)
        #expect(kinds(draft) == [nil])
        var limits = PDFLimits()
        limits.workMax = 100_000
        #expect(kinds(draft, limits: limits) == ["not looked through, too much work"])
    }
}
