internal import AuditLog
internal import EdXML
package import Exchange
internal import OpenSSL
internal import Signature
package import Storage
internal import Synchronization
package import Trust

/// What a face knows about a message beside its bytes.
package struct IntakeTerms: Sendable {
    /// What its sender says that it is; nil where it says nothing.
    package var kind: DocumentKind?
    /// See `Admission.countsSignedAttachments`.
    package var countsSignedAttachments = false
    /// Whose turn it takes where something blocks: see `Workers`.
    package let party: Int

    package init(party: Int) { self.party = party }
}

/// The way of a letter into the hub. New here? Start with `accept`.
package final class Intake: Sendable {
    /// Called on the sequencer's thread: what takes time, as a receipt does, is for another one.
    package typealias Completion = @Sendable (Result<AcceptedMessage, Rejection>) -> Void

    private let spools: SpoolDirectory
    private let sequencer: Sequencer
    private let inboxes: Inboxes
    private let issuer: ReceiptIssuer
    private let workers: Workers
    private let metrics: Metrics
    private let clock: Clock
    private let bytesMax: Int64
    private let rules: Mutex<JudgingRules>
    private let policy: Mutex<HubPolicy>
    private let signers: SeenSigners
    private let hubStatus: HubStatus
    private let comparison: ResendComparison
    private let memory: MemoryBudget
    private let reader: StoreReader

    package init(
        spools: SpoolDirectory, sequencer: Sequencer, inboxes: Inboxes, issuer: ReceiptIssuer,
        workers: Workers,
        metrics: Metrics, clock: Clock, bytesMax: Int64, rules: JudgingRules,
        policy: HubPolicy, signers: SeenSigners, hubStatus: HubStatus,
        reader: StoreReader, memory: MemoryBudget
    ) {
        self.hubStatus = hubStatus
        self.memory = memory
        self.reader = reader
        comparison = ResendComparison(reader: reader)
        self.spools = spools
        self.sequencer = sequencer
        self.inboxes = inboxes
        self.issuer = issuer
        self.workers = workers
        self.metrics = metrics
        self.clock = clock
        self.bytesMax = bytesMax
        self.rules = Mutex(rules)
        self.policy = Mutex(policy)
        self.signers = signers
    }

    /// Takes a new trust list; letters that are being judged keep the one they began with.
    func replaceRules(_ rules: JudgingRules) {
        self.rules.withLock { $0 = rules }
    }

    func replacePolicy(_ policy: HubPolicy) {
        self.policy.withLock { $0 = policy }
    }

    /// Where a message's bytes go as they arrive.
    ///
    /// - Parameter turn: given back when the message's fate is told, or when nobody reads it any more.
    /// - Throws: `too_many_requests` where the caller has too many on their way already.
    package func beginReading(
        expectedByteCount: Int64?, from caller: AgencyCode, turn: LetterTurns.Turn? = nil
    ) throws(Rejection) -> MessageReading {
        MessageReading(
            into: spools, bytesMax: bytesMax, expectedByteCount: expectedByteCount,
            share: try memory.open(for: caller), turn: turn)
    }

    /// Takes one message from its bytes to its receipt: bytes → read → authorized → verified → admitted
    /// → committed.
    ///
    /// Each stage's result can be made by that stage only, so none can be left out. When `completion` gets an
    /// accepted message, it is durable, logged and routed; when it gets a rejection, nothing was stored but
    /// the log entry of the refusal.
    ///
    /// - Parameter terms: what the face knows about it.
    package func accept(
        _ reading: MessageReading, from caller: Agency, in directory: Directory, requestID: String,
        terms: IntakeTerms,
        completion: @escaping Completion
    ) {
        // Counted to its end: what waits for a worker or for its commit is held as well.
        let held = (reading.share, reading.turn)
        let completion: Completion = { result in withExtendedLifetime(held) { completion(result) } }
        do throws(Rejection) {
            let admission = admission(in: directory)
            let read = try reading.finish { admission.findings(in: $0, from: caller) }
            if let kind = terms.kind, kind != read.kind {
                throw Rejection(
                    .notEdXML,
                    "Thông điệp được gửi là \(kind == .letter ? "văn bản" : "trạng thái") nhưng nội dung là "
                        + "\(kind == .letter ? "trạng thái" : "văn bản").")
            }
            // A PDF may take long to read, and hostile ones do: the reactor must not.
            guard !read.documents.isEmpty else {
                return judge(read, from: caller, in: directory, requestID: requestID, terms, completion)
            }
            let isTaken = workers.run(for: terms.party) { [self] in
                judge(read, from: caller, in: directory, requestID: requestID, terms, completion)
            }
            if !isTaken { throw .overloaded }
        } catch {
            refuse(error, from: caller, sha256: reading.sha256, requestID: requestID, completion: completion)
        }
    }

    private func judge(
        _ read: ReadMessage, from caller: Agency, in directory: Directory, requestID: String,
        _ terms: IntakeTerms, _ completion: @escaping Completion
    ) {
        do throws(Rejection) {
            var admission = admission(in: directory)
            admission.countsSignedAttachments = terms.countsSignedAttachments
            let sender = try admission.authorize(read, from: caller)
            do throws(Rejection) {
                let verified = verify(read, from: sender.agency)
                let admitted = try admission.admit(verified, from: sender, requestID: requestID)
                commit(admitted, terms, completion)
            } catch {
                return replay(read, of: sender, refused: error, requestID: requestID, terms, completion)
            }
        } catch {
            refuse(error, from: caller, sha256: read.sha256, requestID: requestID, completion: completion)
        }
    }

    /// What would be refused today may have been accepted before a certificate ended, a recipient was locked
    /// or a policy changed. Its sender lost the answer, sends the same bytes again, and is owed the receipt.
    private func replay(
        _ read: ReadMessage, of sender: AuthorizedSender, refused rejection: Rejection, requestID: String,
        _ terms: IntakeTerms, _ completion: @escaping Completion
    ) {
        let key = Admission.key(of: read, from: sender.agency.code)
        let isTaken = workers.run(for: terms.party) { [self] in
            let stored = (try? reader.acceptance(key)) ?? nil
            guard let stored, stored.sha256 == read.sha256, stored.byteCount == read.byteCount,
                let checkpoint = sequencer.checkpoint
            else {
                return refuse(
                    rejection, from: sender.caller, sha256: read.sha256, requestID: requestID,
                    completion: completion)
            }
            count(stored)
            completion(.success(AcceptedMessage(stored, checkpoint, issuer)))
        }
        if !isTaken { completion(.failure(.overloaded)) }
    }

    private func admission(in directory: Directory) -> Admission {
        Admission(
            directory: directory, policy: policy.withLock { $0 }, hubStatus: hubStatus, now: clock.now())
    }

    private func verify(_ read: ReadMessage, from sender: Agency) -> VerifiedMessage {
        // A status message carries no signature of its own (edXML 1.5); the connection's certificate speaks.
        var policy = sender.signaturePolicy
        if case .status(_) = read.message, read.detachedSignature == nil { policy = .off }
        let rules = rules.withLock { $0 }.applying(to: sender.code)
        let verified = Verification(rules: rules).verify(read, policy: policy, at: clock.now()) {
            algorithm in algorithm == .sha256 ? read.sha256.bytes : read.payload.digest(algorithm)
        }
        for report in verified.verdict.signatures { signers.note(report.chain) }
        return verified
    }

    private func commit(
        _ admitted: AdmittedMessage, _ terms: IntakeTerms, _ completion: @escaping Completion
    ) {
        guard case .spooled(let payload) = admitted.document.payload else {
            return sequence(admitted.document, terms, completion)
        }
        // Syncing a gigabyte takes seconds: neither the reactor nor the sequencer may wait for it.
        let isTaken = workers.run(for: terms.party) { [self] in
            do throws(StorageError) {
                try payload.seal(sha256: admitted.document.sha256)
                sequence(admitted.document, terms, completion)
            } catch {
                completion(.failure(Rejection(storage: error)))
            }
        }
        if !isTaken { completion(.failure(.overloaded)) }
    }

    private func sequence(
        _ document: NewDocument, _ terms: IntakeTerms, _ completion: @escaping Completion
    ) {
        let bytes = if case .memory(let bytes) = document.payload { bytes.count } else { 0 }
        let isTaken = sequencer.submit(.accept(document), byteCount: bytes) { [self] result, checkpoint in
            switch result {
            case .success(.accepted(let acceptance)):
                count(acceptance)
                if !acceptance.isReplay, acceptance.heldUntil == nil {
                    inboxes.deliveriesArrived(for: acceptance.recipients + acceptance.woken)
                }
                completion(.success(AcceptedMessage(acceptance, checkpoint, issuer)))
            case .success: preconditionFailure("an acceptance gave another outcome")
            case .failure(let rejection): fail(document, rejection, terms, completion)
            }
        }
        if !isTaken { completion(.failure(.overloaded)) }
    }

    /// The store would not have it. A conflict is looked into, off the sequencer's thread.
    private func fail(
        _ document: NewDocument, _ rejection: Rejection, _ terms: IntakeTerms,
        _ completion: @escaping Completion
    ) {
        let tell: @Sendable (Rejection) -> Void = { [metrics] rejection in
            metrics.refused(rejection.code)
            completion(.failure(rejection))
        }
        guard rejection.code == .documentConflict else { return tell(rejection) }
        let isTaken = workers.run(for: terms.party) { [comparison] in
            tell(comparison.explain(rejection, of: document))
        }
        if !isTaken { tell(rejection) }
    }

    private func count(_ acceptance: Acceptance) {
        if acceptance.isReplay {
            metrics.lettersReplayed.add()
        } else {
            (acceptance.kind == .letter ? metrics.lettersAccepted : metrics.statusesAccepted).add()
            metrics.bytesAccepted.add(UInt64(acceptance.byteCount))
            if acceptance.heldUntil != nil { metrics.lettersHeld.add() }
        }
    }

    /// Logs a refusal, then tells the caller. Where the log can't take it now, the caller is still told.
    package func refuse(
        _ rejection: Rejection, from caller: Agency, sha256: Digest256?, requestID: String,
        completion: @escaping Completion
    ) {
        metrics.refused(rejection.code)
        guard case .senderMustCorrect = rejection.remedy else { return completion(.failure(rejection)) }
        let refused = RefusedLetter(
            caller: caller.code, code: rejection.code, sha256: sha256, requestID: requestID)
        let isTaken = sequencer.submit(.refuse(refused)) { _, _ in completion(.failure(rejection)) }
        if !isTaken { completion(.failure(rejection)) }
    }
}
