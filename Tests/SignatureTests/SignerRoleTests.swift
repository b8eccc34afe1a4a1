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
}
