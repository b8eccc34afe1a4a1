package import Exchange
internal import OpenSSL

/// What the log tells. The names are stable; `docs` lists them for auditors.
package enum LogEvent: Sendable {
    case documentAccepted(AcceptedFacts)
    case documentRefused(RefusedFacts)
    case statusReceived(AcceptedFacts, StatusFacts)
    case deliveryLeased(DeliveryFacts, until: Instant)
    case deliveryAcknowledged(DeliveryFacts)
    case deliveryReleased(DeliveryFacts)
    case deliveryExpired(DeliveryFacts)
    /// Given up after its last attempt.
    case deliveryDead(DeliveryFacts)
    /// Put back into the inbox by an operator.
    case deliveryRequeued(DeliveryFacts)
    /// Taken out of the recipient's inbox: the letter was recalled or replaced by another document.
    case deliveryWithdrawn(DeliveryFacts, by: DocumentKey)
    case letterRecalled(ActedOnFacts)
    case letterUpdated(ActedOnFacts)
    case letterReplaced(ActedOnFacts)
    /// The letter was judged again, with what became known since, and the verdict is another now.
    case verdictRechecked(RecheckedFacts)
    /// The letter's held deliveries go to their inboxes.
    case holdReleased(HoldFacts)
    /// They never will.
    case holdRefused(HoldFacts)
    /// The hub tells sender or recipients something about a letter.
    case noticeIssued(NoticeFacts)
    /// - digest: SHA-256 of the agencies that were put, in the form that the store defines.
    case directoryChanged(agencies: Int, digest: Digest256)
    case agencyRetired(AgencyCode)
    case certificateBound(agency: AgencyCode, use: CertificateUse, sha256: Digest256)
    case certificateRetired(agency: AgencyCode, use: CertificateUse, sha256: Digest256)
    /// A secret that the agency's software may sign requests with; its name only.
    case secretIssued(agency: AgencyCode, name: String)
    case secretRevoked(agency: AgencyCode, name: String)
    /// Where that software may call from. The digest is over the blocks, sorted, each with an LF after it.
    case sourceAddressesChanged(agency: AgencyCode, count: Int, digest: Digest256)
    case principalsChanged(count: Int, digest: Digest256)
    case configurationChanged(digest: Digest256)
    case trustChanged(digest: Digest256)
    case policyChanged(digest: Digest256)
    /// Retention removed the bytes; everything that proves them stays.
    case payloadPurged(DocumentKey, sha256: Digest256)
    case custody(CustodyEvent)
    case webhook(WebhookEvent)
    case hubStarted(version: String)
    case hubStopped
    /// An operator let the hub go on with a tree that is behind the one that it had signed.
    case logRolledForward(signed: TreeState, found: TreeState)

    package enum CertificateUse: String, Sendable, CaseIterable { case transport, signing }
}

/// An accepted letter or status message.
package struct AcceptedFacts: Sendable {
    /// Above this the entry has the recipients' number and digest only; their deliveries name each of them.
    package static let recipientsListedMax = 100

    package var documentKey: DocumentKey
    package var kind: DocumentKind
    package var sender: AgencyCode
    package var recipients: [AgencyCode]
    package var byteCount: Int64
    /// Of the document's bytes.
    package var sha256: Digest256
    /// `TOTAL-PASSED` …
    package var indication: String
    /// Of the verdict's JSON.
    package var verdictSHA256: Digest256?
    /// Of the certificate that signed for the organisation.
    package var signerSHA256: Digest256?
    package var subject: Commitment?
    package var requestID: String?
    /// Whose software sent it, where that was not the sender's own.
    package var caller: AgencyCode?
    /// Which ended agency the letter named, by the successor that got it.
    package var redirected: [AgencyCode: AgencyCode]
    /// Names what the verdict rests on: certificates, revocation data, timestamps, policy, trust list.
    package var evidenceSHA256: Digest256?
    /// Where the deliveries wait for an answer about revocation.
    package var heldUntil: Instant?
    /// What it does to earlier letters, and to which.
    package var operation: LetterOperation?
    package var targets: [DocumentKey]

    package init(
        documentKey: DocumentKey, kind: DocumentKind, sender: AgencyCode, recipients: [AgencyCode],
        byteCount: Int64,
        sha256: Digest256, indication: String, verdictSHA256: Digest256? = nil,
        signerSHA256: Digest256? = nil,
        subject: Commitment? = nil, requestID: String? = nil, caller: AgencyCode? = nil,
        redirected: [AgencyCode: AgencyCode] = [:], evidenceSHA256: Digest256? = nil,
        heldUntil: Instant? = nil, operation: LetterOperation? = nil, targets: [DocumentKey] = []
    ) {
        self.operation = operation
        self.targets = targets
        self.caller = caller
        self.redirected = redirected
        self.evidenceSHA256 = evidenceSHA256
        self.heldUntil = heldUntil
        self.documentKey = documentKey
        self.kind = kind
        self.sender = sender
        self.recipients = recipients
        self.byteCount = byteCount
        self.sha256 = sha256
        self.indication = indication
        self.verdictSHA256 = verdictSHA256
        self.signerSHA256 = signerSHA256
        self.subject = subject
        self.requestID = requestID
    }

    /// SHA-256 over the codes in the order of the deliveries, each with an LF after it.
    package static func digest(of recipients: [AgencyCode]) -> Digest256 {
        var hash = SHA256()
        for code in recipients {
            hash.update(code.bytes)
            hash.update(byte: 0x0A)
        }
        return hash.finalize()
    }
}

/// What a status message is about.
package struct StatusFacts: Sendable {
    package var letterKey: DocumentKey
    /// `01` …
    package var code: String

    package init(letterKey: DocumentKey, code: String) {
        self.letterKey = letterKey
        self.code = code
    }
}

/// A letter that was not taken.
package struct RefusedFacts: Sendable {
    /// Who called, as far as that is known.
    package var caller: AgencyCode?
    package var reason: RejectionCode
    /// Of what was sent, where all of it arrived.
    package var sha256: Digest256?
    package var requestID: String?

    package init(caller: AgencyCode?, reason: RejectionCode, sha256: Digest256?, requestID: String?) {
        self.caller = caller
        self.reason = reason
        self.sha256 = sha256
        self.requestID = requestID
    }
}

/// A letter that another one recalls, updates or replaces.
package struct ActedOnFacts: Sendable {
    package var documentKey: DocumentKey
    /// The other one.
    package var by: DocumentKey

    package init(documentKey: DocumentKey, by: DocumentKey) {
        self.documentKey = documentKey
        self.by = by
    }
}

/// One step of a letter's way to one recipient.
package struct DeliveryFacts: Sendable {
    package var delivery: Int64
    package var documentKey: DocumentKey
    package var recipient: AgencyCode
    /// 1-based.
    package var attempt: Int

    package init(delivery: Int64, documentKey: DocumentKey, recipient: AgencyCode, attempt: Int) {
        self.delivery = delivery
        self.documentKey = documentKey
        self.recipient = recipient
        self.attempt = attempt
    }
}

extension LogEvent {
    package var name: String {
        switch self {
        case .documentAccepted: "document.accepted"
        case .documentRefused: "document.refused"
        case .statusReceived: "status.received"
        case .deliveryLeased: "delivery.leased"
        case .deliveryAcknowledged: "delivery.acknowledged"
        case .deliveryReleased: "delivery.released"
        case .deliveryExpired: "delivery.expired"
        case .deliveryDead: "delivery.dead"
        case .deliveryRequeued: "delivery.requeued"
        case .deliveryWithdrawn: "delivery.withdrawn"
        case .letterRecalled: "letter.recalled"
        case .letterUpdated: "letter.updated"
        case .letterReplaced: "letter.replaced"
        case .verdictRechecked: "verdict.rechecked"
        case .holdReleased: "hold.released"
        case .holdRefused: "hold.refused"
        case .noticeIssued: "notice.issued"
        case .directoryChanged: "directory.changed"
        case .agencyRetired: "agency.retired"
        case .certificateBound: "certificate.bound"
        case .certificateRetired: "certificate.retired"
        case .secretIssued: "secret.issued"
        case .secretRevoked: "secret.revoked"
        case .sourceAddressesChanged: "addresses.changed"
        case .principalsChanged: "principals.changed"
        case .configurationChanged: "configuration.changed"
        case .trustChanged: "trust.changed"
        case .policyChanged: "policy.changed"
        case .payloadPurged: "payload.purged"
        case .custody(let event): event.name
        case .webhook(let event): event.name
        case .hubStarted: "hub.started"
        case .hubStopped: "hub.stopped"
        case .logRolledForward: "log.rolled_forward"
        }
    }

    /// Members in the order of their names' bytes.
    func write(into entry: inout EntryWriter) {
        switch self {
        case .documentAccepted(let facts): facts.write(into: &entry, status: nil)
        case .statusReceived(let facts, let status): facts.write(into: &entry, status: status)
        case .documentRefused(let facts): facts.write(into: &entry)
        case .deliveryLeased(let facts, let until): facts.write(into: &entry, leasedUntil: until)
        case .deliveryWithdrawn(let facts, let key): facts.write(into: &entry, leasedUntil: nil, by: key)
        case .letterRecalled(let facts), .letterUpdated(let facts), .letterReplaced(let facts):
            entry.text("by", facts.by.description)
            entry.text("documentKey", facts.documentKey.description)
        case .deliveryAcknowledged(let facts), .deliveryReleased(let facts), .deliveryExpired(let facts),
            .deliveryDead(let facts), .deliveryRequeued(let facts):
            facts.write(into: &entry, leasedUntil: nil)
        case .verdictRechecked(let facts): facts.write(into: &entry)
        case .holdReleased(let facts), .holdRefused(let facts): facts.write(into: &entry)
        case .noticeIssued(let facts): facts.write(into: &entry)
        case .directoryChanged(let agencies, let digest):
            entry.number("agencyCount", Int64(agencies))
            entry.digest("sha256", digest)
        case .agencyRetired(let code):
            entry.code("agency", code)
        case .certificateBound(let agency, let use, let sha256),
            .certificateRetired(let agency, let use, let sha256):
            entry.code("agency", agency)
            entry.digest("certificateSha256", sha256)
            entry.text("use", use.rawValue)
        case .secretIssued(let agency, let name), .secretRevoked(let agency, let name):
            entry.code("agency", agency)
            entry.text("secret", name)
        case .sourceAddressesChanged(let agency, let count, let digest):
            entry.code("agency", agency)
            entry.number("blockCount", Int64(count))
            entry.digest("sha256", digest)
        case .principalsChanged(let count, let digest):
            entry.number("principalCount", Int64(count))
            entry.digest("sha256", digest)
        case .configurationChanged(let digest), .trustChanged(let digest), .policyChanged(let digest):
            entry.digest("sha256", digest)
        case .payloadPurged(let key, let sha256):
            entry.text("documentKey", key.description)
            entry.digest("sha256", sha256)
        case .custody(let event): event.write(into: &entry)
        case .webhook(let event): event.write(into: &entry)
        case .hubStarted(let version):
            entry.text("version", version)
        case .hubStopped:
            break
        case .logRolledForward(let signed, let found):
            entry.digest("foundRoot", found.root)
            entry.number("foundSize", found.size)
            entry.digest("signedRoot", signed.root)
            entry.number("signedSize", signed.size)
        }
    }
}

extension AcceptedFacts {
    fileprivate func write(into entry: inout EntryWriter, status: StatusFacts?) {
        entry.number("byteCount", byteCount)
        entry.code("caller", caller)
        entry.text("documentKey", documentKey.description)
        entry.digest("evidenceSha256", evidenceSHA256)
        entry.text("heldUntil", heldUntil?.rfc3339)
        entry.text("indication", indication)
        entry.text("kind", kind.rawValue)
        entry.text("letterKey", status?.letterKey.description)
        entry.text("operation", operation?.rawValue)
        entry.recipients(recipients)
        if !redirected.isEmpty, redirected.count <= Self.recipientsListedMax {
            let pairs = redirected.map { AgencyCode("\($0.value)>\($0.key)") }
            entry.codes("redirected", pairs.sorted())
        }
        entry.text("requestId", requestID)
        entry.code("sender", sender)
        entry.digest("sha256", sha256)
        entry.digest("signerSha256", signerSHA256)
        entry.text("statusCode", status?.code)
        entry.digest("subjectCommitment", subject?.digest)
        if !targets.isEmpty { entry.codes("targets", targets.map { AgencyCode($0.description) }) }
        entry.digest("verdictSha256", verdictSHA256)
    }
}

extension RefusedFacts {
    fileprivate func write(into entry: inout EntryWriter) {
        entry.code("caller", caller)
        entry.text("reason", reason.rawValue)
        entry.text("requestId", requestID)
        entry.digest("sha256", sha256)
    }
}

extension DeliveryFacts {
    fileprivate func write(
        into entry: inout EntryWriter, leasedUntil: Instant?, by document: DocumentKey? = nil
    ) {
        entry.number("attempt", Int64(attempt))
        entry.text("by", document?.description)
        entry.number("delivery", delivery)
        entry.text("documentKey", documentKey.description)
        entry.text("leasedUntil", leasedUntil?.rfc3339)
        entry.code("recipient", recipient)
    }
}
