import Testing

/// Each rule is shown a text that breaks it: a check that cannot fail keeps nothing tidy.
@Suite struct `A rule` {
    private func repeated(_ line: String, _ count: Int) -> String {
        String(repeating: line + "\n", count: count)
    }

    @Test func `of exchange without a file or a test is found`() {
        let head = "| rule | source | enforced in | shown by |\n|---|---|---|---|\n"
        func problems(_ row: String) -> [String] {
            RulePage.problems("p", head + row) { name in
                ["Sources/A.swift": "", "Tests/B.swift": "func `does it`() {}"][name]
            }.map(\.what)
        }
        #expect(problems("| a | law | `Sources/A.swift` | `Tests/B.swift: does it` |").isEmpty)
        #expect(
            problems("| a | law | `Sources/X.swift` | `Tests/B.swift: does it` |")
                == ["no Sources/X.swift in the tree"])
        #expect(
            problems("| a | law | `Sources/A.swift` | `Tests/B.swift: does` |")
                == ["Tests/B.swift has no test does"])
        #expect(
            problems("| a | law | `Sources/A.swift` | `Tests/C.swift: does it` |")
                == ["no test file Tests/C.swift"])
        #expect(problems("| a | law | none | |").count == 1)
        #expect(problems("| a | law | none | nothing |") == ["no file enforces it", "no test shows it"])
    }

    @Test func `that names no code, or one that there is not, is found`() {
        let head = "| attack | code | enforced in | shown by |\n|---|---|---|---|\n"
        func problems(_ code: String) -> [String] {
            let row = "| a | \(code) | `Sources/A.swift` | `Tests/B.swift: does it` |"
            return RulePage.problems("p", head + row, codes: ["bad"]) { name in
                ["Sources/A.swift": "", "Tests/B.swift": "func `does it`() {}"][name]
            }.map(\.what)
        }
        #expect(problems("`bad`").isEmpty)
        #expect(problems("bad") == ["no code tells of it"])
        #expect(problems("`bad`, `worse`") == ["no code worse"])
    }

    @Test func `finds a long file`() {
        #expect(SizeRules.fileLength("a", repeated("x", 401)).count == 1)
        #expect(SizeRules.fileLength("a", repeated("x", 400)).isEmpty)
    }

    @Test func `finds a long line and counts characters, not bytes`() {
        let wide = String(repeating: "ệ", count: 110)
        #expect(
            SizeRules.lineLength("a", "ok\n\(wide)x\n") == [Problem("a", 2, "111 columns, more than 110")])
        #expect(SizeRules.lineLength("a", wide).isEmpty)
    }

    @Test(arguments: [
        "func f() {", "private init?(\n    a: [Int] = [].map { $0 },\n    b: Int\n) throws {", "deinit {",
        "subscript(i: Int) -> Int\nwhere T: P {", "var x: Int {", "func `a { b`() async -> (Int) -> Void {",
    ])
    func `finds a long body`(signature: String) {
        let count = signature.split(separator: "\n").count
        let body = repeated("    let s = \"}\" // } \\(", 70 - count - 1)
        #expect(SizeRules.bodyLength("a", "\(signature)\n\(body)}\n").isEmpty)
        let long = SizeRules.bodyLength("a", "\n\(signature)\n\(body)x\n}\n")
        #expect(long.count == 1)
        #expect(long.first?.line == 2)
    }

    @Test func `leaves alone what has no body of its own`() {
        let long = repeated("    x()", 80)
        for text in [
            "protocol P {\n    func f()\n    init()\n    var x: Int { get }\n\(long)}",
            "struct S {\n    let a = \"func f() {\"\n    // func g() {\n\(long)}",
            "struct S {\n    /* func f() { /* nested */ func g() { */\n\(long)}",
            "struct S {\n    var x = 1\n    init() { self.init(y: 1) }\n\(long)}",
            "let s = #\"\\(func f() { \"# + \"\\(a.map { \"func f() {\" })\"\nstruct S {\n\(long)}",
        ] {
            #expect(SizeRules.bodyLength("a", text).isEmpty, "\(text.prefix(120))")
        }
    }

    @Test func `finds a name that names nothing`() {
        #expect(NameRules.path("Sources/Hub/LetterHelper.swift").count == 1)
        #expect(NameRules.path("Sources/Utils/A.swift").count == 1)
        #expect(NameRules.path("Sources/Database/Base64.swift").isEmpty)
        #expect(NameRules.types("a", "final class InboxManager {}").count == 1)
        #expect(NameRules.types("a", "\nenum Common {}").first?.line == 2)
        #expect(NameRules.types("a", "struct BaseURL {}\nprotocol StoreImpl {}").count == 2)
        #expect(NameRules.types("a", "struct Base64 {} // class Manager\nenum Basement {}").isEmpty)
    }

    private static let manifest = Manifest(
        """
            .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
            // 0
            floor("Low"),
            // 1
            floor("Left", ["Low", "CZlib"]),
            floor("Right", ["Low"]),
            // 2
            program(
                "top",
                [
                    "Left",
                    "Low",
                ]),
        """)

    @Test func `reads the manifest`() {
        #expect(Self.manifest.entries.map(\.name) == ["CZlib", "Low", "Left", "Right", "top"])
        #expect(Self.manifest.entries.map(\.floor) == [nil, 0, 1, 1, 2])
        #expect(Self.manifest.entry("top")?.dependencies == ["Left", "Low"])
        #expect(FloorRules.manifest("p", Self.manifest).isEmpty)
    }

    @Test(arguments: [
        "// 0\nfloor(\"A\", [\"B\"]),\n// 1\nfloor(\"B\"),", "// 1\nfloor(\"A\"),\nfloor(\"B\", [\"A\"]),",
        "// 1\nfloor(\"A\", [\"Elsewhere\"]),",
    ])
    func `finds a manifest that looks upward, sideways or outside`(text: String) {
        #expect(!FloorRules.manifest("p", Manifest(text)).isEmpty)
    }

    @Test(arguments: [
        "import Right", "package import top", "@preconcurrency internal import Foundation",
        "import struct Right.R",
        "import Left", "import FoundationEssentials",
    ])
    func `finds an import that is not declared`(text: String) {
        #expect(FloorRules.imports("a", text, of: "Left", Self.manifest).count == 1)
    }

    @Test func `lets declared imports and the toolchain's pass`() {
        let text =
            "package import Low\nimport Glibc\n// import Right\nlet s = \"import Right\"\nimport CZlib"
        #expect(FloorRules.imports("a", text, of: "Left", Self.manifest).isEmpty)
        #expect(FloorRules.imports("a", "", of: "Nowhere", Self.manifest).count == 1)
    }

    @Test func `finds a promise without its reason`() {
        #expect(
            SafetyRules.uncheckedSendable("a", "/// A key.\nfinal class K: @unchecked Sendable {}").count == 1
        )
        #expect(
            SafetyRules.uncheckedSendable("a", "// Sendable because x\n\nclass K: @unchecked Sendable {}")
                .count == 1)
        #expect(
            SafetyRules.uncheckedSendable(
                "a", "// Sendable because x\n@safe\nclass K: @unchecked Sendable {}"
            ).isEmpty)
        #expect(
            SafetyRules.uncheckedSendable("a", "class K: @unchecked Sendable {} // Sendable because x")
                .isEmpty)
    }

    @Test func `on closures in locks`() {
        let types = Set(
            SafetyRules.functionTypes("typealias Answer = @Sendable (Int) -> Void\ntypealias A = Int"))
        #expect(types == ["Answer"])
        for line in ["let a: Mutex<Answer?>", "let a = Mutex<Answer>(b)", "let a: Mutex<(() -> Void)?>"] {
            #expect(SafetyRules.lockedClosures("a", line, types).count == 1, "\(line)")
        }
        for line in ["let a: Mutex<[Answer]>", "let a: Mutex<Answers?>", "let a: Mutex<(Int, Int)>"] {
            #expect(SafetyRules.lockedClosures("a", line, types).isEmpty, "\(line)")
        }
    }

    @Test func `finds postponed work, machine paths and private keys`() {
        let word = "TO" + "DO"
        #expect(SafetyRules.postponedWork("a", "x\n// \(word): later").first?.line == 2)
        #expect(SafetyRules.postponedWork("a", "MAS\(word)N").isEmpty)
        let home = "/" + "home/"
        #expect(SafetyRules.machinePaths("a", "open(\"\(home)me/x\")").count == 1)
        #expect(SafetyRules.machinePaths("a", "\(home)me").count == 1)
        #expect(SafetyRules.machinePaths("a", "https://truc.example\(home)me and a\(home)b").isEmpty)
        let begin = "-----BEGIN EC PRIVATE" + " KEY-----"
        #expect(SafetyRules.privateKeys("a", "\(begin)\n\(String(repeating: "A", count: 64))\n").count == 1)
        #expect(SafetyRules.privateKeys("a", "let label = \"\(begin)\"\nlet x = 1\n").isEmpty)
    }

    @Test func `reads a table below its heading only`() {
        let page =
            "## A\n| code | s |\n|---|---|\n| `x` | 400 |\n### Below\n| `y`, `w` | 1 |\n## B\n| `z` | 2 |\n"
        let rows = DocumentationRules.rows(of: page, section: "A")
        #expect(rows.map(\.name) == ["x", "y", "w"])
        #expect(rows.first?.cells == ["400"])
        #expect(rows.first?.line == 4)
        #expect(DocumentationRules.rows(of: page, section: "C").isEmpty)
    }

    @Test func `finds a code that is missing, unknown or there twice`() {
        let rows = ["x", "y", "y", "q"].map { DocumentationRules.Row(name: $0, cells: [], line: 1) }
        let problems = DocumentationRules.complete("p", rows, names: ["x", "y", "z"], what: "code")
        #expect(problems.map(\.what) == ["y stands twice", "q is no code", "code z is missing"])
    }

    @Test func `finds metrics and verbs in the source, and calls of verbs that are not there`() {
        let source = "(\"a_total\", \"Text (\", b)\nMetrics.Gauge(\n    \"c\", \"Text.\", 1)\nf(\"d\")"
        #expect(DocumentationRules.metrics(in: source) == ["a_total", "c"])
        let verbs = DocumentationRules.verbs(
            declaredIn: "struct X {\n    static let words = [\"log\", \"vkey\"]\n}")
        #expect(verbs == [["log", "vkey"]])
        let page =
            "lienthong log vkey\nuse `lienthong logs`; the lienthong tools\n    V=$(lienthong log key)\n"
        #expect(DocumentationRules.calls("p", page, verbs: verbs).map(\.line) == [2, 3])
    }

    @Test func `finds a link that leads nowhere`() {
        let there: Set<String> = ["docs/api.md", "README.md"]
        let text = "[a](api.md#x) [b](../README.md) [c](https://x.example/y) [d](#here)\n[e](../docs/no.md)"
        let problems = DocumentationRules.links("docs/a.md", text) { there.contains($0) }
        #expect(problems == [Problem("docs/a.md", 2, "no docs/no.md in the tree")])
    }
}
