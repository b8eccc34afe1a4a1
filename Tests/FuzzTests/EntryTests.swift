import Foundation
import PDF
import Signature
import Testing

/// The bounded run of the fuzz targets: every seed, and mutations of it that are the same each time.
@Suite struct `Whatever comes in` {
    @Test(arguments: Entry.all.map(\.name))
    func `is read without a trap and without contradiction`(_ name: String) throws {
        let entry = try #require(Entry.named(name))
        let seeds = Seeds.of(name)
        #expect(!seeds.isEmpty)
        let all = seeds.map(\.bytes)
        for seed in seeds {
            #expect(throws: Never.self, "\(seed.name)") { try entry.run(seed.bytes) }
            var mutator = Mutator(
                state: UInt64(seed.bytes.count), words: Seeds.words(of: name), others: all)
            for number in 0..<entry.mutationCount {
                let bytes = mutator.mutated(seed.bytes)
                #expect(throws: Never.self, "mutation \(number) of \(seed.name): \(bytes)") {
                    try entry.run(bytes)
                }
            }
        }
        #expect(throws: Never.self) { try entry.run([]) }
    }

    @Test func `has seeds of its own`() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Material.folder.appendingPathComponent("Seeds").path)
        #expect(Set(folders).subtracting(["README.md"]) == Set(Entry.all.map(\.name)))
    }

    @Test func `is judged against material that holds`() throws {
        #expect(Material.signedLetters.count == 2)
        #expect(try Material.verifier.verify(Material.file("checkpoint")) == Material.checkpointText)
        #expect(Material.trust.anchors.count == 1)
        let document = try #require(Seeds.of("pdf").first { $0.name == "signed.pdf" })
        let reports = Material.signatures.verify(pdf: PDFBytes(document.bytes), at: Material.time)
        #expect(Verdict(signatures: reports).hasPassed, "\(reports)")
    }

    @Test func `is looked at by judges that can object`() {
        #expect(throws: Disagreement.self) {
            try readAlike([1, 2, 3]) { pieces in
                var transcript = Transcript()
                transcript.line("\(pieces.count)")
                return transcript
            }
        }
    }

    /// `LIENTHONG_SEEDS=1 swift test --filter 'makes the seeds'` after a change of formats.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["LIENTHONG_SEEDS"] != nil))
    func `makes the seeds`() throws {
        try SeedMaker().make()
    }
}
