package import Exchange

/// What the log's key signs: which log, how long, which root [C2SP tlog-checkpoint].
package struct Checkpoint: Sendable {
    package let origin: String
    /// Number of entries, 0 or more.
    package let size: Int64
    package let root: Digest256
    /// Lines after the root, without LF. This hub writes none.
    package let extensionLines: [String]

    package init(origin: String, size: Int64, root: Digest256) {
        self.origin = origin
        self.size = size
        self.root = root
        extensionLines = []
    }

    /// Reads a note's text. Strict: `text` gives the same bytes again.
    package init(text: [UInt8]) throws(NoteError) {
        guard let string = String(validating: text, as: UTF8.self), text.last == 0x0A else {
            throw .malformed("a checkpoint is lines of UTF-8")
        }
        let lines = string.utf8.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count >= 3, !lines.contains(where: \.isEmpty) else {
            throw .malformed("a checkpoint has three lines or more, none of them empty")
        }
        guard let size = Decimal.read(lines[1]) else { throw .malformed("the checkpoint's size") }
        guard let bytes = Base64.decode(lines[2]), let root = Digest256(bytes) else {
            throw .malformed("the checkpoint's root")
        }
        origin = String(Substring(lines[0]))
        self.size = size
        self.root = root
        extensionLines = lines.dropFirst(3).map { String(Substring($0)) }
    }

    /// Reads the note itself without looking at who signed it.
    package init(unverifiedNote note: [UInt8]) throws(NoteError) {
        try self.init(text: SignedNote(note).text)
    }

    /// Reads a note that `verifier` vouches for and whose origin is the key's name.
    package init(note: [UInt8], verifier: NoteVerifier) throws(NoteError) {
        try self.init(text: verifier.verify(note))
        guard origin.utf8.elementsEqual(verifier.name.utf8) else { throw .otherOrigin(origin) }
    }

    package var text: String {
        var text = "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n"
        for line in extensionLines { text += "\(line)\n" }
        return text
    }

    package var state: TreeState { TreeState(size: size, root: root) }
}

/// A checkpoint as it is served, with its signatures.
package struct SignedCheckpoint: Sendable, Equatable {
    package let size: Int64
    package let note: [UInt8]

    package init(size: Int64, note: [UInt8]) {
        self.size = size
        self.note = note
    }
}

/// Non-negative decimal numbers with one spelling each.
enum Decimal {
    /// Nil for an empty text, a sign, a leading zero, or a number beyond Int64.
    static func read(_ digits: some Collection<UInt8>) -> Int64? {
        guard (1...19).contains(digits.count), digits.first != 0x30 || digits.count == 1 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Int64(digit - 0x30))
            guard !overflows, !overflowsToo else { return nil }
            value = sum
        }
        return value
    }
}
