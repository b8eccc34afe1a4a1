import Exchange
import OpenSSL
import Signature
import Testing

@Suite struct `A signer's role` {
    static let subjects: [([(String, String)], SignerRole)] = [
        ([("CN", "Sở Nội vụ tỉnh Lào Cai")], .unknown),
        ([("O", "Sở Nội vụ"), ("CN", "Sở Nội vụ")], .seal),
        ([("O", "Sở Nội vụ"), ("CN", "Nguyễn Văn A")], .unknown),
        ([("O", "Sở Nội vụ"), ("CN", "Nguyễn Văn A"), ("title", "Giám đốc")], .leader),
        ([("UID", "MST:0101234567"), ("CN", "Sở Nội vụ")], .seal),
        ([("UID", "CCCD:001080000001"), ("CN", "Nguyễn Văn A")], .leader),
        ([("UID", "CMND:012345678"), ("O", "Sở"), ("CN", "Sở")], .leader),
        ([("organizationIdentifier", "VATVN-0101234567"), ("CN", "Sở Nội vụ")], .seal),
        ([("SN", "Nguyễn"), ("GN", "Văn A"), ("CN", "Nguyễn Văn A")], .leader),
        ([("serialNumber", "PNOVN-001080000001"), ("CN", "A")], .leader),
        ([("serialNumber", "17"), ("CN", "A")], .unknown),
    ]

    @Test(arguments: subjects)
    func `is told by the marks of its certificate alone`(subject: [(String, String)], role: SignerRole) throws
    {
        var profile = made("")
        profile.subject = subject.map { (attribute: $0.0, value: $0.1) }
        let authority = try Authority(signer: profile.asDocumentSigner())
        let draft = CMSDraft(authority)
        let report = authority.verifier().verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: noon)
        #expect(report.indication == .totalPassed && report.role == role)
    }

    /// QCStatements with QcType: for signatures, for seals, for both, for web sites, cut short.
    static let statements: [(String, SignerRole)] = [
        ("30153013060604008E4601063009060704008E46010601", .leader),
        ("30153013060604008E4601063009060704008E46010602", .seal),
        ("301E301C060604008E4601063012060704008E46010601060704008E46010602", .unknown),
        ("30153013060604008E4601063009060704008E46010603", .unknown),
        ("300A3008060604008E460106", .unknown),
        ("0500", .unknown),
    ]

    @Test(arguments: statements)
    func `is what the authority states, before any mark`(statement: String, role: SignerRole) throws {
        #expect(try self.role([("CN", "Sở Nội vụ tỉnh Lào Cai")], statement) == role)
        let seal = [("O", "Sở Nội vụ"), ("CN", "Sở Nội vụ")]
        #expect(try self.role(seal, statement) == (role == .unknown ? .seal : role))
    }

    private func role(_ subject: [(String, String)], _ statement: String) throws -> SignerRole {
        var profile = made("")
        profile.subject = subject.map { (attribute: $0.0, value: $0.1) }
        profile.extensions.append(("1.3.6.1.5.5.7.1.3", "DER:\(statement)"))
        let authority = try Authority(signer: profile.asDocumentSigner())
        let draft = CMSDraft(authority)
        let report = authority.verifier().verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) }, at: noon)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        return report.role
    }
}
