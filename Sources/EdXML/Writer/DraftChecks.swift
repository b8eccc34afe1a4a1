internal import Exchange
internal import XML

/// Refuses in a draft what a receiver would refuse in the letter.
enum DraftChecks {
    /// Longer than any code, name or address in use.
    static let charactersMax = 1000
    static let nameBytesMax = 255
    static let organIDBytesMax = 64
    /// Number and notation together.
    static let codeBytesMax = 128

    static func required(_ text: String, _ element: String, charactersMax: Int = charactersMax)
        throws(DraftError)
    {
        guard !text.allSatisfy(\.isWhitespace) else {
            throw .invalid(element: element, detail: "không được để trống")
        }
        try optional(text, element, charactersMax: charactersMax)
    }

    static func optional(_ text: String?, _ element: String, charactersMax: Int = charactersMax)
        throws(DraftError)
    {
        guard let text else { return }
        guard XMLEscaping.isAllowed(text) else {
            throw .invalid(element: element, detail: "có ký tự điều khiển mà XML không chứa được")
        }
        guard text.unicodeScalars.count <= charactersMax else {
            throw .invalid(element: element, detail: "dài quá \(charactersMax) ký tự")
        }
    }

    /// Codes and keys: compared byte for byte by receivers, so no stray blanks around them.
    static func identifier(_ text: ExactString, _ element: String, bytesMax: Int = 255) throws(DraftError) {
        try required(text.string, element)
        guard text.string.utf8.count <= bytesMax else {
            throw .invalid(element: element, detail: "dài quá \(bytesMax) byte")
        }
        let hasStrayBlank =
            text.string.unicodeScalars.first?.properties.isWhitespace == true
            || text.string.unicodeScalars.last?.properties.isWhitespace == true
            || text.string.unicodeScalars.contains { $0.value < 0x20 }
        guard !hasStrayBlank else {
            throw .invalid(element: element, detail: "không được có dấu cách ở đầu, ở cuối, hay xuống dòng")
        }
    }

    static func date(_ text: String, _ element: String) throws(DraftError) {
        guard text.utf8.count == 10, Instant(edXML: text) != nil else {
            throw .invalid(element: element, detail: "phải là ngày có thật, viết yyyy/MM/dd")
        }
    }

    static func organization(_ organization: OrganizationDraft, _ element: String) throws(DraftError) {
        try identifier(organization.code, "\(element)/OrganId", bytesMax: organIDBytesMax)
        try required(organization.name, "\(element)/OrganName")
        try optional(organization.inCharge, "\(element)/OrganizationInCharge")
        try optional(organization.address, "\(element)/OrganAdd")
        try optional(organization.email, "\(element)/Email")
        try optional(organization.telephone, "\(element)/Telephone")
        try optional(organization.fax, "\(element)/Fax")
        try optional(organization.website, "\(element)/Website")
    }

    static func responseFor(_ letter: ResponseForDraft) throws(DraftError) {
        try identifier(letter.organID, "ResponseFor/OrganId", bytesMax: organIDBytesMax)
        try required(letter.code, "ResponseFor/Code")
        try identifier(letter.documentID, "ResponseFor/DocumentId")
        try date(letter.promulgationDate, "ResponseFor/PromulgationDate")
    }

    static func staff(_ staff: StaffDraft?) throws(DraftError) {
        guard let staff else { return }
        try optional(staff.department, "StaffInfo/Department")
        try required(staff.name, "StaffInfo/Staff")
        try optional(staff.email, "StaffInfo/Email")
        try optional(staff.mobile, "StaffInfo/Mobile")
    }

    static func letter(_ draft: LetterDraft) throws(DraftError) {
        try organization(draft.sender, "From")
        try recipients(draft.recipients)
        try identifier(draft.documentID, "DocumentId")
        try required(draft.codeNumber, "Code/CodeNumber")
        try required(draft.codeNotation, "Code/CodeNotation")
        guard draft.codeNumber.utf8.count + draft.codeNotation.utf8.count < codeBytesMax else {
            throw .invalid(element: "Code", detail: "số và ký hiệu dài quá \(codeBytesMax) byte")
        }
        try optional(draft.place, "PromulgationInfo/Place")
        try date(draft.promulgationDate, "PromulgationInfo/PromulgationDate")
        try required(draft.type.name, "DocumentType/TypeName")
        try required(draft.subject, "Subject", charactersMax: LetterDraft.subjectCharactersMax)
        try optional(draft.content, "Content", charactersMax: LetterDraft.contentCharactersMax)
        try optional(draft.signer?.competence, "SignerInfo/Competence")
        try optional(draft.signer?.position, "SignerInfo/Position")
        if let signer = draft.signer { try required(signer.fullName, "SignerInfo/FullName") }
        if let dueDate = draft.dueDate { try date(dueDate, "DueDate") }
        try optional(draft.sphereOfPromulgation, "OtherInfo/SphereOfPromulgation")
        try optional(draft.typerNotation, "OtherInfo/TyperNotation")
        for appendix in draft.appendixes { try optional(appendix, "OtherInfo/Appendixes/Appendix") }
        for letter in draft.responseFor { try responseFor(letter) }
        for place in draft.toPlaces { try optional(place, "ToPlaces/Place") }
        try optional(draft.reason, "Bussiness/BussinessDocReason")
        try business(draft)
        try staff(draft.staff)
        try attachments(draft.attachments)
    }

    /// A letter that changes earlier ones names them.
    private static func business(_ draft: LetterDraft) throws(DraftError) {
        let business = draft.business
        if let target = business.documentID { try identifier(target, "Bussiness/DocumentId") }
        for change in business.receiverChanges {
            try identifier(change.organID, "Receiver/OrganId", bytesMax: organIDBytesMax)
        }
        for replacement in business.replacements {
            try identifier(replacement.documentID, "ReplacementInfo/DocumentId")
            for code in replacement.organIDs {
                try identifier(code, "ReplacementInfo/OrganIdList/OrganId", bytesMax: organIDBytesMax)
            }
        }
        guard business.kind != .new, business.documentID == nil, business.replacements.isEmpty,
            draft.responseFor.isEmpty
        else { return }
        throw .invalid(element: "Bussiness", detail: "phải chỉ ra văn bản bị thu hồi, cập nhật hay thay thế")
    }

    private static func recipients(_ recipients: [OrganizationDraft]) throws(DraftError) {
        guard !recipients.isEmpty else { throw .invalid(element: "To", detail: "cần ít nhất một nơi nhận") }
        var seen: Set<AgencyCode> = []
        for (index, recipient) in recipients.enumerated() {
            try organization(recipient, "To[\(index + 1)]")
            guard seen.insert(recipient.code).inserted else {
                throw .invalid(
                    element: "To[\(index + 1)]/OrganId", detail: "nơi nhận \(recipient.code) đã có ở trên")
            }
        }
    }

    private static func attachments(_ attachments: [AttachmentDraft]) throws(DraftError) {
        guard !attachments.isEmpty else {
            throw .invalid(element: "Attachment", detail: "cần ít nhất một tệp đính kèm")
        }
        var seen: Set<ExactString> = []
        for (index, attachment) in attachments.enumerated() {
            let element = "Attachment[\(index + 1)]"
            try identifier(ExactString(attachment.contentID), "\(element)/ContentId")
            guard seen.insert(ExactString(attachment.contentID)).inserted else {
                throw .invalid(element: "\(element)/ContentId", detail: "đã dùng cho tệp khác")
            }
            try identifier(ExactString(attachment.name), "\(element)/AttachmentName")
            let name = attachment.name
            guard name.utf8.count <= nameBytesMax, name != ".", name != "..",
                !name.unicodeScalars.contains(where: { $0 == "/" || $0 == "\\" || $0.value == 0x7F })
            else {
                throw .invalid(
                    element: "\(element)/AttachmentName",
                    detail: "phải là tên tệp không có thư mục, dài nhất \(nameBytesMax) byte")
            }
            try required(attachment.contentType, "\(element)/ContentType", charactersMax: 255)
            try optional(attachment.description, "\(element)/Description")
            guard !attachment.isMislabelled else {
                throw .invalid(
                    element: "\(element)/ContentType",
                    detail: "application/zip chỉ dùng cho tệp .zip; nơi nhận sẽ giải nén nhầm \(name)")
            }
        }
    }
}
