internal import AuditLog
internal import Database
internal import Exchange
internal import OpenSSL

/// `Change.accept`: the document, its deliveries and its log entry.
extension Store {
    /// Where a document goes, and which letter it is about.
    struct Route {
        /// Ordered by number; each once.
        var recipients: [(id: Int64, code: AgencyCode)]
        /// The letter, where this is a status message.
        var letter: DocumentRow?
        /// What a status says of which copy.
        var report: Report?
        /// What it does to earlier letters.
        var effect: ActionEffect?
    }

    /// What routing can find out.
    enum Routing {
        case to(Route)
        case replay(DocumentRow)
        case rejected(Rejection)
    }

    func accept(
        _ new: NewDocument, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        if let known = try documents.find(new.key) {
            guard known.sha256 == new.sha256, known.byteCount == new.byteCount else {
                return .failure(
                    Rejection(
                        .documentConflict,
                        "Văn bản với định danh này đã được nhận với nội dung khác. Hãy dùng DocumentId mới."))
            }
            return .success(.accepted(try acceptance(known, batch)))
        }
        switch try route(new) {
        case .rejected(let rejection): return .failure(rejection)
        case .replay(let first): return .success(.accepted(try acceptance(first, batch)))
        case .to(let route):
            let sender = try agencies.number(of: new.sender)
            // A status message ends a letter's story, and a recall makes room: neither is kept waiting.
            if new.kind == .letter, new.action?.operation != .recall, let quota = batch.quota,
                !quota.allows(route.recipients.count, of: sender)
            {
                return .failure(.tooManyWaiting(max: quota.max))
            }
            batch.quota?.add(route.recipients.count, of: sender)
            return .success(.accepted(try write(new, route, &batch)))
        }
    }

    private func route(_ new: NewDocument) throws(DatabaseError) -> Routing {
        if let action = new.action { return try route(action, new) }
        if let status = new.status { return try route(status, new) }
        return try route(to: new.recipients)
    }

    func route(to codes: [AgencyCode]) throws(DatabaseError) -> Routing {
        var recipients: [(id: Int64, code: AgencyCode)] = []
        recipients.reserveCapacity(codes.count)
        for code in codes {
            guard let id = try agencies.listed(code) else {
                return .rejected(Rejection(.recipientUnknown, "Nơi nhận \(code) không có trong danh bạ."))
            }
            recipients.append((id, code))
        }
        recipients.sort { $0.id < $1.id }
        var unique: [(id: Int64, code: AgencyCode)] = []
        unique.reserveCapacity(recipients.count)
        for recipient in recipients where recipient.id != unique.last?.id { unique.append(recipient) }
        return .to(Route(recipients: unique))
    }

    func write(
        _ new: NewDocument, _ route: Route, _ batch: inout Batch
    ) throws(DatabaseError) -> Acceptance {
        let salt = SecureRandom.bytes(Commitment.saltByteCount)
        let recipients = route.recipients.map(\.code)
        let previous =
            if let letter = route.letter { try entries.lastEntry(document: letter.id) } else { nil as Int64? }
        let id = batch.nextDocument
        let leaf = batch.frontier.size
        let entry = try append(
            Self.event(new, route, salt), document: id, previous: previous, to: &batch)
        let payload: PayloadLocation =
            switch new.payload {
            case .memory(let bytes): batch.payload.add(bytes, .document, sha256: new.sha256)
            case .spooled(let spooled): batch.payload.add(spooled)
            }
        let signature = new.detachedSignature.map {
            batch.payload.add($0, .signature, sha256: SHA256.hash($0))
        }
        let evidence: Int64? =
            if let set = new.evidence { try self.evidence.number(of: set, &batch.payload) } else { nil }
        try documents.insert(
            new,
            DocumentValues(
                id: id, senderID: try agencies.number(of: new.sender), acceptedAt: batch.at, leaf: leaf,
                firstDelivery: batch.nextDelivery, deliveryCount: recipients.count, payload: payload,
                signature: signature, letter: route.letter?.id, salt: salt, evidence: evidence))
        if let caller = new.caller { try documents.setCaller(id, try agencies.number(of: caller)) }
        try entries.setLastEntry(document: id, leaf)
        if let hold = new.hold { try verdicts.insert(hold, document: id) }
        if new.isUnsettled { try verdicts.setUnsettled(true, document: id) }
        if let letter = route.letter, let status = new.status {
            try entries.setLastEntry(document: letter.id, leaf)
            try record(status, route.report, letter, by: new.sender, document: id, batch.at)
        }
        let state: DeliveryState = new.hold == nil ? .queued : .held
        let place = options.place(new.priority, at: batch.at)
        let sender = try agencies.number(of: new.sender)
        var made: [Acceptance.Delivery] = []
        made.reserveCapacity(recipients.count)
        for recipient in route.recipients {
            let delivery = batch.nextDelivery
            try deliveries.insert(
                id: delivery, document: id, kind: new.kind, recipient: recipient.id,
                priority: new.priority, place: place, state: state, deadlines: new.deadlines, owedTo: sender)
            if let named = new.redirected[recipient.code] {
                try deliveries.setAddressee(delivery, named)
            }
            made.append(Acceptance.Delivery(id: delivery, recipient: recipient.code))
            batch.nextDelivery += 1
        }
        batch.nextDocument += 1
        batch.counts.add(Int64(made.count), to: state)
        batch.hasAccepted = true
        let woken = try route.effect.map { effect throws(DatabaseError) in
            try carryOut(effect, by: id, new, &batch)
        }
        return Acceptance(
            key: new.key, kind: new.kind, documentID: new.documentID, sender: new.sender,
            byteCount: new.byteCount, sha256: new.sha256, indication: new.indication, acceptedAt: batch.at,
            leafIndex: leaf, treeSize: Batch.pendingTreeSize, entry: entry, deliveries: made, isReplay: false,
            heldUntil: new.hold?.until, woken: woken ?? [])
    }

    private static func event(_ new: NewDocument, _ route: Route, _ salt: [UInt8]) -> LogEvent {
        let recipients = route.recipients.map(\.code)
        let facts = AcceptedFacts(
            documentKey: new.key, kind: new.kind, sender: new.sender, recipients: recipients,
            byteCount: new.byteCount, sha256: new.sha256, indication: new.indication,
            verdictSHA256: SHA256.hash(new.verdict), signerSHA256: new.signerSHA256,
            subject: Commitment(to: new.subject, field: "subject", salt: salt), requestID: new.requestID,
            caller: new.caller, redirected: new.redirected, evidenceSHA256: new.evidence?.sha256,
            heldUntil: new.hold?.until, operation: route.effect?.action.operation,
            targets: route.effect?.letters.map(\.key) ?? [])
        guard let letter = route.letter, let status = new.status else { return .documentAccepted(facts) }
        return .statusReceived(facts, StatusFacts(letterKey: letter.key, code: status.code))
    }

    /// What was answered when the document came for the first time.
    private func acceptance(_ row: DocumentRow, _ batch: Batch) throws(DatabaseError) -> Acceptance {
        let treeSize =
            row.leaf >= batch.base.size ? Batch.pendingTreeSize : try reads.treeSize(accepting: row.leaf)
        guard let entry = try reads.entry(row.leaf), let treeSize else {
            throw DatabaseError(
                .damaged, action: "look up document \(row.key)", message: "entry \(row.leaf) is missing")
        }
        return Acceptance(
            key: row.key, kind: row.kind, documentID: row.documentID, sender: row.sender,
            byteCount: row.byteCount, sha256: row.sha256, indication: row.indication,
            acceptedAt: row.acceptedAt, leafIndex: row.leaf, treeSize: treeSize, entry: entry,
            deliveries: try deliveries.ofDocument(row), isReplay: true,
            heldUntil: try verdicts.hold(document: row.id)?.until)
    }
}

extension Rejection {
    fileprivate static func tooManyWaiting(max: Int64) -> Rejection {
        Rejection(
            .tooManyRequests,
            "Đã có quá nhiều lượt phát của cơ quan đang chờ nơi nhận (tối đa \(max)). Hãy gửi lại "
                + "khi các nơi nhận đã lấy văn bản.", remedy: .retry(afterSeconds: 300))
    }
}
