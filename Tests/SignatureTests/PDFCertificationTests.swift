import OpenSSL
import PDF
import Testing

@testable import Signature

/// Attacks on certified documents: evil annotations and sneaky signatures.
@Suite struct `A certification of a PDF`: PDFSuite {
    let authority: Authority

    init() throws { authority = try Authority() }

    @Test(arguments: ["", PDFDraft.certified(3)])
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
            $0.entries = PDFDraft.certified(permission)
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
            $0.entries = PDFDraft.certified(2)
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
            $0.entries = PDFDraft.certified(2)
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
            $0.entries = PDFDraft.certified(1)
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
            $0.entries = PDFDraft.certified(4)
        }
        #expect(codes(draft) == [.pdfCertification])
    }
}

@Suite struct `A form in a PDF`: PDFSuite {
    let authority: Authority
    static let lock =
        "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >> "
        + "<< /TransformMethod /FieldMDP /TransformParams << /Action /Include /Fields [(So)] >> >>]"
    static let permits = PDFDraft.certified(2)

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
            try filled(after: PDFDraft.certified(1))
                == [[.pdfCertificationForbids]])
    }

    /// A form of these objects, field numbers among them, filled in after a certification with P=2.
    private func filled(
        _ objects: [(Int, String)], fields: [Int], widgets: [Int], with changed: [(Int, String)]
    ) throws -> [SignatureReasonCode] {
        var draft = PDFDraft(objects: objects)
        draft.fields = fields
        draft.annotations = widgets
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(authority, PDFDraft.Shape(entries: Self.permits))
        draft.append(changed)
        return codes(draft)
    }

    private static let widget = "/Type /Annot /Subtype /Widget /Rect [10 10 90 30] /P 3 0 R"

    @Test func `has boxes and choices that may be ticked`() throws {
        let form = PDFDraft.stream("q Q", "/Subtype /Form /BBox [0 0 9 9]")
        let states = "/AP << /N << /Yes 8 0 R /Off 8 0 R >> >>"
        let box = "\(Self.widget) /FT /Btn /T (Dong y) \(states)"
        #expect(
            try filled(
                [(6, "<< \(box) /AS /Off >>"), (8, form)], fields: [6], widgets: [6],
                with: [(6, "<< \(box) /AS /Yes /V /Yes >>")]) == [])
        // Radio buttons: the value at the field, the state at each of its widgets.
        func radio(_ state: String, _ value: String) -> [(Int, String)] {
            [
                (6, "<< /FT /Btn /Ff 32768 /T (Muc) /Kids [7 0 R 9 0 R] \(value) >>"),
                (7, "<< \(Self.widget) /Parent 6 0 R \(states) /AS /\(state) >>"),
                (9, "<< \(Self.widget) /Parent 6 0 R \(states) /AS /Off >>"),
            ]
        }
        #expect(
            try filled(
                radio("Off", "") + [(8, form)], fields: [6], widgets: [7, 9], with: radio("Yes", "/V /Yes"))
                == [])
        // What a widget shows may change, where it stands may not.
        let moved = box.replacing("[10 10 90 30]", with: "[10 10 590 830]")
        #expect(
            try filled(
                [(6, "<< \(box) /AS /Off >>"), (8, form)], fields: [6], widgets: [6],
                with: [(6, "<< \(moved) /AS /Yes /V /Yes >>")]) == [.pdfFormChanged])
    }

    @Test func `has fields in groups, and appearances that are drawn anew`() throws {
        let text = "\(Self.widget) /FT /Tx /T (So) /Parent 6 0 R /AP << /N 8 0 R >>"
        let form = "/Subtype /Form /BBox [0 0 80 20]"
        let objects = [
            (6, "<< /T (Phieu) /Kids [7 0 R] >>"), (7, "<< \(text) >>"), (8, PDFDraft.stream("q Q", form)),
        ]
        let number = "<< \(text) /V (482) >>"
        #expect(
            try filled(
                objects, fields: [6], widgets: [7],
                with: [(7, number), (8, PDFDraft.stream("BT (482) Tj ET", form))]) == [])
        #expect(
            try filled(
                objects, fields: [6], widgets: [7],
                with: [
                    (7, number.replacing("8 0 R", with: "20 0 R")),
                    (20, PDFDraft.stream("BT (482) Tj ET", form)),
                ]) == [])
        // A drawing that a page uses as well is the page's.
        #expect(
            try filled(
                objects + [(10, "<< /XObject << /X 8 0 R >> >>")], fields: [6], widgets: [7],
                with: [(7, number), (8, PDFDraft.stream("BT (482) Tj ET", form))])
                == [.pdfChangedAfterSigning])
    }

    @Test func `has buttons that nobody fills in`() throws {
        let button = "\(Self.widget) /FT /Btn /Ff 65536 /T (Gui)"
        let form = "/Subtype /Form /BBox [0 0 80 20]"
        #expect(
            try filled(
                [(6, "<< \(button) /AP << /N 8 0 R >> >>"), (8, PDFDraft.stream("q Q", form))], fields: [6],
                widgets: [6],
                with: [(6, "<< \(button) /AP << /N 20 0 R >> >>"), (20, PDFDraft.stream("999", form))])
                == [.pdfFormChanged])
    }
}
