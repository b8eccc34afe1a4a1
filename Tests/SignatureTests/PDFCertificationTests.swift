import OpenSSL
import PDF
import Testing

@testable import Signature

/// Attacks on certified documents: evil annotations and sneaky signatures.
@Suite struct `A certification of a PDF` {
    let authority: Authority

    init() throws { authority = try Authority() }

    private func signed(_ change: (inout PDFDraft.Shape) -> Void = { _ in }) throws -> PDFDraft {
        var draft = PDFDraft()
        var shape = PDFDraft.Shape()
        change(&shape)
        try draft.sign(authority, shape)
        return draft
    }

    private func codes(_ draft: PDFDraft) -> [SignatureReasonCode] { failures(judge(draft, authority).first) }

    @Test(arguments: ["", "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 3 >> >>]"])
    func `does not stand an annotation laid over the page`(certification: String) throws {
        var draft = try signed { $0.entries = certification }
        let note = draft.newNumber()
        draft.annotations.append(note)
        draft.append([
            (3, draft.page),
            (note, "<< /Type /Annot /Subtype /FreeText /Rect [72 690 300 720] /Contents (999) >>"),
        ])
        #expect(codes(draft) == [.pdfAnnotationChanged])
    }

    @Test(arguments: [1, 2, 3])
    func `does not stand a visible signature in a new field`(permission: Int) throws {
        var draft = try signed {
            $0.entries = "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P \(permission) >> >>]"
        }
        let appearance = draft.newNumber()
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Evil", fieldEntries: "/AP << /N \(appearance) 0 R >>", rectangle: "[72 690 300 720]",
                objects: [(appearance, PDFDraft.stream("999", "/Subtype /Form /BBox [0 0 9 9]"))]))
        #expect(judge(draft, authority).map(failures) == [[.pdfCertificationForbids], []])
    }

    /// A sneaky signature in two steps: a field that shows nothing yet comes beside a harmless signature, and
    /// is signed and shown later.
    @Test(arguments: ["/F 2", "/F 4", "/F 4 /AP << >>"])
    func `does not stand a field that is slipped in and shown later`(entries: String) throws {
        var draft = try signed {
            $0.entries = "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>]"
        }
        let waiting = draft.newNumber()
        let widget = "/Type /Annot /Subtype /Widget /FT /Sig /T (Evil) /Rect [72 690 300 720] /P 3 0 R"
        draft.fields.append(waiting)
        draft.annotations.append(waiting)
        try draft.sign(
            authority,
            PDFDraft.Shape(name: "Seal", objects: [(waiting, "<< \(widget) \(entries) >>")]))
        let appearance = draft.newNumber()
        let form = PDFDraft.stream("999", "/Subtype /Form /BBox [0 0 9 9]")
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Evil", fieldEntries: "/AP << /N \(appearance) 0 R >>",
                rectangle: "[72 690 300 720]", existingField: waiting, objects: [(appearance, form)]))
        #expect(codes(draft) == [.pdfCertificationForbids])
    }

    @Test func `does not stand a visible signature whose rectangle is written elsewhere`() throws {
        var draft = try signed {
            $0.entries = "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>]"
        }
        let (appearance, rectangle) = (draft.newNumber(), draft.newNumber())
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Evil", fieldEntries: "/AP << /N \(appearance) 0 R >>", rectangle: "\(rectangle) 0 R",
                objects: [
                    (appearance, PDFDraft.stream("999", "/Subtype /Form /BBox [0 0 9 9]")),
                    (rectangle, "[72 690 300 720]"),
                ]))
        #expect(judge(draft, authority).map(failures) == [[.pdfCertificationForbids], []])
    }

    @Test func `that permits nothing stands no signature`() throws {
        var draft = try signed {
            $0.entries = "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>]"
        }
        try draft.sign(authority, PDFDraft.Shape(name: "Seal"))
        #expect(judge(draft, authority).map(failures) == [[.pdfCertificationForbids], []])
    }

    @Test func `is the first signature`() throws {
        var draft = try signed()
        try draft.sign(
            authority,
            PDFDraft.Shape(name: "Late", entries: "/Reference [<< /TransformMethod /DocMDP >>]"))
        #expect(judge(draft, authority).map(failures) == [[], [.pdfCertification]])
    }

    @Test func `permits what there is a word for`() throws {
        let draft = try signed {
            $0.entries = "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 4 >> >>]"
        }
        #expect(codes(draft) == [.pdfCertification])
    }
}

@Suite struct `A form in a PDF` {
    let authority: Authority
    static let lock =
        "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >> "
        + "<< /TransformMethod /FieldMDP /TransformParams << /Action /Include /Fields [(So)] >> >>]"
    static let permits = "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>]"

    init() throws { authority = try Authority() }

    private func filled(after entries: String) throws -> [[SignatureReasonCode]] {
        var draft = PDFDraft()
        let field = draft.newNumber()
        draft.fields = [field]
        draft.annotations = [field]
        let text = "/Type /Annot /Subtype /Widget /FT /Tx /T (So) /Rect [10 10 90 30]"
        draft.append([(1, draft.catalog), (3, draft.page), (field, "<< \(text) >>")])
        try draft.sign(authority, PDFDraft.Shape(entries: entries))
        draft.append([(field, "<< \(text) /V (482) >>")])
        return judge(draft, authority).map(failures)
    }

    @Test func `may be filled in where the certification permits it`() throws {
        #expect(try filled(after: Self.permits) == [[]])
    }

    @Test func `must not be filled in after an ordinary signature`() throws {
        #expect(try filled(after: "") == [[.pdfFormChanged]])
    }

    @Test func `must not be filled in where the signature locks the field`() throws {
        #expect(try filled(after: Self.lock) == [[.pdfFieldLocked]])
    }

    @Test func `must not be filled in where nothing is permitted`() throws {
        #expect(
            try filled(after: "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>]")
                == [[.pdfCertificationForbids]])
    }
}
