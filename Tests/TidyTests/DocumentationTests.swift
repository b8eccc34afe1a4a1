import API
import Exchange
import JSON
import OpenSSL
import Signature
import Storage
import Testing

@Suite struct `The pages` {
    private let tree = Tree.current

    private var pages: [TreeFile] { tree.files.filter { $0.path.hasSuffix(".md") } }

    @Test func `list every refusal code and no other`() {
        let rows = DocumentationRules.rows(of: tree.text("docs/errors.md"), section: "Refusal codes")
        var problems = DocumentationRules.complete(
            "docs/errors.md", rows, names: RejectionCode.allCases.map(\.rawValue), what: "refusal code")
        for row in rows {
            guard let code = RejectionCode(rawValue: row.name), row.cells.first != "\(code.status)" else {
                continue
            }
            problems.append(Problem("docs/errors.md", row.line, "\(row.name) is answered \(code.status)"))
        }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `list every reason of a verdict, with what it leads to`() {
        let rows = DocumentationRules.rows(of: tree.text("docs/errors.md"), section: "Reasons of a verdict")
        let codes = SignatureReasonCode.allCases
        var problems = DocumentationRules.complete(
            "docs/errors.md", rows, names: codes.map(\.rawValue), what: "reason")
        for row in rows {
            guard let code = SignatureReasonCode(rawValue: row.name) else { continue }
            let leadsTo = SignatureReason(code).subIndication.rawValue
            if row.cells.first != leadsTo {
                problems.append(Problem("docs/errors.md", row.line, "\(row.name) leads to \(leadsTo)"))
            }
        }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `list every cause of an unknown revocation`() {
        let rows = DocumentationRules.rows(of: tree.text("docs/revocation.md"), section: "Causes of unknown")
        let problems = DocumentationRules.complete(
            "docs/revocation.md", rows, names: RevocationStatus.Cause.allCases.map(\.rawValue), what: "cause")
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `list every error of the store`() {
        let rows = DocumentationRules.rows(of: tree.text("docs/errors.md"), section: "Storage errors")
        let problems = DocumentationRules.complete(
            "docs/errors.md", rows, names: StorageError.Code.allCases.map(\.rawValue), what: "storage error")
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `list everything that the doctor finds`() {
        let rows = DocumentationRules.rows(
            of: tree.text("docs/recovering.md"), section: "What the doctor finds")
        let problems = DocumentationRules.complete(
            "docs/recovering.md", rows, names: DoctorFinding.Code.allCases.map(\.rawValue), what: "finding")
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `list every event of the audit log`() {
        // The names as the source spells them: `case .hubStopped: "hub.stopped"`.
        let sources = tree.sources.filter { source in
            source.target == "AuditLog"
                && (source.path.hasSuffix("Event.swift") || source.path.hasSuffix("Events.swift"))
        }
        let names = sources.flatMap { lines(of: $0.text ?? "") }.compactMap { line -> String? in
            let words = line.split(separator: " ")
            guard words.first == "case", words.count == 3, words[1].hasPrefix("."), words[1].hasSuffix(":")
            else {
                return nil
            }
            return words[2].split(separator: "\"").first.map(String.init)
        }
        #expect(names.count > 15)
        let rows = DocumentationRules.rows(of: tree.text("docs/trust.md"), section: "Events")
        let problems = DocumentationRules.complete("docs/trust.md", rows, names: names, what: "event")
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `list every setting of the commented configuration`() throws {
        let names = Self.leaves(of: try JSONReader.read(tree.bytes("Config/hub.json5"), dialect: .json5), "")
        #expect(names.count > 20)
        let rows = DocumentationRules.rows(of: tree.text("docs/operating.md"), section: "Settings")
        let problems = DocumentationRules.complete("docs/operating.md", rows, names: names, what: "setting")
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `list every metric`() {
        let sources = [
            "Sources/Hub/Metrics.swift", "Sources/Hub/Hub.swift", "Sources/lienthongd/Daemon.swift",
            "Sources/lienthongd/TrustUpkeep.swift",
        ]
        let names = sources.flatMap { DocumentationRules.metrics(in: tree.text($0)) } + ["refused_total"]
        #expect(names.count > 20)
        let rows = DocumentationRules.rows(of: tree.text("docs/operating.md"), section: "Metrics")
        let problems = DocumentationRules.complete(
            "docs/operating.md", rows, names: names.map { "lienthong_" + $0 }, what: "metric")
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `name a file and a test for every rule of exchange`() {
        let page = tree.text("docs/rules.md")
        let problems = RulePage.problems("docs/rules.md", page) { tree.file($0)?.text }
        #expect(page.ranges(of: "`Sources/").count > 20)
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `name a file and a test for every trap of VXP`() {
        let page = tree.text("docs/vxp.md")
        let problems = RulePage.problems("docs/vxp.md", page) { tree.file($0)?.text }
        #expect(page.ranges(of: "`Sources/").count == 15)
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `name a file and a test for every durable write and every fault`() {
        let page = tree.text("docs/durability.md")
        let problems = RulePage.problems("docs/durability.md", page) { tree.file($0)?.text }
        #expect(page.ranges(of: "`Sources/").count > 30)
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `name a code, a file and a test for every attack on signatures`() {
        let page = tree.text("docs/attacks.md")
        let codes = SignatureReasonCode.allCases.map(\.rawValue) + RejectionCode.allCases.map(\.rawValue)
        let problems = RulePage.problems("docs/attacks.md", page, codes: Set(codes)) { tree.file($0)?.text }
        #expect(page.ranges(of: "`Sources/").count > 70)
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `call verbs that there are`() {
        let verbs = tree.sources.filter { $0.target == "lienthong" }
            .flatMap { DocumentationRules.verbs(declaredIn: $0.text ?? "") }
        #expect(verbs.count > 15)
        let problems = pages.flatMap { DocumentationRules.calls($0.path, $0.text ?? "", verbs: verbs) }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `name every target in the architecture`() {
        let page = tree.text("docs/architecture.md")
        let missing = Manifest(tree.text("Package.swift")).entries.map(\.name).filter {
            !page.contains("`\($0)`")
        }
        #expect(missing.isEmpty, "docs/architecture.md does not name \(missing)")
    }

    @Test func `link to what is there`() {
        let folders = Set(tree.files.flatMap { Self.folders(of: $0.path) })
        let problems = pages.flatMap { page in
            DocumentationRules.links(page.path, page.text ?? "") {
                folders.contains($0) || tree.file($0) != nil
            }
        }
        #expect(pages.count >= 8)
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `begin the change log with what an upgrade needs`() {
        let headings = lines(of: tree.text("CHANGELOG.md")).filter { $0.hasPrefix("## ") }
        #expect(headings.first == "## Upgrading")
        #expect(headings.dropFirst().first?.hasPrefix("## 0.1.0") == true)
    }

    /// `limits.letterBytesMax`
    private static func leaves(of value: JSONValue, _ prefix: String) -> [String] {
        guard let members = value.object else { return [prefix] }
        return members.flatMap { leaves(of: $0.value, prefix.isEmpty ? $0.name : "\(prefix).\($0.name)") }
    }

    private static func folders(of path: String) -> [String] {
        let parts = path.split(separator: "/").map(String.init)
        return (1..<max(parts.count, 1)).map { parts[..<$0].joined(separator: "/") }
    }
}
