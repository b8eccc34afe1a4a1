import Exchange
import OpenSSL
import PDF
import Testing

@testable import Signature

/// What can be laid over a page or drawn anew by way of form fields, without a certification and with one.
@Suite struct `A form field of a signed PDF`: PDFSuite {
    let authority: Authority
    let tsa: TimestampAuthority
    static let drawing = PDFDraft.stream("999", "/Subtype /Form /BBox [0 0 9 9]")
    static let place = "[72 690 300 720]"

    init() throws {
        authority = try Authority()
        tsa = try TimestampAuthority(below: authority.root)
    }

    /// A store that anybody may add, and an empty signature field beside it.
    private func waiting(_ entries: String, after certification: String = "") throws -> PDFDraft {
        var draft = PDFDraft()
        try draft.sign(authority, PDFDraft.Shape(entries: certification))
        let (field, appearance, certificate) = (draft.newNumber(), draft.newNumber(), draft.newNumber())
        draft.fields.append(field)
        draft.annotations.append(field)
        draft.catalogEntries = "/DSS << /Certs [\(certificate) 0 R] >>"
        let drawn = entries.replacing("DRAWN", with: "/AP << /N \(appearance) 0 R >>")
        draft.append([
            (1, draft.catalog), (3, draft.page), (appearance, Self.drawing),
            (certificate, PDFDraft.stream("certificate")),
            (field, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Evil) /P 3 0 R \(drawn) >>"),
        ])
        return draft
    }

    @Test func `may wait for a signature without showing anything`() throws {
        for entries in ["/Rect [0 0 0 0] DRAWN", "/Rect \(Self.place)", "/Rect \(Self.place) /F 2 /MK << >>"]
        {
            #expect(codes(try waiting(entries)) == [], "\(entries)")
        }
        #expect(codes(try waiting("/Rect [0 0 0 0]", after: PDFDraft.certified(2))) == [])
        #expect(
            codes(try waiting("/Rect [0 0 0 0]", after: PDFDraft.certified(1))) == [.pdfCertificationForbids])
    }

    /// Nobody signs for it: whoever has the file can add it.
    @Test func `must not show anything without a signature`() throws {
        for entries in [
            "/F 4 DRAWN", "DRAWN", "/F 2 DRAWN", "/F 36 DRAWN", "/F 288 DRAWN", "/MK << /BG [1] >>",
            "/F 4 /AP 4 0 R",
        ] {
            #expect(
                codes(try waiting("/Rect \(Self.place) \(entries)")) == [.pdfAnnotationChanged], "\(entries)")
        }
    }

    @Test(arguments: ["/Type /Page", "/Subtype /FreeText", "/Contents 4 0 R", "/A << >>", "/OC 4 0 R"])
    func `is nothing else beside`(entries: String) throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        let (field, widget) = (draft.newNumber(), draft.newNumber())
        draft.fields.append(field)
        draft.annotations.append(widget)
        let type = entries.contains("Type ") ? "" : "/Type /Annot"
        let kind = entries.contains("Subtype ") ? "" : "/Subtype /Widget"
        draft.catalogEntries = "/DSS << >>"
        draft.append([
            (1, draft.catalog), (3, draft.page), (field, "<< /FT /Sig /T (Evil) /Kids [\(widget) 0 R] >>"),
            (widget, "<< \(type) \(kind) /Rect [0 0 0 0] /Parent \(field) 0 R \(entries) >>"),
        ])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `has its value itself, and not in a widget`() throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        let (field, widget) = (draft.newNumber(), draft.newNumber())
        draft.fields.append(field)
        draft.annotations.append(widget)
        draft.catalogEntries = "/DSS << >>"
        draft.append([
            (1, draft.catalog), (3, draft.page), (field, "<< /FT /Sig /T (Evil) /Kids [\(widget) 0 R] >>"),
            (widget, "<< /Subtype /Widget /Rect [0 0 0 0] /V 6 0 R /Parent \(field) 0 R >>"),
        ])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    // MARK: Timestamps

    private func stamp(_ draft: inout PDFDraft, _ shape: PDFDraft.Shape) throws {
        var shape = shape
        shape.subFilter = "/SubFilter /ETSI.RFC3161"
        shape.cms = { try tsa.token(over: $0, at: noon) }
        try draft.sign(authority, shape)
    }

    @Test func `must not show anything with a timestamp, which everybody can have`() throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        let appearance = draft.newNumber()
        var shape = PDFDraft.Shape(name: "Stamp", fieldEntries: "/AP << /N \(appearance) 0 R >>")
        shape.objects = [(appearance, Self.drawing)]
        var unseen = draft
        try stamp(&unseen, shape)
        #expect(codes(unseen) == [])
        shape.rectangle = Self.place
        try stamp(&draft, shape)
        #expect(judge(draft, authority).map(failures) == [[.pdfAnnotationChanged], []])
    }

    @Test(arguments: ["", "DRAWN"])
    func `that waited for a signature must not show anything with a timestamp`(before: String) throws {
        var draft = PDFDraft()
        let (waiting, appearance) = (draft.newNumber(), draft.newNumber())
        draft.fields = [waiting]
        draft.annotations = [waiting]
        let drawn = before.isEmpty ? "" : "/AP << /N 4 0 R >>"
        draft.append([
            (1, draft.catalog), (3, draft.page),
            (
                waiting,
                "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /F 132 /Rect \(Self.place) /P 3 0 R "
                    + "\(drawn) >>"
            ),
        ])
        try draft.sign(authority)
        try stamp(
            &draft,
            PDFDraft.Shape(
                name: "Seal", fieldEntries: "/AP << /N \(appearance) 0 R >>", rectangle: Self.place,
                existingField: waiting, objects: [(appearance, Self.drawing)]))
        #expect(judge(draft, authority).map(failures) == [[.pdfAnnotationChanged], []])
    }

    // MARK: Fields that viewers draw

    /// A text field, a signature, then a revision that changes what the form says of drawing.
    private func redrawn(
        _ before: String, _ after: String, field entries: String = "/V (100) /AP << /N 7 0 R >>",
        certification: String = ""
    ) throws -> [SignatureReasonCode] {
        let text = "/Type /Annot /Subtype /Widget /FT /Tx /T (So) /Rect [10 10 90 30] /P 3 0 R"
        var draft = PDFDraft(objects: [(6, "<< \(text) \(entries) >>"), (7, Self.drawing)])
        draft.fields = [6]
        draft.annotations = [6]
        draft.formEntries = before
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(authority, PDFDraft.Shape(entries: certification))
        draft.formEntries = after
        draft.catalogEntries = "/DSS << >>"
        draft.append([(1, draft.catalog)])
        return codes(draft)
    }

    private static let fonts = "/DR << /Font << /F9 5 0 R >> >>"

    @Test func `is drawn with what the form said`() throws {
        // It brings its drawing along, or there is nothing to draw.
        #expect(try redrawn("", "\(Self.fonts) /DA (/F1 9 Tf)") == [])
        #expect(try redrawn("", Self.fonts, field: "") == [])
        // Viewers draw it.
        for (before, field) in [
            ("/NeedAppearances true", "/V (100) /AP << /N 7 0 R >>"), ("", "/V (100)"),
            ("", "/V (100) /AP 99 0 R"),
        ] {
            for more in [Self.fonts, "/DA (1 g)", "/Q 2"] {
                #expect(
                    try redrawn(before, "\(before) \(more)", field: field) == [.pdfChangedAfterSigning],
                    "\(before) \(more) \(field)")
            }
        }
        // A font that was there is another one now.
        #expect(try redrawn(Self.fonts, "/DR << /Font << /F9 6 0 R >> >>") == [.pdfChangedAfterSigning])
        #expect(try redrawn("", "/XFA 7 0 R") == [.pdfChangedAfterSigning])
    }

    @Test func `is not drawn anew, nor drawn as it was, without permission`() throws {
        for (before, after) in [("/NeedAppearances true", ""), ("", "/NeedAppearances true")] {
            #expect(try redrawn(before, after) == [.pdfFormChanged])
            #expect(
                try redrawn(before, after, certification: PDFDraft.certified(1)) == [.pdfCertificationForbids]
            )
            #expect(try redrawn(before, after, certification: PDFDraft.certified(2)) == [])
            #expect(
                try redrawn(before, after, field: "/V (1) /Ff 1", certification: PDFDraft.certified(2))
                    == [.pdfFormChanged])
        }
    }

    // MARK: Fields that nobody fills in, and locks

    private func filled(
        _ entries: String, form: String = "", after signature: PDFDraft.Shape
    ) throws -> [SignatureReasonCode] {
        let text = "/Type /Annot /Subtype /Widget /FT /Tx /T (So) /Rect [10 10 90 30] /P 3 0 R \(entries)"
        var draft = PDFDraft(objects: [(6, "<< \(text) /V (1) >>")])
        draft.fields = [6]
        draft.annotations = [6]
        draft.formEntries = form
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(authority, signature)
        draft.append([(6, "<< \(text) /V (482) >>")])
        return codes(draft)
    }

    @Test func `that is read-only changes only where the form works it out`() throws {
        let certification = PDFDraft.Shape(entries: PDFDraft.certified(2))
        #expect(try filled("/Ff 1", after: certification) == [.pdfFormChanged])
        #expect(try filled("/Ff 1", form: "/CO [6 0 R]", after: certification) == [])
        #expect(try filled("/Ff 1 /AA << /C << /S /JavaScript >> >>", after: certification) == [])
        #expect(try filled("/Ff 1", form: "/CO [5 0 R]", after: certification) == [.pdfFormChanged])
    }

    @Test func `is locked by the signature or by the field that was signed`() throws {
        func locked(_ parameters: String) -> PDFDraft.Shape {
            PDFDraft.Shape(
                entries: "/Reference [<< /TransformMethod /DocMDP >> "
                    + "<< /TransformMethod /FieldMDP /TransformParams << \(parameters) >> >>]")
        }
        #expect(try filled("", after: locked("/Action /Include /Fields [(Khac)]")) == [])
        #expect(try filled("", after: locked("/Action /Exclude /Fields [(So)]")) == [])
        for parameters in [
            "/Action /Include /Fields [(So)]", "/Action /Exclude /Fields [(Khac)]", "/Action /All",
            "/Action /Include /Fields [(Khac)] /P 1",
        ] {
            #expect(try filled("", after: locked(parameters)).contains(.pdfFieldLocked), "\(parameters)")
            // The field says it, and the software that signed left it out.
            let shape = PDFDraft.Shape(
                entries: PDFDraft.certified(2), fieldEntries: "/Lock << /Type /SigFieldLock \(parameters) >>")
            #expect(try filled("", after: shape).contains(.pdfFieldLocked), "\(parameters)")
        }
        #expect(
            try filled("", after: locked("/Action /Include /Fields [5 0 R]")) == [.pdfStructure])
    }

    /// Thousands of names and thousands of fields: each is looked up, not compared with each.
    @Test func `is locked by its own name or by one of the groups it is in`() throws {
        var parameters = PDFDictionary()
        parameters["Action"] = .name("Include")
        let names = (0..<5000).map { "khac\($0)" } + ["a", "b.c", "é", ""]
        parameters["Fields"] = .array(names.map { .string(Array($0.utf8)) })
        let lock = try PDFSignatureValue.Lock(parameters)
        for name in ["a", "a.b", "a.b.c", "b.c", "b.c.d", "khac17.x", ".x", ""] {
            #expect(lock.covers(name), "\(name)")
        }
        for name in ["ab", "b", "b.cd", "khac", "khac5000", "x.a", "x."] {
            #expect(!lock.covers(name), "\(name)")
        }
        #expect((0..<5000).allSatisfy { lock.covers("khac\($0).o\($0)") && !lock.covers("o\($0)") })
        // The same name in UTF-16 and in PDFDocEncoding.
        parameters["Fields"] = .array([.string([0xFE, 0xFF, 0x20, 0x13, 0x01, 0x7E, 0x20, 0xAC])])
        #expect(try PDFSignatureValue.Lock(parameters).covers(PDFText.decode([0x85, 0x9E, 0xA0])))
        parameters["Fields"] = .array(names.map { .string(Array($0.utf8)) })
        parameters["Action"] = .name("Exclude")
        let others = try PDFSignatureValue.Lock(parameters)
        #expect(!others.covers("a.b") && others.covers("ab"))
    }

    /// A push button of the same name as the field that is filled in.
    @Test func `lends its permission to no button`() throws {
        let text = "/Type /Annot /Subtype /Widget /FT /Tx /T (So) /Rect [10 10 90 30] /P 3 0 R"
        let button = "/Type /Annot /Subtype /Widget /FT /Btn /Ff 65536 /T (So) /Rect [10 40 90 60] /P 3 0 R"
        var draft = PDFDraft(
            objects: [(6, "<< \(text) >>"), (7, "<< \(button) /AP << /N 8 0 R >> >>"), (8, Self.drawing)])
        draft.fields = [6, 7]
        draft.annotations = [6, 7]
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(authority, PDFDraft.Shape(entries: PDFDraft.certified(2)))
        draft.append([
            (6, "<< \(text) /V (1) >>"), (8, PDFDraft.stream("888", "/Subtype /Form /BBox [0 0 9 9]")),
        ])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `is only a field`() throws {
        let text =
            "/Type /Annot /Subtype /Widget /FT /Tx /T (So) /Rect [10 10 90 30] /P 3 0 R /S /Transparency"
        var draft = PDFDraft(objects: [(6, "<< \(text) >>")])
        draft.fields = [6]
        draft.annotations = [6]
        draft.pageEntries = "/Group 6 0 R"
        draft.append([(1, draft.catalog), (3, draft.page)])
        try draft.sign(authority, PDFDraft.Shape(entries: PDFDraft.certified(2)))
        draft.append([(6, "<< \(text) /I true >>")])
        #expect(codes(draft) == [.pdfChangedAfterSigning])
    }

    @Test func `may come in a group that comes with it`() throws {
        for (group, expected) in [
            ("<< /T (Trang2) /Kids [31 0 R] >>", []), ("<< /T (Trang2) /FT /Sig /Kids [31 0 R] >>", []),
            ("<< /T (Trang2) /Kids [31 0 R] /DA (/F1 9 Tf) >>", [SignatureReasonCode.pdfChangedAfterSigning]),
            ("<< /T (Trang2) /Type /Pages /Kids [31 0 R] >>", [.pdfChangedAfterSigning]),
        ] {
            var draft = PDFDraft()
            try draft.sign(authority)
            draft.fields.append(30)
            draft.annotations.append(31)
            draft.nextNumber = 32
            try draft.sign(
                authority,
                PDFDraft.Shape(
                    name: "Seal", fieldEntries: "/Parent 30 0 R", existingField: 31,
                    objects: [(1, draft.catalog), (3, draft.page), (30, group)]))
            #expect(judge(draft, authority).map(failures) == [expected, []], "\(group)")
        }
    }
}
