package import Exchange
internal import OpenSSL
package import Signature
internal import Storage

/// What signatures are judged by at the moment: one trust list, one algorithm policy. Replaced whole.
package struct JudgingRules: Sendable {
    package let verifier: SignatureVerifier
    /// The policy as it is kept with the letters.
    private let policy: Evidence.Item
    private let sha1Until: [AgencyCode: Instant]

    /// - Parameter sha1Until: exceptions of single agencies.
    package init(_ verifier: SignatureVerifier, sha1Until: [AgencyCode: Instant] = [:]) {
        self.verifier = verifier
        self.sha1Until = sha1Until
        let json = verifier.algorithms.json
        policy = Evidence.Item(.policy, sha256: SHA256.hash(json), bytes: json)
    }

    /// As they are for one agency's letters.
    func applying(to sender: AgencyCode) -> JudgingRules {
        guard let until = sha1Until[sender] else { return self }
        return JudgingRules(verifier.tolerating(sha1Until: until))
    }

    /// What the verdict rests on; nil where nothing was verified.
    ///
    /// Costs no hashing of certificates and lists, which know their digests.
    func evidence(of verdict: Verdict) -> Evidence? {
        guard !verdict.signatures.isEmpty else { return nil }
        var items: [Evidence.Item] = []
        for report in verdict.signatures {
            for item in report.evidence {
                let isSigner = item.kind == .certificate && item.sha256 == report.signer?.sha256
                items.append(
                    Evidence.Item(isSigner ? .signer : item.kind.stored, sha256: item.sha256, bytes: item.der)
                )
            }
            if report.restsOnUnknownRevocation { items += staleLists(of: report) }
        }
        items.append(policy)
        return Evidence(items, trust: verifier.trust.version)
    }

    /// "Too old to say" rests on what was too old: without it, somebody who judges again would find that
    /// nobody publishes anything.
    private func staleLists(of report: SignatureReport) -> [Evidence.Item] {
        let issuers = Set(report.chain.map(\.issuerDER))
        return verifier.trust.revocation.lists.filter { issuers.contains($0.issuerDER) }.map {
            Evidence.Item(.crl, sha256: $0.sha256, bytes: $0.der)
        }
    }
}

extension EvidenceItem.Kind {
    fileprivate var stored: Evidence.Kind {
        switch self {
        case .certificate: .certificate
        case .crl: .crl
        case .ocsp: .ocsp
        case .timestamp: .timestamp
        }
    }
}
