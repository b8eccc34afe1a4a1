import Exchange
import OpenSSL

let day: Int64 = 86_400
let noon = Instant(year: 2026, month: 11, day: 20, hour: 12)!

func profile(_ name: String, from: Instant = noon.adding(seconds: -day), days: Int64 = 365)
    -> CertificateProfile
{
    CertificateProfile(commonName: name, notBefore: from, notAfter: from.adding(seconds: days * day))
}

/// A root, an intermediate and a signer, made anew for each test.
struct DemoAuthority {
    let root: CertificateIssuer
    let agencies: CertificateIssuer
    let signerKey: PrivateKey
    let signer: Certificate

    init(
        root rootProfile: CertificateProfile = profile("Root").asAuthority(),
        agencies agencyProfile: CertificateProfile = profile("Agencies").asAuthority(pathLength: 0),
        signer signerProfile: CertificateProfile = profile("Sở Nội vụ").asDocumentSigner(),
        specification: PrivateKey.Specification = .ec(.p256)
    ) throws {
        root = try CertificateIssuer(root: rootProfile, key: try .generate(.ec(.p256)))
        agencies = try root.intermediate(agencyProfile, key: try .generate(.ec(.p256)))
        signerKey = try .generate(specification)
        signer = try agencies.issue(signerProfile, to: try signerKey.publicKey())
    }

    func store(_ lists: [CertificateList] = []) -> TrustStore {
        TrustStore(
            certificates: [root.certificate, agencies.certificate], revocation: RevocationData(lists: lists))
    }

    /// A list that revokes nobody at the intermediate.
    func emptyRootList() throws -> CertificateList {
        try root.revocationList(thisUpdate: noon, nextUpdate: noon.adding(seconds: day))
    }
}
