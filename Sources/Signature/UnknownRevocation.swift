/// Unknown is neither good nor bad: what may be said of a signature when nobody can say whether a certificate
/// of its chain was revoked.
extension SignatureReport {
    /// Nothing is wrong with the signature but that: the same signature may pass once more is known.
    package var restsOnUnknownRevocation: Bool {
        guard indication == .indeterminate, subIndication == .tryLater else { return false }
        return reasons.allSatisfy { reason in
            switch reason.code {
            case .revocationUnknown, .revocationNotPublished, .timestampRevocationUnknown: true
            // A remark always.
            case .embeddedDataUnreadable: true
            // In a report that has not failed, what would be a failure is a remark.
            default: reason.subIndication.indication == .totalFailed
            }
        }
    }

    /// The chain was looked at and a certificate of it was revoked in time.
    var isRevoked: Bool {
        reasons.contains { $0.code == .certificateRevoked || $0.code == .authorityRevoked }
    }
}

extension Verdict {
    /// Some signature rests on unknown revocation, and every other one passed.
    package var restsOnUnknownRevocation: Bool {
        signatures.contains(where: \.restsOnUnknownRevocation)
            && signatures.allSatisfy { $0.hasPassed || $0.restsOnUnknownRevocation }
    }

    /// More data would not change it: it passed, failed, or somebody in the chain was revoked. Anything else
    /// may be a matter of what is configured just now.
    package var isSettled: Bool {
        hasPassed || indication == .totalFailed || signatures.contains(where: \.isRevoked)
    }
}
