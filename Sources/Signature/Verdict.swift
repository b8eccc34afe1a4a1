internal import Exchange

/// What all signatures of one document are worth together.
package struct Verdict: Sendable {
    /// The worst of the signatures'; a document without any is INDETERMINATE.
    package let indication: Indication
    package let signatures: [SignatureReport]
    /// Why there is no signature to judge; empty where there is one.
    package let reasons: [SignatureReason]

    private init(_ indication: Indication, _ signatures: [SignatureReport], _ reasons: [SignatureReason]) {
        self.indication = indication
        self.signatures = signatures
        self.reasons = reasons
    }

    /// - Parameter signatures: of the document itself, detached ones, those in its attachments. A report that
    ///   says "unsigned" counts only where there is no other of the document's own: a signed attachment does
    ///   not make the letter around it signed, and an unsigned one takes nothing from it.
    package init(signatures reports: [SignatureReport]) {
        let signed = reports.filter { !$0.isUnsigned }
        let worst = signed.map(\.indication).max()
        let own = reports.filter { $0.document == nil }
        if let worst, own.contains(where: { !$0.isUnsigned }) {
            self.init(worst, signed, [])
            return
        }
        let reasons = own.flatMap(\.reasons)
        let unsigned = own.map(\.indication).max() ?? .indeterminate
        self.init(
            max(unsigned, worst ?? unsigned), signed,
            reasons.isEmpty ? [SignatureReason(.notSigned)] : reasons)
    }

    /// For an agency whose letters are not verified.
    package static let notVerified = Verdict(.indeterminate, [], [SignatureReason(.notVerified)])

    /// A document that could not be read far enough to find its signature.
    package static func malformed(_ message: String) -> Verdict {
        var draft = ReportDraft(.none)
        draft.fail(SignatureReason(.documentMalformed, message))
        return Verdict(signatures: [draft.report()])
    }

    /// A file whose kind of signature is not judged; never taken for unsigned or for passed.
    package static func unsupported(_ kind: String) -> Verdict {
        var draft = ReportDraft(.none)
        draft.fail(SignatureReason(.formatUnsupported, kind))
        return Verdict(signatures: [draft.report()])
    }

    package var hasPassed: Bool { indication == .totalPassed }
    /// Nothing but attachments is signed, if anything.
    package var isUnsigned: Bool { signatures.allSatisfy { $0.document != nil } }

    /// `TOTAL-PASSED`, `TOTAL-FAILED`, `INDETERMINATE`.
    package var summary: String { indication.rawValue }

    /// Every reason of the document and its signatures.
    package var allReasons: [SignatureReason] { reasons + signatures.flatMap(\.reasons) }

    /// Vietnamese, each once.
    package var reasonDetails: [String] {
        var details: [String] = []
        for reason in allReasons
        where !details.contains(where: { ExactString($0) == ExactString(reason.detail) }) {
            details.append(reason.detail)
        }
        return details
    }
}
