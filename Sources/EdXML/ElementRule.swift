internal import Exchange

/// Local names of edXML that the reader knows, spelled as the standard does.
enum Tag: String, CaseIterable {
    case edXML, edXMLEnvelope, edXMLHeader, edXMLBody, edXMLManifest
    case messageHeader = "MessageHeader"
    case status = "Status"
    case from = "From"
    case to = "To"
    case organID = "OrganId"
    case organizationInCharge = "OrganizationInCharge"
    case organName = "OrganName"
    case organAddress = "OrganAdd"
    case email = "Email"
    case telephone = "Telephone"
    case fax = "Fax"
    case website = "Website"
    case documentID = "DocumentId"
    case code = "Code"
    case codeNumber = "CodeNumber"
    case codeNotation = "CodeNotation"
    case promulgationInfo = "PromulgationInfo"
    case place = "Place"
    case promulgationDate = "PromulgationDate"
    case documentType = "DocumentType"
    case type = "Type"
    case typeDetail = "TypeDetail"
    case typeName = "TypeName"
    case subject = "Subject"
    case content = "Content"
    case signerInfo = "SignerInfo"
    case competence = "Competence"
    case position = "Position"
    case fullName = "FullName"
    case dueDate = "DueDate"
    case otherInfo = "OtherInfo"
    case priority = "Priority"
    case sphere = "SphereOfPromulgation"
    case typerNotation = "TyperNotation"
    case promulgationAmount = "PromulgationAmount"
    case pageAmount = "PageAmount"
    case direction = "Direction"
    case appendixes = "Appendixes"
    case appendix = "Appendix"
    case responseFor = "ResponseFor"
    case steeringType = "SteeringType"
    case toPlaces = "ToPlaces"
    case staffInfo = "StaffInfo"
    case department = "Department"
    case staff = "Staff"
    case mobile = "Mobile"
    case statusCode = "StatusCode"
    case description = "Description"
    case timestamp = "Timestamp"
    case traceHeaderList = "TraceHeaderList"
    case traceHeader = "TraceHeader"
    case business = "Bussiness"
    case businessDocType = "BussinessDocType"
    case businessDocReason = "BussinessDocReason"
    case paper = "Paper"
    case businessDocumentInfo = "BussinessDocumentInfo"
    case documentInfo = "DocumentInfo"
    case documentReceiver = "DocumentReceiver"
    case receiverList = "ReceiverList"
    case receiver = "Receiver"
    case receiverType = "ReceiverType"
    case replacementInfoList = "ReplacementInfoList"
    case replacementInfo = "ReplacementInfo"
    case organIDList = "OrganIdList"
    case reference = "Reference"
    case contentID = "ContentId"
    case contentType = "ContentType"
    case mimeType = "MimeType"
    case attachmentName = "AttachmentName"
    case attachmentEncoded = "AttachmentEncoded"
    case attachment = "Attachment"
    case contentTransferEncoded = "ContentTransferEncoded"
}

extension Tag {
    private static let byName = Dictionary(
        uniqueKeysWithValues: allCases.map { (ExactString($0.rawValue), $0) })

    /// Compared byte for byte.
    static func named(_ local: ExactString) -> Tag? { byName[local] }
}

/// What may stand inside what. Elements that no rule names are passed over with all that is in them.
final class ElementRule: Sendable {
    enum Content: Sendable {
        /// Other elements only.
        case elements
        /// Text of at most as many characters as the limits say.
        case text, subject, description
        /// Text that routing depends on: one line, no markup inside, at most as many bytes.
        case identifier(Identifier)
        /// The attachment itself.
        case encoded
    }

    enum Identifier: Sendable { case organ, document, code, date }

    let tag: Tag
    let content: Content
    /// Whether several may stand side by side.
    let repeats: Bool
    /// Comments and processing instructions are refused inside.
    let isRouting: Bool
    let children: [ElementRule]
    private let childTags: [Tag]

    private init(
        _ tag: Tag, _ content: Content, repeats: Bool, isRouting: Bool, _ children: [ElementRule]
    ) {
        self.tag = tag
        self.content = content
        self.repeats = repeats
        self.isRouting = isRouting
        self.children = children
        childTags = children.map(\.tag)
    }

    /// Among `children`.
    func place(of tag: Tag) -> Int? {
        childTags.firstIndex(of: tag)
    }

    private static func group(_ tag: Tag, repeats: Bool = false, _ children: ElementRule...) -> ElementRule {
        ElementRule(tag, .elements, repeats: repeats, isRouting: false, children)
    }

    private static func routing(_ tag: Tag, repeats: Bool = false, _ children: ElementRule...) -> ElementRule
    {
        ElementRule(tag, .elements, repeats: repeats, isRouting: true, children)
    }

    private static func text(_ tag: Tag, repeats: Bool = false) -> ElementRule {
        ElementRule(tag, .text, repeats: repeats, isRouting: false, [])
    }

    private static func identifier(_ tag: Tag, _ kind: Identifier, repeats: Bool = false) -> ElementRule {
        ElementRule(tag, .identifier(kind), repeats: repeats, isRouting: true, [])
    }

    private static func leaf(_ tag: Tag, _ content: Content, isRouting: Bool = false) -> ElementRule {
        ElementRule(tag, content, repeats: false, isRouting: isRouting, [])
    }

    private static func organization(_ tag: Tag, repeats: Bool) -> ElementRule {
        routing(
            tag, repeats: repeats, identifier(.organID, .organ), text(.organizationInCharge),
            text(.organName),
            text(.organAddress), text(.email), text(.telephone), text(.fax), text(.website))
    }

    private static var staffInfo: ElementRule {
        group(.staffInfo, text(.department), text(.staff), text(.email), text(.mobile))
    }

    /// A letter's and a status message's children together: which of the two it is shows at the end.
    private static func header(_ tag: Tag) -> ElementRule {
        group(
            tag, organization(.from, repeats: false), organization(.to, repeats: true),
            identifier(.documentID, .document),
            routing(.code, identifier(.codeNumber, .code), identifier(.codeNotation, .code)),
            group(.promulgationInfo, text(.place), identifier(.promulgationDate, .date)),
            group(.documentType, text(.type), text(.typeDetail), text(.typeName)), leaf(.subject, .subject),
            leaf(.content, .description),
            group(.signerInfo, text(.competence), text(.position), text(.fullName)),
            identifier(.dueDate, .date),
            group(
                .otherInfo, identifier(.priority, .code), text(.sphere), text(.typerNotation),
                text(.promulgationAmount), text(.pageAmount), text(.direction),
                group(.appendixes, text(.appendix, repeats: true))),
            routing(
                .responseFor, repeats: true, identifier(.organID, .organ), identifier(.code, .code),
                identifier(.documentID, .document), identifier(.promulgationDate, .date)),
            text(.steeringType), group(.toPlaces, text(.place, repeats: true)), staffInfo,
            identifier(.statusCode, .code), text(.description), identifier(.timestamp, .date))
    }

    private static let traces = group(
        .traceHeaderList,
        group(.traceHeader, repeats: true, text(.organID), text(.timestamp)),
        group(
            .business, identifier(.documentID, .document), identifier(.businessDocType, .code),
            text(.businessDocReason), text(.paper),
            group(
                .businessDocumentInfo, text(.documentInfo), text(.documentReceiver),
                group(
                    .receiverList,
                    routing(
                        .receiver, repeats: true, identifier(.organID, .organ),
                        identifier(.receiverType, .code)))),
            group(
                .replacementInfoList,
                routing(
                    .replacementInfo, repeats: true, identifier(.documentID, .document),
                    routing(.organIDList, identifier(.organID, .organ, repeats: true)))),
            staffInfo))

    private static let body = group(
        .edXMLBody,
        group(
            .edXMLManifest,
            group(
                .reference, repeats: true, identifier(.contentID, .document), text(.contentType),
                text(.description),
                identifier(.attachmentName, .document))))

    private static let attachments = group(
        .attachmentEncoded,
        group(
            .attachment, repeats: true, identifier(.contentID, .document),
            identifier(.attachmentName, .document),
            text(.description), text(.mimeType), text(.contentType),
            // A comment in it makes careless software see a shorter file than the one that was signed.
            leaf(.contentTransferEncoded, .encoded, isRouting: true)))

    /// edXML 1.2 and 1.3.
    static let document = group(
        .edXML,
        group(.edXMLEnvelope, group(.edXMLHeader, header(.messageHeader), header(.status), traces), body),
        attachments)
}
