package import Exchange

/// The values of a business status message.
package struct StatusDraft: Sendable {
    /// Who replies: a recipient of the letter, or for 13 its sender.
    package var sender: OrganizationDraft
    /// The letter; its `organID` names to whom the status goes, the letter's sender or for 13 a recipient.
    package var responseFor: ResponseForDraft
    package var staff: StaffDraft?
    package var status: BusinessStatus
    /// The reason where the status needs one (02, 13, 16), else a word to the reader.
    package var description: String
    package var timestamp: Instant

    package init(
        sender: OrganizationDraft, responseFor: ResponseForDraft, staff: StaffDraft? = nil,
        status: BusinessStatus, description: String? = nil, timestamp: Instant
    ) {
        self.sender = sender
        self.responseFor = responseFor
        self.staff = staff
        self.status = status
        self.description = description ?? status.title
        self.timestamp = timestamp
    }
}
