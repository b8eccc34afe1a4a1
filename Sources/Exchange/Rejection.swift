/// Why the hub did not do what a caller asked. One type for every refusal that leaves the hub.
package struct Rejection: Error, Sendable, Equatable {
    package enum Remedy: Sendable, Equatable {
        /// Sending the same thing again will fail again.
        case senderMustCorrect
        case retry(afterSeconds: Int)
    }

    package let code: RejectionCode
    /// Vietnamese, for the person who must mend it: no personal data, no paths of the server, nothing about
    /// others.
    package let detail: String
    package let remedy: Remedy
    /// What is wrong inside the letter, all of it at once where that can be known.
    package let findings: [Finding]
    /// For the operator's log only.
    package let internalDetail: String

    package init(
        _ code: RejectionCode, _ detail: String, remedy: Remedy = .senderMustCorrect,
        findings: [Finding] = [],
        internalDetail: String = ""
    ) {
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.findings = findings
        self.internalDetail = internalDetail
    }
}

extension Rejection {
    /// Everything that is wrong with a letter, in the order of the file. The first finding gives its code; a
    /// fatal one goes before it.
    ///
    /// - Parameter findings: at least one.
    package init(findings: [Finding], fatal: Finding? = nil) {
        precondition(!findings.isEmpty, "a refusal says why")
        var sorted = findings.enumerated().sorted { left, right in
            let (leftLine, rightLine) = (left.element.line, right.element.line)
            // What has no place is about the file as a whole and comes last.
            let leftKey = (leftLine == 0 ? Int.max : leftLine, left.element.column, left.offset)
            let rightKey = (rightLine == 0 ? Int.max : rightLine, right.element.column, right.offset)
            return leftKey < rightKey
        }.map(\.element)
        if let fatal, let place = sorted.firstIndex(of: fatal) {
            sorted.insert(sorted.remove(at: place), at: 0)
        }
        let rest = sorted.count > 1 ? " (và \(sorted.count - 1) lỗi khác)" : ""
        self.init(sorted[0].code, sorted[0].detail + rest, findings: sorted)
    }
}

/// Where an element stands in a letter, for those who find a mistake only when they know more than the
/// letter.
///
/// Two places are always equal: where something stands does not make two letters different.
package struct ElementPlace: Sendable, Hashable {
    /// Like a finding's.
    package let path: String
    package let line: Int
    package let column: Int

    package static let unknown = ElementPlace(path: "", line: 0, column: 0)

    package init(path: String, line: Int, column: Int) {
        self.path = path
        self.line = line
        self.column = column
    }

    package func finding(_ code: RejectionCode, _ detail: String) -> Finding {
        Finding(path: path, line: line, column: column, code: code, detail: detail)
    }

    package static func == (left: ElementPlace, right: ElementPlace) -> Bool { true }

    package func hash(into hasher: inout Hasher) {}
}

/// One mistake in a letter, with its place.
package struct Finding: Sendable, Equatable {
    /// `/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/OrganId`; empty where the place is the whole
    /// file.
    package let path: String
    /// 1-based; 0 where it is not known.
    package let line: Int
    package let column: Int
    package let code: RejectionCode
    /// Vietnamese: what to change.
    package let detail: String

    package init(path: String, line: Int, column: Int, code: RejectionCode, detail: String) {
        self.path = path
        self.line = line
        self.column = column
        self.code = code
        self.detail = detail
    }
}
