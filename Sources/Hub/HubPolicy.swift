package import Exchange

/// What the hub goes by where neither law nor directory decides; replaced whole at a reload.
package struct HubPolicy: Sendable, Hashable {
    /// For agencies that have no setting of their own.
    package var unknownRevocation = UnknownRevocationPolicy.refuse
    /// How long a letter under `hold` waits for an answer.
    package var holdSecondsMax = 3 * 86_400

    package init() {}

    package func unknownRevocation(for agency: Agency) -> UnknownRevocationPolicy {
        agency.unknownRevocation ?? unknownRevocation
    }
}
