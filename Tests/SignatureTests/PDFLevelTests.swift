import Exchange
import OpenSSL
import PDF
import Testing

@testable import Signature

/// Signers and a timestamping authority whose revocation is published, so that data is needed.
@Suite struct `A PDF signature that carries its evidence` {
    let authority: Authority
    let tsa: TimestampAuthority
    let later = noon.adding(seconds: 800 * oneDay)

    init() throws {
        var signer = made("Sở Nội vụ").asDocumentSigner()
        signer.crlURLs = ["http://crl.example/agencies.crl"]
        authority = try Authority(signer: signer)
        tsa = try TimestampAuthority(below: authority.root) { $0.crlURLs = ["http://crl.example/tsa.crl"] }
    }

    private func lists() throws -> [CertificateList] {
        try [authority.agencies, tsa.issuer].map {
            try $0.revocationList(thisUpdate: noon, nextUpdate: noon.adding(seconds: oneDay))
        }
    }

    private func reports(
        _ draft: PDFDraft, at time: Instant? = nil, _ data: RevocationData = .none
    ) -> [SignatureReport] {
        let trust = TrustStore(certificates: [authority.root.certificate], revocation: data)
        return SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy())
            .verify(pdf: PDFBytes(draft.bytes), at: time ?? later)
    }

    private func stamped() throws -> PDFDraft {
        var draft = PDFDraft()
        try draft.sign(
            authority,
            PDFDraft.Shape(cms: { covered in
                var cms = CMSDraft(authority)
                cms.content = covered
                cms.attributes[1].values = [tlv(0x04, SHA256.hash(covered).bytes)]
                cms.certificates = [authority.signer, authority.agencies.certificate]
                try cms.stamp(by: tsa, at: noon)
                return try cms.bytes()
            }))
        return draft
    }

    private func storing(
        _ draft: PDFDraft,
        _ store: (_ certificate: String, _ lists: String) -> String = { "/Certs [\($0)] /CRLs [\($1)]" }
    ) throws -> PDFDraft {
        var draft = draft
        let certificate = draft.newNumber()
        let revocation = [draft.newNumber(), draft.newNumber()]
        let entries = store(PDFDraft.references([certificate]), PDFDraft.references(revocation))
        draft.catalogEntries = "/DSS << \(entries) >>"
        draft.append(
            [(1, draft.catalog)],
            streams: [(certificate, authority.agencies.certificate.der)]
                + zip(revocation, try lists().map(\.der)).map { ($0, $1) })
        return draft
    }

    private func archived(
        _ draft: PDFDraft, over: @escaping ([UInt8]) -> [UInt8] = { $0 }
    ) throws -> PDFDraft {
        var draft = draft
        try draft.sign(
            authority,
            PDFDraft.Shape(
                name: "Archive", subFilter: "/SubFilter /ETSI.RFC3161",
                cms: { try tsa.token(over: over($0), at: noon.adding(seconds: 3600)) }))
        return draft
    }

    @Test func `by a timestamp is T`() throws {
        let found = reports(try stamped(), RevocationData(lists: try lists()))
        #expect(found.map(failures) == [[]])
        #expect(found.map(\.formatName) == ["PAdES-T"])
        #expect(found.first?.bestSigningTime == noon)
    }

    @Test func `in the security store too is LT, and outlives its certificate`() throws {
        let found = reports(try storing(try stamped()))
        #expect(found.map(failures) == [[]])
        #expect(found.map(\.formatName) == ["PAdES-LT"])
    }

    /// What VRI says belongs to which signature: read where it has more than the lists, believed in nothing.
    @Test(arguments: ["/TU (D:20261120120000Z)", "/TS 4 0 R", ""])
    func `in the security store by signature is LT as well`(more: String) throws {
        let name = "/0123456789ABCDEF0123456789ABCDEF01234567"
        let both = try storing(stamped()) {
            "/Certs [\($0)] /CRLs [\($1)] /VRI << \(name) << /Cert [\($0)] /CRL [\($1)] \(more) >> >>"
        }
        #expect(reports(both).map(failures) == [[]] && reports(both).map(\.formatName) == ["PAdES-LT"])
        let only = try storing(stamped()) {
            "/VRI << \(name) << /Cert [\($0)] /CRL [\($1)] \(more) >> >>"
        }
        #expect(reports(only).map(failures) == [[]] && reports(only).map(\.formatName) == ["PAdES-LT"])
        // Lists that belong to nobody here make no signature better.
        let other = try storing(stamped()) { "/VRI << \(name) << /CRL [\($0)] /OCSP [\($1)] >> >>" }
        #expect(reports(other).first?.hasPassed == false)
    }

    @Test func `under a document timestamp too is LTA`() throws {
        let found = reports(try archived(try storing(try stamped())))
        #expect(found.map(failures) == [[], []])
        #expect(found.map(\.formatName) == ["PAdES-LTA", "RFC3161"])
        #expect(found.last?.bestSigningTime == noon.adding(seconds: 3600))
        #expect(found.map(\.coverage) == ["revision 2 of 4", "whole file, revision 4 of 4"])
    }

    @Test func `under a document timestamp that does not cover the store is not`() throws {
        let found = reports(try storing(try archived(try stamped())))
        #expect(found.map(failures) == [[], []])
        #expect(found.map(\.formatName) == ["PAdES-LT", "RFC3161"])
    }

    @Test func `is dated by a document timestamp alone`() throws {
        var draft = PDFDraft()
        try draft.sign(authority)
        let found = reports(try archived(draft), RevocationData(lists: try lists()))
        #expect(found.map(failures) == [[], []])
        #expect(found.map(\.formatName) == ["PAdES-T", "RFC3161"])
        #expect(found.first?.bestSigningTime == noon.adding(seconds: 3600))
    }

    @Test func `fails with a document timestamp over other bytes`() throws {
        let found = reports(try archived(try storing(try stamped()), over: { $0 + [0] }))
        #expect(found.map(failures) == [[.timestampImprint], [.timestampImprint]])
    }

    @Test func `tells the time that the dictionary claims`() throws {
        var draft = PDFDraft()
        try draft.sign(authority, PDFDraft.Shape(entries: "/M (D:20261120190000+07'00')"))
        #expect(reports(draft, at: noon).first?.signingTime == noon)
    }
}
