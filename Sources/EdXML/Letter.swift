package import Exchange

/// What one edXML file says.
package enum EdXMLMessage: Sendable {
    case letter(Letter)
    case status(StatusMessage)

    package var sender: Organization {
        switch self {
        case .letter(let letter): letter.sender
        case .status(let status): status.sender
        }
    }

    package var kind: DocumentKind {
        switch self {
        case .letter: .letter
        case .status: .status
        }
    }
}

/// An official letter: everything but the attachments' bytes.
package struct Letter: Sendable, Equatable {
    package var sender: Organization
    /// At least one; no two with the same code byte for byte.
    package var recipients: [Organization]
    /// Opaque key given by the sender.
    package var documentID: ExactString
    package var codeNumber: String
    package var codeNotation: String
    package var place: String
    /// `yyyy/MM/dd` as written; not compared with the clock here.
    package var promulgationDate: String
    package var promulgationPlace = ElementPlace.unknown
    package var documentType: DocumentType
    package var subject: String
    package var content: String
    package var signer: Signer?
    /// `yyyy/MM/dd` as written.
    package var dueDate: String?
    package var otherInformation: OtherInformation
    package var responseFor: [Correspondence]
    package var steeringType: Int?
    /// For display; routing follows `recipients`.
    package var toPlaces: [String]
    package var traces: [Trace]
    package var business: Business
    package var attachments: [Attachment]

    package init(
        sender: Organization, recipients: [Organization], documentID: ExactString, codeNumber: String,
        codeNotation: String, place: String, promulgationDate: String, documentType: DocumentType,
        subject: String
    ) {
        self.sender = sender
        self.recipients = recipients
        self.documentID = documentID
        self.codeNumber = codeNumber
        self.codeNotation = codeNotation
        self.place = place
        self.promulgationDate = promulgationDate
        self.documentType = documentType
        self.subject = subject
        content = ""
        otherInformation = OtherInformation()
        responseFor = []
        toPlaces = []
        traces = []
        business = Business()
        attachments = []
    }

    package var priority: Priority { otherInformation.priority }

    /// The day's beginning in Vietnam; never nil in a letter that was read.
    package var promulgationInstant: Instant? { Instant(edXML: promulgationDate) }

    /// BussinessDocType: 0 new, 1 recall, 2 update, 3 replace.
    package var businessType: Int { business.kind.rawValue }

    /// As people and status messages write it: `482/SKHCN-CĐS`.
    package var code: String { codeNotation.isEmpty ? codeNumber : codeNumber + "/" + codeNotation }

    /// The ways in which a recall, update or replacement may name the earlier letters that it is about, the
    /// customary one first; none for a new letter.
    ///
    /// A recall names its target in ResponseFor and mostly has no Bussiness/DocumentId, an update has that
    /// one, a replacement has ReplacementInfo [edXML 1.3]. Some software fills the places of the others, with
    /// its target or with something else, so who knows the letters tries one way after the other.
    package var targetWays: [[TargetReference]] {
        let answered = responseFor.filter { !$0.documentID.isEmpty }.map {
            TargetReference(
                documentID: $0.documentID, organID: $0.organID.isEmpty ? nil : $0.organID, organIDs: [],
                place: $0.place)
        }
        let named = business.documentID.map {
            [TargetReference(documentID: $0, organID: nil, organIDs: [], place: business.documentIDPlace)]
        }
        let replaced = business.replacements.map {
            TargetReference(documentID: $0.documentID, organID: nil, organIDs: $0.organIDs, place: $0.place)
        }
        let ways =
            switch business.kind {
            case .new: [[TargetReference]]()
            case .recall: [answered, named ?? [], replaced]
            case .update: [named ?? [], answered, replaced]
            case .replace: [replaced, named ?? [], answered]
            }
        return ways.filter { !$0.isEmpty }
    }

    /// By the first of those ways.
    package var targetDocumentIDs: [ExactString] { targetWays.first?.map(\.documentID) ?? [] }
}

/// An earlier letter as a recall, update or replacement names it.
package struct TargetReference: Sendable, Equatable {
    package var documentID: ExactString
    /// Whose letter it is, where that is said.
    package var organID: AgencyCode?
    /// The recipients that a replacement is for; empty for all.
    package var organIDs: [AgencyCode]
    package var place: ElementPlace
}

package struct DocumentType: Sendable, Equatable {
    package var type: Int
    package var detail: Int?
    package var name: String

    package init(type: Int, detail: Int? = nil, name: String) {
        self.type = type
        self.detail = detail
        self.name = name
    }
}

package struct Signer: Sendable, Equatable {
    /// `KT. GIÁM ĐỐC` and the like.
    package var competence: String
    package var position: String
    package var fullName: String

    package init(competence: String = "", position: String = "", fullName: String) {
        self.competence = competence
        self.position = position
        self.fullName = fullName
    }
}

package struct OtherInformation: Sendable, Equatable {
    package var priority = Priority.normal
    package var sphereOfPromulgation = ""
    package var typerNotation = ""
    package var promulgationAmount: Int?
    package var pageAmount: Int?
    package var direction = ""
    package var appendixes: [String] = []

    package init(priority: Priority = .normal) {
        self.priority = priority
    }
}

/// ResponseFor: the letter that this one answers, or that a status is about.
package struct Correspondence: Sendable, Equatable {
    package var organID: AgencyCode
    /// `482/SKHCN-CĐS`.
    package var code: String
    package var documentID: ExactString
    package var promulgationDate: String
    /// Of the DocumentId.
    package var place: ElementPlace

    package init(
        organID: AgencyCode, code: String, documentID: ExactString, promulgationDate: String,
        place: ElementPlace = .unknown
    ) {
        self.organID = organID
        self.code = code
        self.documentID = documentID
        self.promulgationDate = promulgationDate
        self.place = place
    }
}

/// TraceHeader: where the letter has been, by the word of those systems. Nothing relies on it.
package struct Trace: Sendable, Equatable {
    package var organID: AgencyCode
    /// As written, whether or not it is a time.
    package var timestamp: String

    package init(organID: AgencyCode, timestamp: String) {
        self.organID = organID
        self.timestamp = timestamp
    }
}

/// Bussiness (sic): what the letter does to earlier ones.
package struct Business: Sendable, Equatable {
    /// BussinessDocType.
    package enum Kind: Int, Sendable, CaseIterable {
        case new = 0
        case recall = 1
        case update = 2
        case replace = 3
    }

    package struct ReceiverChange: Sendable, Equatable {
        package var organID: AgencyCode
        package var isAdded: Bool
        package var place: ElementPlace

        package init(organID: AgencyCode, isAdded: Bool, place: ElementPlace = .unknown) {
            self.organID = organID
            self.isAdded = isAdded
            self.place = place
        }
    }

    package struct Replacement: Sendable, Equatable {
        package var documentID: ExactString
        package var organIDs: [AgencyCode]
        package var place: ElementPlace

        package init(documentID: ExactString, organIDs: [AgencyCode], place: ElementPlace = .unknown) {
            self.documentID = documentID
            self.organIDs = organIDs
            self.place = place
        }
    }

    package var kind = Kind.new
    /// Of BussinessDocType.
    package var place = ElementPlace.unknown
    /// The letter that is updated; what a new letter writes here means nothing and is not read.
    package var documentID: ExactString?
    package var documentIDPlace = ElementPlace.unknown
    package var reason = ""
    /// A paper copy follows.
    package var hasPaperCopy = false
    package var changesDocument = false
    package var receiverChanges: [ReceiverChange] = []
    package var replacements: [Replacement] = []
    package var staff: Staff?

    package init() {}
}

/// One attached file, as the recipient will have it on disk.
package struct Attachment: Sendable, Equatable {
    /// Without `cid:`.
    package var contentID: ExactString
    /// Without path separators, controls, `..`; at most 255 bytes.
    package var name: String
    /// Of the attachment as sent: `application/zip` where the file was packed for the journey.
    package var contentType: String
    package var description: String
    /// Unpacked from a ZIP archive that was made for the journey only.
    package var isUnpacked: Bool
    /// Of the decoded, unpacked file.
    package var byteCount: Int
    /// Of the same; nil where the reader was not asked to hash attachments.
    package var sha256: Digest256?

    package init(
        contentID: ExactString, name: String, contentType: String, description: String, isUnpacked: Bool,
        byteCount: Int, sha256: Digest256?
    ) {
        self.contentID = contentID
        self.name = name
        self.contentType = contentType
        self.description = description
        self.isUnpacked = isUnpacked
        self.byteCount = byteCount
        self.sha256 = sha256
    }
}
