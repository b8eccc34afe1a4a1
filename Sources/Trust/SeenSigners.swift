internal import Exchange
package import OpenSSL
internal import Synchronization

/// Certificates that signed letters lately, with their issuers: the hub's directory has their SHA-256 only,
/// and who asks a responder needs the whole.
package final class SeenSigners: Sendable {
    package struct Signer: Sendable {
        package let certificate: Certificate
        package let issuer: Certificate
    }

    private struct State {
        var recent: [Digest256: Signer] = [:]
        var older: [Digest256: Signer] = [:]
        var changes = 0
    }

    private let state = Mutex(State())
    private let countMax: Int

    /// - Parameter count: about as many are remembered, those that signed last.
    package init(count: Int = 4096) {
        countMax = max(2, count)
    }

    /// - Parameter chain: leaf first, up to an anchor; of a signer whom nobody vouches for nothing is kept.
    package func note(_ chain: [Certificate]) {
        guard chain.count > 1 else { return }
        let signer = Signer(certificate: chain[0], issuer: chain[1])
        state.withLock { state in
            guard state.recent[signer.certificate.sha256] == nil else { return }
            if state.older.removeValue(forKey: signer.certificate.sha256) == nil { state.changes += 1 }
            if state.recent.count >= countMax / 2 {
                state.older = state.recent
                state.recent = [:]
            }
            state.recent[signer.certificate.sha256] = signer
        }
    }

    /// Goes up with each one that was not known.
    package var changes: Int { state.withLock { $0.changes } }

    package var all: [Signer] { state.withLock { Array($0.recent.values) + Array($0.older.values) } }
}
