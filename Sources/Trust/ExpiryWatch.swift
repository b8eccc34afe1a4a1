package import Exchange
package import OpenSSL

/// Something that stops being valid by itself.
package struct ExpiringItem: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case anchor, intermediate, crl, ocsp
        /// A certificate that is registered for an agency.
        case agency
        /// The hub's own certificate.
        case tls
    }

    package let kind: Kind
    /// For the operator: an authority's name, an agency's code. Never a person's name.
    package let name: String
    package let sha256: Digest256
    package let startsAt: Instant
    package let endsAt: Instant

    package init(kind: Kind, name: String, sha256: Digest256, startsAt: Instant, endsAt: Instant) {
        self.kind = kind
        self.name = name
        self.sha256 = sha256
        self.startsAt = startsAt
        self.endsAt = endsAt
    }

    package init(_ kind: Kind, _ certificate: Certificate, name: String) {
        self.init(
            kind: kind, name: name, sha256: certificate.sha256, startsAt: certificate.notBefore,
            endsAt: certificate.notAfter)
    }

    /// Anchors, intermediates and revocation data of a trust list. What promises no end has none.
    package static func all(of trust: TrustStore) -> [ExpiringItem] {
        var items = trust.anchors.map { ExpiringItem(.anchor, $0, name: $0.subject) }
        items += trust.intermediates.map { ExpiringItem(.intermediate, $0, name: $0.subject) }
        for list in newest(trust.revocation.lists) {
            guard let end = list.nextUpdate else { continue }
            items.append(
                ExpiringItem(
                    kind: .crl, name: list.issuer, sha256: list.sha256, startsAt: list.thisUpdate, endsAt: end
                ))
        }
        return items
    }

    /// Of each issuer the one that ends last: an older list beside it is no trouble.
    private static func newest(_ lists: [CertificateList]) -> [CertificateList] {
        var byIssuer: [[UInt8]: CertificateList] = [:]
        for list in lists {
            guard let other = byIssuer[list.issuerDER] else {
                byIssuer[list.issuerDER] = list
                continue
            }
            if (other.nextUpdate ?? .distantFuture) < (list.nextUpdate ?? .distantFuture) {
                byIssuer[list.issuerDER] = list
            }
        }
        return byIssuer.values.sorted { $0.issuer < $1.issuer }
    }
}

/// An item that is about to end, or has ended.
package struct ExpiryWarning: Sendable, Hashable {
    package let item: ExpiringItem
    /// Whole days, rounded down; negative once it has ended.
    package let daysLeft: Int64

    package var hasEnded: Bool { daysLeft < 0 }

    /// `agency_expires_soon H37.12 5`: what, which, days left.
    package var text: String {
        "\(item.kind.rawValue)_\(hasEnded ? "expired" : "expires_soon") \(item.name) \(daysLeft)"
    }
}

/// Warns 60, 30 and 7 days before something ends, and when it has ended: once each.
package struct ExpiryWatch: Sendable {
    private static let day: Int64 = 86_400_000
    private static let daysBefore: [Int64] = [60, 30, 7]

    /// The nearest threshold that was told, in milliseconds before the end.
    private var told: [Digest256: Int64] = [:]

    package init() {}

    /// Everything that is inside of a threshold now, the nearest end first.
    package static func standing(_ items: [ExpiringItem], now: Instant) -> [ExpiryWarning] {
        items.filter { threshold(of: $0, now) != nil }
            .sorted { ($0.endsAt, $0.sha256) < ($1.endsAt, $1.sha256) }
            .map { warning($0, now) }
    }

    /// What was not told yet.
    package mutating func news(_ items: [ExpiringItem], now: Instant) -> [ExpiryWarning] {
        var kept: [Digest256: Int64] = [:]
        var news: [ExpiryWarning] = []
        for item in items {
            guard let threshold = Self.threshold(of: item, now) else { continue }
            if threshold < told[item.sha256] ?? .max, kept[item.sha256] == nil {
                news.append(Self.warning(item, now))
            }
            kept[item.sha256] = threshold
        }
        told = kept
        return news
    }

    /// The nearest threshold that `now` is past; nil where there is time. A list that lives for a week does
    /// not warn all its life: a threshold counts where it is less than half of that, and what lives shorter
    /// has one at an eighth.
    private static func threshold(of item: ExpiringItem, _ now: Instant) -> Int64? {
        let left = item.endsAt.milliseconds &- now.milliseconds
        if left < 0 { return 0 }
        let life = max(0, item.endsAt.milliseconds &- item.startsAt.milliseconds)
        var thresholds = daysBefore.map { $0 * day }.filter { $0 < life / 2 }
        if thresholds.isEmpty { thresholds = [life / 8] }
        return thresholds.filter { left <= $0 }.min()
    }

    private static func warning(_ item: ExpiringItem, _ now: Instant) -> ExpiryWarning {
        let left = item.endsAt.milliseconds &- now.milliseconds
        return ExpiryWarning(item: item, daysLeft: left < 0 ? -1 - (-left - 1) / day : left / day)
    }
}
