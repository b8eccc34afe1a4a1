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

    /// - Parameter signatures: of the document itself, detached ones, those inside it. A report that says
    ///   "unsigned" counts only where there is no other.
    package init(signatures reports: [SignatureReport]) {
        let signed = reports.filter { !$0.isUnsigned }
        guard let worst = signed.map(\.indication).max() else {
            let reasons = reports.flatMap(\.reasons)
            let worst = reports.map(\.indication).max() ?? .indeterminate
            self.init(worst, [], reasons.isEmpty ? [SignatureReason(.notSigned)] : reasons)
            return
        }
        self.init(worst, signed, [])
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
    package var isUnsigned: Bool { signatures.isEmpty }

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
