package import Exchange

/// The values of a letter, before it is written as edXML.
///
/// Dates are `yyyy/MM/dd`, Vietnam's calendar. `LetterWriter` refuses what a receiver would refuse, so that
/// the mistake is seen at the desk where it was made.
package struct LetterDraft: Sendable {
    package var sender: OrganizationDraft
    /// At least one; no code twice.
    package var recipients: [OrganizationDraft]
    /// The sender's own key of the letter; receivers treat it as opaque.
    package var documentID: ExactString
    package var codeNumber: String
    package var codeNotation: String
    /// Written even where it is empty: the element is expected.
    package var place: String
    package var promulgationDate: String
    package var type: DocumentTypeDraft
    /// At most `subjectCharactersMax` characters.
    package var subject: String
    /// At most `contentCharactersMax` characters.
    package var content: String?
    package var signer: SignerDraft?
    package var dueDate: String?
    package var priority: Priority = .normal
    package var sphereOfPromulgation: String?
    package var typerNotation: String?
    package var promulgationAmount: Int?
    package var pageAmount: Int?
    /// Whether the letter directs its recipients to act.
    package var isDirection: Bool?
    package var appendixes: [String] = []
    package var responseFor: [ResponseForDraft] = []
    /// 1 not steering, 2 steering, 3 a report.
    package var steeringType: Int?
    /// For display; routing uses `recipients` alone.
    package var toPlaces: [String] = []
    /// When the sender's software let the letter go.
    package var tracedAt: Instant
    /// What it does to earlier letters, and to which; its reason, paper copy and staff are those below.
    package var business = Business()
    package var reason: String = "Văn bản điện tử mới"
    /// Whether a paper copy follows.
    package var paperFollows: Bool = false
    package var staff: StaffDraft?
    /// At least one.
    package var attachments: [AttachmentDraft]

    /// What receivers' databases hold.
    package static let subjectCharactersMax = 550
    package static let contentCharactersMax = 500

    package init(
        sender: OrganizationDraft, recipients: [OrganizationDraft], documentID: ExactString? = nil,
        codeNumber: String, codeNotation: String, place: String = "", promulgationDate: String,
        type: DocumentTypeDraft = DocumentTypeDraft(name: "Công văn"), subject: String, tracedAt: Instant,
        attachments: [AttachmentDraft]
    ) {
        self.sender = sender
        self.recipients = recipients
        self.documentID =
            documentID
            ?? Self.conventionalDocumentID(
                sender: sender.code, date: promulgationDate, number: codeNumber, notation: codeNotation)
        self.codeNumber = codeNumber
        self.codeNotation = codeNotation
        self.place = place
        self.promulgationDate = promulgationDate
        self.type = type
        self.subject = subject
        self.tracedAt = tracedAt
        self.attachments = attachments
    }

    /// `H37.12,2026/11/20,482/SKHCN-CĐS`: what most agencies' software writes.
    package static func conventionalDocumentID(
        sender: AgencyCode, date: String, number: String, notation: String
    ) -> ExactString {
        ExactString("\(sender),\(date),\(number)/\(notation)")
    }
}

/// `From` or one `To`.
package struct OrganizationDraft: Sendable {
    package var code: AgencyCode
    package var name: String
    /// The organisation above it: `OrganizationInCharge`.
    package var inCharge: String?
    package var address: String?
    package var email: String?
    package var telephone: String?
    package var fax: String?
    package var website: String?

    package init(code: AgencyCode, name: String) {
        self.code = code
        self.name = name
    }
}

/// The kind of letter. Receivers agree on the name; the numbers differ between vendors.
package struct DocumentTypeDraft: Sendable {
    /// 2, an administrative document, is what every known receiver takes.
    package var code: Int
    package var detail: Int?
    package var name: String

    package init(code: Int = 2, detail: Int? = nil, name: String) {
        self.code = code
        self.detail = detail
        self.name = name
    }
}

package struct SignerDraft: Sendable {
    /// `KT. GIÁM ĐỐC`: on whose behalf.
    package var competence: String?
    package var position: String?
    package var fullName: String

    package init(competence: String? = nil, position: String? = nil, fullName: String) {
        self.competence = competence
        self.position = position
        self.fullName = fullName
    }
}

/// The person who handled the letter or the status.
package struct StaffDraft: Sendable {
    package var department: String?
    package var name: String
    package var email: String?
    package var mobile: String?

    package init(department: String? = nil, name: String, email: String? = nil, mobile: String? = nil) {
        self.department = department
        self.name = name
        self.email = email
        self.mobile = mobile
    }
}

/// The letter that a letter or a status answers.
package struct ResponseForDraft: Sendable {
    package var organID: AgencyCode
    /// `number/notation`.
    package var code: String
    package var documentID: ExactString
    package var promulgationDate: String

    package init(organID: AgencyCode, code: String, documentID: ExactString, promulgationDate: String) {
        self.organID = organID
        self.code = code
        self.documentID = documentID
        self.promulgationDate = promulgationDate
    }
}
