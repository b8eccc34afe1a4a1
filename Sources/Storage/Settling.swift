internal import AuditLog
internal import Database
internal import Exchange
internal import OpenSSL

/// `Change.settle`: a new verdict beside the old ones, the end of a hold, and who is told.
extension Store {
    private static let stopReason = "chữ ký không được xác nhận"

    func settle(
        _ settlement: Settlement, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let letter = try documents.find(settlement.key), letter.kind == .letter else {
            return .failure(Rejection(.notFound, "Không có văn bản \(settlement.key)."))
        }
        let hold = try verdicts.hold(document: letter.id)
        let isHeld = hold?.isInForce ?? false
        guard try verdicts.count(document: letter.id) == settlement.verdictsBefore,
            settlement.verdict != nil || isHeld
        else { return .success(.settled([])) }
        if let verdict = settlement.verdict { try append(verdict, to: letter, &batch) }
        var woken: [AgencyCode] = []
        if isHeld, settlement.decision != .keep {
            woken = try end(letter, settlement, &batch)
        }
        if let notice = settlement.notice, try documents.find(notice.key) == nil {
            let isStopped = isHeld ? settlement.decision != .release : try isRefused(letter)
            woken += try issue(notice, about: letter, toSenderOnly: isStopped, &batch)
        }
        return .success(.settled(woken))
    }

    private func append(
        _ verdict: Settlement.NewVerdict, to letter: DocumentRow, _ batch: inout Batch
    ) throws(DatabaseError) {
        let previous = try verdicts.lastIndication(document: letter.id) ?? letter.indication
        let evidence: Int64? =
            if let set = verdict.evidence { try self.evidence.number(of: set, &batch.payload) } else { nil }
        let facts = RecheckedFacts(
            documentKey: letter.key, previousIndication: previous, indication: verdict.indication,
            verdictSHA256: SHA256.hash(verdict.verdict), evidenceSHA256: verdict.evidence?.sha256)
        let leaf = batch.frontier.size
        try append(.verdictRechecked(facts), toStoryOf: letter.id, delivery: nil, &batch)
        try verdicts.insert(verdict, document: letter.id, leaf: leaf, at: batch.at, evidence: evidence)
        try verdicts.setUnsettled(verdict.isUnsettled, document: letter.id)
    }

    /// Ends the hold; gives those whose inboxes got something.
    private func end(
        _ letter: DocumentRow, _ settlement: Settlement, _ batch: inout Batch
    ) throws(DatabaseError) -> [AgencyCode] {
        let isReleased = settlement.decision == .release
        let facts = HoldFacts(
            documentKey: letter.key, cause: settlement.verdict == nil ? .deadline : .verdict)
        try append(
            isReleased ? .holdReleased(facts) : .holdRefused(facts), toStoryOf: letter.id, delivery: nil,
            &batch)
        try verdicts.endHold(document: letter.id, as: isReleased ? .release : .refuse, at: batch.at)
        // After the deadline a refused letter waits for nothing more.
        if !isReleased { try verdicts.setUnsettled(false, document: letter.id) }
        let moved = try deliveries.endHold(
            letter, as: isReleased ? .queued : .dead, reason: isReleased ? nil : Self.stopReason)
        batch.counts.add(-Int64(moved), to: .held)
        batch.counts.add(Int64(moved), to: isReleased ? .queued : .dead)
        if isReleased {
            try watch.delay(letter, until: batch.at, confirmBy: settlement.confirmBy)
        } else {
            batch.quota?.add(-moved, of: letter.senderID)
        }
        return isReleased ? try deliveries.ofDocument(letter).map(\.recipient) : []
    }

    private func isRefused(_ letter: DocumentRow) throws(DatabaseError) -> Bool {
        try verdicts.endedAs(document: letter.id) == .refuse
    }

    private func issue(
        _ notice: Notice, about letter: DocumentRow, toSenderOnly: Bool, _ batch: inout Batch
    ) throws(DatabaseError) -> [AgencyCode] {
        var addressees = [letter.senderID: letter.sender]
        if !toSenderOnly {
            // Who never got it, because it was withdrawn, is told nothing about it.
            for copy in try actions.copies(of: letter) where copy.state != .withdrawn || copy.wasSeen {
                addressees[copy.recipientID] = copy.recipient
            }
        }
        let ordered = addressees.sorted { $0.key < $1.key }
        let id = batch.nextDocument
        let leaf = batch.frontier.size
        let facts = NoticeFacts(
            documentKey: notice.key, letterKey: letter.key, recipients: ordered.map(\.value),
            sha256: notice.sha256)
        try append(
            .noticeIssued(facts), document: id, previous: try entries.lastEntry(document: letter.id),
            to: &batch)
        try documents.insert(
            Self.document(notice, about: letter),
            DocumentValues(
                id: id, senderID: try agencies.number(of: notice.sender), acceptedAt: batch.at, leaf: leaf,
                firstDelivery: batch.nextDelivery, deliveryCount: ordered.count,
                payload: batch.payload.add(notice.bytes, .document, sha256: notice.sha256), signature: nil,
                letter: letter.id, salt: [], evidence: nil))
        try entries.setLastEntry(document: id, leaf)
        try entries.setLastEntry(document: letter.id, leaf)
        for addressee in ordered {
            try deliveries.insert(
                id: batch.nextDelivery, document: id, kind: .notice, recipient: addressee.key,
                priority: .normal, place: options.place(.normal, at: batch.at), state: .queued)
            batch.nextDelivery += 1
        }
        batch.nextDocument += 1
        batch.counts.queued += Int64(ordered.count)
        batch.quota?.add(ordered.count, of: try agencies.number(of: notice.sender))
        batch.hasAccepted = true
        return ordered.map(\.value)
    }

    private static func document(_ notice: Notice, about letter: DocumentRow) -> NewDocument {
        NewDocument(
            key: notice.key, kind: .notice, sender: notice.sender, documentID: letter.documentID, code: "",
            businessType: 0, subject: notice.subject, priority: .normal, promulgationDate: "", dueDate: nil,
            recipients: [], payload: .memory(notice.bytes), byteCount: Int64(notice.bytes.count),
            sha256: notice.sha256, detachedSignature: nil, indication: "", verdict: Array("{}".utf8),
            signerSHA256: nil, requestID: "", status: nil)
    }
}
