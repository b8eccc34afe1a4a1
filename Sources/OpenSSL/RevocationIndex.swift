package import Exchange

/// Revocation data by what it speaks of, so that data about others costs nothing.
struct RevocationIndex: Sendable {
    /// By issuer name.
    let lists: [[UInt8]: [CertificateList]]
    /// By serial number; whose, the statement says.
    let statements: [[UInt8]: [Statement]]
    private let known: Set<Digest256>
    private let latest: Instant

    struct Statement: Sendable {
        let response: OCSPResponse
        let statement: OCSPStatement
    }

    init(_ data: RevocationData) {
        var known: Set<Digest256> = []
        var latest = Instant.distantPast
        var lists: [[UInt8]: [CertificateList]] = [:]
        for list in data.lists where known.insert(list.sha256).inserted {
            lists[list.issuerDER, default: []].append(list)
            latest = max(latest, list.thisUpdate)
        }
        var statements: [[UInt8]: [Statement]] = [:]
        for response in data.responses where known.insert(response.sha256).inserted {
            for statement in response.statements {
                statements[statement.certificate.serial, default: []].append(
                    Statement(response: response, statement: statement))
                latest = max(latest, statement.thisUpdate)
            }
        }
        self.lists = lists
        self.statements = statements
        self.known = known
        self.latest = latest
    }

    func contains(_ item: Digest256) -> Bool { known.contains(item) }

    /// True while something here is not valid yet: what is found now may change without new data.
    func awaitsTime(_ now: Instant) -> Bool { latest.isBeyond(now) }
}

extension Instant {
    package static let distantPast = Instant(milliseconds: .min)
    package static let distantFuture = Instant(milliseconds: .max)

    /// Clocks differ; a time may be this far ahead.
    private static let skewSeconds: Int64 = 300

    /// Later than `other`, by more than clocks differ.
    func isBeyond(_ other: Instant) -> Bool {
        self > other && adding(seconds: -Self.skewSeconds) > other
    }
}
