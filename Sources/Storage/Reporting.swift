internal import Database
internal import Exchange

/// What a status says of one copy of a letter.
struct Report {
    let delivery: Int64
    /// The copy's, after it.
    let cycle: LifeCycle
    /// The request that it answers.
    let request: (id: Int64, answer: BusinessStatus)?
    let order: LifeCycle.Order
}

/// Status messages: about which copy of which letter, and what they change.
extension Store {
    /// A copy of the letter that a status may be about.
    private struct Candidate {
        let letter: DocumentRow
        let copy: LetterCopy
        let request: (id: Int64, request: LifeCycle.Request)?

        var hasOpenRequest: Bool { request.map { $0.request.answer == nil } ?? false }
    }

    /// A status message goes to the sender of the letter that it names, if it comes from one of its
    /// recipients.
    func route(_ status: StatusDetails, _ new: NewDocument) throws(DatabaseError) -> Routing {
        var letters: [DocumentRow] = []
        for owner in status.owners {
            guard let sender = try agencies.existing(owner) else { continue }
            letters += try documents.letters(status.targetDocumentID, sender: sender)
        }
        guard !letters.isEmpty else {
            return .rejected(
                Rejection(
                    .statusTargetUnknown,
                    "Không có văn bản \(status.targetDocumentID) do \(status.originalSender) gửi qua trục."))
        }
        let code = BusinessStatus(rawValue: status.code)
        let isAnswer = code == .agreed || code == .declined
        guard let found = try candidate(among: letters, status, new, isAnswer: isAnswer) else {
            return .rejected(
                Rejection(
                    .statusNotRecipient,
                    "\(new.sender) không phải nơi nhận của văn bản \(status.targetDocumentID)."))
        }
        // Of every code but 05 the first one counts: software that lost a reply sends it again, with another
        // time in it and so other bytes. An answer counts once for each request.
        if code?.mayRepeat != true, !(isAnswer && found.hasOpenRequest),
            let agency = try agencies.existing(new.sender),
            let first = try documents.firstStatus(
                letter: found.letter.id, agency: agency, code: status.code),
            let row = try documents.find(id: first)
        {
            return .replay(row)
        }
        var route = Route(recipients: [(found.letter.senderID, found.letter.sender)])
        if let heir = new.recipients.first, heir != found.letter.sender, let id = try agencies.listed(heir) {
            route.recipients = [(id, heir)]
        }
        route.letter = found.letter
        if let code { route.report = Self.report(code, found) }
        return .to(route)
    }

    private static func report(_ status: BusinessStatus, _ found: Candidate) -> Report {
        var cycle = LifeCycle(
            delivery: found.copy.state, progress: found.copy.progress, request: found.request?.request)
        let order = cycle.receive(status)
        let isAnswer = found.hasOpenRequest && cycle.request?.answer == status
        return Report(
            delivery: found.copy.id, cycle: cycle,
            request: isAnswer ? found.request.map { ($0.id, status) } : nil, order: order)
    }

    /// Of several letters by one DocumentId: for an answer the one about which something is asked, else the
    /// latest that is no recall.
    private func candidate(
        among letters: [DocumentRow], _ status: StatusDetails, _ new: NewDocument, isAnswer: Bool
    ) throws(DatabaseError) -> Candidate? {
        var reporters: [Int64] = []
        for code in [new.sender] + status.reporters {
            if let id = try agencies.existing(code), !reporters.contains(id) { reporters.append(id) }
        }
        var candidates: [Candidate] = []
        for letter in letters {
            try add(letter, reporters, to: &candidates)
            guard isAnswer else { continue }
            // The answer may name the recall or the update instead of the letter that it is about.
            for target in try actions.targets(of: letter.id) {
                guard let row = try documents.find(id: target) else { continue }
                try add(row, reporters, to: &candidates)
            }
        }
        if isAnswer, let open = candidates.first(where: \.hasOpenRequest) { return open }
        return candidates.first { !$0.letter.isRecall } ?? candidates.first
    }

    private func add(
        _ letter: DocumentRow, _ reporters: [Int64], to candidates: inout [Candidate]
    ) throws(DatabaseError) {
        for reporter in reporters {
            guard let delivery = try deliveries.find(letter, recipient: reporter),
                let copy = try actions.copy(delivery)
            else { continue }
            candidates.append(
                Candidate(letter: letter, copy: copy, request: try actions.request(delivery)))
        }
    }

    /// The rows of a status that was accepted.
    func record(
        _ status: StatusDetails, _ report: Report?, _ letter: DocumentRow, by sender: AgencyCode,
        document: Int64, _ at: Instant
    ) throws(DatabaseError) {
        try documents.insertStatus(
            status, letter: letter.id, agency: try agencies.number(of: sender), document: document,
            delivery: report?.delivery, isOutOfOrder: report?.order == .outOfOrder)
        guard let report, status.code != BusinessStatus.recallRequested.rawValue else { return }
        try actions.setProgress(report.cycle.progress, lastStatus: status.code, of: report.delivery)
        try watch.settle(report.cycle, of: report.delivery, at: at)
        if let request = report.request { try actions.answer(request.id, request.answer, at: at) }
    }

    /// A recall, update or replacement, or 13.
    func route(_ action: LetterAction, _ new: NewDocument) throws(DatabaseError) -> Routing {
        let effect: ActionEffect
        switch try self.effect(of: action) {
        case .success(let found): effect = found
        case .failure(let rejection): return .rejected(rejection)
        }
        if action.isStatus, let first = try repeated(effect) { return .replay(first) }
        let routing = try route(to: effect.told)
        guard case .to(var route) = routing else { return routing }
        route.effect = effect
        if action.isStatus {
            route.letter = effect.letters.first
            route.report = effect.matched.first.map {
                Report(
                    delivery: $0.id, cycle: LifeCycle(delivery: $0.state, progress: $0.progress),
                    request: nil, order: .inOrder)
            }
        }
        return .to(route)
    }

    /// The 13 that asked for the same already, where its recipient has not answered it yet or never had the
    /// letter.
    private func repeated(_ effect: ActionEffect) throws(DatabaseError) -> DocumentRow? {
        guard effect.withdrawn.isEmpty, let letter = effect.letters.first, let copy = effect.matched.first
        else { return nil }
        if !effect.asked.isEmpty {
            guard let request = try actions.request(copy.id)?.request, request.answer == nil,
                request.operation == .recall
            else { return nil }
        }
        guard
            let last = try documents.lastStatus(
                letter: letter.id, delivery: copy.id, code: BusinessStatus.recallRequested.rawValue)
        else { return nil }
        return try documents.find(id: last)
    }
}
