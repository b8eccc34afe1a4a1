package import AuditLog
package import Exchange
package import OpenSSL

/// What a caller asks of the store. A batch of them is committed whole; a rejection of one leaves the others
/// alone.
package enum Change: Sendable {
    /// → `.accepted`. The same key and SHA-256 again gives the earlier acceptance as a replay, and writes
    /// nothing; the same key with another SHA-256 is rejected as `documentConflict`.
    case accept(NewDocument)
    /// → `.done`. An audit entry only.
    case refuse(RefusedLetter)
    /// → `.settled`. Nothing, and no entry, where another settlement of the letter came first.
    case settle(Settlement)
    /// → `.done`. Says when the log was already that long; no entry, which would need a timestamp of its own.
    case keepTimestamp(CheckpointTimestamp)
    /// → `.leased`, in the order express, urgent, normal, and FIFO inside each; what waited for long goes as
    /// if it were more urgent (`StoreOptions.agingSeconds`). `limit` 1...1000, `seconds` 1...86,400; what
    /// is outside is taken for the nearest bound.
    case lease(recipient: AgencyCode, limit: Int, seconds: Int)
    /// → `.acknowledged`; again with the same token: the same, and no entry. A token that no longer holds the
    /// delivery is rejected as `leaseStale`, another agency's delivery as `deliveryNotFound`.
    case acknowledge(delivery: Int64, recipient: AgencyCode, token: LeaseToken)
    /// → `.released`: back into the inbox, or dead where the attempts are used up.
    case release(delivery: Int64, recipient: AgencyCode, token: LeaseToken, reason: String?)
    /// → `.extended`: the lease ends `seconds` after now.
    case extend(delivery: Int64, recipient: AgencyCode, token: LeaseToken, seconds: Int)
    /// → `.acknowledged`, `.released` or `.done`. What a recipient's software says that saw the delivery in a
    /// list and holds no lease; again: the same, and no entry. One that has ended otherwise is rejected as
    /// `leaseStale`.
    case conclude(delivery: Int64, recipient: AgencyCode, Conclusion)
    /// → `.requeued`: a delivery that was given up after its attempts is in the inbox again, with all of them
    /// before it. One that never was offered, because its letter's hold ended in a refusal, stays dead.
    case requeue(delivery: Int64)
    /// → `.expired`, at most 1000; call again while it gives that many.
    case expireLeases
    /// → `.alerted`, at most 1000; again for what is left.
    case raiseAlerts
    /// → `.done`. All of it or nothing; agencies are retired, never deleted.
    case putAgencies([Agency], retire: Retirement)
    /// - successor: gets what is addressed to it from now on; nil leaves the one that it has.
    case retireAgency(AgencyCode, successor: AgencyCode? = nil)
    case bindCertificate(agency: AgencyCode, use: CertificateUse, certificate: Digest256)
    case retireCertificate(agency: AgencyCode, use: CertificateUse, certificate: Digest256)
    /// Replaces all of them.
    case putPrincipals([Principal])
    /// → `.done`. Keeps the DER of those that are registered for an agency, which knows them by their SHA-256
    /// only; others are passed over. Says nothing new to anybody, so it is no entry in the log.
    case keepCertificates([Certificate])
    /// → `.done`. One more secret that the agency's software may sign its requests with.
    case addSecret(agency: AgencyCode, SealedSecret)
    /// → `.done`; `notFound` where the agency has none of that name.
    case removeSecret(agency: AgencyCode, name: String)
    /// → `.done`. Replaces all of them; none means anywhere.
    case putSourceAddresses(agency: AgencyCode, [AddressBlock])
    /// Something in the hub's own life, for the audit log.
    case event(HubEvent)
    /// → `.done`. A letter's bytes go, for ever; everything else about it stays. Again: nothing more happens.
    /// Rejected as `legalHold` where the letter is under one.
    case purge(DocumentKey)
    case custody(CustodyChange)
    case webhook(WebhookChange)
    /// → `.done`. Records that were copied into a new segment are read from there from now on. No entry.
    case compact(CompactedSegment)
}

/// Which agencies end when others are put.
package enum Retirement: Sendable {
    case none
    /// Every agency of the directory that is not put.
    case others
    case these([AgencyCode])
}

/// A letter or status message that was verified and admitted.
package struct NewDocument: Sendable {
    package var key: DocumentKey
    package var kind: DocumentKind
    package var sender: AgencyCode
    package var documentID: ExactString
    /// `482/SKHCN-CĐS`
    package var code: String
    package var businessType: Int
    package var subject: String
    package var priority: Priority
    package var promulgationDate: String
    package var dueDate: String?
    /// Codes of the directory, not aliases. Of a status message the first gets it, where the letter's sender
    /// has ended; with none it goes to the letter's sender.
    package var recipients: [AgencyCode]
    package var payload: Payload
    package var byteCount: Int64
    /// Of the payload.
    package var sha256: Digest256
    /// DER of the CMS that came beside the letter.
    package var detachedSignature: [UInt8]?
    /// TOTAL-PASSED, TOTAL-FAILED, INDETERMINATE, or what the policy says instead.
    package var indication: String
    /// JSON.
    package var verdict: [UInt8]
    /// Of the DER of the signer's certificate.
    package var signerSHA256: Digest256?
    package var requestID: String
    /// What kind of letter its software calls it; empty for other documents.
    package var documentType = ""
    /// What a status message says; nil for a letter.
    package var status: StatusDetails?
    /// Whose software sent it, where that is not the sender's own.
    package var caller: AgencyCode?
    /// Which ended agency the letter named, by the successor that gets it.
    package var redirected: [AgencyCode: AgencyCode] = [:]
    /// What the verdict rests on; nil where nothing was verified.
    package var evidence: Evidence?
    /// Its deliveries wait.
    package var hold: Hold?
    /// The verdict rests on unknown revocation and is to be looked at again.
    package var isUnsettled = false
    /// What it does to earlier letters.
    package var action: LetterAction?
    package var deadlines = Deadlines()

    package init(
        key: DocumentKey, kind: DocumentKind, sender: AgencyCode, documentID: ExactString, code: String,
        businessType: Int, subject: String, priority: Priority, promulgationDate: String, dueDate: String?,
        recipients: [AgencyCode], payload: Payload, byteCount: Int64, sha256: Digest256,
        detachedSignature: [UInt8]?, indication: String, verdict: [UInt8], signerSHA256: Digest256?,
        requestID: String, status: StatusDetails?
    ) {
        self.key = key
        self.kind = kind
        self.sender = sender
        self.documentID = documentID
        self.code = code
        self.businessType = businessType
        self.subject = subject
        self.priority = priority
        self.promulgationDate = promulgationDate
        self.dueDate = dueDate
        self.recipients = recipients
        self.payload = payload
        self.byteCount = byteCount
        self.sha256 = sha256
        self.detachedSignature = detachedSignature
        self.indication = indication
        self.verdict = verdict
        self.signerSHA256 = signerSHA256
        self.requestID = requestID
        self.status = status
    }
}

/// What a status message says about which letter.
package struct StatusDetails: Sendable {
    /// The agency that sent the letter, as the message names it; gets the message.
    package var originalSender: AgencyCode
    /// Agencies whose letter it may be: that one, and those whose business it has taken over.
    package var owners: [AgencyCode]
    /// Codes under which the reporting agency may have got the letter: its own, and those of agencies whose
    /// business it has taken over.
    package var reporters: [AgencyCode]
    package var targetDocumentID: ExactString
    /// `03`; see `BusinessStatus`.
    package var code: String
    package var description: String
    /// As the message has it.
    package var timestamp: String

    package init(
        originalSender: AgencyCode, targetDocumentID: ExactString, code: String, description: String,
        timestamp: String, owners: [AgencyCode]? = nil, reporters: [AgencyCode] = []
    ) {
        self.originalSender = originalSender
        self.owners = owners ?? [originalSender]
        self.reporters = reporters
        self.targetDocumentID = targetDocumentID
        self.code = code
        self.description = description
        self.timestamp = timestamp
    }
}

/// A document's bytes, on their way in.
package enum Payload: Sendable {
    case memory([UInt8])
    /// Sealed.
    case spooled(SpooledPayload)

    /// Hashes the bytes; nil where the spooled file cannot be read.
    package func digest(_ algorithm: DigestAlgorithm) -> [UInt8]? {
        switch self {
        case .memory(let bytes): return Digester.hash(bytes, algorithm)
        case .spooled(let file):
            let digester = Digester(algorithm)
            let isRead = file.forEachPiece { digester.update($0) }
            return isRead ? digester.finalize() : nil
        }
    }

    /// - Returns: false where the spooled file cannot be read to its end.
    package func forEachPiece(_ body: ([UInt8]) -> Void) -> Bool {
        switch self {
        case .memory(let bytes):
            body(bytes)
            return true
        case .spooled(let file): return file.forEachPiece(body)
        }
    }
}

/// A message that the hub did not take.
package struct RefusedLetter: Sendable {
    package var caller: AgencyCode
    package var code: RejectionCode
    /// Of what was sent, where all of it came.
    package var sha256: Digest256?
    package var requestID: String

    package init(caller: AgencyCode, code: RejectionCode, sha256: Digest256?, requestID: String) {
        self.caller = caller
        self.code = code
        self.sha256 = sha256
        self.requestID = requestID
    }
}

package typealias CertificateUse = LogEvent.CertificateUse

/// An event of the hub's own life.
package enum HubEvent: Sendable, Equatable {
    case started(version: String)
    case stopped
    /// The configuration was read again; the digest is of the file.
    case configurationChanged(Digest256)
    /// What the hub goes by where law and directory leave room; the digest is of its settings.
    case policyChanged(Digest256)
    /// Trust anchors, intermediates or revocation lists are others now; the digest names the new set.
    case trustChanged(Digest256)
}
