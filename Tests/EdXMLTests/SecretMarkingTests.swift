import Exchange
import Testing

@testable import EdXML

@Suite struct `A marking of secrecy` {
    @Test(arguments: [
        "Mật", "MẬT", "Tối mật", "tuyệt mật", "TUYỆT  MẬT", "(Tối Mật)", "[MẬT] V/v điều động",
        "Độ mật: Tối mật",
        "Mức độ mật: Mật", "Cấp độ mật - Tuyệt mật", "Dấu: Mật", "MẬT: V/v điều động", "TỐI MẬT - kế hoạch",
        "Ma\u{0302}\u{0323}t", "Ma\u{0323}\u{0302}t", "M\u{00E2}\u{0323}t",
        "M\u{1EA1}\u{0302}t", "[m\u{1EA1}\u{0302}t] V/v",
    ])
    func `is found`(_ text: String) {
        #expect(SecretMarking.isIn(text))
    }

    @Test(arguments: [
        "", "V/v bảo mật thông tin", "Mật ong rừng", "MẬT ONG RỪNG: quy chuẩn", "Mật độ dân số",
        "Bí mật nhà nước",
        "V/v bảo vệ bí mật nhà nước: tuyệt mật", "Mất", "Mặt trận Tổ quốc", "[Bảo mật] V/v",
        "(Mật độ) xây dựng",
        "Tối mật khẩu", "Mật: nhật ký ong", "mat", "Độ mật: Thường", "Thường", "Không mật",
    ])
    func `is not seen in other words`(_ text: String) {
        #expect(!SecretMarking.isIn(text))
    }

    private func refusal(_ old: String, _ new: String) throws -> Rejection? {
        let sample = try sampleLetter()
        try #require(sample.contains(old))
        do {
            _ = try readMessage(sample.replacing(old, with: new))
            return nil
        } catch let rejection as Rejection {
            return rejection
        }
    }

    @Test func `refuses the letter wherever it stands, with its place`() throws {
        let header = "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader"
        let cases = [
            ("<edXML:Subject>", "<edXML:Subject>[Tối mật] ", "\(header)/Subject"),
            (
                "<edXML:OtherInfo>", "<edXML:OtherInfo><edXML:DoMat>Mật</edXML:DoMat>", "\(header)/OtherInfo"
            ),
            ("<edXML:Subject>", "<x:Level xmlns:x=\"urn:x\">Tuyệt mật</x:Level><edXML:Subject>", header),
            (
                "Danh sách mã định danh</edXML:Appendix>", "MẬT</edXML:Appendix>",
                "\(header)/OtherInfo/Appendixes/Appendix[1]"
            ),
        ]
        for (old, new, path) in cases {
            let rejection = try #require(try refusal(old, new), "\(new)")
            #expect(rejection.code == .secretLetter)
            #expect(rejection.findings.map(\.path) == [path], "\(new)")
            #expect(rejection.findings.allSatisfy { $0.line > 0 })
        }
        #expect(try refusal("<edXML:Subject>", "<edXML:Subject>Bảo mật: ") == nil)
    }
}
