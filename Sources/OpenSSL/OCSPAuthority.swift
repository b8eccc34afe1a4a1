internal import Exchange

/// Who may speak for an issuer in OCSP, RFC 6960 section 4.2.2.2: the issuer itself, or somebody to whom the
/// issuer's own key gave a certificate for just this. Nobody is taken on trust by configuration.
enum OCSPAuthority {
    case issuer
    case delegate(Certificate)

    /// Nil where nobody entitled signed the response.
    ///
    /// The issuer's signature over a delegate's certificate is checked before the delegate's key is used, so
    /// that a stranger's key of a million bits never is.
    ///
    /// - Parameter offered: certificates beside those that the response brings.
    init?(of response: OCSPResponse, issuer: Certificate, offered: [Certificate], _ seal: SealChecker) {
        if response.responder.isMet(by: issuer), seal.isSealed(response, by: issuer) {
            self = .issuer
            return
        }
        for candidate in response.certificates + offered {
            // The purpose first: comparing names of keys means hashing them.
            guard candidate.mayAnswer(at: response.producedAt), response.responder.isMet(by: candidate),
                seal.isSealed(candidate, by: issuer), seal.isSealed(response, by: candidate)
            else { continue }
            self = .delegate(candidate)
            return
        }
        return nil
    }
}

extension OCSPResponse.Responder {
    func isMet(by certificate: Certificate) -> Bool {
        switch self {
        case .name(let der): der == certificate.subjectDER
        case .key(let hash): hash == certificate.keyHash
        }
    }
}

extension Certificate {
    /// Made for OCSP (any other purpose, or all of them, is not enough) and valid at that time.
    fileprivate func mayAnswer(at time: Instant) -> Bool {
        if let keyUsage, keyUsage.isDisjoint(with: [.digitalSignature, .nonRepudiation]) { return false }
        return extendedKeyUsages?.contains(ExtendedKeyUsage.ocspSigning) == true && isValid(at: time)
            && !hasUnknownCriticalExtension
    }
}
