internal import Exchange
internal import Synchronization

/// Parsed certificates by the SHA-256 of their DER: `d2i_X509` costs five RSA verifications.
package final class CertificateCache: Sendable {
    private let certificates: Mutex<GenerationalCache<Digest256, Certificate>>

    package init(count: Int = 8192) {
        certificates = Mutex(GenerationalCache(count: count))
    }

    package func certificate(der: [UInt8]) throws(OpenSSLError) -> Certificate {
        let digest = SHA256.hash(der)
        if let known = certificates.withLock({ $0.value(for: digest) }) { return known }
        // Outside of the lock: two threads may parse one certificate, none waits for another's parsing.
        let certificate = try Certificate(der: der)
        certificates.withLock { $0.insert(certificate, for: digest) }
        return certificate
    }
}
