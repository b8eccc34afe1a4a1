package import Exchange

/// What the hub goes by where neither law nor directory decides; replaced whole at a reload.
package struct HubPolicy: Sendable, Hashable {
    package var auditorsMayReadLetters = false
    /// For agencies that have no setting of their own.
    package var unknownRevocation = UnknownRevocationPolicy.refuse
    /// How long a letter under `hold` waits for an answer.
    package var holdSecondsMax = 3 * 86_400
    /// What becomes of it when nobody could say by then.
    package var afterHold = Hold.Outcome.refuse
    /// When a sender under `refuse` should try again: by then another revocation list may be here.
    package var revocationRetrySeconds = 900

    /// Agencies whose signatures may use SHA-1 where they are proven to be older than that.
    package var sha1Until: [AgencyCode: Instant] = [:]

    package var rules = ExchangeRules()

    package init() {}

    package func unknownRevocation(for agency: Agency) -> UnknownRevocationPolicy {
        agency.unknownRevocation ?? unknownRevocation
    }
}
