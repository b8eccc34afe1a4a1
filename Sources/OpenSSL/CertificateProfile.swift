package import Exchange

/// What a certificate to be issued shall say.
package struct CertificateProfile: Sendable {
    /// Attribute and value from the outermost in: `[("C", "VN"), ("O", "…"), ("CN", "…")]`.
    package var subject: [(attribute: String, value: String)]
    package var notBefore: Instant
    package var notAfter: Instant
    /// Random, 16 bytes, where nil.
    package var serial: [UInt8]?
    package var authority: Authority = .none
    package var keyUsage: KeyUsage = []
    /// Dotted; the extension is absent where the list is empty.
    package var extendedKeyUsages: [String] = []
    package var dnsNames: [String] = []
    package var ipAddresses: [String] = []
    package var crlURLs: [String] = []
    package var ocspURLs: [String] = []
    /// Others, as OpenSSL's configuration writes them: `("nameConstraints", "critical,permitted;DNS:.vn")`.
    package var extensions: [(name: String, value: String)] = []

    /// Subject key identifier; the key's SHA-1 where nil.
    package var keyIdentifier: [UInt8]?
    /// OpenSSL's name of it; the issuing key's usual one where nil.
    package var digest: String?

    package enum Authority: Sendable, Hashable {
        case none
        /// No basicConstraints at all, for tests.
        case unstated
        case certificates(pathLength: Int?)
    }

    package init(subject: [(attribute: String, value: String)], notBefore: Instant, notAfter: Instant) {
        self.subject = subject
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    package init(commonName: String, notBefore: Instant, notAfter: Instant) {
        self.init(subject: [("C", "VN"), ("CN", commonName)], notBefore: notBefore, notAfter: notAfter)
    }

    /// An authority's profile, key usage included.
    package func asAuthority(pathLength: Int? = nil) -> CertificateProfile {
        var profile = self
        profile.authority = .certificates(pathLength: pathLength)
        profile.keyUsage = [.keyCertSign, .crlSign]
        return profile
    }

    /// The profile of a certificate that signs letters.
    package func asDocumentSigner() -> CertificateProfile {
        var profile = self
        profile.keyUsage = [.digitalSignature, .nonRepudiation]
        profile.extendedKeyUsages = [ExtendedKeyUsage.documentSigning, ExtendedKeyUsage.emailProtection]
        return profile
    }

    /// In the order in which they go into the certificate.
    func allExtensions(isSelfSigned: Bool) -> [(name: String, value: String)] {
        var all: [(String, String)] = []
        switch authority {
        case .unstated: break
        case .none: all.append(("basicConstraints", "critical,CA:FALSE"))
        case .certificates(let length):
            all.append(("basicConstraints", "critical,CA:TRUE" + (length.map { ",pathlen:\($0)" } ?? "")))
        }
        if !keyUsage.isEmpty { all.append(("keyUsage", "critical,\(keyUsage.configuration)")) }
        if !extendedKeyUsages.isEmpty {
            all.append(("extendedKeyUsage", extendedKeyUsages.joined(separator: ",")))
        }
        let names = dnsNames.map { "DNS:\($0)" } + ipAddresses.map { "IP:\($0)" }
        if !names.isEmpty { all.append(("subjectAltName", names.joined(separator: ","))) }
        if !crlURLs.isEmpty {
            all.append(("crlDistributionPoints", crlURLs.map { "URI:\($0)" }.joined(separator: ",")))
        }
        if !ocspURLs.isEmpty {
            all.append(("authorityInfoAccess", ocspURLs.map { "OCSP;URI:\($0)" }.joined(separator: ",")))
        }
        all.append(("subjectKeyIdentifier", keyIdentifier.map { Hex.encode($0) } ?? "hash"))
        if !isSelfSigned { all.append(("authorityKeyIdentifier", "keyid:always")) }
        return all + extensions
    }
}
