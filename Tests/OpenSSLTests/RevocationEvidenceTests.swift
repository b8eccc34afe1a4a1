import Exchange
import OpenSSL
import Testing

@Suite struct `Lists and responses together` {
    let world: OCSPDemo

    init() throws {
        world = try OCSPDemo()
    }

    func validate(
        _ configured: RevocationData, embedded: RevocationData = .none, at time: Instant = noon
    ) -> ChainResult {
        world.store(configured.responses, configured.lists).validate(
            world.demo.signer, at: time, embedded: embedded)
    }

    func data(_ lists: [CertificateList] = [], _ responses: [OCSPResponse] = []) -> RevocationData {
        RevocationData(lists: lists, responses: responses)
    }

    @Test func `answer by the newest`() throws {
        let list = try world.list()
        let newer = try world.response(world.statement(made: noon.adding(seconds: 60)))
        let older = try world.response(world.statement(made: noon.adding(seconds: -60)))
        #expect(validate(data([list], [newer])).signerRevocation == .good(newer.source))
        #expect(validate(data([list], [older])).signerRevocation == .good(list.source))
        // A newer one that says nothing for certain is not passed over.
        let unknown = try world.response(world.statement(.unknown, made: noon.adding(seconds: 60)))
        #expect(validate(data([list], [unknown])).signerRevocation == .unknown(.unknownToResponder))
        let stale = try world.response(
            world.statement(made: noon.adding(seconds: -7200), until: noon.adding(seconds: -3600)))
        #expect(validate(data([list], [stale])).signerRevocation == .good(list.source))
        // Of the same second the worse.
        let doubt = try world.response(world.statement(.unknown))
        #expect(validate(data([list], [doubt])).signerRevocation == .unknown(.unknownToResponder))
    }

    @Test func `never hide a revocation`() throws {
        let date = noon.adding(seconds: -3600)
        let revoking = [
            data([try world.list(revoking: world.demo.signer, from: date, made: noon.adding(seconds: -1800))]
            ),
            data(
                [],
                [
                    try world.response(
                        world.statement(
                            .revoked(at: date, reason: .keyCompromise), made: noon.adding(seconds: -1800),
                            until: noon.adding(seconds: -900)))
                ]),
        ]
        let goods = [
            data([try world.list(made: noon)]), data([], [try world.response(world.statement())]),
            data([try world.list(made: noon.adding(seconds: -5400))]),
        ]
        for bad in revoking {
            for good in goods {
                let both = data(bad.lists + good.lists, bad.responses + good.responses)
                for (configured, embedded) in [(bad, good), (good, bad), (both, .none), (.none, both)] {
                    let result = validate(configured, embedded: embedded)
                    guard case .revoked(let found, _, _) = result.signerRevocation else {
                        Issue.record("hidden: \(result.signerRevocation)")
                        continue
                    }
                    #expect(found == date && !result.isTrusted)
                    #expect(validate(configured, embedded: embedded, at: date.adding(seconds: -1)).isTrusted)
                }
            }
        }
    }

    @Test func `count alike, whether configured or come along`() throws {
        let list = try world.list()
        let response = try world.response(world.statement(made: noon.adding(seconds: 60)))
        let nothing = validate(.none)
        #expect(nothing.signerRevocation == .unknown(.noData) && nothing.evidence.isEmpty)
        for (embedded, source) in [
            (data([list]), list.source), (data([], [response]), response.source),
            (data([list], [response]), response.source),
        ] {
            let result = validate(.none, embedded: embedded)
            #expect(result.signerRevocation == .good(source.embedded))
            #expect(result.isTrusted)
            let used = result.evidence.lists.map(\.sha256) + result.evidence.responses.map(\.sha256)
            #expect(used.contains(source.sha256))
        }
        // At hand twice: configured.
        #expect(
            validate(data([list]), embedded: data([list])).signerRevocation == .good(list.source))
        #expect(
            validate(data([], [response]), embedded: data([], [response])).signerRevocation
                == .good(response.source))
        #expect(
            validate(data([list]), embedded: data([], [response])).signerRevocation
                == .good(response.source.embedded))
    }

    @Test func `that came along are not remembered`() throws {
        let store = world.store([])
        let good = data([try world.list()])
        for _ in 0..<2 {
            #expect(store.validate(world.demo.signer, at: noon, embedded: good).isTrusted)
            #expect(store.validate(world.demo.signer, at: noon).signerRevocation == .unknown(.noData))
        }
        // And what is remembered does not answer for them.
        let configured = world.store([], good.lists)
        #expect(configured.validate(world.demo.signer, at: noon).isTrusted)
        let bad = data([], [try world.response(world.statement(.revoked(at: noon, reason: .superseded)))])
        #expect(!configured.validate(world.demo.signer, at: noon, embedded: bad).isTrusted)
        #expect(configured.validate(world.demo.signer, at: noon).isTrusted)
    }

    @Test func `that came along in masses are cut`() throws {
        let list = try world.list()
        let others = try (0..<TrustStore.embeddedMax).map { index in
            try world.demo.root.revocationList(
                thisUpdate: noon, nextUpdate: noon.adding(seconds: day), number: index + 2)
        }
        #expect(validate(.none, embedded: data(others + [list])).signerRevocation == .unknown(.noData))
        #expect(validate(.none, embedded: data(others.dropLast() + [list])).isTrusted)
    }

    @Test func `change the version of a trust store`() throws {
        let response = try world.response(world.statement())
        let list = try world.list()
        let versions = Set([
            world.store([]).version, world.store([response]).version, world.store([], [list]).version,
            world.store([response], [list]).version,
        ])
        #expect(versions.count == 4)
    }

    @Test func `are remembered for as long as they hold`() throws {
        let revoked = noon.adding(seconds: 7200)
        let bad = try world.response(
            world.statement(.revoked(at: revoked, reason: .superseded), made: noon.adding(seconds: 7300)))
        let list = try world.list()
        let store = world.store([bad], [list])
        let before = store.validate(world.demo.signer, at: noon)
        #expect(before.isTrusted && before.holds.upperBound == revoked.adding(milliseconds: -1))
        let after = store.validate(world.demo.signer, at: revoked)
        #expect(!after.isTrusted && after.holds.lowerBound == revoked)
        #expect(store.validate(world.demo.signer, at: noon).isTrusted)
        // While something of it is from the future nothing is kept.
        let waiting = world.store([bad], [list], now: { noon }).validate(world.demo.signer, at: noon)
        #expect(waiting.isTrusted && waiting.holds == noon...noon)
    }

    @Test func `are handed out as evidence, each once`() throws {
        let response = try world.response(world.statement())
        let roots = try world.demo.emptyRootList()
        let result = world.store([response, response], [roots, roots]).validate(world.demo.signer, at: noon)
        #expect(result.revocation == [.good(response.source), .good(roots.source)])
        #expect(result.evidence.responses.map(\.der) == [response.der])
        #expect(result.evidence.lists.map(\.der) == [roots.der])
        // From the evidence alone the same comes out.
        let again = TrustStore(
            certificates: [world.demo.root.certificate, world.demo.agencies.certificate],
            revocation: result.evidence
        ).validate(world.demo.signer, at: noon)
        #expect(again.revocation == result.revocation)
    }
}

extension RevocationSource {
    var embedded: RevocationSource {
        RevocationSource(
            kind: kind, sha256: sha256, thisUpdate: thisUpdate, nextUpdate: nextUpdate, isEmbedded: true)
    }
}
