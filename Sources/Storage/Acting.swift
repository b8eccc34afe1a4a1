internal import AuditLog
internal import Database
internal import Exchange

/// What an action does to which copies; found out before anything is written.
struct ActionEffect {
    let action: LetterAction
    /// The earlier letters.
    var letters: [DocumentRow] = []
    /// Copies of the named parties, whatever their state.
    var matched: [LetterCopy] = []
    /// Copies that go no further, with the letter that each is of.
    var withdrawn: [(letter: DocumentRow, copy: LetterCopy)] = []
    /// Copies whose recipients have them.
    var asked: [(copy: LetterCopy, operation: LetterOperation)] = []
    /// Who gets the action's own message.
    var told: [AgencyCode] = []
}

/// Recall, update, replacement, and the request to give back (13).
extension Store {
    /// - Returns: what is to be done, or why nothing is.
    func effect(of action: LetterAction) throws(DatabaseError) -> Result<ActionEffect, Rejection> {
        let targets: [(row: DocumentRow, target: LetterAction.Target)]
        switch try self.targets(of: action) {
        case .success(let found): targets = found
        case .failure(let rejection): return .failure(rejection)
        }
        var effect = ActionEffect(action: action)
        var reached: Set<AgencyCode> = []
        var concerned: [LetterAction.Party] = []
        for (letter, target) in targets {
            if effect.letters.contains(where: { $0.id == letter.id }) { continue }
            effect.letters.append(letter)
            let scope = ActionScope(action, target)
            concerned += scope.named
            for copy in try actions.copies(of: letter) {
                guard let step = scope.step(for: copy) else { continue }
                if let party = step.party {
                    effect.matched.append(copy)
                    reached.insert(party.recipient)
                    if step.isTold { effect.told.append(party.recipient) }
                }
                if step.isWithdrawn { effect.withdrawn.append((letter, copy)) }
                if let operation = step.asked { effect.asked.append((copy, operation)) }
            }
        }
        var seen: Set<AgencyCode> = []
        let strangers = concerned.filter {
            !reached.contains($0.recipient) && seen.insert($0.recipient).inserted
        }
        if !strangers.isEmpty { return .failure(.targetNotRecipient(strangers, action)) }
        if action.operation != .recall { effect.told += action.addressees.map(\.recipient) }
        return .success(effect)
    }

    /// Every letter that the message names, by the first of its ways that finds one.
    private func targets(
        of action: LetterAction
    ) throws(DatabaseError) -> Result<[(row: DocumentRow, target: LetterAction.Target)], Rejection> {
        for way in action.ways {
            var found: [(row: DocumentRow, target: LetterAction.Target)] = []
            var missing: [LetterAction.Target] = []
            for target in way {
                let letters = try letters(target.documentID, of: action.owners)
                if letters.isEmpty { missing.append(target) }
                found += letters.map { ($0, target) }
            }
            if found.isEmpty { continue }
            if found.count > Self.lettersMax { return .failure(.tooManyTargets(found.count, action)) }
            return missing.isEmpty ? .success(found) : .failure(.targetUnknown(missing, action))
        }
        return .failure(.targetUnknown(action.ways.first ?? [], action))
    }

    /// Earlier letters of one message, each with thousands of copies perhaps: everybody else's changes wait
    /// until they were looked at.
    private static let lettersMax = 100

    /// Letters but recalls, latest first: an update may go by the same DocumentId as what it updates.
    private func letters(
        _ documentID: ExactString, of owners: [AgencyCode]
    ) throws(DatabaseError) -> [DocumentRow] {
        var letters: [DocumentRow] = []
        for owner in owners {
            guard let sender = try agencies.existing(owner) else { continue }
            letters += try documents.letters(documentID, sender: sender).filter { !$0.isRecall }
        }
        return letters
    }

    /// Does it, in the batch in which the message itself is accepted.
    ///
    /// - Returns: whose inboxes got something beside the message.
    func carryOut(
        _ effect: ActionEffect, by document: Int64, _ new: NewDocument, _ batch: inout Batch
    ) throws(DatabaseError) -> [AgencyCode] {
        if !effect.action.isStatus {
            for letter in effect.letters {
                try actions.relate(letter.id, by: document, effect.action.operation)
                let facts = ActedOnFacts(documentKey: letter.key, by: new.key)
                try append(
                    effect.action.operation.event(facts), toStoryOf: letter.id, delivery: nil, &batch)
            }
        }
        for (copy, operation) in effect.asked {
            try actions.ask(operation, of: copy.id, by: document, at: batch.at)
        }
        var isSenderTold = false
        for (letter, copy) in effect.withdrawn {
            try withdraw(copy, of: letter, by: document, new.key, &batch)
            let noticed = try actions.noticed(letter)
            guard let notice = effect.action.notice(copy.recipient, noticed, batch.at),
                try documents.find(notice.key) == nil
            else { continue }
            var route = Route(recipients: [(try agencies.number(of: new.sender), new.sender)])
            route.letter = letter
            route.report = Report(
                delivery: copy.id, cycle: LifeCycle(delivery: .withdrawn, progress: copy.progress),
                request: nil, order: .inOrder)
            batch.quota?.add(1, of: copy.recipientID)
            _ = try write(notice, route, &batch)
            isSenderTold = true
        }
        return isSenderTold ? [new.sender] : []
    }

    private func withdraw(
        _ copy: LetterCopy, of letter: DocumentRow, by document: Int64, _ key: DocumentKey,
        _ batch: inout Batch
    ) throws(DatabaseError) {
        try actions.withdraw(copy.id, by: document)
        try watch.forget(copy.id)
        let facts = DeliveryFacts(
            delivery: copy.id, documentKey: letter.key, recipient: copy.recipient, attempt: copy.attempt)
        try append(.deliveryWithdrawn(facts, by: key), toStoryOf: letter.id, delivery: copy.id, &batch)
        batch.counts.move(copy.state, to: .withdrawn)
        if copy.state != .dead { batch.quota?.add(-1, of: letter.senderID) }
    }
}

/// Which copies of one earlier letter an action touches, and how.
private struct ActionScope {
    struct Step {
        var party: LetterAction.Party?
        var isWithdrawn = false
        var asked: LetterOperation?
        /// The party gets the message because it has the earlier letter, or may have.
        var isTold = false
    }

    private let operation: LetterOperation
    /// Those who must have the earlier letter for the message to make sense.
    let named: [LetterAction.Party]
    private let parties: [LetterAction.Party]
    private let index: [AgencyCode: Int]
    /// How many of `parties` lose the letter; the others keep it.
    private let losers: Int
    /// A replacement that names no recipients takes the old letter out of every inbox.
    private let isForAll: Bool

    init(_ action: LetterAction, _ target: LetterAction.Target) {
        operation = action.operation
        var kept: [LetterAction.Party] = []
        let losing: [LetterAction.Party]
        switch action.operation {
        case .recall:
            losing = action.addressees
            named = losing
        case .update:
            losing = action.removed
            named = losing
            kept = action.addressees
        case .replacement:
            losing = target.parties ?? action.addressees
            named = target.parties ?? []
        }
        isForAll = action.operation == .replacement && target.parties == nil
        losers = losing.count
        parties = losing + kept
        var index: [AgencyCode: Int] = [:]
        for (number, party) in parties.enumerated() {
            for code in party.codes where index[code] == nil { index[code] = number }
        }
        self.index = index
    }

    func step(for copy: LetterCopy) -> Step? {
        let number = index[copy.recipient] ?? copy.addressedTo.flatMap { index[$0] }
        var step = Step(party: number.map { parties[$0] })
        guard let number else {
            guard isForAll, copy.state.isWithdrawable else { return nil }
            step.isWithdrawn = true
            return step
        }
        if number >= losers {
            // An update for somebody who keeps the letter.
            if copy.state == .delivered { step.asked = .update }
            return step
        }
        if copy.state == .delivered {
            step.asked = operation == .update ? .recall : operation
            step.isTold = true
        } else if copy.state.isWithdrawable {
            step.isWithdrawn = true
            // Its software may have the bytes of a copy that it never acknowledged.
            step.isTold = copy.wasSeen
        }
        return step
    }
}

extension DeliveryState {
    fileprivate var isWithdrawable: Bool { mayBecome(.withdrawn) }
}

extension LetterOperation {
    fileprivate func event(_ facts: ActedOnFacts) -> LogEvent {
        switch self {
        case .recall: .letterRecalled(facts)
        case .update: .letterUpdated(facts)
        case .replacement: .letterReplaced(facts)
        }
    }
}

extension Rejection {
    fileprivate static func targetUnknown(
        _ targets: [LetterAction.Target], _ action: LetterAction
    ) -> Rejection {
        let sender = action.owners.first?.string ?? ""
        let findings = targets.map { target in
            target.place.finding(
                action.isStatus ? .statusTargetUnknown : .targetUnknown,
                "Không có văn bản \(target.documentID) do \(sender) gửi qua trục; hãy ghi đúng DocumentId "
                    + "của văn bản cần \(action.operation.title).")
        }
        guard !findings.isEmpty else {
            return Rejection(.targetUnknown, "Không chỉ ra văn bản cần \(action.operation.title).")
        }
        return Rejection(findings: findings)
    }

    fileprivate static func tooManyTargets(_ count: Int, _ action: LetterAction) -> Rejection {
        Rejection(
            .valueInvalid,
            "Có \(count) văn bản mang các DocumentId được nêu; một lần chỉ \(action.operation.title) được "
                + "nhiều nhất 100 văn bản.")
    }

    fileprivate static func targetNotRecipient(
        _ parties: [LetterAction.Party], _ action: LetterAction
    ) -> Rejection {
        let code: RejectionCode = action.isStatus ? .statusNotRecipient : .targetNotRecipient
        let findings = parties.map { party in
            party.place.finding(
                code,
                "\(party.recipient) không phải nơi nhận của văn bản cần \(action.operation.title); hãy bỏ "
                    + "nơi này ra.")
        }
        return Rejection(findings: findings)
    }
}
