internal import Exchange

extension Letter {
    /// The elements in which this letter says something else than `other`; empty where only the writing is
    /// another: white space, prefixes, order, ContentIds, traces and signatures say nothing.
    ///
    /// Attachments are compared by what they hold, so both letters must have been read with hashes.
    package func differences(from other: Letter) -> [String] {
        var names: [String] = []
        func compare(_ name: String, _ isSame: Bool) {
            if !isSame { names.append(name) }
        }
        compare("From", sender == other.sender)
        compare("To", recipients == other.recipients)
        compare("Code", codeNumber == other.codeNumber && codeNotation == other.codeNotation)
        compare(
            "PromulgationInfo", place == other.place && promulgationDate == other.promulgationDate)
        compare("DocumentType", documentType == other.documentType)
        compare("Subject", subject == other.subject)
        compare("Content", content == other.content)
        compare("SignerInfo", signer == other.signer)
        compare("DueDate", dueDate == other.dueDate)
        compare("OtherInfo", otherInformation == other.otherInformation)
        compare("ResponseFor", responseFor == other.responseFor)
        compare("SteeringType", steeringType == other.steeringType)
        compare("ToPlaces", toPlaces == other.toPlaces)
        compare("Bussiness", business == other.business)
        compare(
            "Attachment", attachments.map(AttachedContent.init) == other.attachments.map(AttachedContent.init)
        )
        return names
    }
}

/// What an attachment is, however it is referenced and packed.
private struct AttachedContent: Equatable {
    let name: ExactString
    let byteCount: Int
    let sha256: Digest256?

    init(_ attachment: Attachment) {
        name = ExactString(attachment.name)
        byteCount = attachment.byteCount
        sha256 = attachment.sha256
    }
}
