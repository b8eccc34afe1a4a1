import Exchange
import OpenSSL
import Signature
import Testing

/// Signers and a timestamping authority whose revocation is published, so that data is needed.
@Suite struct `A CAdES signature that carries its evidence` {
    let authority: Authority
    let tsa: TimestampAuthority
    let later = noon.adding(seconds: 800 * oneDay)

    init() throws {
        var signer = made("Sở Nội vụ").asDocumentSigner()
        signer.crlURLs = ["http://crl.example/agencies.crl"]
        authority = try Authority(signer: signer)
        tsa = try TimestampAuthority(below: authority.root) {
            $0.crlURLs = ["http://crl.example/tsa.crl"]
        }
    }

    func lists() throws -> [CertificateList] {
        try [authority.agencies, tsa.issuer].map {
            try $0.revocationList(thisUpdate: noon, nextUpdate: noon.adding(seconds: oneDay))
        }
    }

    /// Only the root is configured: all else must come with the signature.
    func report(_ draft: CMSDraft, at time: Instant? = nil, _ data: RevocationData = .none) throws
        -> SignatureReport
    {
        let trust = TrustStore(certificates: [authority.root.certificate], revocation: data)
        return SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy()).verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: time ?? later)
    }

    func stamped() throws -> CMSDraft {
        var draft = CMSDraft(authority)
        draft.certificates = [authority.signer, authority.agencies.certificate]
        try draft.stamp(by: tsa, at: noon)
        return draft
    }

    func longTerm() throws -> CMSDraft {
        var draft = try stamped()
        draft.revocationItems = try lists().map(\.der)
        return draft
    }

    @Test func `cannot be judged without it`() throws {
        let report = try report(try stamped())
        #expect(report.indication == .indeterminate && report.level == .b)
        #expect(
            report.reasons.map(\.code).filter { $0 != .revocationNotPublished }
                == [.timestampRevocationUnknown, .certificateExpiredNoProof])
    }

    @Test func `in the crls field passes by it, as LT`() throws {
        let report = try report(try longTerm())
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "CAdES-LT" && report.revocation?.status == .good)
        #expect(report.evidence.filter { $0.kind == .crl }.count == 2)
    }

    @Test func `in unsigned attributes passes by it, as LT`() throws {
        var draft = try stamped()
        draft.certificates = [authority.signer]
        draft.unsigned.append(
            attribute(CMSDraft.certificateValues, tlv(0x30, authority.agencies.certificate.der)))
        let values = tlv(0x30, tlv(0xA0, tlv(0x30, try lists().map(\.der).reduce([], +))))
        draft.unsigned.append(attribute(CMSDraft.revocationValues, values))
        let report = try report(draft)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "CAdES-LT")
    }

    @Test func `that says revoked is believed as well`() throws {
        var draft = try longTerm()
        let revoking = try authority.agencies.revocationList(
            revoking: [RevokedSerial(serial: authority.signer.serial, date: noon.adding(seconds: -1))],
            thisUpdate: noon, nextUpdate: noon.adding(seconds: oneDay))
        draft.revocationItems.append(revoking.der)
        #expect(try report(draft).subIndication == .revoked)
    }

    @Test func `does not outweigh what is configured`() throws {
        let revoking = try authority.agencies.revocationList(
            revoking: [RevokedSerial(serial: authority.signer.serial, date: noon.adding(seconds: -1))],
            thisUpdate: noon.adding(seconds: 60), nextUpdate: noon.adding(seconds: oneDay))
        let report = try report(try longTerm(), RevocationData(lists: [revoking]))
        #expect(report.subIndication == .revoked)
    }

    @Test func `that nobody can read counts for nothing`() throws {
        var draft = try longTerm()
        draft.revocationItems.append(tlv(0x30, tlv(0x30, [])))
        let report = try report(draft)
        #expect(report.indication == .totalPassed)
        #expect(report.reasons.map(\.code).contains(.embeddedDataUnreadable))
        draft.revocationItems = Array(repeating: try lists()[0].der, count: 65)
        #expect(try self.report(draft).reasons.map(\.code) == [.tooManyRevocationItems])
    }

    @Test func `with an archive timestamp over it passes as LTA`() throws {
        var draft = try longTerm()
        try draft.archive(by: tsa, at: noon.adding(seconds: 60))
        let report = try report(draft)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "CAdES-LTA" && report.bestSigningTime == noon)
        #expect(report.timestamps.map(\.kind) == [.archive, .signature])
        // What is added later is not covered, and takes nothing away.
        draft.certificates.append(tsa.certificate)
        #expect(try self.report(draft).formatName == "CAdES-LTA")
        draft.revocationItems.append(try lists()[0].der)
        #expect(try self.report(draft).formatName == "CAdES-LT")
    }

    @Test func `is refused where an archive timestamp covers something else`() throws {
        func code(_ change: (inout CMSDraft) throws -> Void, _ bend: (inout TokenDraft) -> Void = { _ in })
            throws -> SignatureReasonCode?
        {
            var draft = try longTerm()
            try draft.archive(by: tsa, at: noon.adding(seconds: 60), bend)
            try change(&draft)
            let report = try report(draft)
            #expect(report.indication == .totalFailed)
            return report.reasons.first?.code
        }
        #expect(try code { $0.revocationItems.removeLast() } == .timestampImprint)
        #expect(try code { $0.certificates.removeLast() } == .timestampImprint)
        #expect(try code { $0.unsigned.remove(at: 0) } == .timestampImprint)
        #expect(try code({ _ in }, { $0.message.unsigned = [] }) == .timestampImprint)
        #expect(try code({ _ in }, { $0.imprint[0] ^= 1 }) == .timestampImprint)
        #expect(try code { $0.content.append(0) } == .timestampImprint)
        let other = try lists()[1].der
        #expect(
            try code(
                { _ in },
                { token in
                    let index = tlv(
                        0x30,
                        CMSDraft.sha256 + tlv(0x30, []) + tlv(0x30, tlv(0x04, SHA256.hash(other).bytes))
                            + tlv(0x30, []))
                    token.message.unsigned = [attribute(TokenDraft.hashIndexType, index)]
                }) == .timestampImprint)
    }

    @Test func `survives the theft of a timestamping key once an archive timestamp is over it`() throws {
        let archive = try TimestampAuthority("Archive CA", below: authority.root)
        let theft = noon.adding(seconds: 10 * oneDay)
        let stolen = try tsa.issuer.revocationList(
            revoking: [
                RevokedSerial(serial: tsa.certificate.serial, date: theft, reason: .keyCompromise)
            ], thisUpdate: theft, nextUpdate: theft.adding(seconds: 4000 * oneDay))
        let data = RevocationData(lists: [stolen])
        let without = try report(try longTerm(), data)
        #expect(without.reasons.map(\.code).contains(.timestampCompromised))
        #expect(without.indication == .indeterminate)
        var draft = try longTerm()
        try draft.archive(by: archive, at: noon.adding(seconds: oneDay))
        let report = try report(draft, data)
        #expect(report.indication == .totalPassed, "\(report.reasons.map(\.message))")
        var late = try longTerm()
        try late.archive(by: archive, at: theft.adding(seconds: 1))
        #expect(try self.report(late, data).reasons.map(\.code).contains(.timestampCompromised))
    }

    @Test func `is refused where its signature timestamp is later than the archive's`() throws {
        var draft = CMSDraft(authority)
        draft.certificates = [authority.signer, authority.agencies.certificate]
        draft.revocationItems = try lists().map(\.der)
        try draft.stamp(by: tsa, at: noon.adding(seconds: 3600))
        try draft.archive(by: tsa, at: noon)
        let report = try report(draft)
        #expect(report.subIndication == .timestampOrderFailure)
        #expect(report.reasons.first?.code == .timestampOrder)
    }
}
