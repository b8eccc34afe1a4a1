package import Exchange

/// Who is told by push.
package enum WebhookEvent: Sendable {
    case added(WebhookFacts)
    case removed(WebhookFacts)
    /// Nobody answered for too long.
    case disabled(WebhookFacts)
    case enabled(WebhookFacts)

    var name: String {
        switch self {
        case .added: "webhook.added"
        case .removed: "webhook.removed"
        case .disabled: "webhook.disabled"
        case .enabled: "webhook.enabled"
        }
    }

    func write(into entry: inout EntryWriter) {
        switch self {
        case .added(let facts), .removed(let facts), .disabled(let facts), .enabled(let facts):
            entry.code("agency", facts.agency)
            entry.digest("urlSha256", facts.urlSHA256)
            entry.number("webhook", facts.webhook)
        }
    }
}

package struct WebhookFacts: Sendable {
    package var webhook: Int64
    package var agency: AgencyCode
    /// The URL itself may hold what only its agency knows.
    package var urlSHA256: Digest256?

    package init(webhook: Int64, agency: AgencyCode, urlSHA256: Digest256? = nil) {
        self.webhook = webhook
        self.agency = agency
        self.urlSHA256 = urlSHA256
    }
}
