internal import Exchange
internal import OpenSSL
internal import Signature
internal import Storage
internal import Synchronization

/// Judges letters again when the hub knows more than it did, and ends holds whose time is over.
///
/// One thread, one letter at a time: however many letters a revocation touches, those that arrive meanwhile
/// find the machine free. What it decides goes through the sequencer like everything else, and names the
/// verdict that it was decided on, so that deciding twice changes nothing.
final class Review: Sendable {
    /// How late a deadline may be noticed.
    private static let intervalMilliseconds = 1000
    private static let pageCount = 64

    private struct State {
        var rules: JudgingRules
        /// The rules are others now, and not every letter was looked at by them.
        var isDue = true
        var calendar: WorkCalendar
    }

    /// The sequencer's, which this thread waits for.
    private final class Answer: Sendable {
        let came = CountingSemaphore()
        let isSettled = Atomic<Bool>(false)
    }

    private let state: Mutex<State>
    private let reader: StoreReader
    private let sequencer: Sequencer
    private let inboxes: Inboxes
    private let metrics: Metrics
    private let log: any EventLog
    private let clock: Clock
    /// The hub's own code, which notices come from.
    private let hubCode: AgencyCode
    private let wakeUp = CountingSemaphore()
    private let ended = CountingSemaphore()
    private let isStopping = Atomic<Bool>(false)

    init(
        rules: JudgingRules, reader: StoreReader, sequencer: Sequencer, inboxes: Inboxes, metrics: Metrics,
        log: any EventLog, clock: Clock, hubCode: AgencyCode, calendar: WorkCalendar
    ) {
        state = Mutex(State(rules: rules, calendar: calendar))
        self.reader = reader
        self.sequencer = sequencer
        self.inboxes = inboxes
        self.metrics = metrics
        self.log = log
        self.clock = clock
        self.hubCode = hubCode
    }

    func start() {
        Thread.start(named: "review") { [self] in
            while !isStopping.load(ordering: .relaxed) {
                // At the start too: the trust list may have changed while the hub was down.
                if let rules = takeDueRules(), !review(by: rules) { state.withLock { $0.isDue = true } }
                endHolds()
                _ = wakeUp.wait(milliseconds: Self.intervalMilliseconds)
            }
            ended.signal()
        }
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        wakeUp.signal()
        ended.wait()
    }

    func replaceCalendar(_ calendar: WorkCalendar) {
        state.withLock { $0.calendar = calendar }
    }

    /// A new trust list or policy: every letter that it may change is looked at, in the background.
    func rulesChanged(_ rules: JudgingRules) {
        state.withLock {
            $0.rules = rules
            $0.isDue = true
        }
        wakeUp.signal()
    }

    private func takeDueRules() -> JudgingRules? {
        state.withLock { state in
            guard state.isDue else { return nil }
            state.isDue = false
            return state.rules
        }
    }

    /// - Returns: false where it has to be done again: the store would not have it, or the hub stops.
    private func review(by rules: JudgingRules) -> Bool {
        do {
            return try reviewUnsettled(by: rules) && reviewRevoked(by: rules)
        } catch {
            log.write(.error, "review_failed", [("cause", .text("\(error)"))])
            return false
        }
    }

    // MARK: Letters that wait for an answer

    private func reviewUnsettled(by rules: JudgingRules) throws -> Bool {
        var last: Int64 = 0
        while true {
            let page = try reader.unsettledLetters(after: last, limit: Self.pageCount)
            guard let end = page.last else { return true }
            for letter in page where !judge(letter, isUnsettled: true, by: rules) { return false }
            last = end.id
        }
    }

    // MARK: Letters whose signer turns out to have been revoked

    /// A set of evidence stands for all letters that rest on it: if its signer was good when the last of them
    /// came, it was good for every one.
    private func reviewRevoked(by rules: JudgingRules) throws -> Bool {
        var last: Int64 = 0
        while true {
            let page = try reader.evidenceSets(after: last, limit: Self.pageCount)
            guard let end = page.last else { return true }
            for set in page {
                if isStopping.load(ordering: .relaxed) { return false }
                guard let newest = try reader.newestAcceptance(on: set.id),
                    let revokedAt = try firstRevocation(in: set, until: newest, rules)
                else { continue }
                guard try reviewLetters(of: set, since: revokedAt, by: rules) else { return false }
            }
            last = end.id
        }
    }

    /// The earliest time at which somebody in the signers' chains was revoked.
    private func firstRevocation(
        in set: EvidenceSet, until time: Instant, _ rules: JudgingRules
    ) throws -> Instant? {
        let signers = try certificates(.signer, of: set, rules)
        let offered = try certificates(.certificate, of: set, rules)
        var first: Instant?
        for signer in signers {
            let result = rules.verifier.trust.validate(signer, untrusted: offered, at: time)
            for case .revoked(let date, _, _) in result.revocation { first = min(first ?? date, date) }
        }
        return first
    }

    private func certificates(
        _ kind: Evidence.Kind, of set: EvidenceSet, _ rules: JudgingRules
    ) throws -> [Certificate] {
        var found: [Certificate] = []
        for item in set.items where item.kind == kind {
            guard let der = try reader.evidenceBytes(item.sha256) else { continue }
            found.append(try Certificate(der: der))
        }
        return found
    }

    private func reviewLetters(
        of set: EvidenceSet, since revokedAt: Instant, by rules: JudgingRules
    ) throws -> Bool {
        var before = Int64.max
        while true {
            let page = try reader.letters(restingOn: set.id, before: before, limit: Self.pageCount)
            guard let end = page.last else { return true }
            for letter in page {
                if letter.acceptedAt < revokedAt { return true }
                // What does not pass cannot fall any further.
                guard letter.indication == Indication.totalPassed.rawValue else { continue }
                guard judge(letter, isUnsettled: false, by: rules) else { return false }
            }
            before = end.id
        }
    }

    // MARK: One letter

    /// - Returns: false where the store would not take the answer now, or the hub stops.
    private func judge(_ letter: JudgedLetter, isUnsettled: Bool, by rules: JudgingRules) -> Bool {
        if isStopping.load(ordering: .relaxed) { return false }
        let judgement: StoredLetter.Judgement
        do {
            judgement = try StoredLetter(reader: reader, letter: letter).judge(
                by: rules.applying(to: letter.sender))
        } catch {
            // One letter that cannot be read must not keep the others waiting.
            log.write(
                .error, "recheck_failed",
                [("documentKey", .text(letter.key.description)), ("cause", .text("\(error)"))])
            return true
        }
        let verdict = judgement.verdict
        // An answer that says no more than the last one is none, and doubt never replaces an answer.
        guard verdict.isSettled, isUnsettled || verdict.summary != letter.indication else { return true }
        let new = Settlement.NewVerdict(
            indication: verdict.summary, verdict: verdict.json(), evidence: judgement.evidence,
            isUnsettled: false)
        metrics.verdictsRechecked.add()
        let decision: Settlement.Decision =
            letter.hold == nil ? .keep : verdict.hasPassed ? .release : .refuse
        return settle(letter, new, verdict, decision)
    }

    private func endHolds() {
        do {
            while !isStopping.load(ordering: .relaxed) {
                let due = try reader.dueLetters(at: clock.now(), limit: Self.pageCount)
                if due.isEmpty { return }
                for letter in due {
                    guard let hold = letter.hold else { continue }
                    guard settle(letter, nil, nil, hold.atDeadline == .release ? .release : .refuse) else {
                        return
                    }
                }
            }
        } catch {
            log.write(.error, "review_failed", [("cause", .text(error.message))])
        }
    }

    private func settle(
        _ letter: JudgedLetter, _ new: Settlement.NewVerdict?, _ verdict: Verdict?,
        _ decision: Settlement.Decision
    ) -> Bool {
        let notice = LetterNotice(letter: letter, verdict: verdict, decision: decision, at: clock.now())
        let settlement = Settlement(
            key: letter.key, verdictsBefore: letter.verdictCount, verdict: new, decision: decision,
            notice: notice.notice(from: hubCode),
            confirmBy: state.withLock { $0.calendar }.confirmationDeadline(arrival: clock.now()))
        let answer = Answer()
        let isTaken = sequencer.submit(.settle(settlement)) { [inboxes] result, _ in
            if case .success(.settled(let woken)) = result {
                answer.isSettled.store(true, ordering: .relaxed)
                inboxes.deliveriesArrived(for: Set(woken))
            }
            answer.came.signal()
        }
        guard isTaken else { return false }
        answer.came.wait()
        guard answer.isSettled.load(ordering: .relaxed) else { return false }
        if letter.hold != nil, decision != .keep {
            (decision == .release ? metrics.holdsReleased : metrics.holdsRefused).add()
        }
        log.write(
            .info, "settled",
            [
                ("documentKey", .text(letter.key.description)),
                ("indication", .text(new?.indication ?? letter.indication)),
                ("deliveries", .text("\(decision)")),
            ])
        return true
    }
}
