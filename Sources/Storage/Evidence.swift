package import Exchange
internal import OpenSSL

/// What a verdict rests on: certificates, revocation data, timestamps, the policy and the trust list.
///
/// Bytes are kept once however many letters rest on them; a letter names the set. Made on the reactor, so
/// that the writer only looks the set's digest up.
package struct Evidence: Sendable {
    /// In the database and in the digest as a byte, elsewhere by its `name`.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// The certificate that signed.
        case signer = 1
        case certificate = 2
        case crl = 3
        case ocsp = 4
        /// An RFC 3161 token that came with the signature.
        case timestamp = 5
        /// The algorithm policy, JSON.
        case policy = 6

        /// As manifests have it.
        package var name: String {
            switch self {
            case .signer: "signer"
            case .certificate: "certificate"
            case .crl: "crl"
            case .ocsp: "ocsp"
            case .timestamp: "timestamp"
            case .policy: "policy"
            }
        }
    }

    package struct Item: Sendable {
        package let kind: Kind
        package let sha256: Digest256
        /// DER, but for the policy.
        package let bytes: [UInt8]

        package init(_ kind: Kind, sha256: Digest256, bytes: [UInt8]) {
            self.kind = kind
            self.sha256 = sha256
            self.bytes = bytes
        }
    }

    /// Of one letter; more than this no honest signature needs.
    package static let itemsMax = 512

    package let items: [Item]
    /// Names the trust list.
    package let trust: Digest256
    /// Over the trust list's version and each item's kind and digest: names the set.
    package let sha256: Digest256

    /// - Parameter items: repeats are dropped.
    package init(_ items: [Item], trust: Digest256) {
        var seen: Set<EvidenceReference> = []
        let unique = items.filter { seen.insert(EvidenceReference($0.kind, $0.sha256)).inserted }
        self.items = Array(unique.prefix(Self.itemsMax))
        self.trust = trust
        sha256 = Self.digest(of: self.items.map { EvidenceReference($0.kind, $0.sha256) }, trust: trust)
    }

    /// What names a set of these items: over the trust list's version, and each item's kind and digest.
    package static func digest(of items: [EvidenceReference], trust: Digest256) -> Digest256 {
        SHA256.hash(trust.bytes + encode(items))
    }

    /// For each item its kind, a byte, and its SHA-256.
    static func encode(_ references: [EvidenceReference]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(references.count * (1 + Digest256.byteCount))
        for reference in references {
            bytes.append(reference.kind.rawValue)
            reference.sha256.append(to: &bytes)
        }
        return bytes
    }

    /// Kinds of a later release are passed over.
    static func decode(_ bytes: [UInt8]) -> [EvidenceReference] {
        let width = 1 + Digest256.byteCount
        return stride(from: 0, to: bytes.count - bytes.count % width, by: width).compactMap { start in
            guard let kind = Kind(rawValue: bytes[start]),
                let sha256 = Digest256(bytes[(start + 1)..<(start + width)])
            else { return nil }
            return EvidenceReference(kind, sha256)
        }
    }
}

/// One item of a set, by name.
package struct EvidenceReference: Sendable, Hashable {
    package let kind: Evidence.Kind
    package let sha256: Digest256

    package init(_ kind: Evidence.Kind, _ sha256: Digest256) {
        self.kind = kind
        self.sha256 = sha256
    }
}

/// A set as it is stored.
package struct EvidenceSet: Sendable {
    package let id: Int64
    package let sha256: Digest256
    package let trust: Digest256
    package let items: [EvidenceReference]
}
