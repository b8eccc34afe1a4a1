package import Exchange

/// A letter that was judged again, or whose hold has ended. Nothing that was said earlier is changed: the new
/// verdict stands beside the first one.
package struct Settlement: Sendable {
    /// The verdict as it is now.
    package struct NewVerdict: Sendable {
        package var indication: String
        /// JSON.
        package var verdict: [UInt8]
        package var evidence: Evidence?
        /// True where it still rests on unknown revocation.
        package var isUnsettled: Bool

        package init(indication: String, verdict: [UInt8], evidence: Evidence?, isUnsettled: Bool) {
            self.indication = indication
            self.verdict = verdict
            self.evidence = evidence
            self.isUnsettled = isUnsettled
        }
    }

    /// What becomes of deliveries that are held; without a hold it says nothing.
    package enum Decision: Sendable, Equatable {
        case keep
        case release
        case refuse
    }

    package var key: DocumentKey
    /// How many verdicts there were when this was decided. Where there are more now, nothing happens: another
    /// check came first.
    package var verdictsBefore: Int
    /// Nil where the deadline passed and nothing new is known.
    package var verdict: NewVerdict?
    package var decision: Decision
    package var notice: Notice?
    /// By when the recipients of a letter that is released now are to confirm it.
    package var confirmBy: Instant?

    package init(
        key: DocumentKey, verdictsBefore: Int, verdict: NewVerdict?, decision: Decision, notice: Notice?,
        confirmBy: Instant? = nil
    ) {
        self.confirmBy = confirmBy
        self.key = key
        self.verdictsBefore = verdictsBefore
        self.verdict = verdict
        self.decision = decision
        self.notice = notice
    }
}

/// What the hub tells sender and recipients; goes to their inboxes like a letter.
package struct Notice: Sendable {
    package var key: DocumentKey
    /// The hub's own code.
    package var sender: AgencyCode
    package var subject: String
    /// JSON.
    package var bytes: [UInt8]
    package var sha256: Digest256

    package init(
        key: DocumentKey, sender: AgencyCode, subject: String, bytes: [UInt8], sha256: Digest256
    ) {
        self.key = key
        self.sender = sender
        self.subject = subject
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// A letter as it is judged again.
package struct JudgedLetter: Sendable {
    package let id: Int64
    package let key: DocumentKey
    package let documentID: ExactString
    package let sender: AgencyCode
    package let payload: PayloadLocation
    package let signature: PayloadLocation?
    package let acceptedAt: Instant
    /// Of the last verdict.
    package let indication: String
    package let verdictCount: Int
    /// Nil where none was ever, or it has ended.
    package let hold: Hold?
}
