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

/// Decides whether a verified message may go in: who speaks for whom, who may receive, what policy demands.
package struct Admission: Sendable {
    private let directory: Directory
    private let now: Instant

    /// - Parameter directory: one snapshot for the whole decision.
    package init(directory: Directory, now: Instant) {
        self.directory = directory
        self.now = now
    }

    package func admit(
        _ verified: VerifiedMessage, from caller: Agency, requestID: String
    ) throws(Rejection) -> AdmittedMessage {
        guard caller.status == .active || caller.status == .hidden else {
            throw Rejection(.agencyNotActive, "Cơ quan \(caller.code) đang bị khóa hoặc đã ngừng hoạt động.")
        }
        switch verified.read.message {
        case .letter(let letter): return try admit(letter, verified, from: caller, requestID: requestID)
        case .status(let status): return try admit(status, verified, from: caller, requestID: requestID)
        }
    }

    // MARK: Letters

    private func admit(
        _ letter: Letter, _ verified: VerifiedMessage, from caller: Agency, requestID: String
    ) throws(Rejection) -> AdmittedMessage {
        try requireSender(letter.sender, is: caller)
        guard letter.businessType == 0 else {
            throw Rejection(
                .operationNotSupported,
                "Trục chưa nhận nghiệp vụ thu hồi, cập nhật, thay thế; BussinessDocType phải là 0.")
        }
        let recipients = try resolve(letter)
        try requireSignature(verified, of: caller)
        let key = Self.key([
            "letter", caller.code.string, letter.documentID.string, String(letter.businessType),
        ])
        return AdmittedMessage(
            document: NewDocument(
                key: key, kind: .letter, sender: caller.code, documentID: letter.documentID,
                code: letter.code, businessType: letter.businessType, subject: letter.subject,
                priority: letter.priority, promulgationDate: letter.promulgationDate, dueDate: letter.dueDate,
                recipients: recipients, payload: verified.read.payload, byteCount: verified.read.byteCount,
                sha256: verified.read.sha256, detachedSignature: verified.read.detachedSignature,
                indication: verified.verdict.summary, verdict: verified.verdict.json(),
                signerSHA256: verified.signers.first, requestID: requestID, status: nil))
    }

    private func requireSender(_ sender: Organization, is caller: Agency) throws(Rejection) {
        guard directory.agency(sender.organID)?.code == caller.code else {
            let detail =
                "From/OrganId \(sender.organID) không phải mã của cơ quan đang kết nối (\(caller.code))."
            throw Rejection(.notYourAgency, detail, findings: [sender.finding(.notYourAgency, detail)])
        }
    }

    /// Every recipient by its own code, all problems told at once.
    private func resolve(_ letter: Letter) throws(Rejection) -> [AgencyCode] {
        var findings: [Finding] = []
        var recipients: [AgencyCode] = []
        var seen: Set<AgencyCode> = []
        func find(_ code: RejectionCode, _ detail: String, _ organization: Organization) {
            findings.append(organization.finding(code, detail))
        }
        for organization in letter.recipients {
            let code = organization.organID
            guard let agency = directory.agency(code) else {
                find(.recipientUnknown, "Không có cơ quan nào mang mã \(code) trong danh bạ.", organization)
                continue
            }
            guard agency.status == .active else {
                find(
                    .recipientNotActive, "Cơ quan \(code) không còn hoặc chưa nhận văn bản qua trục.",
                    organization)
                continue
            }
            guard seen.insert(agency.code).inserted else {
                find(
                    .recipientRepeated,
                    "Cơ quan \(code) đã có trong danh sách nhận (mã khác của \(agency.code)).", organization)
                continue
            }
            recipients.append(agency.code)
        }
        if let date = letter.promulgationInstant, date > now {
            findings.append(
                Finding(
                    path: "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/PromulgationInfo/PromulgationDate",
                    line: 0, column: 0, code: .valueInvalid,
                    detail: "Ngày ban hành \(letter.promulgationDate) ở tương lai."))
        }
        if let first = findings.first { throw Rejection(first.code, first.detail, findings: findings) }
        return recipients
    }

    private func requireSignature(_ verified: VerifiedMessage, of caller: Agency) throws(Rejection) {
        guard caller.signaturePolicy == .enforce else { return }
        let verdict = verified.verdict
        let reasons = verdict.reasonDetails.joined(separator: " ")
        switch verdict.indication {
        case .totalPassed: break
        case _ where verdict.signatures.isEmpty:
            throw Rejection(.signatureMissing, "Văn bản chưa có chữ ký số của cơ quan. \(reasons)")
        case .totalFailed:
            throw Rejection(.signatureInvalid, "Chữ ký số không hợp lệ. \(reasons)")
        case .indeterminate:
            throw Rejection(.signatureIndeterminate, "Chưa kết luận được về chữ ký số. \(reasons)")
        }
        guard verified.signers.allSatisfy(caller.signingCertificates.contains) else {
            throw Rejection(
                .signerNotRegistered,
                "Chữ ký đúng nhưng chứng thư ký chưa được đăng ký cho cơ quan \(caller.code) trong danh bạ.")
        }
    }

    // MARK: Statuses

    private func admit(
        _ status: StatusMessage, _ verified: VerifiedMessage, from caller: Agency, requestID: String
    ) throws(Rejection) -> AdmittedMessage {
        try requireSender(status.sender, is: caller)
        guard let code = BusinessStatus(rawValue: status.statusCode) else {
            throw Rejection(
                .statusCodeUnknown, "Mã trạng thái \(status.statusCode) không thuộc 01–06, 13, 15, 16.")
        }
        switch code {
        case .recallRequested, .agreed, .declined:
            throw Rejection(
                .operationNotSupported, "Trục chưa nhận trạng thái \(code.rawValue) (lấy lại, cập nhật).")
        default: break
        }
        guard let sender = directory.agency(status.responseFor.organID) else {
            throw Rejection(
                .statusTargetUnknown,
                "ResponseFor/OrganId \(status.responseFor.organID) không có trong danh bạ.")
        }
        // Statuses repeat (05), so what makes one unique is its bytes.
        let key = Self.key(["status", caller.code.string, verified.read.sha256.hex])
        return AdmittedMessage(
            document: NewDocument(
                key: key, kind: .status, sender: caller.code, documentID: status.responseFor.documentID,
                code: status.responseFor.code, businessType: 0, subject: code.title, priority: .normal,
                promulgationDate: status.responseFor.promulgationDate, dueDate: nil,
                recipients: [sender.code],
                payload: verified.read.payload, byteCount: verified.read.byteCount,
                sha256: verified.read.sha256,
                detachedSignature: verified.read.detachedSignature, indication: verified.verdict.summary,
                verdict: verified.verdict.json(), signerSHA256: verified.signers.first, requestID: requestID,
                status: StatusDetails(
                    originalSender: sender.code, targetDocumentID: status.responseFor.documentID,
                    code: code.rawValue, description: status.description, timestamp: status.timestamp)))
    }

    /// The parts are separated by a byte that no XML text can hold.
    private static func key(_ parts: [String]) -> DocumentKey {
        DocumentKey(truncating: SHA256.hash(Array(parts.joined(separator: "\0").utf8)))
    }
}
