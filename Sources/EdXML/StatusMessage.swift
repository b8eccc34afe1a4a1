package import Exchange

/// What a recipient reports about a letter, or (13) what its sender asks for [edXML 1.5].
package struct StatusMessage: Sendable, Equatable {
    /// The agency that reports.
    package var sender: Organization
    /// The letter; `organID` is its sender's, but for 13, where it is the recipient's.
    package var responseFor: Correspondence
    package var staff: Staff?
    /// Two characters as written; not every one that software writes is known.
    package var statusCode: String
    package var statusCodePlace = ElementPlace.unknown
    package var description: String
    /// `yyyy/MM/dd HH:mm:ss` as written, Vietnam's time.
    package var timestamp: String

    package init(
        sender: Organization, responseFor: Correspondence, staff: Staff? = nil, statusCode: String,
        description: String, timestamp: String
    ) {
        self.sender = sender
        self.responseFor = responseFor
        self.staff = staff
        self.statusCode = statusCode
        self.description = description
        self.timestamp = timestamp
    }

    /// Nil for a code that is none of edXML's.
    package var status: BusinessStatus? { BusinessStatus(rawValue: statusCode) }

    /// The agency that the message goes to.
    package var recipient: AgencyCode { responseFor.organID }
}
