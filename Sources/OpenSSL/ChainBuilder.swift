internal import COpenSSL
internal import Exchange

/// Builds chains to a set of anchors with OpenSSL, at any time.
///
// Sendable because the stack and its certificates are not changed after init.
@safe final class ChainBuilder: @unchecked Sendable {
    /// Paths that are tried for one certificate.
    static let pathsMax = 8

    private let anchors: [Certificate]
    private let intermediates: [Certificate]
    /// Handed to OpenSSL in place of an X509_STORE, whose look-ups take a lock that all threads share.
    private let trusted: OpaquePointer

    init(anchors: [Certificate], intermediates: [Certificate]) {
        self.anchors = anchors
        self.intermediates = intermediates
        unsafe trusted = Self.stack(of: anchors)
    }

    deinit { unsafe OPENSSL_sk_free(trusted) }

    /// The first path that holds, leaf first, anchor last.
    ///
    /// OpenSSL follows one path and never turns back: where an authority was certified twice, it takes the
    /// certificate that it finds first, and fails if that one breaks a rule that the other does not. So a
    /// path that fails is tried again without the certificate that broke it, as long as another certificate
    /// has the same name.
    ///
    /// - Throws: what was wrong with the first path.
    func path(
        from leaf: Certificate, untrusted: [Certificate], purpose: ChainPurpose, at time: Instant
    ) throws(ChainFailure) -> [Certificate] {
        // Configured ones first: a message must not put a look-alike in front of them.
        var helpers = intermediates + relevant(untrusted, above: leaf)
        var trustedNow = anchors
        var first: ChainFailure?
        for _ in 0..<Self.pathsMax {
            let attempt = follow(from: leaf, helpers, trustedNow, at: time)
            let failure: ChainFailure
            do throws(ChainFailure) {
                if let error = attempt.failure { throw error }
                try TrustStore.check(attempt.chain, for: purpose)
                return attempt.chain
            } catch {
                failure = error
            }
            first = first ?? failure
            guard let culprit = Self.replaceable(attempt.chain, failure.depth, helpers + trustedNow) else {
                break
            }
            helpers.removeAll { $0 === culprit || $0.sha256 == culprit.sha256 }
            trustedNow.removeAll { $0 === culprit }
        }
        throw first ?? ChainFailure(code: .internalError, depth: 0, detail: "no path was tried")
    }

    /// Of what came along, the authorities whose names lead up from the leaf, nearest first.
    private func relevant(_ offered: [Certificate], above leaf: Certificate) -> [Certificate] {
        let pool = offered + intermediates
        var found: [Certificate] = []
        var seen: Set<Digest256> = [leaf.sha256]
        var reached = [leaf]
        var next = 0
        while next < reached.count {
            for (index, certificate) in pool.enumerated() where reached[next].namesAsIssuer(certificate) {
                guard seen.insert(certificate.sha256).inserted else { continue }
                reached.append(certificate)
                guard index < offered.count else { continue }
                guard found.count < TrustStore.helpersMax else { return found }
                found.append(certificate)
            }
            next += 1
        }
        return found
    }

    /// The certificate above the leaf, nearest to the failure, in whose place another one could stand.
    private static func replaceable(_ chain: [Certificate], _ depth: Int, _ pool: [Certificate])
        -> Certificate?
    {
        let order = chain.indices.dropFirst().sorted { abs($0 - depth) < abs($1 - depth) }
        for index in order {
            let certificate = chain[index]
            let isReplaceable = pool.contains {
                $0.subjectDER == certificate.subjectDER && $0.sha256 != certificate.sha256
            }
            if isReplaceable { return certificate }
        }
        return nil
    }

    private struct Attempt {
        /// As far as OpenSSL came.
        var chain: [Certificate] = []
        var failure: ChainFailure?
    }

    private func follow(
        from leaf: Certificate, _ helpers: [Certificate], _ trustedNow: [Certificate], at time: Instant
    ) -> Attempt {
        ERR_clear_error()
        defer { ERR_clear_error() }
        let offered = unsafe Self.stack(of: helpers)
        let own = unsafe trustedNow.count == anchors.count ? nil : Self.stack(of: trustedNow)
        guard let context = unsafe X509_STORE_CTX_new() else { preconditionFailure("out of memory") }
        defer {
            unsafe X509_STORE_CTX_free(context)
            unsafe OPENSSL_sk_free(offered)
            unsafe OPENSSL_sk_free(own)
        }
        var attempt = Attempt()
        guard unsafe X509_STORE_CTX_init(context, nil, leaf.handle, offered) == 1,
            unsafe Self.configure(X509_STORE_CTX_get0_param(context), at: time)
        else {
            attempt.failure = ChainFailure(
                code: .internalError, depth: 0, detail: "the check could not be prepared")
            return attempt
        }
        unsafe X509_STORE_CTX_set0_trusted_stack(context, own ?? trusted)
        let isDone = unsafe X509_verify_cert(context) == 1
        let known = [leaf] + helpers + trustedNow
        let found = unsafe X509_STORE_CTX_get0_chain(context)
        for index in 0..<max(0, unsafe OPENSSL_sk_num(found)) {
            let handle = unsafe OPENSSL_sk_value(found, index).map { OpaquePointer($0) }
            guard let certificate = known.first(where: { unsafe $0.handle == handle }) else {
                attempt.failure = ChainFailure(
                    code: .internalError, depth: Int(index), detail: "a certificate from nowhere")
                return attempt
            }
            attempt.chain.append(certificate)
        }
        guard isDone else {
            attempt.failure = unsafe ChainFailure(
                openSSL: X509_STORE_CTX_get_error(context), depth: X509_STORE_CTX_get_error_depth(context))
            return attempt
        }
        // A chain always ends in an anchor of ours, whatever flags a later OpenSSL sets by default.
        if let last = attempt.chain.last, trustedNow.contains(where: { $0 === last }) { return attempt }
        attempt.failure = ChainFailure(
            code: .noPath, depth: attempt.chain.count, detail: "the chain does not end in an anchor")
        return attempt
    }

    /// References that the stack does not own: the certificates live as long as their owners do.
    private static func stack(of certificates: [Certificate]) -> OpaquePointer {
        guard let stack = unsafe OPENSSL_sk_new_null() else { preconditionFailure("out of memory") }
        for certificate in certificates {
            _ = unsafe OPENSSL_sk_push(stack, UnsafeRawPointer(certificate.handle))
        }
        return unsafe stack
    }

    /// Sets time and rules on the context's own parameters.
    private static func configure(_ parameters: OpaquePointer?, at time: Instant) -> Bool {
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(time.seconds))
        unsafe X509_VERIFY_PARAM_set_depth(parameters, CInt(TrustStore.depthMax))
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
