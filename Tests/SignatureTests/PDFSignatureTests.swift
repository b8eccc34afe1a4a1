import Exchange
import OpenSSL
import PDF
import Testing

@testable import Signature

func judge(_ draft: PDFDraft, _ authority: Authority) -> [SignatureReport] {
    authority.verifier().verify(pdf: PDFBytes(draft.bytes), at: noon)
}

/// The codes of what counts against a signature; remarks are not among them.
func failures(_ report: SignatureReport?) -> [SignatureReasonCode] {
    report?.reasons.map(\.code).filter { $0 != .revocationNotPublished && $0 != .pdfActiveContent } ?? []
}

/// Files that one authority's signer signs, well or badly.
protocol PDFSuite {
    var authority: Authority { get }
}

extension PDFSuite {
    func signed(
        _ style: PDFDraft.Style = .table, _ change: (inout PDFDraft.Shape) -> Void = { _ in }
    ) throws -> PDFDraft {
        var draft = PDFDraft(style)
        var shape = PDFDraft.Shape()
        change(&shape)
        try draft.sign(authority, shape)
        return draft
    }

    /// What counts against the first signature.
    func codes(_ draft: PDFDraft) -> [SignatureReasonCode] { failures(judge(draft, authority).first) }
}

@Suite struct `A signed PDF` {
    let authority: Authority

    init() throws { authority = try Authority() }

    @Test(arguments: PDFDraft.Style.allCases)
    func `passes whole, however it is written`(style: PDFDraft.Style) throws {
        var draft = PDFDraft(style)
        try draft.sign(authority)
        let reports = judge(draft, authority)
        try #require(reports.count == 1)
        #expect(failures(reports[0]) == [])
        #expect(reports[0].indication == .totalPassed)
        #expect(reports[0].formatName == "PAdES-B")
        #expect(reports[0].field == "Leader")
        #expect(reports[0].coverage == "whole file, revision 2 of 2")
        #expect(reports[0].signer?.sha256 == authority.signer.sha256)
    }

    @Test(arguments: PDFDraft.Style.allCases)
    func `passes with the leader's signature and then the agency's seal`(style: PDFDraft.Style) throws {
        var draft = PDFDraft(style, objects: [(6, PDFDraft.information)])
        try draft.sign(authority, PDFDraft.Shape(trailer: "/Info 6 0 R"))
        // The second signer's software dates the document anew.
        let information = "<< /Title (Cong van) /ModDate (D:20261120130000Z) /Producer (iText) >>"
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Seal", rectangle: "[100 100 200 200]", objects: [(6, information)],
                trailer: "/Info 6 0 R"))
        let reports = judge(draft, authority)
        #expect(reports.map(failures) == [[], []])
        #expect(reports.map(\.field) == ["Leader", "Seal"])
        #expect(reports.map(\.coverage) == ["revision 2 of 3", "whole file, revision 3 of 3"])
    }

    @Test func `is read from increments in any mixture of styles`() throws {
        var draft = PDFDraft(.packed)
        for (number, style) in [PDFDraft.Style.stream, .packed, .packed].enumerated() {
            draft.style = style
            try draft.sign(authority, PDFDraft.Shape(name: "S\(number)"))
        }
        #expect(judge(draft, authority).map(failures) == [[], [], []])
    }

    @Test func `of the adbe.pkcs7.detached kind is judged as such`() throws {
        var draft = PDFDraft()
        try draft.sign(authority, PDFDraft.Shape(subFilter: "/SubFilter /adbe.pkcs7.detached"))
        let reports = judge(draft, authority)
        #expect(reports.map(\.formatName) == ["PKCS7"])
        #expect(failures(reports.first) == [])
    }

    @Test func `takes a signature into a field that waited for one`() throws {
        var draft = PDFDraft()
        let waiting = draft.newNumber()
        draft.fields = [waiting]
        draft.annotations = [waiting]
        let empty = "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /F 132 /Rect [0 0 0 0] /P 3 0 R >>"
        draft.append([(1, draft.catalog), (3, draft.page), (waiting, empty)])
        try draft.sign(authority)
        try draft.sign(authority, PDFDraft.Shape(name: "Seal", existingField: waiting))
        #expect(judge(draft, authority).map(failures) == [[], []])
    }

    @Test func `keeps its signature when a security store comes later`() throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        let certificate = draft.newNumber()
        draft.catalogEntries =
            "/DSS << /Certs [\(certificate) 0 R] >> /Extensions << /ESIC << /BaseVersion /1.7 >> >>"
        draft.append([(1, draft.catalog), (certificate, PDFDraft.stream("certificate"))])
        #expect(judge(draft, authority).map(failures) == [[]])
    }

    @Test func `without a signature says so`() {
        let reports = judge(PDFDraft(), authority)
        #expect(reports.map(\.isUnsigned) == [true])
        #expect(failures(reports.first) == [.pdfUnsigned])
    }

    @Test func `with a byte changed fails`() throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        draft.replace("Cong van 123", by: "Cong van 124")
        #expect(judge(draft, authority).map(failures) == [[.digestMismatch]])
    }

    @Test func `names its attachment`() throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        let reports = authority.verifier().verify(pdf: PDFBytes(draft.bytes), at: noon, document: "a.pdf")
        #expect(reports.map(\.document) == ["a.pdf"])
    }
}

@Suite struct `A PDF that we sign` {
    @Test(arguments: PDFDraft.Style.allCases)
    func `passes here and at pdfsig, twice signed too`(style: PDFDraft.Style) throws {
        let authority = try Authority()
        let workshop = try Workshop()
        let signer = PDFSigner(
            try SigningIdentity(certificate: authority.signer, key: authority.key, chain: []))
        let once = try signer.sign(
            PDFDraft(style).bytes, PDFSigner.Description(field: "Lãnh đạo", reason: "Ký ban hành"), at: noon)
        let twice = try signer.sign(once, PDFSigner.Description(field: "Seal"), at: noon)
        let reports = authority.verifier().verify(pdf: PDFBytes(twice), at: noon)
        #expect(reports.map(failures) == [[], []])
        #expect(reports.map(\.field) == ["Lãnh đạo", "Seal"])
        try workshop.write("twice.pdf", twice)
        let said = try workshop.run("pdfsig", "-nocert", "twice.pdf")
        let good = said.split(separator: "\n").filter { $0.contains("Signature is Valid") }
        #expect(good.count == 2, "\(said)")
    }

    @Test func `is not signed twice in one field`() throws {
        let authority = try Authority()
        let signer = PDFSigner(
            try SigningIdentity(certificate: authority.signer, key: authority.key, chain: []))
        let once = try signer.sign(PDFDraft().bytes, PDFSigner.Description(field: "Seal"), at: noon)
        let error = #expect(throws: SigningError.self) {
            _ = try signer.sign(once, PDFSigner.Description(field: "Seal"), at: noon)
        }
        #expect(error?.code == .invalidDocument)
    }
}
