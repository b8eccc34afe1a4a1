package import Exchange

/// What operators and retention do with letters that lie in the hub.
package enum CustodyChange: Sendable {
    /// → `.done`. An operator has the letter of a dead delivery on a disk of his own, with that SHA-256: what
    /// stands in the way of its purge is gone. Again: nothing more happens.
    case exported(delivery: Int64, sha256: Digest256, by: String)
    /// → `.accepted`. The sender of a dead delivery's letter is told by the status message, which comes from
    /// the recipient concerned. Again gives the first message as a replay.
    case returned(delivery: Int64, message: NewDocument, by: String)
    /// → `.done`. No retention rule purges the letter until the hold is lifted.
    case setLegalHold(DocumentKey, reason: String, by: String)
    case liftLegalHold(DocumentKey, reason: String, by: String)
    /// → `.purged`: false where the letter is under a legal hold, or not everybody has it since `before`.
    case purgeSettled(DocumentKey, before: Instant)
}
