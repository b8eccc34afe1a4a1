import Foundation
import Testing

@Suite struct `A configuration of trust and policy` {
    /// What `lienthongd --check` says of a hub whose `trust` has these further settings, its `policy` and its
    /// `rules`.
    private func check(
        trust: String = "", policy: String = "", rules: String = ""
    ) throws -> (code: Int32, says: String) {
        let world = try World(
            settings: (policy.isEmpty ? "" : "policy: { \(policy) },") + "rules: { \(rules) },")
        let path = world.path("hub.json5")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacingOccurrences(of: "trust: {", with: "trust: { \(trust)").write(
            toFile: path, atomically: true, encoding: .utf8)
        let child = try Child(
            Program.folder + "/lienthongd", ["--config", path, "--check"], errors: world.path("said"))
        let code = child.wait()
        return (code, (try? String(contentsOfFile: world.path("said"), encoding: .utf8)) ?? "")
    }

    @Test func `is taken where it is whole`() throws {
        let trust = """
            checkSeconds: 0, ocsp: [], fetch: { crls: "http://ca.example/a.crl", allow: ["crl.example"],
            ocsp: [{ issuer: "agency-ca.pem", url: "https://ocsp.example" }], tlsAnchors: "root.pem" },
            """
        let policy = """
            algorithms: { rsaPKCS1: false, rsaBitsMin: 3072 }, unknownRevocation: "hold", holdSeconds: 3600,
            sha1Exceptions: [{ agency: "H37.12", until: "2026-12-31T00:00:00+07:00" }]
            """
        let rules = """
            workingDays: [1, 2, 3, 4, 5, 6], holidays: ["2026-09-02"], arrivesUntil: "16:30",
            confirmBy: "24:00", agingSeconds: 0, alertSeconds: { urgent: 0, express: 60 },
            """
        let answer = try check(trust: trust, policy: policy, rules: rules)
        #expect(answer.code == 0, "\(answer.says)")
    }

    @Test(arguments: [
        ("fetch: { crls: [\"ftp://ca.example/\"] },", "trust.fetch.crls"),
        ("fetch: { crls: [\"https://ca.example/\"] },", "trust.fetch.tlsAnchors"),
        ("fetch: { ocsp: [{ url: \"http://ca.example/\" }] },", "trust.fetch.ocsp.issuer"),
        ("fetch: { ocsp: [{ issuer: \"none.pem\", url: \"http://ca.example/\" }] },", "none.pem"),
        ("fetch: { allow: [\"ca.example:80:80\"] },", "trust.fetch.allow"),
        ("fetch: { intervalSeconds: 0 },", "trust.fetch.intervalSeconds"),
        ("fetch: { every: 1 },", "trust.fetch.every"), ("checkSeconds: -1,", "trust.checkSeconds"),
        ("ocsp: [\"none.ocsp\"],", "none.ocsp"),
    ])
    func `is refused by the name of what is wrong with trust`(_ settings: String, _ name: String) throws {
        let answer = try check(trust: settings)
        #expect(answer.code == 1 && answer.says.contains(name), "\(answer.says)")
    }

    @Test(arguments: [
        ("algorithms: { md5: true }", "md5"), ("algorithms: { rsaBitsMin: 1024 }", "rsaBitsMin"),
        ("algorithms: { digests: [\"SHA-1\"] }", "digests"),
        ("algorithms: { sha1Until: \"2030-01-01T00:00:00Z\" }", "policy.algorithms"),
        ("sha1Exceptions: [{ agency: \"A\", until: \"soon\" }]", "policy.sha1Exceptions.until"),
        ("sha1Exceptions: [{ agency: \"A\" }]", "policy.sha1Exceptions.until"),
        ("unknownRevocation: \"Hold\"", "policy.unknownRevocation"), ("holdSeconds: 1", "policy.holdSeconds"),
    ])
    func `is refused by the name of what is wrong with policy`(_ settings: String, _ name: String) throws {
        let answer = try check(policy: settings)
        #expect(answer.code == 1 && answer.says.contains(name), "\(answer.says)")
    }

    @Test(arguments: [
        ("workingDays: []", "rules.workingDays"), ("workingDays: [0]", "rules.workingDays"),
        ("workingDays: \"1-5\"", "rules.workingDays"), ("holidays: [\"2026-02-30\"]", "rules.holidays"),
        ("arrivesUntil: \"24:01\"", "rules.arrivesUntil"), ("confirmBy: \"00:00\"", "rules.confirmBy"),
        ("confirmBy: \"-1:30\"", "rules.confirmBy"), ("confirmBy: \"9:00\"", "rules.confirmBy"),
        ("agingSeconds: -1", "rules.agingSeconds"),
        ("alertSeconds: { normal: 1 }", "rules.alertSeconds.normal"),
        ("alertSeconds: { express: -1 }", "rules.alertSeconds.express"),
    ])
    func `is refused by the name of what is wrong with the rules`(_ settings: String, _ name: String) throws {
        let answer = try check(rules: settings)
        #expect(answer.code == 1 && answer.says.contains(name), "\(answer.says)")
    }
}
