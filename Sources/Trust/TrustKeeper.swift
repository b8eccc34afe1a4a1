package import Exchange
internal import Files
package import OpenSSL
package import Signature
internal import Synchronization

/// Keeps the trust list up to date, from files and from the network, without a restart. Letters are judged
/// by the last list that was whole; nobody waits for this.
///
/// One thread calls `step` again and again. What blocks (the network) runs where `run` puts it; what came of
/// it is taken in at a later step, with all that has come meanwhile, because each new list costs the caches.
package final class TrustKeeper: Sendable {
    package enum Event: Sendable {
        /// Another list is in use now; the digest names it.
        case changed(TrustStore, because: Cause)
        case fetchFailed(FetchSource, FetchFailure)
        /// The files cannot be used as they are now; what was read before stays in use.
        case filesFailed(String)
    }

    package enum Cause: String, Sendable { case reload, files, fetched }

    /// Runs a blocking job somewhere; false where it cannot now.
    package typealias Runner = @Sendable (_ job: @escaping @Sendable () -> Void) -> Bool

    fileprivate enum Outcome: Sendable {
        case got(RevocationFetcher.Got)
        case failed(FetchFailure)
    }

    /// How long what was fetched may wait for more, in seconds: what may change a verdict, and what only
    /// confirms one.
    private static let urgentSeconds: Int64 = 1
    private static let refreshSeconds: Int64 = 300

    fileprivate struct State {
        var content: TrustContent
        var fetched: [FetchSource: FetchedItem] = [:]
        var schedule: FetchSchedule
        var current: TrustStore
        /// Of the files that `content` was read from.
        var fingerprint: [String: Directory.Stamp]
        /// Seen at the last check, and different: taken once it has stopped changing.
        var pendingFingerprint: [String: Directory.Stamp]?
        var nextCheck: Instant
        var outcomes: [(FetchSource, Outcome)] = []
        var seenChanges = 0
        var certificatesToAsk: [Digest256: SeenSigners.Signer] = [:]
        var settings: TrustSettings
        var failures: UInt64 = 0
        /// When what was fetched must be in use.
        var publishBy: Instant?
    }

    private let state: Mutex<State>
    /// As of the last step: whoever asks for figures must not wait for lists that are being read.
    private let told = Mutex(Figures(sources: 0, failing: 0, failures: 0, oldestSuccess: nil))
    private let fetcher: @Sendable (FetchSettings) -> RevocationFetcher?
    private let cache: RevocationCache
    private let signers: SeenSigners
    private let now: @Sendable () -> Instant
    private let random: @Sendable () -> Double
    private let run: Runner
    private let tell: @Sendable (Event) -> Void

    /// Reads the files, and what was fetched before the last stop.
    ///
    /// - Parameters:
    ///   - fetcher: nil where nothing is fetched.
    ///   - signers: whose revocation is asked for, where a responder answers for their issuer.
    ///   - random: 0..<1.
    ///   - tell: called by whoever calls `step` or `reload`; must not call back.
    package init(
        _ settings: TrustSettings, cache: RevocationCache, signers: SeenSigners,
        fetcher: @escaping @Sendable (FetchSettings) -> RevocationFetcher?,
        now: @escaping @Sendable () -> Instant, random: @escaping @Sendable () -> Double,
        run: @escaping Runner, tell: @escaping @Sendable (Event) -> Void
    ) throws(TrustFileError) {
        self.cache = cache
        self.signers = signers
        self.fetcher = fetcher
        self.now = now
        self.random = random
        self.run = run
        self.tell = tell
        let fingerprint = settings.paths.fingerprint()
        let content = try settings.paths.read()
        var first = State(
            content: content, schedule: FetchSchedule(intervalSeconds: settings.fetch.intervalSeconds),
            current: TrustStore(certificates: [], now: now), fingerprint: fingerprint,
            nextCheck: now().adding(seconds: settings.checkSeconds), settings: settings)
        cache.removeOld(now: now())
        Self.chooseSources(&first, signers, cache, now())
        first.current = Self.store(first, now)
        state = Mutex(first)
    }

    package var current: TrustStore { state.withLock { $0.current } }

    /// Reads the files again, at once.
    package func reload(_ settings: TrustSettings) throws(TrustFileError) {
        let fingerprint = settings.paths.fingerprint()
        let content = try settings.paths.read()
        state.withLock { state in
            if state.settings.fetch.intervalSeconds != settings.fetch.intervalSeconds {
                state.schedule = FetchSchedule(intervalSeconds: settings.fetch.intervalSeconds)
            }
            state.settings = settings
            take(content, fingerprint, because: .reload, &state)
        }
    }

    /// Does what is due and returns; never waits for the network.
    package func step() {
        let (fetcher, jobs) = state.withLock { state -> (RevocationFetcher?, [Job]) in
            let at = now()
            takeOutcomes(&state, at)
            if state.seenChanges != signers.changes {
                state.seenChanges = signers.changes
                Self.chooseSources(&state, signers, cache, at)
            }
            if state.settings.checkSeconds > 0, at >= state.nextCheck {
                state.nextCheck = at.adding(seconds: state.settings.checkSeconds)
                checkFiles(&state)
            }
            if let time = state.publishBy, time <= at { publish(.fetched, &state) }
            told.withLock { $0 = Figures(state.schedule, failures: state.failures) }
            let fetcher = self.fetcher(state.settings.fetch)
            return (fetcher, fetcher == nil ? [] : Self.jobs(&state, at))
        }
        guard let fetcher else { return }
        for job in jobs { start(job, fetcher) }
    }

    package struct Figures: Sendable {
        package let sources: Int
        package let failing: Int
        package let failures: UInt64
        /// Of the source that was heard of longest ago; nil where one was never heard of, or there is none.
        package let oldestSuccess: Instant?
    }

    package var figures: Figures { told.withLock { $0 } }

    // MARK: files

    private func checkFiles(_ state: inout State) {
        let found = state.settings.paths.fingerprint()
        guard found != state.fingerprint else {
            state.pendingFingerprint = nil
            return
        }
        // Somebody may be copying: a list that is half there would take trust from those in the other half.
        guard found == state.pendingFingerprint else {
            state.pendingFingerprint = found
            return
        }
        state.pendingFingerprint = nil
        do throws(TrustFileError) {
            take(try state.settings.paths.read(), found, because: .files, &state)
        } catch {
            // Told once: as long as nobody touches them, these files are not read again.
            state.fingerprint = found
            tell(.filesFailed(error.description))
        }
    }

    private func take(
        _ content: TrustContent, _ fingerprint: [String: Directory.Stamp], because cause: Cause,
        _ state: inout State
    ) {
        state.content = content
        state.fingerprint = fingerprint
        state.pendingFingerprint = nil
        Self.chooseSources(&state, signers, cache, now())
        publish(cause, &state)
    }

    private func publish(_ cause: Cause, _ state: inout State) {
        state.publishBy = nil
        let store = Self.store(state, now)
        guard store.version != state.current.version else { return }
        state.current = store
        tell(.changed(store, because: cause))
    }

    private static func store(_ state: State, _ now: @escaping @Sendable () -> Instant) -> TrustStore {
        var data = state.content.revocation
        for item in state.fetched.values {
            switch item {
            case .list(let list): data.lists.append(list)
            case .response(let response, _): data.responses.append(response)
            }
        }
        return TrustStore(certificates: state.content.certificates, revocation: data, now: now)
    }

    // MARK: the network

    private struct Job: Sendable {
        let source: FetchSource
        let validator: FetchSchedule.Validator
        let signer: SeenSigners.Signer?
        let authorities: [Certificate]
    }

    private static func jobs(_ state: inout State, _ at: Instant) -> [Job] {
        state.schedule.begin(now: at).map { source in
            Job(
                source: source,
                validator: state.fetched[source] == nil ? .init() : state.schedule.validator(of: source),
                signer: state.signer(of: source), authorities: state.content.certificates)
        }
    }

    private func start(_ job: Job, _ fetcher: RevocationFetcher) {
        let isTaken = run { [self] in
            let outcome = Self.ask(fetcher, job)
            state.withLock { $0.outcomes.append((job.source, outcome)) }
        }
        guard !isTaken else { return }
        state.withLock { $0.schedule.failed(job.source, now: now(), random: random()) }
    }

    private static func ask(_ fetcher: RevocationFetcher, _ job: Job) -> Outcome {
        do throws(FetchFailure) {
            switch job.source {
            case .list(let url):
                return .got(try fetcher.list(at: url, job.validator, authorities: job.authorities))
            case .status(_, let url):
                guard let signer = job.signer else { return .failed(.unreadable("nobody to ask about")) }
                return .got(
                    try fetcher.status(
                        of: signer.certificate, issuer: signer.issuer, at: url, authorities: job.authorities))
            }
        } catch {
            return .failed(error)
        }
    }

    private func takeOutcomes(_ state: inout State, _ at: Instant) {
        let outcomes = state.outcomes
        state.outcomes = []
        for (source, outcome) in outcomes {
            do throws(FetchFailure) {
                guard state.schedule.sources.contains(source) else { throw .unreadable("asked no longer") }
                guard let seconds = try take(outcome, from: source, &state, at) else { continue }
                let time = at.adding(seconds: seconds)
                state.publishBy = min(state.publishBy ?? time, time)
            } catch {
                state.schedule.failed(source, now: at, random: random())
                guard state.schedule.sources.contains(source) else { continue }
                state.failures &+= 1
                tell(.fetchFailed(source, error))
            }
        }
    }

    /// In how many seconds it must be in use; nil where it is nothing new.
    private func take(
        _ outcome: Outcome, from source: FetchSource, _ state: inout State, _ at: Instant
    ) throws(FetchFailure) -> Int64? {
        let known = state.fetched[source]
        let got: RevocationFetcher.Got
        switch outcome {
        case .failed(let failure): throw failure
        case .got(let answer): got = answer
        }
        if let old = known?.thisUpdate, let new = got.item?.thisUpdate, new < old { throw .olderThanKnown }
        state.schedule.succeeded(
            source, now: at, endsAt: (got.item ?? known)?.nextUpdate, validator: got.validator,
            random: random())
        guard let item = got.item, item.sha256 != known?.sha256 else { return nil }
        state.fetched[source] = item
        do {
            try cache.write(item.der, for: source)
        } catch {
            state.failures &+= 1
            tell(.fetchFailed(source, .notKept("\(error)")))
        }
        return item.onlyConfirms(known) ? Self.refreshSeconds : Self.urgentSeconds
    }

    // MARK: what to ask

    private static func chooseSources(
        _ state: inout State, _ signers: SeenSigners, _ cache: RevocationCache, _ now: Instant
    ) {
        let choice = SourceChoice(state.settings.fetch, authorities: state.content.certificates)
        let (sources, asked) = choice.sources(for: signers.all)
        let known = state.schedule.sources
        state.certificatesToAsk = asked
        state.schedule.replaceSources(sources, now: now)
        state.fetched = state.fetched.filter { sources.contains($0.key) }
        for source in sources where !known.contains(source) {
            guard let item = cache.read(source).flatMap({ parse($0, source, state) }) else { continue }
            state.fetched[source] = item
            state.publishBy = now
        }
    }

    private static func parse(_ bytes: [UInt8], _ source: FetchSource, _ state: State) -> FetchedItem? {
        switch source {
        case .list: return (try? CertificateList(der: bytes)).map { .list($0) }
        case .status:
            guard let signer = state.signer(of: source) else { return nil }
            return (try? OCSPResponse(der: bytes)).map { .response($0, about: signer.certificate) }
        }
    }
}

extension TrustKeeper.Figures {
    fileprivate init(_ schedule: FetchSchedule, failures: UInt64) {
        self.init(
            sources: schedule.sources.count, failing: schedule.failing, failures: failures,
            oldestSuccess: schedule.oldestSuccess)
    }
}

extension TrustKeeper.State {
    fileprivate func signer(of source: FetchSource) -> SeenSigners.Signer? {
        if case .status(let digest, _) = source { certificatesToAsk[digest] } else { nil }
    }
}
