import Exchange
import OpenSSL
import PDF
import Testing

@testable import Signature

@Suite struct `A hostile PDF` {
    let authority: Authority

    init() throws { authority = try Authority() }

    @Test(arguments: PDFDraft.Style.allCases)
    func `with any one byte changed never passes`(style: PDFDraft.Style) throws {
        var draft = PDFDraft(style)
        try draft.sign(authority)
        let verifier = authority.verifier()
        // Certificates in the CMS are covered by no signature of ours; all else in the file is.
        let inside = draft.contents.lowerBound + 1..<draft.contents.upperBound - 1
        for index in draft.bytes.indices where !inside.contains(index) {
            var changed = draft.bytes
            changed[index] ^= [0x01, 0x10, 0x20][index % 3]
            let reports = verifier.verify(pdf: PDFBytes(changed), at: noon)
            #expect(!reports.contains { $0.indication == .totalPassed }, "byte \(index)")
        }
    }

    @Test func `cut anywhere never passes`() throws {
        var draft = PDFDraft(.stream)
        try draft.sign(authority)
        let verifier = authority.verifier()
        for count in stride(from: 0, to: draft.bytes.count, by: 37) {
            let reports = verifier.verify(pdf: PDFBytes(Array(draft.bytes[..<count])), at: noon)
            #expect(!reports.contains { $0.indication == .totalPassed }, "\(count) bytes")
        }
    }

    @Test func `with more form fields than are looked at is neither good nor bad`() throws {
        var draft = PDFDraft()
        draft.fields = []
        let numbers = 100..<100 + PDFForm.fieldsMax + 1
        let fields = numbers.map { ($0, "<< /T (f\($0)) /FT /Tx >>") }
        draft.catalogEntries = "/AcroForm << /Fields [\(PDFDraft.references(Array(numbers)))] >>"
        draft.append([(1, draft.catalog)] + fields)
        let reports = judge(draft, authority)
        #expect(reports.map(failures) == [[.pdfTooLarge]])
        #expect(reports.map(\.indication) == [.indeterminate])
    }

    @Test(arguments: [(0, [SignatureReasonCode.pdfUnsigned]), (1, [.pdfTooLarge])])
    func `with a field's name that is too long to keep is not looked at`(
        more: Int, codes: [SignatureReasonCode]
    ) throws {
        // The group's name, a full stop, the field's.
        let long = String(repeating: "x", count: PDFForm.nameBytesMax - 2 + more)
        var draft = PDFDraft()
        draft.catalogEntries = "/AcroForm << /Fields [90 0 R] >>"
        draft.append([
            (1, draft.catalog), (90, "<< /T (\(long)) /Kids [91 0 R] >>"), (91, "<< /T (f) /FT /Tx >>"),
        ])
        #expect(judge(draft, authority).map(failures) == [codes])
    }

    @Test func `with fields in a circle is refused`() throws {
        var draft = PDFDraft()
        draft.catalogEntries = "/AcroForm << /Fields [90 0 R] >>"
        draft.append([
            (1, draft.catalog), (90, "<< /T (a) /Kids [91 0 R] >>"), (91, "<< /T (b) /Kids [90 0 R] >>"),
        ])
        #expect(judge(draft, authority).map(failures) == [[.pdfMalformed]])
    }

    @Test func `that is read again and again ends at its bound of work`() throws {
        // Thousands of entries that lead to one large object.
        var draft = PDFDraft()
        draft.append([(90, "(" + String(repeating: "x", count: 100_000) + ")")])
        try draft.sign(authority)
        draft.append([(4, PDFDraft.stream("changed"))])
        var limits = PDFLimits()
        limits.workMax = 100_000
        let reports = authority.verifier().verify(pdf: PDFBytes(draft.bytes), at: noon, limits: limits)
        #expect(reports.map(\.indication) == [.indeterminate])
        #expect(reports.map(failures).first?.first == .pdfTooLarge)
    }

    /// A certified form whose fields are drawn anew in two revisions, which counts as filling them all in.
    private func form(_ group: String, fields: Int, locked: Int) throws -> PDFDraft {
        let numbers = Array(100..<100 + fields)
        let kids = PDFDraft.references(numbers)
        var draft = PDFDraft(
            objects: [(90, "<< /T (\(group)) /FT /Tx /Kids [\(kids)] >>")]
                + numbers.map { ($0, "<< /T (f\($0)) >>") })
        draft.fields = [90]
        draft.append([(1, draft.catalog)])
        let names = (0..<locked).map { "(khac\($0))" }.joined()
        try draft.sign(
            authority,
            PDFDraft.Shape(
                entries: "/Reference [<< /TransformMethod /DocMDP >> << /TransformMethod /FieldMDP "
                    + "/TransformParams << /Action /Include /Fields [\(names)] >> >>]"))
        for needed in [true, false] {
            draft.formEntries = "/SigFlags 3 /NeedAppearances \(needed)"
            draft.append([(1, draft.catalog)])
        }
        return draft
    }

    private func codes(
        _ draft: PDFDraft, work: Int? = nil, kept: Int? = nil
    ) -> [[SignatureReasonCode]] {
        var limits = PDFLimits()
        limits.workMax = work ?? limits.workMax
        limits.keptValuesMax = kept ?? limits.keptValuesMax
        return authority.verifier().verify(pdf: PDFBytes(draft.bytes), at: noon, limits: limits).map(failures)
    }

    /// Each field is looked up by each beginning of its name, for each signature and in each revision.
    @Test func `whose fields have names of hundreds of parts counts their locks as work`() throws {
        let dots = String(repeating: "a.", count: 500)
        #expect(codes(try form(dots, fields: 500, locked: 1)) == [[]])
        #expect(codes(try form("a", fields: 500, locked: 1), work: 5_000_000) == [[]])
        #expect(codes(try form(dots, fields: 500, locked: 1), work: 5_000_000) == [[.pdfTooLarge]])
    }

    @Test func `keeps no more than its bound of locks, and of names below a long one`() throws {
        #expect(codes(try form("a", fields: 9, locked: 10), kept: 2500) == [[]])
        #expect(codes(try form("a", fields: 9, locked: 3000), kept: 2500) == [[.pdfTooLarge]])
        let long = String(repeating: "a", count: 1000)
        #expect(codes(try form("a", fields: 90, locked: 1), kept: 5000) == [[]])
        #expect(codes(try form(long, fields: 90, locked: 1), kept: 5000) == [[.pdfTooLarge]])
    }

    /// The same one under several names counts once.
    @Test(arguments: [(0, [SignatureReasonCode]()), (1, [.pdfTooLarge])])
    func `has no more certificates in its security store than are tried`(
        more: Int, expected: [SignatureReasonCode]
    ) throws {
        let numbers = Array(100..<100 + PDFSecurityStore.certificatesMax + 20)
        let texts = numbers.map { "c\(min($0, 99 + PDFSecurityStore.certificatesMax + more))" }
        var draft = PDFDraft(objects: zip(numbers, texts).map { ($0, PDFDraft.stream($1)) })
        let entries = stride(from: 0, to: numbers.count, by: 60).map { start in
            let part = numbers[start..<min(start + 60, numbers.count)]
            return "/V\(start) << /Cert [\(PDFDraft.references(Array(part)))] >>"
        }
        draft.catalogEntries = "/DSS << /VRI << \(entries.joined(separator: " ")) >> >>"
        try draft.sign(authority)
        #expect(codes(draft) == [expected])
    }

    /// Not hostile at all: a large form that is signed by one after the other.
    @Test(arguments: PDFDraft.Style.allCases)
    func `is not what a form is that many sign`(style: PDFDraft.Style) throws {
        let options = String(repeating: "(x) ", count: 50)
        let numbers = Array(100..<200)
        var draft = PDFDraft(
            style, objects: numbers.map { ($0, "<< /FT /Ch /T (f\($0)) /Opt [\(options)] >>") })
        draft.fields = numbers
        draft.append([(1, draft.catalog)])
        for name in 0..<10 { try draft.sign(authority, PDFDraft.Shape(name: "S\(name)")) }
        #expect(codes(draft, kept: 20_000) == Array(repeating: [], count: 10))
    }
}
