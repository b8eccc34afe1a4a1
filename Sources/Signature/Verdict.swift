internal import Exchange
internal import JSON
internal import OpenSSL

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

    /// The object that `lienthong verify --json` prints and that the trail keeps.
    package func json() -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("indication", indication.rawValue)
            writer.name("signatures")
            writer.array(signatures) { $1.write(to: &$0) }
            writer.name("reasons")
            writer.array(reasons) { $1.write(to: &$0) }
        }
    }
}

extension SignatureReport {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("format", format.rawValue)
            writer.member("indication", indication.rawValue)
            writer.member("subIndication", optional: subIndication?.rawValue)
            if let signer {
                writer.name("signer")
                writer.object { writer in
                    writer.member("subject", signer.subject)
                    writer.member("issuer", signer.issuer)
                    writer.member("serial", signer.serial)
                    writer.member("sha256", signer.sha256.hex)
                }
            }
            writer.member("algorithm", optional: algorithm)
            writer.member("signingTime", optional: signingTime?.rfc3339)
            writer.member("coverage", optional: coverage)
            if let revocation {
                writer.name("revocation")
                revocation.write(to: &writer)
            }
            writer.name("reasons")
            writer.array(reasons) { $1.write(to: &$0) }
        }
    }
}

extension SignatureReport.Revocation {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("status", status.rawValue)
            writer.member("source", optional: source)
            writer.member("sha256", optional: evidence?.hex)
            writer.member("thisUpdate", optional: thisUpdate?.rfc3339)
            writer.member("revokedAt", optional: revokedAt?.rfc3339)
            writer.member("cause", optional: cause)
        }
    }
}

extension SignatureReason {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("code", code.rawValue)
            writer.member("message", message)
            writer.member("detail", detail)
        }
    }
}
