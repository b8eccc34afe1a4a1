package import Exchange
package import Transport

/// Where revocation data may be fetched from, and how often: `trust.fetch` of the configuration.
package struct FetchSettings: Sendable, Hashable {
    /// A responder that answers for what one authority issued.
    package struct Responder: Sendable, Hashable {
        /// SHA-256 of the authority's certificate.
        package let issuer: Digest256
        package let url: HTTPURL

        package init(issuer: Digest256, url: HTTPURL) {
            self.issuer = issuer
            self.url = url
        }
    }

    package var lists: [HTTPURL]
    package var responders: [Responder]
    /// What certificates may name beside these.
    package var allowed: URLAllowList
    package var intervalSeconds: Int64 = 3600
    package var timeoutSeconds: Int64 = 30
    package var bytesMax = 16 << 20

    package init(lists: [HTTPURL] = [], responders: [Responder] = [], allowed: URLAllowList = .none) {
        self.lists = lists
        self.responders = responders
        self.allowed = allowed
    }

    package var isOff: Bool { lists.isEmpty && responders.isEmpty && allowed.isEmpty }
}
