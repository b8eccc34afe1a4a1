import Exchange
import OpenSSL
import Signature
import Testing

@Suite struct `An unsigned attribute of CMS` {
    let authority: Authority
    let content = Array("Nội dung".utf8)

    init() throws {
        authority = try Authority()
    }

    private func report(
        _ unsigned: [[UInt8]], of change: (inout CMSDraft) -> Void = { _ in }
    ) throws -> SignatureReport {
        var draft = CMSDraft(authority)
        draft.unsigned = unsigned
        change(&draft)
        let content = content
        return authority.verifier().verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(content, $0) }, at: noon)
    }

    /// Without the remark that these authorities publish nothing.
    private func codes(_ report: SignatureReport) -> [SignatureReasonCode] {
        report.reasons.map(\.code).filter { $0 != .revocationNotPublished }
    }

    private func object(_ tail: UInt8...) -> [UInt8] { tlv(0x06, CMSDraft.pkcs + [0x09] + tail) }

    /// countersignature, references to certificates and to revocation data, both for attribute certificates.
    private var passedOver: [[UInt8]] {
        [object(0x06)] + [0x15, 0x16, 0x2C, 0x2D].map { object(0x10, 0x02, $0) }
    }

    @Test func `that proves nothing takes nothing away`() throws {
        for type in passedOver {
            let report = try report([attribute(type, tlv(0x30, []))])
            #expect(report.indication == .totalPassed, "\(report.reasons)")
            #expect(codes(report) == [.unsignedAttributeUnread])
            #expect(report.formatName == "CAdES-B")
        }
    }

    @Test func `that proves nothing mends nothing`() throws {
        let counter = attribute(object(0x06), tlv(0x30, []))
        let report = try report([counter]) {
            $0.attributes[1].values = [tlv(0x04, [UInt8](repeating: 1, count: 32))]
        }
        #expect(report.indication == .totalFailed)
        #expect(codes(report) == [.digestMismatch, .unsignedAttributeUnread])
    }

    @Test func `that proves nothing stands there a few times only`() throws {
        func many(_ count: UInt8) -> [[UInt8]] {
            (0..<count).map { attribute(object(0x06), tlv(0x30, tlv(0x02, [$0]))) }
        }
        #expect(try report(many(16)).indication == .totalPassed)
        #expect(try codes(report(many(17))) == [.cmsUnsignedAttribute])
    }

    @Test func `with a timestamp of an old kind leaves the verdict open`() throws {
        for kind: UInt8 in [0x19, 0x1A, 0x1B, 0x30] {
            let old = attribute(object(0x10, 0x02, kind), tlv(0x30, []))
            let report = try report([old])
            #expect(report.indication == .indeterminate)
            #expect(report.subIndication == .signatureConstraintsFailure)
            #expect(codes(report) == [.timestampKindUnsupported])
            let forged = try self.report([old]) {
                $0.attributes[1].values = [tlv(0x04, [UInt8](repeating: 1, count: 32))]
            }
            #expect(forged.indication == .totalFailed && forged.subIndication == .hashFailure)
        }
    }
}
