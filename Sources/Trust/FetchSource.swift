package import Exchange
internal import OpenSSL
package import Transport

/// One thing that is fetched again and again.
package enum FetchSource: Sendable, Hashable {
    case list(HTTPURL)
    /// What a responder says about one certificate, named by the SHA-256 of its DER.
    case status(of: Digest256, at: HTTPURL)

    package var url: HTTPURL {
        switch self {
        case .list(let url), .status(_, let url): url
        }
    }

    /// What one slow server must not hold up for others.
    var server: String { "\(url.host):\(url.port)" }

    /// The name of its file in the cache.
    var fileName: String {
        switch self {
        case .list(let url): "\(SHA256.hash(Array("crl \(url)".utf8)).hex).crl"
        case .status(let certificate, let url):
            "\(SHA256.hash(Array("ocsp \(certificate.hex) \(url)".utf8)).hex).ocsp"
        }
    }
}
