internal import Exchange
internal import OpenSSL
internal import Transport

/// What is worth fetching: what is configured, and what certificates name where that is allowed.
struct SourceChoice {
    /// Names that a certificate gives beyond this many are passed over.
    private static let urlsMax = 4

    private let settings: FetchSettings
    private let authorities: [Certificate]
    private let configured: Set<FetchSource>
    /// By the SHA-256 of the issuer.
    private var responders: [Digest256: HTTPURL] = [:]

    init(_ settings: FetchSettings, authorities: [Certificate]) {
        self.settings = settings
        self.authorities = authorities
        configured = Set(settings.lists.map { .list($0) })
        for responder in settings.responders {
            responders[responder.issuer] = responder.url
        }
    }

    /// The sources, and for those that are responders whom to ask about.
    func sources(
        for signers: [SeenSigners.Signer]
    ) -> (sources: Set<FetchSource>, asked: [Digest256: SeenSigners.Signer]) {
        var sources = configured
        var asked: [Digest256: SeenSigners.Signer] = [:]
        for signer in authoritiesBelowOthers + signers {
            for url in allowed(signer.certificate.crlURLs) { sources.insert(.list(url)) }
            guard let url = responder(for: signer) else { continue }
            sources.insert(.status(of: signer.certificate.sha256, at: url))
            asked[signer.certificate.sha256] = signer
        }
        return (sources, asked)
    }

    /// Intermediates, each with the authority above it.
    private var authoritiesBelowOthers: [SeenSigners.Signer] {
        authorities.compactMap { certificate in
            guard certificate.subjectDER != certificate.issuerDER else { return nil }
            let issuer = authorities.first {
                $0.subjectDER == certificate.issuerDER && certificate.isSigned(by: $0)
            }
            return issuer.map { SeenSigners.Signer(certificate: certificate, issuer: $0) }
        }
    }

    private func responder(for signer: SeenSigners.Signer) -> HTTPURL? {
        responders[signer.issuer.sha256] ?? allowed(signer.certificate.ocspURLs).first
    }

    private func allowed(_ urls: [String]) -> [HTTPURL] {
        guard !settings.allowed.isEmpty else { return [] }
        return urls.prefix(Self.urlsMax).compactMap { try? HTTPURL($0) }.filter(settings.allowed.allows)
    }
}
