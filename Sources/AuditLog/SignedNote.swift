internal import Exchange
package import OpenSSL

/// A note in its parts [C2SP signed-note]: text, blank line, signature lines.
struct SignedNote {
    struct Signature {
        let name: ArraySlice<UInt8>
        let keyID: ArraySlice<UInt8>
        let bytes: [UInt8]
    }

    static let bytesMax = 64 << 10
    static let signaturesMax = 100

    /// The signed bytes, with their last LF.
    let text: [UInt8]
    let signatures: [Signature]

    init(_ note: [UInt8]) throws(NoteError) {
        guard note.count <= Self.bytesMax else { throw .tooLong }
        guard String(validating: note, as: UTF8.self) != nil else { throw .malformed("not UTF-8") }
        guard note.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }) else { throw .malformed("a control character") }
        // The last blank line divides: the text may have blank lines of its own.
        guard let blank = note.indices.dropFirst().last(where: { note[$0] == 0x0A && note[$0 - 1] == 0x0A })
        else {
            throw .malformed("no blank line before the signatures")
        }
        guard blank + 1 < note.count, note.last == 0x0A else { throw .malformed("no signature line") }
        text = Array(note[..<blank])
        var signatures: [Signature] = []
        for line in note[(blank + 1)...].dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard signatures.count < Self.signaturesMax else { throw .malformed("too many signatures") }
            signatures.append(try Self.signature(line))
        }
        self.signatures = signatures
    }

    /// `— <name> <base64(keyID ‖ signature)>`
    private static func signature(_ line: ArraySlice<UInt8>) throws(NoteError) -> Signature {
        let dash = Array("— ".utf8)
        guard line.starts(with: dash) else { throw .malformed("a signature line without its dash") }
        let parts = line.dropFirst(dash.count).split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2, NoteName.isValid(parts[0]), let bytes = Base64.decode(parts[1]),
            bytes.count > 4
        else {
            throw .malformed("a signature line")
        }
        return Signature(name: parts[0], keyID: bytes[..<4], bytes: Array(bytes[4...]))
    }
}

/// What a key's name may be: not empty, no white space of any script, no `+`, nothing that a note forbids.
enum NoteName {
    static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= 255, let name = String(validating: bytes, as: UTF8.self) else {
            return false
        }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && scalar != "+" && !scalar.properties.isWhitespace
        }
    }

    /// SHA-256(name ‖ LF ‖ type ‖ key)[..<4]
    static func keyID(_ name: some Sequence<UInt8>, _ typedKey: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(Array(name) + [0x0A] + typedKey).bytes.prefix(4))
    }
}

/// Type 01 of the specification.
private let ed25519Type: UInt8 = 1

/// Signs notes with an Ed25519 key.
///
/// Ed25519 is deterministic: the same text signed again gives the same note.
package struct NoteSigner: Sendable {
    package let name: String
    /// `name+hex(keyID)+base64(type ‖ key)`: what auditors are given.
    package let verifierKey: String
    private let key: PrivateKey
    private let keyID: [UInt8]

    /// - Throws: `NoteError` (unusableKey) where the key is not Ed25519 or the name cannot stand in a note.
    package init(name: String, key: PrivateKey) throws(NoteError) {
        guard NoteName.isValid(name.utf8), let publicKey = try? key.publicKey().ed25519Bytes else {
            throw .unusableKey(name: name)
        }
        let typedKey = [ed25519Type] + publicKey
        self.name = name
        self.key = key
        keyID = NoteName.keyID(name.utf8, typedKey)
        verifierKey = "\(name)+\(Hex.encode(keyID))+\(Base64.encode(typedKey))"
    }

    /// The whole note: `text`, a blank line, the signature line.
    ///
    /// - Parameter text: ends in LF and has no other control character.
    package func sign(_ text: String) throws(OpenSSLError) -> [UInt8] {
        let text = Array(text.utf8)
        precondition(text.last == 0x0A, "a note's text ends in a line feed")
        let signature = try key.sign(text, .ed25519)
        return text + Array("\n— \(name) \(Base64.encode(keyID + signature))\n".utf8)
    }
}

/// Verifies notes with one Ed25519 key; signatures by others are neither checked nor in the way.
package struct NoteVerifier: Sendable {
    package let name: String
    package let verifierKey: String
    private let key: PublicKey
    private let keyID: [UInt8]

    /// Nil unless `vkey` is the verifier key of an Ed25519 key and its key ID is right.
    package init?(vkey: String) {
        // Base64 may contain "+" itself, so only the first two divide.
        let parts = vkey.utf8.split(separator: 0x2B, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, NoteName.isValid(parts[0]), parts[1].count == 8,
            let name = String(parts[0]), let hex = String(parts[1]), let keyID = Hex.decode(hex),
            let typedKey = Base64.decode(parts[2]), typedKey.count == 33, typedKey[0] == ed25519Type,
            keyID == NoteName.keyID(parts[0], typedKey),
            let key = try? PublicKey(ed25519: Array(typedKey[1...]))
        else { return nil }
        self.name = name
        self.key = key
        self.keyID = keyID
        verifierKey = vkey
    }

    /// The text of a note that carries a good signature by this key.
    ///
    /// - Throws: badSignature where any signature that names this key is not its own, though another may be.
    package func verify(_ note: [UInt8]) throws(NoteError) -> [UInt8] {
        let note = try SignedNote(note)
        var isSigned = false
        for signature in note.signatures where signature.keyID.elementsEqual(keyID) {
            guard signature.name.elementsEqual(name.utf8) else { continue }
            guard key.verifies(signature.bytes, over: note.text.span, .ed25519) else {
                throw .badSignature(name: name)
            }
            isSigned = true
        }
        guard isSigned else { throw .unsigned(name: name) }
        return note.text
    }
}
