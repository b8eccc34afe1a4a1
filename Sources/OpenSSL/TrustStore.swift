package import Exchange
internal import Synchronization

/// Anchors, intermediates and revocation data of one moment. Immutable: a new list makes a new store, swapped
/// by pointer, with a new version and an empty cache of results.
package final class TrustStore: Sendable {
    /// Certificates of one message that are looked at; a longer list is cut. A PDF brings those of all its
    /// signatures and timestamps.
    package static let untrustedCountMax = 64
    /// Of these, authorities that may stand above the signer.
    package static let helpersMax = 16
    package static let depthMax = 8
    /// CRLs, and OCSP responses, of one message that are looked at; a longer list is cut.
    package static let embeddedMax = 64

    private struct Question: Hashable {
        let leaf: Digest256
        let untrusted: Digest256
        let purpose: ChainPurpose
    }

    package let anchors: [Certificate]
    package let intermediates: [Certificate]
    package let revocation: RevocationData
    /// SHA-256 over the fingerprints of all of it; names the trust list in evidence and in caches.
    package let version: Digest256
    private let builder: ChainBuilder
    private let checker: RevocationChecker
    private let results = Mutex<GenerationalCache<Question, ChainResult>>(GenerationalCache(count: 16_384))

    /// A certificate among `certificates` that signed itself is an anchor, every other one an intermediate:
    /// OpenSSL accepts nothing else as an anchor unless told to take partial chains.
    ///
    /// - Parameter now: the clock, against data from the future. Without one nothing is.
    package init(
        certificates: [Certificate], revocation: RevocationData = .none,
        now: @escaping @Sendable () -> Instant = { .distantFuture }
    ) {
        var seen: Set<Digest256> = []
        let unique = certificates.filter { seen.insert($0.sha256).inserted }
        anchors = unique.filter(\.isSelfSigned)
        intermediates = unique.filter { !$0.isSelfSigned }
        self.revocation = revocation
        builder = ChainBuilder(anchors: anchors, intermediates: intermediates)
        checker = RevocationChecker(revocation, now: now)
        var hash = SHA256()
        for group in [
            anchors.map(\.sha256), intermediates.map(\.sha256),
            revocation.lists.map(\.sha256) + revocation.responses.map(\.sha256),
        ] {
            for digest in group.sorted() { hash.update(digest.bytes) }
            hash.update([UInt8](repeating: 0, count: Digest256.byteCount))
        }
        version = hash.finalize()
    }

    /// Validates `leaf` at `time`.
    ///
    /// - Parameters:
    ///   - untrusted: what came with the message; may help to build the chain, never to trust it.
    ///   - embedded: revocation data that came with the signature; judged like what is configured.
    package func validate(
        _ leaf: Certificate, untrusted: [Certificate] = [], purpose: ChainPurpose = .documentSigning,
        at time: Instant, embedded: RevocationData = .none
    ) -> ChainResult {
        let offered = Array(untrusted.prefix(Self.untrustedCountMax))
        guard embedded.isEmpty else {
            // Not kept: such a result rests on data that the next message need not bring.
            let data = RevocationData(
                lists: Array(embedded.lists.prefix(Self.embeddedMax)),
                responses: Array(embedded.responses.prefix(Self.embeddedMax)))
            return evaluate(
                leaf, untrusted: offered, purpose: purpose, at: time, embedded: RevocationIndex(data))
        }
        var hash = SHA256()
        for certificate in offered { hash.update(certificate.sha256.bytes) }
        let question = Question(leaf: leaf.sha256, untrusted: hash.finalize(), purpose: purpose)
        if let known = results.withLock({ $0.value(for: question) }), known.holds.contains(time) {
            return known
        }
        let result = evaluate(leaf, untrusted: offered, purpose: purpose, at: time)
        // Failures are not kept: what an attacker sends must not push out what agencies send.
        if result.failure == nil, result.holds.lowerBound < result.holds.upperBound {
            results.withLock { $0.insert(result, for: question) }
        }
        return result
    }

    private func evaluate(
        _ leaf: Certificate, untrusted: [Certificate], purpose: ChainPurpose, at time: Instant,
        embedded: RevocationIndex? = nil
    ) -> ChainResult {
        let instant = time...time
        let chain: [Certificate]
        do {
            chain = try builder.path(from: leaf, untrusted: untrusted, purpose: purpose, at: time)
        } catch {
            return ChainResult(
                chain: [leaf], failure: error, revocation: [], evidence: .none, holds: instant)
        }
        var lower = chain.map(\.notBefore).max() ?? time
        // OpenSSL takes a certificate for expired in the very second of notAfter.
        var upper = (chain.map(\.notAfter).min() ?? time).adding(milliseconds: -1)
        var statuses: [RevocationStatus] = []
        var evidence = RevocationData()
        for (certificate, issuer) in zip(chain, chain.dropFirst()) {
            let answer = checker.status(
                RevocationChecker.Question(
                    certificate: certificate, issuer: issuer, time: time, embedded: embedded,
                    offered: untrusted + intermediates))
            statuses.append(answer.status)
            evidence.add(answer.items)
            lower = max(lower, answer.holds?.lowerBound ?? time)
            upper = min(upper, answer.holds?.upperBound ?? time)
        }
        let holds = lower <= time && time <= upper ? lower...upper : instant
        return ChainResult(
            chain: chain, failure: nil, revocation: statuses, evidence: evidence, holds: holds)
    }
}
