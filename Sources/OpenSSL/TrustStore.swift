internal import COpenSSL
package import Exchange
internal import Synchronization

/// Anchors, intermediates and revocation data of one moment. Immutable: a new list makes a new store, swapped
/// by pointer, with a new version and an empty cache of results.
///
// Sendable because the X509_STORE is not changed after init; OpenSSL locks it for its look-ups.
@safe package final class TrustStore: @unchecked Sendable {
    /// Certificates of one message that are looked at; a longer list is cut.
    package static let untrustedCountMax = 16
    package static let depthMax = 8
    /// CRLs, and OCSP responses, of one message that are looked at; a longer list is cut.
    package static let embeddedMax = 64

    private struct Question: Hashable {
        let leaf: Digest256
        let untrusted: Digest256
        let purpose: ChainPurpose
    }

    private let store: OpaquePointer
    package let anchors: [Certificate]
    package let intermediates: [Certificate]
    package let revocation: RevocationData
    /// SHA-256 over the fingerprints of all of it; names the trust list in evidence and in caches.
    package let version: Digest256
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
        guard let store = unsafe X509_STORE_new() else { preconditionFailure("out of memory") }
        var seen: Set<Digest256> = []
        let unique = certificates.filter { seen.insert($0.sha256).inserted }
        anchors = unique.filter(\.isSelfSigned)
        intermediates = unique.filter { !$0.isSelfSigned }
        self.revocation = revocation
        for anchor in anchors { _ = unsafe X509_STORE_add_cert(store, anchor.handle) }
        unsafe self.store = store
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
        ERR_clear_error()
    }

    deinit { unsafe X509_STORE_free(store) }

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
            chain = try path(from: leaf, untrusted: untrusted, at: time)
            try Self.check(chain, for: purpose)
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

    /// The chain that OpenSSL builds and accepts, leaf first.
    private func path(
        from leaf: Certificate, untrusted: [Certificate], at time: Instant
    ) throws(ChainFailure) -> [Certificate] {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let context = unsafe X509_STORE_CTX_new(), let offered = unsafe OPENSSL_sk_new_null() else {
            throw ChainFailure(code: .internalError, depth: 0, detail: "out of memory")
        }
        defer {
            unsafe X509_STORE_CTX_free(context)
            unsafe OPENSSL_sk_free(offered)
        }
        // Configured ones first: a message must not put a look-alike in front of them.
        let helpers = intermediates + untrusted
        for certificate in helpers {
            _ = unsafe OPENSSL_sk_push(offered, UnsafeRawPointer(certificate.handle))
        }
        guard unsafe X509_STORE_CTX_init(context, store, leaf.handle, offered) == 1,
            unsafe Self.configure(X509_STORE_CTX_get0_param(context), at: time)
        else { throw ChainFailure(code: .internalError, depth: 0, detail: "the check could not be prepared") }
        guard unsafe X509_verify_cert(context) == 1 else {
            throw unsafe ChainFailure(
                openSSL: X509_STORE_CTX_get_error(context), depth: X509_STORE_CTX_get_error_depth(context))
        }
        let known = [leaf] + helpers + anchors
        let found = unsafe X509_STORE_CTX_get0_chain(context)
        var chain: [Certificate] = []
        for index in 0..<max(0, unsafe OPENSSL_sk_num(found)) {
            let handle = unsafe OPENSSL_sk_value(found, index).map { OpaquePointer($0) }
            guard let certificate = known.first(where: { unsafe $0.handle == handle }) else {
                throw ChainFailure(
                    code: .internalError, depth: Int(index), detail: "a certificate from nowhere")
            }
            chain.append(certificate)
        }
        // A chain always ends in an anchor of ours, whatever flags a later OpenSSL sets by default.
        guard let last = chain.last, anchors.contains(where: { $0 === last }) else {
            throw ChainFailure(
                code: .noPath, depth: chain.count, detail: "the chain does not end in an anchor")
        }
        return chain
    }

    /// Sets time and rules on the context's own parameters; the store's are shared by all threads.
    private static func configure(_ parameters: OpaquePointer?, at time: Instant) -> Bool {
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(time.seconds))
        unsafe X509_VERIFY_PARAM_set_depth(parameters, CInt(depthMax))
        unsafe X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        // With POLICY_CHECK and no policy named, a CA that requires explicit policies would refuse
        // everything.
        guard let anyPolicy = unsafe OBJ_txt2obj("2.5.29.32.0", 1),
            unsafe X509_VERIFY_PARAM_add0_policy(parameters, anyPolicy) == 1
        else { return false }
        let flags = UInt(X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_TRUSTED_FIRST)
        return unsafe X509_VERIFY_PARAM_set_flags(parameters, flags) == 1
            && X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) == 1
    }
}
