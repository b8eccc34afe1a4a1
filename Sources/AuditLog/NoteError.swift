/// Why a signed note, a checkpoint or a proof is not what it should be.
package enum NoteError: Error, Sendable, Equatable, CustomStringConvertible {
    case tooLong
    /// Not in the form that the specification gives it; says where.
    case malformed(String)
    /// No signature by the key that was asked for.
    case unsigned(name: String)
    /// A signature that claims to be by the key and is not.
    case badSignature(name: String)
    /// A name that no key may have, or a key that is not Ed25519.
    case unusableKey(name: String)
    case otherOrigin(String)
    /// The proof does not lead from the entry to the checkpoint's root.
    case notIncluded

    package var description: String {
        switch self {
        case .tooLong: "longer than allowed"
        case .malformed(let what): "malformed: \(what)"
        case .unsigned(let name): "no signature by \(name)"
        case .badSignature(let name): "the signature by \(name) does not verify"
        case .unusableKey(let name): "\(name) is no usable Ed25519 key"
        case .otherOrigin(let origin): "the checkpoint is of another log, \(origin)"
        case .notIncluded: "the proof does not lead from the entry to the checkpoint's root"
        }
    }
}
