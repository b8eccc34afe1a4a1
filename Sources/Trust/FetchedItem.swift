internal import Exchange
internal import OpenSSL

/// One piece of revocation data that was fetched.
enum FetchedItem: Sendable {
    case list(CertificateList)
    case response(OCSPResponse, about: Certificate)

    var sha256: Digest256 {
        switch self {
        case .list(let list): list.sha256
        case .response(let response, _): response.sha256
        }
    }

    var der: [UInt8] {
        switch self {
        case .list(let list): list.der
        case .response(let response, _): response.der
        }
    }

    /// True where a responder says again what it said: no verdict can change by it.
    func onlyConfirms(_ known: FetchedItem?) -> Bool {
        guard let said = statement?.status, let before = known?.statement?.status else { return false }
        return said == before
    }

    /// Of a response about several, the one that was asked for.
    private var statement: OCSPStatement? {
        guard case .response(let response, let certificate) = self else { return nil }
        return response.statements.filter { $0.certificate.serial == certificate.serial }
            .max { $0.thisUpdate < $1.thisUpdate }
    }

    var thisUpdate: Instant? {
        if case .list(let list) = self { list.thisUpdate } else { statement?.thisUpdate }
    }

    var nextUpdate: Instant? {
        if case .list(let list) = self { list.nextUpdate } else { statement?.nextUpdate }
    }
}

/// Why what a server sent was not taken. Stable: operators' alarms match on it.
package enum FetchFailure: Error, Sendable, CustomStringConvertible {
    /// No answer, or none that could be read as HTTP.
    case unreachable(String)
    /// Another status than 200 and 304.
    case status(Int)
    /// Not what was asked for: no CRL, no OCSP response, or one with "try later".
    case unreadable(String)
    /// Signed by nobody who may, about another certificate, or with a broken algorithm.
    case notAuthentic
    /// It had ended when it came.
    case stale
    /// Made later than now.
    case fromTheFuture
    /// Older than what is here: a replay, or a mirror that lags behind.
    case olderThanKnown
    /// The disk would not take it; it is in use all the same.
    case notKept(String)

    package var code: String {
        switch self {
        case .unreachable: "unreachable"
        case .status: "status"
        case .unreadable: "unreadable"
        case .notAuthentic: "not_authentic"
        case .stale: "stale"
        case .fromTheFuture: "from_the_future"
        case .olderThanKnown: "older_than_known"
        case .notKept: "not_kept"
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let detail), .unreadable(let detail), .notKept(let detail): "\(code): \(detail)"
        case .status(let status): "\(code): \(status)"
        default: code
        }
    }
}
