internal import EdXML
package import Exchange
internal import OpenSSL
internal import Signature
package import Storage

/// A message that may go in, with its recipients resolved. Only `Admission` makes one.
package struct AdmittedMessage: Sendable {
    package let document: NewDocument

    fileprivate init(document: NewDocument) {
        self.document = document
    }
}

/// In whose name a caller sends: itself, or an agency that it may act for. Only `Admission` makes one.
package struct AuthorizedSender: Sendable {
    package let agency: Agency
    package let caller: Agency

    fileprivate init(agency: Agency, caller: Agency) {
        self.agency = agency
        self.caller = caller
    }

    var isActing: Bool { agency.code != caller.code }
}

/// Decides whether a verified message may go in: who speaks for whom, who may receive, what policy demands.
package struct Admission: Sendable {
    let directory: Directory
    private let policy: HubPolicy
    let now: Instant
    let hubStatus: HubStatus
    /// Under `enforce` a letter without a signature of its own is signed enough where PDFs in it are, all of
    /// them rightly and one by a certificate registered for the sender: for senders whose software signs
    /// nothing else.
    var countsSignedAttachments = false

    /// - Parameter directory: one snapshot for the whole decision.
    package init(directory: Directory, policy: HubPolicy, hubStatus: HubStatus, now: Instant) {
        self.directory = directory
        self.policy = policy
        self.hubStatus = hubStatus
        self.now = now
    }

    /// Who sends: `From/OrganId` under any of its codes, which must be the caller or an agency for which the
    /// caller has a right to act that has not ended.
    package func authorize(_ read: ReadMessage, from caller: Agency) throws(Rejection) -> AuthorizedSender {
        guard let agency = sender(of: read.message, caller) else {
            throw Rejection(findings: findings(in: read.message, from: caller))
        }
        for party in [caller, agency] {
            guard party.status == .hidden || party.isInForce(at: now) else {
                throw Rejection(
                    .agencyNotActive, "Cơ quan \(party.code) đang bị khóa hoặc đã ngừng hoạt động.")
            }
        }
        return AuthorizedSender(agency: agency, caller: caller)
    }

    /// Nil where the caller may not send in that name.
    private func sender(of message: EdXMLMessage, _ caller: Agency) -> Agency? {
        guard let agency = directory.agency(message.sender.organID),
            directory.maySend(caller, for: agency, at: now)
        else { return nil }
        return agency
    }

    /// Whatever is wrong with a message by the directory: for one with mistakes of its own too, so that its
    /// sender hears of everything at once. What is missing is empty in it.
    func findings(in message: EdXMLMessage, from caller: Agency) -> [Finding] {
        var findings: [Finding] = []
        let sender = sender(of: message, caller)
        if sender == nil, !message.sender.organID.isEmpty {
            findings.append(
                message.sender.finding(
                    .notYourAgency,
                    "From/OrganId \(message.sender.organID) không phải mã của cơ quan đang kết nối "
                        + "(\(caller.code)), và cơ quan này không có quyền gửi thay còn hạn; hãy ghi mã của "
                        + "cơ quan mình."))
        }
        switch message {
        case .letter(let letter): findings += examine(letter, from: sender ?? caller).findings
        case .status(let status): findings += examine(status)
        }
        return findings
    }

    package func admit(
        _ verified: VerifiedMessage, from sender: AuthorizedSender, requestID: String
    ) throws(Rejection) -> AdmittedMessage {
        var document =
            switch verified.read.message {
            case .letter(let letter): try admit(letter, verified, from: sender, requestID: requestID)
            case .status(let status): try admit(status, verified, from: sender.agency, requestID: requestID)
            }
        if sender.isActing { document.caller = sender.caller.code }
        return AdmittedMessage(document: document)
    }

    // MARK: Letters

    private func admit(
        _ letter: Letter, _ verified: VerifiedMessage, from sender: AuthorizedSender, requestID: String
    ) throws(Rejection) -> NewDocument {
        let examined = examine(letter, from: sender.agency)
        let (route, action) = (examined.route, examined.action)
        let hold: Hold?
        do {
            hold = try requireSignature(verified, of: sender)
        } catch {
            // What waiting cannot mend goes before what it can.
            if examined.findings.isEmpty { throw error }
            let place = ElementPlace(path: Self.signaturePath, line: 0, column: 0)
            throw Rejection(findings: examined.findings + [place.finding(error.code, error.detail)])
        }
        if !examined.findings.isEmpty { throw Rejection(findings: examined.findings) }
        // What it does to others could not be taken back if it were refused in the end.
        if action != nil, hold != nil { throw unknownRevocation("") }
        let code = sender.agency.code
        let key = Self.key(of: verified.read, from: code)
        var document = NewDocument(
            key: key, kind: .letter, sender: code, documentID: letter.documentID,
            code: letter.code, businessType: letter.businessType, subject: letter.subject,
            priority: letter.priority, promulgationDate: letter.promulgationDate, dueDate: letter.dueDate,
            recipients: route.recipients, payload: verified.read.payload, byteCount: verified.read.byteCount,
            sha256: verified.read.sha256, detachedSignature: verified.read.detachedSignature,
            indication: verified.verdict.summary, verdict: verified.verdict.json(),
            signerSHA256: verified.signers.first, requestID: requestID, status: nil)
        document.documentType = letter.documentType.name
        document.redirected = route.redirected
        document.action = action
        document.deadlines = policy.rules.deadlines(
            action?.operation, letter.priority, dueDate: letter.dueDate, at: now)
        document.evidence = verified.evidence
        document.hold = hold
        document.isUnsettled = verified.verdict.restsOnUnknownRevocation
        return document
    }

    private static let signaturePath = "/edXML/edXMLEnvelope/edXMLHeader/Signature"

    /// What a letter comes to by the directory.
    private struct Examination {
        var route = Route()
        var action: LetterAction?
        /// All that is wrong with it; where there is something, the rest is of no use.
        var findings: [Finding] = []
    }

    private func examine(_ letter: Letter, from sender: Agency) -> Examination {
        var examination = Examination()
        examination.route = resolve(letter, &examination.findings)
        examination.action = action(
            of: letter, examination.route, from: sender, &examination.findings)
        return examination
    }

    struct Route {
        var recipients: [AgencyCode] = []
        /// The same, with the codes under which each may have got earlier letters.
        var parties: [LetterAction.Party] = []
        /// Which ended agency the letter named, by the successor that gets it.
        var redirected: [AgencyCode: AgencyCode] = [:]
    }

    /// Every recipient by its own code, successors for those that have ended, all problems told at once.
    private func resolve(_ letter: Letter, _ findings: inout [Finding]) -> Route {
        var route = Route()
        var seen: Set<AgencyCode> = []
        func find(_ code: RejectionCode, _ detail: String, _ organization: Organization) {
            findings.append(organization.finding(code, detail))
        }
        for organization in letter.recipients {
            let code = organization.organID
            if code.isEmpty { continue }
            guard let named = directory.agency(code) else {
                find(.recipientUnknown, Self.unknownDetail(code), organization)
                continue
            }
            guard seen.insert(named.code).inserted else {
                find(
                    .recipientRepeated,
                    "Cơ quan \(code) đã có trong danh sách nhận (mã khác của \(named.code)); chỉ ghi một lần",
                    organization)
                continue
            }
            guard let agency = directory.recipient(named.code, at: now) else {
                find(
                    .recipientNotActive, Self.notActiveDetail(code), organization)
                continue
            }
            if letter.business.kind != .new {
                route.parties.append(party(agency, named: named.code, organization.place))
            }
            // Two that were merged, or one and its successor: one delivery.
            if route.recipients.contains(agency.code) { continue }
            if agency.code != named.code { route.redirected[agency.code] = named.code }
            route.recipients.append(agency.code)
        }
        if let date = letter.promulgationInstant, date > now {
            findings.append(
                letter.promulgationPlace.finding(
                    .valueInvalid,
                    "Ngày ban hành \(letter.promulgationDate) ở tương lai; hãy ghi ngày ký ban hành."))
        }
        return route
    }

    static func unknownDetail(_ code: AgencyCode) -> String {
        "Không có cơ quan nào mang mã \(code) trong danh bạ; hãy tra mã đúng trong danh bạ của trục."
    }

    static func notActiveDetail(_ code: AgencyCode) -> String {
        "Cơ quan \(code) không còn hoặc chưa nhận văn bản qua trục; hãy ghi cơ quan kế tục hoặc bỏ nơi này."
    }

    /// - Returns: the hold that the letter's deliveries come under; nil where they go out at once.
    private func requireSignature(
        _ verified: VerifiedMessage, of sender: AuthorizedSender
    ) throws(Rejection) -> Hold? {
        guard sender.agency.signaturePolicy == .enforce else { return nil }
        let verdict = verified.verdict
        let reasons = verdict.reasonDetails.joined(separator: " ")
        switch verdict.indication {
        case .totalPassed: break
        case _ where verdict.isUnsigned && countsSignedAttachments && !verdict.signatures.isEmpty:
            try requireSignedAttachments(verdict, of: sender)
            return nil
        case _ where verdict.isUnsigned:
            throw Rejection(.signatureMissing, "Văn bản chưa có chữ ký số của cơ quan. \(reasons)")
        case _ where verdict.restsOnUnknownRevocation: break
        case .totalFailed:
            throw Rejection(.signatureInvalid, "Chữ ký số không hợp lệ. \(reasons)")
        case .indeterminate:
            throw Rejection(.signatureIndeterminate, "Chưa kết luận được về chữ ký số. \(reasons)")
        }
        // Who may send for an agency may also seal for it.
        let registered = sender.agency.signingCertificates + sender.caller.signingCertificates
        guard verified.signers.allSatisfy(registered.contains) else {
            throw Rejection(
                .signerNotRegistered,
                "Chữ ký đúng nhưng chứng thư ký chưa được đăng ký cho cơ quan \(sender.agency.code) trong "
                    + "danh bạ.")
        }
        return verdict.hasPassed ? nil : try hold(for: sender.agency, reasons)
    }

    /// A hold is not for these: what a later check would have to find is a signature of the letter's own.
    private func requireSignedAttachments(
        _ verdict: Verdict, of sender: AuthorizedSender
    ) throws(Rejection) {
        let reasons = verdict.reasonDetails.joined(separator: " ")
        if verdict.restsOnUnknownRevocation {
            guard policy.unknownRevocation(for: sender.agency) != .accept else { return }
            throw Rejection(
                .revocationUnknown,
                "Chưa biết chứng thư ký tệp PDF có bị thu hồi hay không; văn bản chưa được nhận, hãy gửi lại "
                    + "sau. " + reasons, remedy: .retry(afterSeconds: policy.revocationRetrySeconds))
        }
        guard verdict.signatures.allSatisfy(\.hasPassed) else {
            let hasFailed = verdict.signatures.contains { $0.indication == .totalFailed }
            throw Rejection(
                hasFailed ? .signatureInvalid : .signatureIndeterminate,
                "Chữ ký số trong tệp PDF \(hasFailed ? "không hợp lệ" : "chưa kết luận được"). \(reasons)")
        }
        let registered = sender.agency.signingCertificates + sender.caller.signingCertificates
        guard
            verdict.signatures.contains(where: { $0.signer.map { registered.contains($0.sha256) } ?? false })
        else {
            throw Rejection(
                .signerNotRegistered,
                "Tệp PDF có chữ ký đúng nhưng không chữ ký nào bằng chứng thư đã đăng ký cho cơ quan "
                    + "\(sender.agency.code) trong danh bạ.")
        }
    }

    /// Nothing is wrong with the letter but that nobody can say whether its signer was revoked.
    private func hold(for agency: Agency, _ reasons: String) throws(Rejection) -> Hold? {
        switch policy.unknownRevocation(for: agency) {
        case .accept: return nil
        case .hold:
            return Hold(
                until: now.adding(seconds: Int64(policy.holdSecondsMax)), atDeadline: policy.afterHold)
        case .refuse: throw unknownRevocation(reasons)
        }
    }

    private func unknownRevocation(_ reasons: String) -> Rejection {
        Rejection(
            .revocationUnknown,
            "Chưa biết chứng thư ký có bị thu hồi hay không; văn bản chưa được nhận, hãy gửi lại sau. "
                + reasons, remedy: .retry(afterSeconds: policy.revocationRetrySeconds))
    }

    // MARK: Statuses

    private func admit(
        _ status: StatusMessage, _ verified: VerifiedMessage, from caller: Agency, requestID: String
    ) throws(Rejection) -> NewDocument {
        guard let code = status.status, let named = directory.agency(status.responseFor.organID) else {
            throw Rejection(findings: examine(status))
        }
        let reader = directory.recipient(named.code, at: now) ?? named
        let key = Self.key(of: verified.read, from: caller.code)
        var document = NewDocument(
            key: key, kind: .status, sender: caller.code, documentID: status.responseFor.documentID,
            code: status.responseFor.code, businessType: 0, subject: code.title, priority: .normal,
            promulgationDate: status.responseFor.promulgationDate, dueDate: nil,
            recipients: [reader.code],
            payload: verified.read.payload, byteCount: verified.read.byteCount,
            sha256: verified.read.sha256,
            detachedSignature: verified.read.detachedSignature, indication: verified.verdict.summary,
            verdict: verified.verdict.json(), signerSHA256: verified.signers.first, requestID: requestID,
            status: StatusDetails(
                originalSender: named.code, targetDocumentID: status.responseFor.documentID,
                code: code.rawValue, description: status.description, timestamp: status.timestamp,
                owners: directory.inheritedCodes(of: named, at: now),
                reporters: directory.inheritedCodes(of: caller, at: now)))
        if code == .recallRequested {
            document.action = request(
                status, to: party(reader, named: named.code, status.responseFor.place), from: caller)
        }
        return document
    }

    private func examine(_ status: StatusMessage) -> [Finding] {
        var findings: [Finding] = []
        if !status.statusCode.isEmpty, status.status == nil {
            findings.append(
                status.statusCodePlace.finding(
                    .statusCodeUnknown,
                    "Mã trạng thái \(status.statusCode) không thuộc 01–06, 13, 15, 16; hãy ghi một trong các "
                        + "mã ấy."))
        }
        let named = status.responseFor.organID
        if !named.isEmpty, directory.agency(named) == nil {
            findings.append(
                status.responseFor.place.finding(
                    .statusTargetUnknown,
                    "ResponseFor/OrganId \(named) không có trong danh bạ; hãy ghi mã của cơ quan đã gửi văn "
                        + "bản."))
        }
        return findings
    }

    /// What a message of that sender is stored under, accepted or not.
    static func key(of read: ReadMessage, from sender: AgencyCode) -> DocumentKey {
        switch read.message {
        case .status(_):
            // Statuses repeat (05), so what makes one unique is its bytes.
            return statusKey(from: sender, sha256: read.sha256)
        case .letter(let letter):
            var parts = ["letter", sender.string, letter.documentID.string, String(letter.businessType)]
            // A letter may be recalled or updated more than once, under one DocumentId.
            if LetterOperation(number: letter.businessType) != nil { parts.append(read.sha256.hex) }
            return key(parts)
        }
    }

    static func statusKey(from sender: AgencyCode, sha256: Digest256) -> DocumentKey {
        key(["status", sender.string, sha256.hex])
    }

    /// The parts are separated by a byte that no XML text can hold.
    private static func key(_ parts: [String]) -> DocumentKey {
        DocumentKey(truncating: SHA256.hash(Array(parts.joined(separator: "\0").utf8)))
    }
}
