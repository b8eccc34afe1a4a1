package import Exchange

/// What a recall, update or replacement, or a request to give a letter back (13), does to earlier letters.
///
/// Who may and what is meant was decided from the directory; which letters those are and where their copies
/// lie is known in the store only, at the moment of the commit.
package struct LetterAction: Sendable {
    /// An agency that the action is about, or that receives it.
    package struct Party: Sendable {
        /// Under which it gets mail now.
        package var recipient: AgencyCode
        /// Under which it may have got the earlier letter: its own, and those of agencies it has taken over.
        package var codes: [AgencyCode]
        /// Where the message names it.
        package var place: ElementPlace

        package init(recipient: AgencyCode, codes: [AgencyCode], place: ElementPlace) {
            self.recipient = recipient
            self.codes = codes
            self.place = place
        }
    }

    /// An earlier letter as the message names it.
    package struct Target: Sendable {
        package var documentID: ExactString
        /// Nil for every recipient that the message names.
        package var parties: [Party]?
        package var place: ElementPlace

        package init(documentID: ExactString, parties: [Party]?, place: ElementPlace) {
            self.documentID = documentID
            self.parties = parties
            self.place = place
        }
    }

    /// What the hub tells the sender in the place of a recipient that will not.
    ///
    /// - Returns: a status message about the letter; nil for nothing.
    package typealias Notice =
        @Sendable (_ recipient: AgencyCode, _ letter: NoticedLetter, Instant) ->
        NewDocument?

    package var operation: LetterOperation
    /// Whose letters may be touched: the sender, and agencies whose business it has taken over.
    package var owners: [AgencyCode]
    /// The ways in which the message names its targets; the first one that finds a letter counts.
    package var ways: [[Target]]
    /// Whom the message is addressed to, and those whom an update adds.
    package var addressees: [Party]
    /// Whom an update takes the letter from.
    package var removed: [Party]
    /// The status that asks for it, where it is no letter: its only party is in `removed`.
    package var isStatus: Bool
    /// For each copy that is withdrawn.
    package var notice: Notice

    package init(
        _ operation: LetterOperation, owners: [AgencyCode], ways: [[Target]], addressees: [Party],
        removed: [Party] = [], isStatus: Bool = false, notice: @escaping Notice
    ) {
        self.operation = operation
        self.owners = owners
        self.ways = ways
        self.addressees = addressees
        self.removed = removed
        self.isStatus = isStatus
        self.notice = notice
    }
}

/// What a status message says of the letter that it is about.
package struct NoticedLetter: Sendable {
    package let key: DocumentKey
    package let sender: AgencyCode
    package let documentID: ExactString
    /// `482/SKHCN-CĐS`.
    package let code: String
    package let promulgationDate: String
}
