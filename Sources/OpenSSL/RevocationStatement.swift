internal import Exchange

/// What one authentic CRL or OCSP response says of one certificate.
struct RevocationStatement {
    enum Verdict: Equatable {
        case good
        case revoked(at: Instant, reason: RevocationReason)
        /// The responder does not know the certificate.
        case unknown
    }

    let verdict: Verdict
    let source: RevocationSource
    /// Until when the statement means something.
    let last: Instant
    /// The data itself, and what the responder's own state rests on.
    let items: [RevocationItem]

    /// When the certificate was revoked for good; a hold may be taken back and is none.
    var permanentRevocation: (date: Instant, reason: RevocationReason)? {
        guard case .revoked(let date, let reason) = verdict, reason != .certificateHold else { return nil }
        return (date, reason)
    }

    var revocationDate: Instant? {
        guard case .revoked(let date, _) = verdict else { return nil }
        return date
    }

    func isHold(at time: Instant) -> Bool {
        guard case .revoked(let date, .certificateHold) = verdict else { return false }
        return date <= time
    }

    /// Newest first. Of two made in the same second the one that says less good comes first, and after that
    /// the order is any, but always the same.
    static func isNewer(_ left: RevocationStatement, _ right: RevocationStatement) -> Bool {
        let one = (left.source.thisUpdate, left.verdict == .good ? 0 : 1)
        let two = (right.source.thisUpdate, right.verdict == .good ? 0 : 1)
        return one == two ? left.source.sha256 < right.source.sha256 : one > two
    }
}

/// What all statements together say of a certificate at a time.
///
/// - A revocation is final (but for a hold): whoever says so in an authentic statement is believed, even
///   where the statement is stale, or a newer one is silent. An old "good", embedded by the signer, hides
///   nothing, and neither does a new one from a responder whose database forgot.
/// - A hold that a newer statement takes back leaves nothing behind; one that ended in revocation does.
/// - Otherwise the newest statement that is valid at that time counts. One made later than that time is as
///   good, because dates of revocation are compared.
struct RevocationAnswer {
    let status: RevocationStatus
    /// What it rests on; nothing where the status is unknown.
    let items: [RevocationItem]
    /// Times for which the answer holds; nil where it must not be kept.
    let holds: ClosedRange<Instant>?

    /// - Parameter otherwise: why there is no answer, where no statement gives one.
    init(
        _ statements: [RevocationStatement], at time: Instant, now: Instant,
        otherwise: RevocationStatus.Cause
    ) {
        let sorted = statements.sorted(by: RevocationStatement.isNewer)
        let holds = Self.holds(sorted, at: time)
        for statement in sorted {
            guard let (date, reason) = statement.permanentRevocation, date <= time else { continue }
            self.init(
                status: .revoked(at: date, reason: reason, statement.source), items: statement.items,
                holds: holds)
            return
        }
        let present = sorted.filter { !$0.source.thisUpdate.isBeyond(now) }
        let ended = present.prefix { time > $0.last }
        guard let newest = present.dropFirst(ended.count).first else {
            let cause: RevocationStatus.Cause =
                !present.isEmpty ? .stale : !sorted.isEmpty ? .notYetValid : otherwise
            self.init(status: .unknown(cause), items: [], holds: holds)
            return
        }
        let status: RevocationStatus =
            switch newest.verdict {
            // A hold lasts until somebody takes it back, not until the statement's end.
            case .good: ended.contains { $0.isHold(at: time) } ? .unknown(.onHold) : .good(newest.source)
            // Final ones up to then have been dealt with: this is a hold, or came later. A hold before it may
            // have led to it.
            case .revoked: sorted.contains { $0.isHold(at: time) } ? .unknown(.onHold) : .good(newest.source)
            case .unknown: .unknown(.unknownToResponder)
            }
        var items: [RevocationItem] = []
        if case .good = status { items = newest.items }
        self.init(status: status, items: items, holds: holds)
    }

    init(status: RevocationStatus, items: [RevocationItem], holds: ClosedRange<Instant>?) {
        self.status = status
        self.items = items
        self.holds = holds
    }

    /// The answer changes where a statement ends and where a certificate was revoked, and nowhere else.
    private static func holds(_ statements: [RevocationStatement], at time: Instant) -> ClosedRange<Instant>?
    {
        var lower = Instant.distantPast
        var upper = Instant.distantFuture
        for statement in statements {
            if time <= statement.last {
                upper = min(upper, statement.last)
            } else {
                lower = max(lower, statement.last.adding(milliseconds: 1))
            }
            guard let date = statement.revocationDate else { continue }
            if date <= time {
                lower = max(lower, date)
            } else {
                upper = min(upper, date.adding(milliseconds: -1))
            }
        }
        return lower <= upper ? lower...upper : nil
    }
}
