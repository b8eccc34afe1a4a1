import Exchange
import JSON
import OpenSSL
import Signature
import Testing

@Suite struct `A signature timestamp` {
    let authority: Authority
    let tsa: TimestampAuthority

    init() throws {
        authority = try Authority()
        tsa = try TimestampAuthority(below: authority.root)
    }

    func verifier(_ lists: [CertificateList] = [], _ more: [Certificate] = []) -> SignatureVerifier {
        SignatureVerifier(
            trust: TrustStore(
                certificates: [authority.root.certificate, authority.agencies.certificate] + more,
                revocation: RevocationData(lists: lists)),
            algorithms: AlgorithmPolicy())
    }

    func report(
        _ draft: CMSDraft, at time: Instant = noon, _ lists: [CertificateList] = []
    ) throws -> SignatureReport {
        verifier(lists).verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: time)
    }

    /// A signature with one timestamp of a minute before noon, bent.
    func refused(
        _ change: (inout TokenDraft) -> Void, by other: TimestampAuthority? = nil
    ) throws -> SignatureReport {
        var draft = CMSDraft(authority)
        try draft.stamp(by: other ?? tsa, at: noon.adding(seconds: -60), change)
        let report = try report(draft)
        #expect(report.indication != .totalPassed)
        #expect(report.bestSigningTime == noon && report.level == .b && report.timestamp == nil)
        func failures(_ reasons: [SignatureReason]?) -> [SignatureReason]? {
            reasons?.filter { $0.code != .revocationNotPublished }
        }
        #expect(failures(report.timestamps.first?.reasons) == failures(report.reasons))
        return report
    }

    func code(_ change: (inout TokenDraft) -> Void, by other: TimestampAuthority? = nil) throws
        -> SignatureReasonCode?
    {
        try refused(change, by: other).reasons.first?.code
    }

    @Test func `is the time that the signature is judged at`() throws {
        var draft = CMSDraft(authority)
        try draft.stamp(by: tsa, at: noon)
        // A year after the signer's certificate has ended.
        let later = noon.adding(seconds: 800 * oneDay)
        let report = try report(draft, at: later)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "CAdES-T" && report.bestSigningTime == noon)
        #expect(report.timestamps.map(\.genTime) == [noon])
        #expect(report.timestamps.first?.tsa?.sha256 == tsa.certificate.sha256)
        #expect(report.evidence.filter { $0.kind == .timestamp }.count == 1)
        #expect(report.evidence.contains(EvidenceItem(tsa.certificate)))
        let json = try JSONReader.read(Verdict(signatures: [report]).json())
        let signature = try #require(json["signatures"]?.array?.first)
        #expect(signature["timestamp"]?.string == noon.rfc3339)
        #expect(signature["timestamps"]?.array?.first?["kind"]?.string == "signature")
        var bare = CMSDraft(authority)
        try bare.sign()
        #expect(try self.report(bare, at: later).subIndication == .expired)
    }

    @Test func `of a time before the revocation keeps the signature good`() throws {
        let list = try authority.agencies.revocationList(
            revoking: [RevokedSerial(serial: authority.signer.serial, date: noon)], thisUpdate: noon,
            nextUpdate: noon.adding(seconds: 30 * oneDay))
        var before = CMSDraft(authority)
        try before.stamp(by: tsa, at: noon.adding(seconds: -1))
        var after = CMSDraft(authority)
        try after.stamp(by: tsa, at: noon)
        let receipt = noon.adding(seconds: oneDay)
        #expect(try report(before, at: receipt, [list]).indication == .totalPassed)
        let late = try report(after, at: receipt, [list])
        #expect(late.subIndication == .revoked && late.indication == .totalFailed)
    }

    @Test func `may name its certificate by the older attribute`() throws {
        var draft = CMSDraft(authority)
        let sha1 = Digester.hash(tsa.certificate.der, .sha1)
        try draft.stamp(by: tsa, at: noon) {
            $0.message.attributes[2] = (
                TokenDraft.signingCertificateV1, [tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, sha1))))]
            )
        }
        #expect(try report(draft).indication == .totalPassed)
    }

    @Test func `may tell fractions of a second, and more that is not judged`() throws {
        var draft = CMSDraft(authority)
        try draft.stamp(by: tsa, at: noon) {
            $0.genTime = Array("20261120115959.25Z".utf8)
            $0.more = tlv(0xA1, tlv(0x30, oid(0x2A, 0x03) + tlv(0x04, [])))
        }
        let report = try report(draft)
        #expect(report.timestamp == noon.adding(milliseconds: -750), "\(report.reasons)")
    }

    @Test func `is refused over anything but the signature value`() throws {
        let report = try refused { $0.imprint = SHA256.hash([1]).bytes }
        #expect(report.reasons.first?.code == .timestampImprint)
        #expect(report.indication == .totalFailed && report.subIndication == .hashFailure)
        #expect(try code { $0.imprint = [] } == .timestampImprint)
    }

    @Test func `is refused for the purpose of its certificate`() throws {
        for usage in [
            "critical,emailProtection", "timeStamping", "critical,timeStamping,emailProtection",
            "critical,anyExtendedKeyUsage",
        ] {
            let other = try TimestampAuthority(below: authority.root) {
                $0.extensions = [("extendedKeyUsage", usage)]
            }
            #expect(try code({ _ in }, by: other) == .timestampKeyUsage, "\(usage)")
        }
        let none = try TimestampAuthority(below: authority.root) { $0.extensions = [] }
        #expect(try code({ _ in }, by: none) == .timestampKeyUsage)
        let report = try refused({ _ in }, by: none)
        #expect(report.indication == .totalFailed)
    }

    @Test func `is refused with two signers, or with none`() throws {
        let report = try refused { $0.message.signerCount = 2 }
        #expect(report.reasons.first?.code == .timestampManySigners && report.indication == .totalFailed)
        #expect(try code { $0.message.signerCount = 0 } == .timestampMalformed)
    }

    @Test func `is refused outside of its certificate's validity`() throws {
        let early = try refused { $0.genTime = Array("20261119115959Z".utf8) }
        #expect(early.reasons.first?.code == .timestampNotYetValid && early.subIndication == .notYetValid)
        let short = try TimestampAuthority(below: authority.root) {
            $0.notAfter = noon.adding(seconds: -3600)
        }
        let late = try refused({ _ in }, by: short)
        #expect(late.reasons.first?.code == .timestampExpired && late.subIndication == .expired)
    }

    @Test func `is refused unless it is built as RFC 3161 says`() throws {
        #expect(try code { $0.message.version = 1 } == .timestampMalformed)
        #expect(try code { $0.message.innerType = CMSDraft.data } == .timestampMalformed)
        #expect(try code { $0.message.attributes[0].type = oid(0x2A, 0x03) } == .timestampMalformed)
        #expect(try code { $0.more = tlv(0x30, []) + tlv(0x30, []) } == .timestampMalformed)
        #expect(
            try code { $0.more = tlv(0xA1, tlv(0x30, oid(0x2A, 0x03) + [1, 1, 0xFF] + tlv(0x04, []))) }
                == .timestampMalformed)
        for time in [
            "20261320115959Z", "2611201159Z", "20261120115959", "20261120115959.10Z", "20261120115959.Z",
        ] {
            #expect(try code { $0.genTime = Array(time.utf8) } == .timestampMalformed, "\(time)")
        }
        #expect(
            try code { $0.message.unsigned = [attribute(oid(0x2A, 0x03), [5, 0])] } == .timestampMalformed)
        var draft = CMSDraft(authority)
        try draft.sign()
        for junk in [tlv(0x30, []), try tsa.token(over: try draft.signedValue, at: noon).dropLast() + [0]] {
            draft.unsigned = [attribute(CMSDraft.timestamp, junk)]
            #expect(try report(draft).indication != .totalPassed)
        }
    }

    @Test func `is refused for its algorithms`() throws {
        #expect(try code { $0.imprintAlgorithm = CMSDraft.sha1 } == .timestampAlgorithm)
        #expect(try code { $0.message.digestIdentifier = CMSDraft.sha1 } == .timestampAlgorithm)
        let weak = try TimestampAuthority(below: authority.root)
        #expect(
            try code(
                {
                    $0.message.signatureIdentifier = tlv(0x30, oid(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01))
                }, by: weak) == .timestampAlgorithm)
    }

    @Test func `is refused where its own signature does not hold`() throws {
        #expect(try code { $0.changesContent = true } == .timestampSignature)
        let stranger = try TimestampAuthority(below: authority.root)
        var draft = CMSDraft(authority)
        try draft.sign()
        let foreign = try stranger.key.sign([1, 2, 3], .ecdsa(.sha256, .der))
        #expect(try code { $0.message.signature = foreign } == .timestampSignature)
    }

    @Test func `is refused unless its certificate is there and named`() throws {
        #expect(try code { $0.message.certificates = [] } == .timestampCertificateMissing)
        #expect(try code { $0.message.attributes.remove(at: 2) } == .timestampCertificateMismatch)
        #expect(
            try code { $0.message.attributes[2].values = [CMSDraft.names(self.authority.signer)] }
                == .timestampCertificateMismatch)
        // The certificate may as well be configured.
        var draft = CMSDraft(authority)
        try draft.stamp(by: tsa, at: noon) { $0.message.certificates = [] }
        let report = verifier([], [tsa.certificate, tsa.issuer.certificate]).verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: noon)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
    }

    @Test func `of an unknown authority leaves the answer open`() throws {
        let stranger = try TimestampAuthority(below: try Authority().root)
        let report = try refused({ _ in }, by: stranger)
        #expect(report.indication == .indeterminate && report.subIndication == .noCertificateChainFound)
        #expect(report.reasons.first?.code == .timestampUntrusted)
        var draft = CMSDraft(authority)
        try draft.stamp(by: stranger, at: noon)
        let expired = try self.report(draft, at: noon.adding(seconds: 800 * oneDay))
        #expect(expired.indication == .indeterminate)
        #expect(expired.reasons.map(\.code).contains(.certificateExpiredNoProof))
        let list = try authority.agencies.revocationList(
            revoking: [RevokedSerial(serial: authority.signer.serial, date: noon.adding(seconds: 1))],
            thisUpdate: noon, nextUpdate: noon.adding(seconds: 30 * oneDay))
        let revoked = try self.report(draft, at: noon.adding(seconds: oneDay), [list])
        #expect(revoked.indication == .indeterminate)
        #expect(revoked.reasons.map(\.code).contains(.certificateRevokedNoProof))
    }

    @Test func `is judged by whether its authority was revoked at that time`() throws {
        func report(_ reason: RevocationReason, at date: Instant) throws -> SignatureReport {
            let list = try tsa.issuer.revocationList(
                revoking: [RevokedSerial(serial: tsa.certificate.serial, date: date, reason: reason)],
                thisUpdate: noon, nextUpdate: noon.adding(seconds: 30 * oneDay))
            var draft = CMSDraft(authority)
            try draft.stamp(by: tsa, at: noon)
            return try self.report(draft, at: noon.adding(seconds: oneDay), [list])
        }
        let before = try report(.superseded, at: noon.adding(seconds: -1))
        #expect(before.subIndication == .revoked && before.reasons.first?.code == .timestampRevoked)
        #expect(try report(.superseded, at: noon.adding(seconds: 1)).indication == .totalPassed)
        // Whoever has the key writes any time.
        let stolen = try report(.keyCompromise, at: noon.adding(seconds: 1))
        #expect(stolen.reasons.first?.code == .timestampCompromised)
        #expect(stolen.subIndication == .revokedNoProof && stolen.indication == .indeterminate)
        #expect(try report(.keyCompromise, at: noon.adding(seconds: 2 * oneDay)).indication == .totalPassed)
        let stale = try tsa.issuer.revocationList(
            thisUpdate: noon.adding(seconds: -2 * oneDay), nextUpdate: noon.adding(seconds: -oneDay))
        var draft = CMSDraft(authority)
        try draft.stamp(by: tsa, at: noon)
        let unknown = try self.report(draft, at: noon, [stale])
        #expect(unknown.reasons.first?.code == .timestampRevocationUnknown)
        #expect(unknown.subIndication == .tryLater)
    }

    @Test func `cannot be later than the receipt`() throws {
        var draft = CMSDraft(authority)
        try draft.stamp(by: tsa, at: noon.adding(seconds: 301))
        let report = try report(draft)
        #expect(report.reasons.first?.code == .timestampOrder)
        #expect(report.subIndication == .timestampOrderFailure)
        // Clocks differ a little; nothing is proven to be later than its receipt.
        var near = CMSDraft(authority)
        try near.stamp(by: tsa, at: noon.adding(seconds: 299))
        let passed = try self.report(near)
        #expect(passed.indication == .totalPassed && passed.bestSigningTime == noon)
    }

    @Test func `counts beside others, the earliest first, and fails if one of them is bad`() throws {
        var draft = CMSDraft(authority)
        try draft.stamp(by: tsa, at: noon)
        try draft.stamp(by: tsa, at: noon.adding(seconds: -60))
        let report = try report(draft)
        #expect(report.indication == .totalPassed && report.timestamps.count == 2)
        #expect(report.bestSigningTime == noon.adding(seconds: -60))
        try draft.stamp(by: tsa, at: noon) { $0.imprint[0] ^= 1 }
        #expect(try self.report(draft).reasons.first?.code == .timestampImprint)
        var repeated = CMSDraft(authority)
        try repeated.stamp(by: tsa, at: noon)
        repeated.unsigned += repeated.unsigned
        #expect(try self.report(repeated).reasons.first?.code == .cmsAttributeRepeated)
        var many = CMSDraft(authority)
        for _ in 0..<9 { try many.stamp(by: tsa, at: noon) }
        #expect(try self.report(many).reasons.first?.code == .tooManyTimestamps)
    }

    @Test func `never passes with a single bit turned`() throws {
        var draft = CMSDraft(authority)
        try draft.sign()
        let token = try tsa.token(over: try draft.signedValue, at: noon) {
            $0.message.certificates.removeLast()
        }
        let verifier = verifier([], [tsa.issuer.certificate])
        for index in token.indices {
            var changed = token
            changed[index] ^= 1 << UInt8(index % 8)
            draft.unsigned = [attribute(CMSDraft.timestamp, changed)]
            let report = verifier.verify(
                cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: noon)
            #expect(report.indication != .totalPassed, "byte \(index)")
        }
    }
}
