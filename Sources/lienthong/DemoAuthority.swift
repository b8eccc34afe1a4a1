internal import Exchange
internal import OpenSSL

/// Throw-away certification authorities: a root, an authority for agencies below it, their revocation lists.
struct DemoAuthority {
    /// A certificate with its key, and what a peer needs to follow it up to the root.
    struct Issued {
        let certificate: Certificate
        let key: PrivateKey
        let chain: [Certificate]

        /// The certificate first, as TLS and `sign` want it.
        var certificatesPEM: [UInt8] { ([certificate] + chain).flatMap(\.pem) }
    }

    private static let hour: Int64 = 3600
    private static let day: Int64 = 24 * hour
    /// Names where the lists would be fetched, so that a verifier without them answers "unknown", not "good".
    private static let listURLs = (
        root: "http://crl.mau.example/root.crl", agencies: "http://crl.mau.example/agency-ca.crl"
    )

    let root: CertificateIssuer
    let agencies: CertificateIssuer
    private let now: Instant
    private let specification: PrivateKey.Specification

    init(_ specification: PrivateKey.Specification, at now: Instant) throws {
        self.now = now
        self.specification = specification
        // A day back: a client whose clock is slow must be able to use what was made just now.
        func profile(_ name: String, years: Int64) -> CertificateProfile {
            CertificateProfile(
                subject: [("C", "VN"), ("O", "LienThong (mẫu)"), ("CN", name)],
                notBefore: now.adding(seconds: -Self.day),
                notAfter: now.adding(seconds: years * 365 * Self.day))
        }
        root = try CertificateIssuer(
            root: profile("Chứng thư gốc dùng một lần (mẫu)", years: 10).asAuthority(),
            key: try .generate(specification))
        var below = profile("Chứng thư cấp cho cơ quan dùng một lần (mẫu)", years: 5).asAuthority(
            pathLength: 0)
        below.crlURLs = [Self.listURLs.root]
        agencies = try root.intermediate(below, key: try .generate(specification))
    }

    /// The hub's own, issued by the root.
    func server() throws -> Issued {
        var profile = profile([("CN", "localhost")], days: 365)
        profile.keyUsage = [.digitalSignature]
        profile.extendedKeyUsages = [ExtendedKeyUsage.serverAuthentication]
        profile.dnsNames = ["localhost"]
        profile.ipAddresses = ["127.0.0.1", "::1"]
        let key = try PrivateKey.generate(specification)
        return Issued(certificate: try root.issue(profile, to: try key.publicKey()), key: key, chain: [])
    }

    /// Connects to the hub.
    func client(_ subject: [(String, String)]) throws -> Issued {
        var profile = profile(subject, days: 730)
        profile.keyUsage = [.digitalSignature]
        profile.extendedKeyUsages = [ExtendedKeyUsage.clientAuthentication]
        return try issue(profile)
    }

    /// Signs letters.
    func signer(_ subject: [(String, String)]) throws -> Issued {
        var profile = profile(subject, days: 730).asDocumentSigner()
        profile.crlURLs = [Self.listURLs.agencies]
        return try issue(profile)
    }

    private func issue(_ profile: CertificateProfile) throws -> Issued {
        let key = try PrivateKey.generate(specification)
        return Issued(
            certificate: try agencies.issue(profile, to: try key.publicKey()), key: key,
            chain: [agencies.certificate])
    }

    private func profile(_ subject: [(String, String)], days: Int64) -> CertificateProfile {
        CertificateProfile(
            subject: [("C", "VN")] + subject, notBefore: now.adding(seconds: -Self.day),
            notAfter: now.adding(seconds: days * Self.day))
    }

    /// The lists of both authorities, good for 30 days.
    func revocationLists(revoking certificate: Certificate) throws -> [UInt8] {
        let made = now.adding(seconds: -Self.hour)
        let next = now.adding(seconds: 30 * Self.day)
        let revoked = RevokedSerial(
            serial: certificate.serial, date: now.adding(seconds: -2 * Self.hour),
            reason: .cessationOfOperation)
        return try agencies.revocationList(revoking: [revoked], thisUpdate: made, nextUpdate: next).pem
            + root.revocationList(thisUpdate: made, nextUpdate: next).pem
    }
}
