import OpenSSL
import PDF
import Testing

@testable import Signature

/// Shadow attacks: the file was prepared before it was signed, so that a later revision that looks harmless
/// changes what it shows. Objects play two roles, or come from where nobody looks.
@Suite struct `A PDF that was prepared before it was signed`: PDFSuite {
    let authority: Authority

    init() throws { authority = try Authority() }

    private static let evil = "BT /F1 12 Tf 72 700 Td (Cong van 999) Tj ET"

    /// A security store is something that anybody may add.
    private func store(_ draft: inout PDFDraft, with objects: [(Int, String)], freed: [Int] = []) {
        let certificate = draft.newNumber()
        let before = draft.catalogEntries
        if !before.contains("/DSS") { draft.catalogEntries += " /DSS << /Certs [\(certificate) 0 R] >>" }
        var changed = objects + [(certificate, PDFDraft.stream("certificate"))]
        if before != draft.catalogEntries { changed.append((1, draft.catalog)) }
        draft.append(changed, freed: freed, style: .table)
    }

    @Test func `is whole with a store alone`() throws {
        var draft = PDFDraft(.packed)
        try draft.sign(authority)
        store(&draft, with: [])
        #expect(codes(draft) == [])
    }

    // MARK: Object streams

    /// The first increment's object stream, with another page in it.
    private static func container(_ draft: PDFDraft) -> String {
        let texts = [draft.page.replacing("/Contents 4 0 R", with: "/Contents 50 0 R"), "(unused)"]
        let index = "3 0 2 \(texts[0].utf8.count + 1) "
        let content = index + texts.joined(separator: "\n")
        return PDFDraft.stream(content, "/Type /ObjStm /N 2 /First \(index.utf8.count)")
    }

    /// An object stream that plays the role of what may change: what is in it must not change with it.
    @Test(arguments: ["/Metadata 6 0 R", "/DSS << /Certs [6 0 R] >>", "/Extensions 6 0 R", ""])
    func `does not get another object stream`(role: String) throws {
        var draft = PDFDraft(.packed)
        draft.catalogEntries = role
        try draft.sign(authority)
        store(&draft, with: [(6, Self.container(draft)), (50, PDFDraft.stream(Self.evil))])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `does not lose an object stream`() throws {
        var draft = PDFDraft(.packed)
        try draft.sign(authority)
        store(&draft, with: [], freed: [6])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `does not get an object stream that was missing`() throws {
        var draft = PDFDraft()
        draft.pageEntries = "/Rotate 77 0 R"
        draft.append([(3, draft.page)])
        draft.append([], style: .stream, entries: [(77, 2, 90, 0)])
        draft.nextNumber = 100
        try draft.sign(authority)
        store(&draft, with: [(90, PDFDraft.stream("77 0 180", "/Type /ObjStm /N 1 /First 5"))])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    // MARK: Two roles

    /// A second page, which no widget names.
    private static let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 43 0 R >>"
    private static let pages: [(Int, String)] = [
        (2, "<< /Type /Pages /Kids 40 0 R /Count 2 >>"), (40, "[3 0 R 42 0 R]"), (42, page),
        (43, PDFDraft.stream("BT /F1 12 Tf 72 700 Td (Trang 2) Tj ET")),
    ]
    private static let changes: [[(Int, String)]] = [
        [(43, PDFDraft.stream(evil))],
        [(42, page.replacing("43 0 R", with: "50 0 R")), (50, PDFDraft.stream(evil))],
        [(40, "[3 0 R 3 0 R]")],
    ]

    @Test(arguments: [
        "/VRI 2 0 R", "/VRI << /A 2 0 R >>", "/Certs [42 0 R]", "/VRI 1 0 R", "/Certs 40 0 R", "/VRI 42 0 R",
    ])
    func `has no security store made of pages`(entries: String) throws {
        var draft = PDFDraft()
        draft.catalogEntries = "/DSS << \(entries) >>"
        draft.append([(1, draft.catalog)] + Self.pages)
        draft.nextNumber = 60
        try draft.sign(authority)
        for change in Self.changes {
            var changed = draft
            changed.append(change)
            #expect(codes(changed) == [.pdfChangedAfterSigning])
        }
    }

    @Test(arguments: ["2 0 R", "<< /Kids [42 0 R] >>", "<< /Kids 40 0 R >>"])
    func `has no parent tree made of pages`(tree: String) throws {
        var draft = PDFDraft()
        draft.catalogEntries = "/StructTreeRoot 41 0 R"
        let root = "<< /Type /StructTreeRoot /ParentTree \(tree) >>"
        draft.append([(1, draft.catalog), (41, root)] + Self.pages)
        draft.nextNumber = 60
        try draft.sign(authority)
        for change in Self.changes {
            var changed = draft
            store(&changed, with: change)
            #expect(codes(changed) == [.pdfChangedAfterSigning])
        }
    }

    @Test func `has no group of fields that is a part of the pages' tree`() throws {
        var draft = PDFDraft(objects: [(6, "<< /T (Trang) /Kids [3 0 R] /Parent 2 0 R >>")])
        draft.fields = [6]
        draft.pageEntries = "/T (x) /FT /Sig"
        draft.append([
            (1, draft.catalog), (2, "<< /Type /Pages /Kids [6 0 R] /Count 2 >>"), (3, draft.page),
        ])
        try draft.sign(authority)
        // The new field is a new page, too.
        let field = draft.newNumber()
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Seal", fieldEntries: "/Parent 6 0 R", existingField: field,
                objects: [(6, "<< /T (Trang) /Kids [3 0 R \(field) 0 R] /Parent 2 0 R >>")]))
        #expect(judge(draft, authority).map(failures) == [[.pdfChangedAfterSigning], []])
    }

    @Test func `has no catalog that a page draws`() throws {
        var draft = PDFDraft()
        func catalog(_ text: String) -> String {
            let dictionary = draft.catalog.dropLast(2)
            return "\(dictionary)/Length \(text.utf8.count) >>\nstream\n\(text)\nendstream"
        }
        let text = "BT /F1 12 Tf 72 700 Td (Cong van 123) Tj ET"
        let page = draft.page.replacing("/Contents 4 0 R", with: "/Contents 1 0 R")
        draft.append([(1, catalog(text)), (3, page)])
        draft.fields = [30]
        try draft.sign(authority, PDFDraft.Shape(existingField: 30, objects: [(1, catalog(text))]))
        draft.catalogEntries = "/DSS << >>"
        draft.append([(1, catalog(Self.evil))])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    /// Only the file's own cross-reference streams are read as trailers.
    @Test func `has nothing that only calls itself a cross-reference stream`() throws {
        for role in ["/XObject << /X 77 0 R >>", "/Root 77 0 R", "/Info 77 0 R"] {
            var draft = PDFDraft()
            draft.pageEntries = "/Fonts 60 0 R"
            draft.append([(3, draft.page), (60, "<< /Type /XRef \(role) >>")])
            draft.nextNumber = 80
            try draft.sign(authority)
            store(&draft, with: [(77, PDFDraft.stream(Self.evil))])
            #expect(codes(draft) == [.pdfChangedAfterSigning], "\(role)")
        }
    }

    @Test func `has no document information that a page uses`() throws {
        var draft = PDFDraft(objects: [(6, PDFDraft.information)])
        draft.pageEntries = "/Piece 6 0 R"
        draft.append([(3, draft.page)])
        try draft.sign(authority, PDFDraft.Shape(trailer: "/Info 6 0 R"))
        let information = "<< /Title (Cong van) /ModDate (D:20261121120000Z) >>"
        try draft.sign(
            authority, PDFDraft.Shape(name: "Seal", objects: [(6, information)], trailer: "/Info 6 0 R"))
        #expect(judge(draft, authority).map(failures) == [[.pdfChangedAfterSigning], []])
    }

    /// The list of fields, or the form, as part of something else.
    @Test(arguments: ["/Thing 6 0 R", "/Thing 7 0 R"])
    func `has no form that is something else as well`(use: String) throws {
        var draft = PDFDraft(objects: [(6, "<< /Fields 7 0 R >>"), (7, "[]")])
        draft.catalogEntries = "/AcroForm 6 0 R"
        draft.pageEntries = use
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(
            authority,
            PDFDraft.Shape(existingField: 30, objects: [(6, "<< /Fields 7 0 R >>"), (7, "[30 0 R]")]))
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Seal", existingField: 31,
                objects: [(6, "<< /Fields 7 0 R /SigFlags 3 >>"), (7, "[30 0 R 31 0 R]")]))
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    // MARK: Objects beyond Size

    @Test func `does not lose what lies beyond a smaller Size`() throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        draft.size = 4
        store(&draft, with: [])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `does not get what lay beyond its Size`() throws {
        var draft = PDFDraft()
        draft.pageEntries = "/Rotate 25 0 R"
        draft.append([(3, draft.page), (25, "180")])
        draft.size = 20
        try draft.sign(authority)
        draft.size = 30
        store(&draft, with: [])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }
}
