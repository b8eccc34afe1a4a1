internal import COpenSSL

/// The hash functions that this project signs with and accepts. SHA-1 and MD5 are not among them, so that no
/// policy can switch them on by mistake.
package enum DigestAlgorithm: String, Sendable, CaseIterable, Hashable {
    case sha256 = "SHA-256"
    case sha384 = "SHA-384"
    case sha512 = "SHA-512"

    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Fetched once for the process: fetching takes locks and costs more than hashing a short message.
    var method: OpaquePointer {
        switch self {
        case .sha256: unsafe Methods.sha256
        case .sha384: unsafe Methods.sha384
        case .sha512: unsafe Methods.sha512
        }
    }

    /// OpenSSL's name of it.
    var name: String {
        switch self {
        case .sha256: "SHA256"
        case .sha384: "SHA384"
        case .sha512: "SHA512"
        }
    }
}

private enum Methods {
    // Safe to share: an EVP_MD does not change once fetched, and these are never freed.
    nonisolated(unsafe) static let sha256 = unsafe fetch("SHA256")
    nonisolated(unsafe) static let sha384 = unsafe fetch("SHA384")
    nonisolated(unsafe) static let sha512 = unsafe fetch("SHA512")

    private static func fetch(_ name: String) -> OpaquePointer {
        guard let method = unsafe EVP_MD_fetch(nil, name, nil) else {
            preconditionFailure("this OpenSSL has no \(name)")
        }
        return unsafe method
    }
}
