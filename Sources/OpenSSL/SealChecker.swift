internal import Exchange
internal import Synchronization

/// Verifies who signed CRLs, OCSP responses and responders' certificates, each pair once: a CRL may have
/// megabytes.
final class SealChecker: Sendable {
    private struct SignedBy: Hashable {
        let item: Digest256
        let signer: Digest256
    }

    private let known = Mutex<GenerationalCache<SignedBy, Bool>>(GenerationalCache(count: 8192))

    func isSealed(_ list: CertificateList, by issuer: Certificate) -> Bool {
        answer(list.sha256, issuer) { list.isSigned(by: issuer) }
    }

    func isSealed(_ response: OCSPResponse, by signer: Certificate) -> Bool {
        answer(response.sha256, signer) { response.isSigned(by: signer.publicKey) }
    }

    func isSealed(_ certificate: Certificate, by issuer: Certificate) -> Bool {
        answer(certificate.sha256, issuer) { certificate.isSigned(by: issuer) }
    }

    private func answer(_ item: Digest256, _ signer: Certificate, _ verify: () -> Bool) -> Bool {
        let key = SignedBy(item: item, signer: signer.sha256)
        if let known = known.withLock({ $0.value(for: key) }) { return known }
        // Outside of the lock: nobody waits for another's megabytes.
        let isSealed = verify()
        known.withLock { $0.insert(isSealed, for: key) }
        return isSealed
    }
}
