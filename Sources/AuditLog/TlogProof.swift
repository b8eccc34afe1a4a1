package import Exchange

/// A receipt as other people's software reads it [C2SP tlog-proof]: an entry's index and inclusion proof with
/// the checkpoint that they lead to.
///
/// This hub puts the entry itself into the `extra` line, so that the file can be checked without the log. The
/// line is not authenticated by itself; it is by leading to the root.
package struct TlogProof: Sendable, Equatable {
    package static let hashesMax = 63
    /// A note, an entry in base 64, 63 hashes.
    package static let bytesMax = SignedNote.bytesMax + (96 << 10)
    private static let header = Array("c2sp.org/tlog-proof@v1".utf8)

    package let extra: [UInt8]?
    package let index: Int64
    package let hashes: [Digest256]
    /// The signed note, byte for byte.
    package let checkpoint: [UInt8]

    package init(extra: [UInt8]?, index: Int64, hashes: [Digest256], checkpoint: [UInt8]) {
        self.extra = extra
        self.index = index
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    package var bytes: [UInt8] {
        var bytes = Self.header + [0x0A]
        if let extra { bytes.append(contentsOf: "extra \(Base64.encode(extra))\n".utf8) }
        bytes.append(contentsOf: "index \(index)\n".utf8)
        for hash in hashes { bytes.append(contentsOf: "\(Base64.encode(hash.bytes))\n".utf8) }
        bytes.append(0x0A)
        return bytes + checkpoint
    }

    /// Strict: `bytes` gives the same file again.
    package init(_ bytes: [UInt8]) throws(NoteError) {
        guard bytes.count <= Self.bytesMax else { throw .tooLong }
        // The first blank line ends the proof; those inside the checkpoint are its own.
        guard
            let blank = bytes.indices.dropFirst().first(where: { bytes[$0] == 0x0A && bytes[$0 - 1] == 0x0A })
        else {
            throw .malformed("no checkpoint in the proof")
        }
        var lines = bytes[..<(blank - 1)].split(separator: 0x0A, omittingEmptySubsequences: false)[...]
        guard lines.popFirst()?.elementsEqual(Self.header) == true else {
            throw .malformed("not a tlog-proof")
        }
        let extraWord = Array("extra ".utf8)
        if let line = lines.first, line.starts(with: extraWord) {
            guard let extra = Base64.decode(line.dropFirst(extraWord.count)) else {
                throw .malformed("extra")
            }
            self.extra = extra
            lines.removeFirst()
        } else {
            extra = nil
        }
        let indexWord = Array("index ".utf8)
        guard let line = lines.popFirst(), line.starts(with: indexWord),
            let index = Decimal.read(line.dropFirst(indexWord.count))
        else { throw .malformed("index") }
        guard lines.count <= Self.hashesMax else { throw .malformed("too many hashes") }
        var hashes: [Digest256] = []
        for line in lines {
            guard let raw = Base64.decode(line), let hash = Digest256(raw) else { throw .malformed("a hash") }
            hashes.append(hash)
        }
        self.index = index
        self.hashes = hashes
        checkpoint = Array(bytes[(blank + 1)...])
    }

    /// Checks that `entry` (the one in `extra` where none is given) is in the log of `verifier`'s key.
    ///
    /// - Returns: the checkpoint that says so.
    /// - Throws: whatever keeps that from being so.
    package func verify(
        entry: [UInt8]? = nil, verifier: NoteVerifier
    ) throws(NoteError) -> Checkpoint {
        guard let entry = entry ?? extra else { throw .malformed("the proof does not hold its entry") }
        let checkpoint = try Checkpoint(note: checkpoint, verifier: verifier)
        let proof = InclusionProof(index: index, treeSize: checkpoint.size, hashes: hashes)
        guard proof.verifies(leafHash: MerkleTree.leafHash(entry), root: checkpoint.root) else {
            throw .notIncluded
        }
        return checkpoint
    }
}
