package import Exchange

/// A letter's verdict as it is after it was judged again. The earlier one stays where it is.
package struct RecheckedFacts: Sendable {
    package var documentKey: DocumentKey
    package var previousIndication: String
    package var indication: String
    /// Of the new verdict's JSON.
    package var verdictSHA256: Digest256
    /// Names what the new verdict rests on.
    package var evidenceSHA256: Digest256?

    package init(
        documentKey: DocumentKey, previousIndication: String, indication: String, verdictSHA256: Digest256,
        evidenceSHA256: Digest256?
    ) {
        self.documentKey = documentKey
        self.previousIndication = previousIndication
        self.indication = indication
        self.verdictSHA256 = verdictSHA256
        self.evidenceSHA256 = evidenceSHA256
    }
}

/// How a hold ended.
package struct HoldFacts: Sendable {
    package enum Cause: String, Sendable, CaseIterable {
        /// Somebody could say whether the signer was revoked.
        case verdict
        /// Nobody could in time.
        case deadline
    }

    package var documentKey: DocumentKey
    package var cause: Cause

    package init(documentKey: DocumentKey, cause: Cause) {
        self.documentKey = documentKey
        self.cause = cause
    }
}

/// What the hub tells about a letter, and whom.
package struct NoticeFacts: Sendable {
    package var documentKey: DocumentKey
    package var letterKey: DocumentKey
    package var recipients: [AgencyCode]
    /// Of the notice's bytes.
    package var sha256: Digest256

    package init(
        documentKey: DocumentKey, letterKey: DocumentKey, recipients: [AgencyCode], sha256: Digest256
    ) {
        self.documentKey = documentKey
        self.letterKey = letterKey
        self.recipients = recipients
        self.sha256 = sha256
    }
}

// Members in the order of their names' bytes.

extension RecheckedFacts {
    func write(into entry: inout EntryWriter) {
        entry.text("documentKey", documentKey.description)
        entry.digest("evidenceSha256", evidenceSHA256)
        entry.text("indication", indication)
        entry.text("previousIndication", previousIndication)
        entry.digest("verdictSha256", verdictSHA256)
    }
}

extension HoldFacts {
    func write(into entry: inout EntryWriter) {
        entry.text("cause", cause.rawValue)
        entry.text("documentKey", documentKey.description)
    }
}

extension NoticeFacts {
    func write(into entry: inout EntryWriter) {
        entry.text("documentKey", documentKey.description)
        entry.text("letterKey", letterKey.description)
        entry.recipients(recipients)
        entry.digest("sha256", sha256)
    }
}

extension EntryWriter {
    /// Named where they are few, else their number and digest.
    mutating func recipients(_ codes: [AgencyCode]) {
        number("recipientCount", Int64(codes.count))
        if codes.count <= AcceptedFacts.recipientsListedMax {
            self.codes("recipients", codes)
        } else {
            digest("recipientsSha256", AcceptedFacts.digest(of: codes))
        }
    }
}
