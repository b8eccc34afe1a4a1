import Testing

@Suite struct `The sources` {
    private let tree = Tree.current

    @Test func `are found where this test was compiled`() {
        #expect(tree.file("Package.swift") != nil)
        #expect(tree.file("Tests/TidyTests/SourceTests.swift") != nil)
        #expect(tree.sources.count > 50)
    }

    @Test func `keep files short`() {
        let problems = tree.sources.flatMap { SizeRules.fileLength($0.path, $0.text ?? "") }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `keep functions short`() {
        let problems = tree.swiftFiles.flatMap { SizeRules.bodyLength($0.path, $0.text ?? "") }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `keep lines short`() {
        let problems = tree.swiftFiles.flatMap { SizeRules.lineLength($0.path, $0.text ?? "") }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `are UTF-8`() {
        let problems = tree.swiftFiles.filter { $0.text == nil }.map { Problem($0.path, 0, "not UTF-8") }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `give things names`() {
        let problems = tree.swiftFiles.flatMap {
            NameRules.path($0.path) + NameRules.types($0.path, $0.text ?? "")
        }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `import lower floors only`() {
        let manifest = Manifest(tree.text("Package.swift"))
        #expect(manifest.entries.count > 15)
        var problems = FloorRules.manifest("Package.swift", manifest)
        for file in tree.sources {
            guard let target = file.target else { continue }
            problems += FloorRules.imports(file.path, file.text ?? "", of: target, manifest)
        }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `say why a type is Sendable where the compiler was told not to look`() {
        let problems = tree.swiftFiles.flatMap { SafetyRules.uncheckedSendable($0.path, $0.text ?? "") }
        #expect(problems.isEmpty, "\(problems.report)")
    }
}

@Suite struct `Closures` {
    private let tree = Tree.current

    @Test func `are not alone in a lock`() {
        let types = Set(tree.sources.flatMap { SafetyRules.functionTypes($0.text ?? "") })
        #expect(types.count > 5)
        let problems = tree.sources.flatMap { SafetyRules.lockedClosures($0.path, $0.text ?? "", types) }
        #expect(problems.isEmpty, "\(problems.report)")
    }
}

@Suite struct `The tree` {
    private let tree = Tree.current

    @Test func `has its licence`() {
        #expect(tree.text("LICENSE").contains("Apache License"))
    }

    @Test func `postpones nothing in a comment`() {
        let problems = tree.files.flatMap { SafetyRules.postponedWork($0.path, $0.text ?? "") }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `names no path of one machine`() {
        let problems = tree.files.flatMap { SafetyRules.machinePaths($0.path, $0.text ?? "") }
        #expect(problems.isEmpty, "\(problems.report)")
    }

    @Test func `holds no private key`() {
        let problems = tree.files.flatMap { file in
            // Bytes as Latin-1: a key may lie inside of a file that is no text.
            SafetyRules.privateKeys(
                file.path, file.text ?? String(file.bytes.map { Character(Unicode.Scalar($0)) }))
        }
        #expect(problems.isEmpty, "\(problems.report)")
    }
}
