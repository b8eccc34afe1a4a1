internal import Exchange

/// What is known about the time at which a signature existed.
struct SigningTimes {
    let receipt: Instant
    /// From valid timestamps.
    private var proven: Instant?
    /// From timestamps of which nobody can tell now whether they are valid.
    private var claimed: Instant?

    init(receipt: Instant) {
        self.receipt = receipt
    }

    /// The earliest proven one. An authority's clock that is ahead of ours proves nothing later than the
    /// receipt.
    var best: Instant { min(proven ?? receipt, receipt) }

    var isProven: Bool { proven != nil }

    /// Whether a timestamp that may yet turn out to be valid says earlier than `time`.
    func mayPrecede(_ time: Instant) -> Bool { claimed.map { $0 < time } ?? false }

    /// Whether such a timestamp lies in the validity of a certificate.
    func mayLie(in validity: Range<Instant>) -> Bool { claimed.map(validity.contains) ?? false }

    /// A bad timestamp makes the signature fail, EN 319 102-1 would pass over it: somebody put it there to be
    /// believed.
    mutating func take(_ judgement: TimestampJudgement, _ draft: inout ReportDraft) {
        draft.timestamps.append(judgement.report)
        draft.rest(on: judgement.evidence)
        for failure in judgement.failures { draft.fail(failure) }
        guard let genTime = judgement.report.genTime else { return }
        switch judgement.report.indication {
        case .totalPassed: proven = min(proven ?? genTime, genTime)
        case .indeterminate: claimed = min(claimed ?? genTime, genTime)
        case .totalFailed: break
        }
    }
}
