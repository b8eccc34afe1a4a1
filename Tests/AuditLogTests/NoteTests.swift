import AuditLog
import Exchange
import OpenSSL
import Testing

/// A log's key from a fixed seed, and what goes with it.
struct LogKey {
    static let origin = "truc.dongnai.example/log"
    let signer: NoteSigner
    let verifier: NoteVerifier

    init(seed: UInt8 = 7, origin: String = LogKey.origin) {
        let key = try! PrivateKey(ed25519Seed: [UInt8](repeating: seed, count: 32))
        signer = try! NoteSigner(name: origin, key: key)
        verifier = NoteVerifier(vkey: signer.verifierKey)!
    }

    func sign(_ state: TreeState, origin: String? = nil) -> [UInt8] {
        try! signer.sign(Checkpoint(origin: origin ?? signer.name, size: state.size, root: state.root).text)
    }
}

@Suite struct `A signed note` {
    static let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    static let note = Array(
        """
        This is an example message.

        — example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

        """.utf8)

    @Test func `of the specification verifies`() throws {
        let verifier = try #require(NoteVerifier(vkey: Self.vkey))
        #expect(try verifier.verify(Self.note) == Array("This is an example message.\n".utf8))
    }

    @Test func `verifies with its own key only, whichever bit is changed`() throws {
        let key = LogKey()
        let note = try key.signer.sign("một\n\nhai\n")
        #expect(try key.verifier.verify(note) == Array("một\n\nhai\n".utf8))
        #expect(try key.signer.sign("một\n\nhai\n") == note)
        for index in note.indices {
            var changed = note
            changed[index] ^= 1
            #expect(throws: NoteError.self) { try key.verifier.verify(changed) }
            #expect(throws: NoteError.self) { try key.verifier.verify(Array(note[..<index])) }
        }
        #expect(throws: NoteError.unsigned(name: LogKey.origin)) { try LogKey(seed: 8).verifier.verify(note) }
        let other = LogKey(origin: "other.example/log")
        #expect(throws: NoteError.unsigned(name: "other.example/log")) { try other.verifier.verify(note) }
    }

    @Test func `may carry signatures of others, but no false one of its key`() throws {
        let key = LogKey()
        let own = try key.signer.sign("text\n")
        let foreign = try LogKey(seed: 9, origin: "witness.example").signer.sign("text\n")
        let line = foreign.dropFirst("text\n\n".utf8.count)
        #expect(try key.verifier.verify(own + line) == Array("text\n".utf8))
        let many = own + (0..<99).flatMap { _ in line }
        #expect(try key.verifier.verify(many) == Array("text\n".utf8))
        #expect(throws: NoteError.self) { try key.verifier.verify(many + line) }
        let false1 = try key.signer.sign("other\n").dropFirst("other\n\n".utf8.count)
        #expect(throws: NoteError.badSignature(name: LogKey.origin)) { try key.verifier.verify(own + false1) }
        #expect(throws: NoteError.tooLong) {
            try key.verifier.verify([UInt8](repeating: 0x61, count: 70_000) + own)
        }
    }

    @Test(arguments: [
        "", "\n", "\n\n", "text\n", "text\n\n", "text\n— a AAAAAAA=\n", "text\n\n— a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n— a AAAA\n", "text\n\n— a  AAAAAAA=\n", "text\n\n— a AAAAAAA= \n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n", "text\n\n— a AAAAAAB=\n", "te\txt\n\n— a AAAAAAA=\n",
        "te\rxt\n\n— a AAAAAAA=\n",
        "text\n\n— a AAAAAAA=\nrest\n", "text\n\n— a\u{2003}b AAAAAAA=\n",
    ])
    func `that is malformed is refused`(note: String) {
        let verifier = LogKey().verifier
        #expect(throws: NoteError.self) { try verifier.verify(Array(note.utf8)) }
        #expect(throws: NoteError.self) { try verifier.verify(Array(note.utf8) + [0xFF]) }
        do { _ = try verifier.verify(Array(note.utf8)) } catch {
            guard case .malformed = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `has a key with one spelling`() throws {
        #expect(LogKey().signer.verifierKey.hasPrefix("truc.dongnai.example/log+"))
        for vkey in [
            "", "a", "a+b", "a++", Self.vkey + "A", Self.vkey + "\n", " " + Self.vkey,
            String(Self.vkey.dropLast()),
            "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        ] {
            #expect(NoteVerifier(vkey: vkey) == nil)
        }
        let key = try PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32))
        for name in ["", "a b", "a+b", "a\nb", "a\u{A0}b", String(repeating: "a", count: 256)] {
            #expect(throws: NoteError.unusableKey(name: name)) { try NoteSigner(name: name, key: key) }
        }
        #expect(throws: NoteError.self) {
            try NoteSigner(name: "a", key: try PrivateKey.generate(.ec(.p256)))
        }
    }
}

@Suite struct `A checkpoint` {
    @Test func `is its text and nothing else`() throws {
        let root = MerkleTree.leafHash([1])
        let checkpoint = Checkpoint(origin: LogKey.origin, size: 42, root: root)
        #expect(checkpoint.text == "truc.dongnai.example/log\n42\n\(Base64.encode(root.bytes))\n")
        let again = try Checkpoint(text: Array(checkpoint.text.utf8))
        #expect(again.state == checkpoint.state && again.origin == LogKey.origin)
        let extended = try Checkpoint(text: Array((checkpoint.text + "more\nlines\n").utf8))
        #expect(extended.extensionLines == ["more", "lines"])
        #expect(extended.text == checkpoint.text + "more\nlines\n")
    }

    @Test(arguments: [
        "", "\n", "o\n", "o\n1\n", "o\n1\nROOT", "\n1\nROOT\n", "o\n\nROOT\n", "o\n01\nROOT\n",
        "o\n+1\nROOT\n", "o\n-1\nROOT\n",
        "o\n1 \nROOT\n", "o\n9223372036854775808\nROOT\n", "o\n99999999999999999999\nROOT\n",
        "o\n1\nROOT\n\n", "o\n1\nROOT=\n",
        "o\n1\nAAAA\n", "o\n1\n\n", "o\n0x1\nROOT\n", "o\n1\nROOT\n\nx\n",
    ])
    func `that is malformed is refused`(text: String) {
        let root = Base64.encode([UInt8](repeating: 0xAB, count: 32))
        let bytes = Array(text.replacing("ROOT", with: root).utf8)
        #expect(throws: NoteError.self) { try Checkpoint(text: bytes) }
    }

    @Test func `counts only with its log's key and origin`() throws {
        let key = LogKey()
        let state = TreeState(size: .max, root: MerkleTree.emptyRoot)
        #expect(try Checkpoint(note: key.sign(state), verifier: key.verifier).state == state)
        #expect(try Checkpoint(unverifiedNote: key.sign(state)).state == state)
        #expect(throws: NoteError.otherOrigin("elsewhere")) {
            try Checkpoint(note: key.sign(state, origin: "elsewhere"), verifier: key.verifier)
        }
    }
}

@Suite struct `A tlog-proof` {
    static func proof(size: Int, index: Int) -> (TlogProof, MemoryLog) {
        let log = MemoryLog(size: size)
        let inclusion = InclusionProof.make(index: Int64(index), treeSize: Int64(size), tile: log.nodes)!
        let checkpoint = LogKey().sign(log.frontier.state)
        let entry = log.entries[index]
        return (
            TlogProof(extra: entry, index: Int64(index), hashes: inclusion.hashes, checkpoint: checkpoint),
            log
        )
    }

    @Test func `proves its entry and survives its bytes`() throws {
        for (size, index) in [(1, 0), (2, 1), (300, 7), (600, 599)] {
            let (proof, log) = Self.proof(size: size, index: index)
            #expect(try TlogProof(proof.bytes) == proof)
            #expect(try proof.verify(verifier: LogKey().verifier).state == log.frontier.state)
            let bare = TlogProof(
                extra: nil, index: proof.index, hashes: proof.hashes, checkpoint: proof.checkpoint)
            #expect(try TlogProof(bare.bytes) == bare)
            #expect(try bare.verify(entry: log.entries[index], verifier: LogKey().verifier).size == size)
            #expect(throws: NoteError.self) { try bare.verify(verifier: LogKey().verifier) }
        }
    }

    @Test func `proves nothing once a byte of it is changed`() throws {
        let (proof, _) = Self.proof(size: 300, index: 7)
        let bytes = proof.bytes
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 0x01
            let result = Result { try TlogProof(changed).verify(verifier: LogKey().verifier) }
            #expect(throws: NoteError.self) { try result.get() }
            #expect(throws: NoteError.self) {
                try TlogProof(Array(bytes[..<position])).verify(verifier: LogKey().verifier)
            }
        }
        #expect(throws: NoteError.notIncluded) {
            try proof.verify(entry: Array("other".utf8), verifier: LogKey().verifier)
        }
        #expect(throws: NoteError.unsigned(name: LogKey.origin)) {
            try proof.verify(verifier: LogKey(seed: 1).verifier)
        }
    }

    @Test func `is bounded`() throws {
        let (proof, _) = Self.proof(size: 2, index: 0)
        let hashes = [Digest256](repeating: MerkleTree.emptyRoot, count: 64)
        let long = TlogProof(extra: nil, index: 0, hashes: hashes, checkpoint: proof.checkpoint)
        #expect(throws: NoteError.malformed("too many hashes")) { try TlogProof(long.bytes) }
        #expect(throws: NoteError.tooLong) { try TlogProof([UInt8](repeating: 0x0A, count: 200_000)) }
        for text in ["", "\n\n", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 01\n\nx"] {
            #expect(throws: NoteError.self) { try TlogProof(Array(text.utf8)) }
        }
        // Of one entry in a tree as large as sizes go: refused, and nothing overflows.
        let huge = LogKey().sign(TreeState(size: .max, root: MerkleTree.emptyRoot))
        let last = TlogProof(extra: [1], index: .max - 1, hashes: [], checkpoint: huge)
        #expect(throws: NoteError.notIncluded) { try last.verify(verifier: LogKey().verifier) }
    }
}
