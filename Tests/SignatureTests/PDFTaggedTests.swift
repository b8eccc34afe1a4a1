import OpenSSL
import PDF
import Testing

@testable import Signature

/// Software that adds a field to a tagged PDF enters it into the structure tree; nothing else may change.
@Suite struct `The structure tree of a signed PDF` {
    let authority: Authority

    init() throws { authority = try Authority() }

    /// What a second signer's software writes; each test bends one thing.
    private struct Entry {
        var root = "<< /Type /StructTreeRoot /K [7 0 R] /ParentTree 8 0 R /ParentTreeNextKey 2 >>"
        var document: (Int) -> String = {
            "<< /Type /StructElem /S /Document /P 6 0 R /K [9 0 R \($0) 0 R] >>"
        }
        var tree: (Int) -> String = { "<< /Nums [0 [9 0 R] 1 \($0) 0 R] >>" }
        var element: (Int) -> String = {
            "<< /Type /StructElem /S /Form /P 7 0 R /Pg 3 0 R "
                + "/K << /Type /OBJR /Obj \($0) 0 R /Pg 3 0 R >> >>"
        }
        var objects: [(Int, String)] = []
    }

    private func judged(
        _ style: PDFDraft.Style = .table, _ change: (inout Entry) -> Void = { _ in }
    ) throws -> [[SignatureReasonCode]] {
        var draft = PDFDraft(
            style,
            objects: [
                (6, "<< /Type /StructTreeRoot /K [7 0 R] /ParentTree 8 0 R /ParentTreeNextKey 1 >>"),
                (7, "<< /Type /StructElem /S /Document /P 6 0 R /K [9 0 R] >>"),
                (8, "<< /Nums [0 [9 0 R]] >>"),
                (9, "<< /Type /StructElem /S /P /P 7 0 R /Pg 3 0 R /K 0 >>"),
            ])
        draft.catalogEntries = "/MarkInfo << /Marked true >> /StructTreeRoot 6 0 R"
        draft.append([(1, draft.catalog)])
        try draft.sign(authority)
        var entry = Entry()
        change(&entry)
        let element = draft.newNumber()
        // The signature's dictionary comes between.
        let field = element + 2
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Seal", fieldEntries: "/StructParent 1",
                objects: [
                    (6, entry.root), (7, entry.document(element)), (8, entry.tree(element)),
                    (element, entry.element(field)),
                ] + entry.objects))
        return judge(draft, authority).map(failures)
    }

    @Test(arguments: PDFDraft.Style.allCases)
    func `takes in the widget of a further signature`(style: PDFDraft.Style) throws {
        #expect(try judged(style) == [[], []])
        // Without an entry in the tree, as some software leaves it.
        #expect(
            try judged(style) {
                $0.tree = { _ in "<< /Nums [0 [9 0 R]] >>" }
            } == [[], []])
    }

    @Test func `does not take in a word more`() throws {
        let refused: [[SignatureReasonCode]] = [[.pdfChangedAfterSigning], []]
        for more in ["/Alt (999)", "/ActualText (999)", "/E (999)", "/A << /O /Layout >>"] {
            #expect(
                try judged {
                    $0.element = {
                        "<< /Type /StructElem /S /Form /P 7 0 R /Pg 3 0 R "
                            + "/K << /Type /OBJR /Obj \($0) 0 R >> \(more) >>"
                    }
                } == refused, "\(more)")
        }
        // An element of another kind; one for content of the page, or for what is no new widget.
        for kid in ["/S /Figure /K << /Type /OBJR /Obj 4 0 R >>", "/S /Form /K 0", "/S /P /K 0"] {
            #expect(
                try judged { $0.element = { _ in "<< /Type /StructElem /P 7 0 R /Pg 3 0 R \(kid) >>" } }
                    == refused, "\(kid)")
        }
        #expect(
            try judged {
                $0.element = { _ in
                    "<< /Type /StructElem /S /Form /P 7 0 R /K << /Type /OBJR /Obj 4 0 R >> >>"
                }
            } == refused)
    }

    @Test func `keeps what it said`() throws {
        let refused: [[SignatureReasonCode]] = [[.pdfChangedAfterSigning], []]
        // An alternative text for what was there; another order; something taken away; another tree.
        #expect(
            try judged {
                $0.objects = [(9, "<< /Type /StructElem /S /P /P 7 0 R /Pg 3 0 R /K 0 /ActualText (999) >>")]
            } == refused)
        #expect(
            try judged {
                $0.document = { "<< /Type /StructElem /S /Document /P 6 0 R /K [\($0) 0 R 9 0 R] >>" }
            } == refused)
        #expect(
            try judged {
                $0.document = { "<< /Type /StructElem /S /Document /P 6 0 R /K [\($0) 0 R] >>" }
            } == refused)
        #expect(
            try judged {
                $0.document = {
                    "<< /Type /StructElem /S /Document /P 6 0 R /K [9 0 R \($0) 0 R] /Lang (vi) >>"
                }
            } == refused)
        for tree in ["<< /Nums [0 [9 0 R 9 0 R]] >>", "<< /Nums [] >>", "<< /Nums [0 [9 0 R] 1 9 0 R] >>"] {
            #expect(try judged { $0.tree = { _ in tree } } == refused, "\(tree)")
        }
        #expect(
            try judged {
                $0.root =
                    "<< /Type /StructTreeRoot /K [7 0 R] /ParentTree 8 0 R /RoleMap << /P /Artifact >> >>"
            } == refused)
    }
}

/// Fields in groups: `Trang1.Dau` is the field Dau below Trang1.
@Suite struct `A group of form fields` {
    let authority: Authority

    init() throws { authority = try Authority() }

    private static let waiting =
        "<< /Type /Annot /Subtype /Widget /T (Dau) /F 132 /Rect [0 0 0 0] /P 3 0 R /Parent 6 0 R >>"

    /// A group of one empty field, a leader's signature, then a seal in a field below the same group.
    private func judged(
        group: (Int) -> String, separateKids: ((Int) -> String)? = nil
    ) throws -> [[SignatureReasonCode]] {
        let kids = separateKids == nil ? "[7 0 R]" : "8 0 R"
        var draft = PDFDraft(
            objects: [(6, "<< /T (Trang1) /FT /Sig /Kids \(kids) >>"), (7, Self.waiting), (8, "[7 0 R]")])
        draft.fields = [6]
        draft.annotations = [7]
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(authority)
        let field = draft.newNumber()
        draft.annotations.append(field)
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Seal", fieldEntries: "/Parent 6 0 R", existingField: field,
                objects: [(3, draft.page), (6, group(field))] + (separateKids.map { [(8, $0(field))] } ?? []))
        )
        return judge(draft, authority).map(failures)
    }

    @Test func `may get a further signature field`() throws {
        #expect(try judged(group: { "<< /T (Trang1) /FT /Sig /Kids [7 0 R \($0) 0 R] >>" }) == [[], []])
        #expect(
            try judged(
                group: { _ in "<< /T (Trang1) /FT /Sig /Kids 8 0 R >>" },
                separateKids: { "[7 0 R \($0) 0 R]" })
                == [[], []])
    }

    @Test func `keeps its own and everything that it says`() throws {
        for group: (Int) -> String in [
            { "<< /T (Trang1) /FT /Sig /Kids [\($0) 0 R 7 0 R] >>" },
            { "<< /T (Trang1) /FT /Sig /Kids [\($0) 0 R] >>" },
            { "<< /T (Trang1) /FT /Sig /Kids [7 0 R \($0) 0 R] /DA (/F1 12 Tf) >>" },
            { "<< /T (Trang2) /FT /Sig /Kids [7 0 R \($0) 0 R] >>" },
            { "<< /T (Trang1) /FT /Sig /Ff 1 /Kids [7 0 R \($0) 0 R] >>" },
        ] {
            #expect(try judged(group: group).first == [.pdfChangedAfterSigning])
        }
        #expect(
            try judged(
                group: { _ in "<< /T (Trang1) /FT /Sig /Kids 8 0 R >>" },
                separateKids: { "[\($0) 0 R 7 0 R]" }
            )
            .first == [.pdfChangedAfterSigning])
    }

    @Test func `hands its kind down to a field that is signed`() throws {
        var draft = PDFDraft(
            objects: [(6, "<< /T (Trang1) /FT /Sig /Kids [7 0 R] >>"), (7, Self.waiting)])
        draft.fields = [6]
        draft.annotations = [7]
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(
            authority, PDFDraft.Shape(name: "Dau", fieldEntries: "/Parent 6 0 R", existingField: 7))
        let reports = judge(draft, authority)
        #expect(reports.map(failures) == [[]] && reports.map(\.field) == ["Trang1.Dau"])
    }
}
