import AuditLog
import Exchange
import OpenSSL

let logEntries = [
    Entry("note") { bytes in
        if let checkpoint = try? Checkpoint(unverifiedNote: bytes) {
            try check(bytes.starts(with: checkpoint.text.utf8), "a checkpoint with two spellings")
        }
        if let checkpoint = try? Checkpoint(text: bytes) {
            try check(Array(checkpoint.text.utf8) == bytes, "a checkpoint's text with two spellings")
        }
        if let text = try? Material.verifier.verify(bytes) {
            try check(text == Material.checkpointText, "the key never signed this")
        }
        _ = NoteVerifier(vkey: String(decoding: bytes, as: UTF8.self))
    },
    Entry("proof") { bytes in
        guard let proof = try? TlogProof(bytes) else { return }
        try check(proof.bytes == bytes, "a proof with two spellings")
        if (try? proof.verify(verifier: Material.verifier)) != nil {
            try check(proof.extra.map(Material.entries.contains) == true, "an entry that never was logged")
        }
    },
    // The first byte is the width of the tile.
    Entry("bundle") { bytes in
        guard let first = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        if let bundle = EntryBundle(rest, width: Int(first) + 1) {
            try check(bundle.count == Int(first) + 1, "another number of entries")
            var again = EntryBundle()
            for index in 0..<bundle.count { again.append(bundle.entry(index)) }
            try check(again.bytes == rest, "a bundle with two spellings")
            try check(again.leafHashes == bundle.leafHashes, "other leaves")
        }
        if let nodes = TileNodes(bytes: rest, width: Int(first) + 1) {
            try check(nodes.bytes(width: Int(first) + 1) == rest, "a tile with two spellings")
        }
    },
    Entry("tile-path", mutations: 400) { bytes in
        let path = String(decoding: bytes, as: UTF8.self)
        guard let resource = LogResource(path: path) else { return }
        try check(ExactString(resource.path) == ExactString(path), "a resource with two names")
        if case .hashes(let tile) = resource { _ = tile.isWithin(size: .max) }
    },
    Entry("log-entry") { bytes in
        if CanonicalJSON.isCanonical(bytes) {
            try check(!bytes.contains(0x0A), "white space in an entry")
        }
    },
]

extension Material {
    static let verifier = NoteVerifier(vkey: text("log.vkey"))!
    static let checkpointText = try! Array(Checkpoint(unverifiedNote: file("checkpoint")).text.utf8)
    static let entries = [file("entry.json")]
}
