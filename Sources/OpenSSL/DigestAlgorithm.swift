internal import COpenSSL

/// The hash functions that this project signs with and accepts; MD5 is none.
package enum DigestAlgorithm: String, Sendable, CaseIterable, Hashable {
    /// Read so that a policy can say no to it, with an end date yes, and not among `allCases`: a list of all
    /// that is allowed must not hold it by mistake. Nothing is signed with it.
    case sha1 = "SHA-1"
    case sha256 = "SHA-256"
    case sha384 = "SHA-384"
    case sha512 = "SHA-512"

    package static let allCases: [DigestAlgorithm] = [.sha256, .sha384, .sha512]

    package var byteCount: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Fetched once for the process: fetching takes locks and costs more than hashing a short message.
    var method: OpaquePointer {
        switch self {
        case .sha1: unsafe Methods.sha1
        case .sha256: unsafe Methods.sha256
        case .sha384: unsafe Methods.sha384
        case .sha512: unsafe Methods.sha512
        }
    }

    /// OpenSSL's name of it.
    var name: String {
        switch self {
        case .sha1: "SHA1"
        case .sha256: "SHA256"
        case .sha384: "SHA384"
        case .sha512: "SHA512"
        }
    }
}

private enum Methods {
    // Safe to share: an EVP_MD does not change once fetched, and these are never freed.
    nonisolated(unsafe) static let sha1 = unsafe fetch("SHA1")
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
