import Foundation
import Testing

@Suite struct `lienthong trust` {
    let folder: Folder

    init() throws {
        folder = try Folder()
        #expect(try Program.run(["pki", "demo", file("pki")]).code == 0)
        for name in ["anchors", "cas", "crls", "data"] {
            try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        }
        _ = try folder.file(
            "hub.json5",
            """
            { dataDirectory: "data", trust: { anchors: ["anchors"], intermediates: ["cas"], crls: "crls" } }
            """)
    }

    func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    func trust(_ words: String...) throws -> Program.Outcome {
        try Program.run(["trust"] + words + ["--config", file("hub.json5"), "--json"])
    }

    func add(_ names: String...) throws {
        for name in names { #expect(try trust("add", file("pki/\(name)")).code == 0, "\(name)") }
    }

    private func entries(_ outcome: Program.Outcome) -> [[String: Any]] {
        outcome.json["entries"] as? [[String: Any]] ?? []
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: file(folder)).sorted()
    }

    @Test func `puts each kind where it belongs, and lists it`() throws {
        let empty = try trust("list")
        #expect(empty.code == 0 && entries(empty).isEmpty)
        let added = entries(try trust("add", file("pki/root.pem")))
        #expect(added.count == 1 && added[0]["kind"] as? String == "anchor")
        try add("agency-ca.pem", "crl.pem", "root.pem")
        #expect(try names("anchors") == ["root.pem"] && names("cas") == ["agency-ca.pem"])
        #expect(try names("crls") == ["crl.pem"])
        let list = try trust("list")
        let kinds = entries(list).compactMap { $0["kind"] as? String }
        #expect(Set(kinds) == ["anchor", "intermediate", "crl"] && kinds.first == "anchor")
        #expect(entries(list).allSatisfy { ($0["sha256"] as? String)?.count == 64 && $0["daysLeft"] is Int })
        #expect(list.json["version"] as? String != empty.json["version"] as? String)
    }

    @Test func `refuses what does not belong into a trust list, by its code`() throws {
        func refusal(_ name: String) throws -> String {
            let outcome = try trust("add", file(name))
            #expect(outcome.code == 1, "\(name)")
            return String(outcome.talk.split(separator: "[").last?.prefix { $0 != "]" } ?? "")
        }
        #expect(try refusal("pki/H37.12.sign.key") == "privateKey")
        #expect(try refusal("pki/crl.pem") == "unknownIssuer")
        #expect(try refusal("pki/H37.12.sign.pem") == "notAnAuthority")
        _ = try folder.file("text.pem", "nothing")
        #expect(try refusal("text.pem") == "nothingInIt")
        let both = try ["root.pem", "agency-ca.pem", "H37.12.sign.key"].map {
            try String(contentsOfFile: file("pki/\($0)"), encoding: .utf8)
        }
        _ = try folder.file("bundle.pem", both[0] + both[1])
        #expect(try refusal("bundle.pem") == "mixed")
        _ = try folder.file("hidden.pem", both[0] + both[2])
        #expect(try refusal("hidden.pem") == "privateKey")
        #expect(try names("anchors") == [] && names("cas") == [] && names("crls") == [])

        _ = try folder.file("root.pem", both[0])
        #expect(try Program.run(["pki", "demo", file("other")]).code == 0)
        try add("root.pem")
        #expect(try refusal("other/root.pem") == "nameTaken")
        _ = try folder.file("hub.json5", #"{ trust: { anchors: ["anchors/root.pem"] } }"#)
        #expect(try refusal("pki/agency-ca.pem") == "noFolder")
        #expect(
            try Program.run(["trust", "add", file("none.pem"), "--config", file("hub.json5")]).code == 66)
    }

    @Test func `removes by name or fingerprint, and never the last anchor`() throws {
        try add("root.pem", "agency-ca.pem", "crl.pem")
        func fingerprint(_ kind: String) throws -> String {
            let entry = entries(try trust("list")).first { $0["kind"] as? String == kind }
            return try #require(entry?["sha256"] as? String)
        }
        #expect(try trust("remove", "root.pem").talk.contains("[lastAnchor]"))
        #expect(try trust("remove", "none.pem").talk.contains("[notFound]"))
        // The demo's file holds two lists: the fingerprint of one does not mean the other.
        #expect(try trust("remove", fingerprint("crl")).talk.contains("[ambiguous]"))
        #expect(entries(try trust("remove", "crl.pem")).count == 2)
        #expect(try names("crls") == [])
        let authority = try fingerprint("intermediate")
        #expect(try trust("remove", String(authority.prefix(7))).talk.contains("[notFound]"))
        #expect(try trust("remove", String(authority.prefix(8)).uppercased()).code == 0)
        #expect(try names("cas") == [] && names("anchors") == ["root.pem"])
        _ = try folder.file("hub.json5", #"{ trust: { anchors: ["anchors", "pki/root.pem"] } }"#)
        #expect(try trust("remove", "root.pem").talk.contains("[ambiguous]"))
        _ = try folder.file("hub.json5", #"{ trust: { anchors: ["pki/root.pem"] } }"#)
        #expect(try trust("remove", "root.pem").talk.contains("[namedInConfiguration]"))
    }

    @Test func `tells whether a certificate is trusted, and why not`() throws {
        try add("root.pem", "agency-ca.pem")
        #expect(try trust("test", file("pki/H37.12.sign.pem")).code == 2)
        try add("crl.pem")
        let good = try trust("test", file("pki/H37.12.sign.pem"))
        #expect(good.code == 0 && good.json["trusted"] as? Bool == true)
        let chain = good.json["chain"] as? [[String: Any]] ?? []
        #expect(chain.count == 3 && chain.first?["revocation"] as? String == "good")
        let revoked = try trust("test", file("pki/revoked.sign.pem"))
        let leaf = (revoked.json["chain"] as? [[String: Any]])?.first
        #expect(revoked.code == 1 && leaf?["revocation"] as? String == "revoked")
        let early = try trust("test", file("pki/H37.12.sign.pem"), "--at", "2001-01-01T00:00:00Z")
        #expect(early.code == 1 && early.json["failure"] as? String == "not_yet_valid")
        #expect(try trust("test", file("pki/H37.12.tls.pem"), "--any").json["chain"] != nil)
        let text = try Program.run([
            "trust", "test", file("pki/H37.12.sign.pem"), "--config", file("hub.json5"),
        ])
        #expect(String(decoding: text.output, as: UTF8.self).contains("tin cậy"))
    }
}
