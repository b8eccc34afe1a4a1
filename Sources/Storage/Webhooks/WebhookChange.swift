package import Exchange

/// What agencies, and the thread that pushes, do with webhooks.
package enum WebhookChange: Sendable {
    /// → `.webhook(id)`. Rejected as `tooManyWebhooks` above `perAgencyMax`.
    ///
    /// - secret: what pushes are signed with.
    case add(
        agency: AgencyCode, url: String, secret: [UInt8], kinds: [ExchangeNotice.Kind], perAgencyMax: Int)
    /// → `.done`. What was not pushed goes with it. `agency` nil: whosever it is.
    case remove(id: Int64, agency: AgencyCode?)
    /// → `.done`. Is tried again at once.
    case enable(id: Int64, agency: AgencyCode?)
    /// → `.done`. A push that says nothing.
    case test(id: Int64, agency: AgencyCode?)
    /// → `.done`. The other side has it.
    case pushed(WebhookPush)
    /// → `.done`, or `.accepted` with the notice where the hook is disabled by it.
    case failed(WebhookPush, WebhookFailure)
}

/// What is to be pushed next.
package struct WebhookPush: Sendable {
    package let id: Int64
    package let webhook: Int64
    package let notice: ExchangeNotice
    package let at: Instant
    package let url: String
    package let secret: [UInt8]
    /// Of this webhook that failed in a row.
    package let attempt: Int
    package let failingSince: Instant?
}

package struct WebhookFailure: Sendable {
    /// English, for software people: `HTTP status 500`, `connection refused`.
    package var error: String
    /// The hook is not tried before.
    package var nextAt: Instant
    /// Pushes that are older are given up.
    package var dropsBefore: Instant
    /// Where the hook is to be disabled now: what its agency is told.
    package var notice: NewDocument?

    package init(error: String, nextAt: Instant, dropsBefore: Instant, notice: NewDocument?) {
        self.error = error
        self.nextAt = nextAt
        self.dropsBefore = dropsBefore
        self.notice = notice
    }
}

/// A webhook as its agency and operators see it.
package struct Webhook: Sendable {
    package let id: Int64
    package let agency: AgencyCode
    package let url: String
    package let kinds: [ExchangeNotice.Kind]
    package let createdAt: Instant
    package let isActive: Bool
    package let failingSince: Instant?
    package let succeededAt: Instant?
    package let lastError: String?
    /// That wait.
    package let waiting: Int
    /// That were given up, or not taken because too many waited.
    package let dropped: Int
}
