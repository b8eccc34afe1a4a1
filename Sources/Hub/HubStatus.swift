internal import EdXML
package import Exchange
internal import OpenSSL
internal import Signature
package import Storage
internal import XML

/// Writes the status messages that a letter's sender waits for and that nobody else will send: the hub has
/// withdrawn a copy before it was taken (15), or an operator returned one that could not be delivered (02).
///
/// Software files a status under (From, ResponseFor/DocumentId), so From is the recipient concerned: under
/// the hub's own code the message would be one about an agency that the letter never went to. That the hub
/// wrote it stands in StaffInfo and Description for people, and as `caller` in trail and log for auditors.
package struct HubStatus: Sendable {
    /// The letter that a message is about.
    package struct Letter: Sendable {
        package var sender: AgencyCode
        package var documentID: ExactString
        /// `482/SKHCN-CĐS`.
        package var code: String
        /// `yyyy/MM/dd`.
        package var promulgationDate: String

        package init(
            sender: AgencyCode, documentID: ExactString, code: String, promulgationDate: String
        ) {
            self.sender = sender
            self.documentID = documentID
            self.code = code
            self.promulgationDate = promulgationDate
        }

        init(_ noticed: NoticedLetter) {
            self.init(
                sender: noticed.sender, documentID: noticed.documentID, code: noticed.code,
                promulgationDate: noticed.promulgationDate)
        }

        package init(_ stored: StoredDocument) {
            self.init(
                sender: stored.summary.sender, documentID: stored.summary.documentID, code: stored.code,
                promulgationDate: stored.promulgationDate)
        }
    }

    private static let charactersMax = 1000
    private let hub: AgencyCode
    private let hubName: String

    /// - Parameter hub: its own code.
    package init(hub: AgencyCode, name: String) {
        self.hub = hub
        hubName = name
    }

    /// One message, to be accepted like any other: routed to the letter's sender, in the letter's trail and
    /// in the log.
    ///
    /// - Parameters:
    ///   - recipient: the recipient concerned, with its name in the directory.
    ///   - reason: Vietnamese, for the sender's clerk; what XML cannot hold is left out.
    /// - Returns: nil where the letter's own values cannot stand in a message, which no letter has that this
    ///   hub took.
    package func message(
        _ status: BusinessStatus, from recipient: AgencyCode, named name: String, about letter: Letter,
        reason: String, at instant: Instant
    ) -> NewDocument? {
        var draft = StatusDraft(
            sender: OrganizationDraft(
                code: recipient, name: Self.plain(name, orElse: recipient.string)),
            responseFor: ResponseForDraft(
                organID: letter.sender, code: letter.code, documentID: letter.documentID,
                promulgationDate: letter.promulgationDate),
            status: status, timestamp: instant)
        draft.staff = StaffDraft(
            department: hub.string, name: Self.plain(hubName, orElse: "Trục liên thông văn bản"))
        draft.description = Self.plain("\(status.title) (trục liên thông ghi): \(reason)", orElse: "")
        guard let bytes = try? StatusWriter.write(draft) else { return nil }
        let sha256 = SHA256.hash(bytes)
        var document = NewDocument(
            key: Admission.statusKey(from: recipient, sha256: sha256), kind: .status, sender: recipient,
            documentID: letter.documentID, code: letter.code, businessType: 0, subject: status.title,
            priority: .normal, promulgationDate: letter.promulgationDate, dueDate: nil,
            recipients: [letter.sender], payload: .memory(bytes), byteCount: Int64(bytes.count),
            sha256: sha256, detachedSignature: nil, indication: Verdict.notVerified.summary,
            verdict: Verdict.notVerified.json(), signerSHA256: nil, requestID: "",
            status: StatusDetails(
                originalSender: letter.sender, targetDocumentID: letter.documentID, code: status.rawValue,
                description: draft.description, timestamp: instant.edXMLTimestamp))
        document.caller = hub
        return document
    }

    private static func plain(_ text: String, orElse other: String) -> String {
        let scalars = text.unicodeScalars.filter { XMLEscaping.isAllowed(String($0)) }.prefix(charactersMax)
        let plain = String(String.UnicodeScalarView(scalars))
        return plain.allSatisfy(\.isWhitespace) ? other : plain
    }
}
