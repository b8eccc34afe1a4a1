package import Exchange

/// What is at hand to judge revocation with: configured with a trust list, or come along with a signature.
package struct RevocationData: Sendable {
    package var lists: [CertificateList]
    package var responses: [OCSPResponse]

    package init(lists: [CertificateList] = [], responses: [OCSPResponse] = []) {
        self.lists = lists
        self.responses = responses
    }

    package static let none = RevocationData()

    package var isEmpty: Bool { lists.isEmpty && responses.isEmpty }

    /// Each once.
    mutating func add(_ items: [RevocationItem]) {
        for item in items {
            switch item {
            case .list(let list):
                if !lists.contains(where: { $0.sha256 == list.sha256 }) { lists.append(list) }
            case .response(let response):
                if !responses.contains(where: { $0.sha256 == response.sha256 }) { responses.append(response) }
            }
        }
    }
}

enum RevocationItem {
    case list(CertificateList)
    case response(OCSPResponse)
}

/// The one piece of data that an answer on revocation rests on.
package struct RevocationSource: Sendable, Hashable {
    package enum Kind: String, Sendable { case crl, ocsp }

    package let kind: Kind
    /// Of the CRL's or the response's DER.
    package let sha256: Digest256
    package let thisUpdate: Instant
    /// Nil where the issuer promises no next one.
    package let nextUpdate: Instant?
    /// True for what came with the signature and is not configured as well.
    package let isEmbedded: Bool

    package init(
        kind: Kind, sha256: Digest256, thisUpdate: Instant, nextUpdate: Instant?, isEmbedded: Bool = false
    ) {
        self.kind = kind
        self.sha256 = sha256
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.isEmbedded = isEmbedded
    }
}
