import Exchange
import Foundation
import JSON
import Testing

@testable import lienthong

@Suite struct `lienthong status` {
    private func trail(_ recipients: [String], promulgated: String? = "2026/11/20") throws -> JSONValue {
        let deliveries = recipients.map { "{\"recipient\":\"\($0)\"}" }.joined(separator: ",")
        let date = promulgated.map { "\"promulgationDate\":\"\($0)\"," } ?? ""
        return try JSONReader.read(
            Array(
                """
                {\(date)"documentId":"H37.12,2026/11/20,482/SKHCN-CĐS","sender":"H37.12",
                "code":"482/SKHCN-CĐS","deliveries":[\(deliveries)]}
                """.utf8))
    }

    private func compose(
        _ trail: JSONValue, _ status: BusinessStatus, _ reason: String? = nil, _ words: [String] = []
    ) throws -> (text: String, from: String, to: String) {
        let (message, parties) = try StatusCommand.compose(
            trail, status, reason, try Arguments(words, options: StatusCommand.options))
        return (String(decoding: message, as: UTF8.self), parties.own.code.string, parties.other.string)
    }

    @Test func `goes from the only recipient that the trail shows to the sender`() throws {
        let (text, from, to) = try compose(try trail(["H31.7"]), .received)
        #expect((from, to) == ("H31.7", "H37.12"))
        for part in [
            "<edXML:From>\n          <edXML:OrganId>H31.7</edXML:OrganId>",
            "<edXML:StatusCode>03</edXML:StatusCode>",
            "<edXML:ResponseFor>\n          <edXML:OrganId>H37.12</edXML:OrganId>",
            "<edXML:Code>482/SKHCN-CĐS</edXML:Code>",
            "<edXML:Description>Đã tiếp nhận, vào sổ</edXML:Description>",
            "<edXML:DocumentId>H37.12,2026/11/20,482/SKHCN-CĐS</edXML:DocumentId>",
            "<edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate>",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func `takes the caller's code where the trail shows several recipients`() throws {
        let several = try trail(["H31.7", "H31.8"])
        #expect(throws: CommandFailure.self) { try compose(several, .received) }
        let (text, from, _) = try compose(
            several, .refused, "Gửi nhầm", ["--from", "H31.8=Sở Tư pháp", "--staff-name", "Lê Thị Mẫu"])
        #expect(from == "H31.8")
        #expect(text.contains("<edXML:OrganName>Sở Tư pháp</edXML:OrganName>"))
        #expect(text.contains("<edXML:Staff>Lê Thị Mẫu</edXML:Staff>"))
        #expect(text.contains("<edXML:Description>Gửi nhầm</edXML:Description>"))
    }

    @Test func `13 goes from the sender to the recipient that is asked`() throws {
        let (_, from, to) = try compose(
            try trail(["H31.7", "H31.8"]), .recallRequested, "Sai phụ lục", ["--to", "H31.8"])
        #expect((from, to) == ("H37.12", "H31.8"))
        #expect(throws: CommandFailure.self) {
            try compose(trail(["H31.7"]), .received, nil, ["--to", "H31.7"])
        }
    }

    @Test func `asks for the letter's date where the trail has none`() throws {
        let undated = try trail(["H31.7"], promulgated: nil)
        #expect(throws: CommandFailure.self) { try compose(undated, .received) }
        #expect(
            try compose(undated, .received, nil, ["--promulgated", "2026/11/19"]).text
                .contains("<edXML:PromulgationDate>2026/11/19<"))
    }

    @Test(arguments: [
        ["status"], ["status", "KEY"], ["status", "KEY", "07"], ["status", "KEY", "3"],
        ["status", "KEY", "02"],
        ["status", "KEY", "13"], ["status", "KEY", "03", "more"],
        ["status", "KEY", "03", "--hub", "https://x:1"],
    ])
    func `with bad usage ends before anything is sent`(words: [String]) throws {
        let outcome = try Program.run(words)
        #expect(outcome.code == 64)
        #expect(outcome.talk.contains("lienthong status"))
    }
}
