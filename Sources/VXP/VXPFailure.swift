package import Exchange

/// What the caller's software shows to its operator, who sees nothing else.
package struct VXPFailure: Error, Sendable, Equatable {
    /// The numbers are this hub's; the library gives a meaning to "0" alone.
    package enum Code: Int, Sendable, CaseIterable {
        case badDocument = 10
        case badCredential = 15
        case unknownRecipient = 18
        case senderNotAllowed = 19
        case system = 20
        case processing = 21
        case badEdXML = 22
        case recipientLocked = 23
    }

    package let code: Code
    /// ASCII, without line breaks.
    package let text: String

    private static let textBytesMax = 1500
    private static let findingsMax = 8

    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = String(decoding: UnaccentedText.ascii(text).utf8.prefix(Self.textBytesMax), as: UTF8.self)
    }

    /// What the hub refused, every finding with its path and line.
    package init(_ rejection: Rejection) {
        var text = rejection.detail
        let findings = rejection.findings.prefix(Self.findingsMax)
        for (number, finding) in findings.enumerated() {
            let place = [finding.path, finding.line > 0 ? "dòng \(finding.line)" : ""]
                .filter { !$0.isEmpty }.joined(separator: " ")
            let detail = number == 0 && finding.detail == rejection.detail ? "" : finding.detail
            let piece = [place, detail].filter { !$0.isEmpty }.joined(separator: ": ")
            if !piece.isEmpty { text += " | " + piece }
        }
        if rejection.findings.count > Self.findingsMax {
            text += " | và \(rejection.findings.count - Self.findingsMax) lỗi nữa"
        }
        self.init(Self.code(of: rejection.code), text)
    }

    private static func code(of code: RejectionCode) -> Code {
        switch code {
        case .unknownCaller, .forbidden: .badCredential
        case .notYourAgency, .agencyNotActive: .senderNotAllowed
        case .recipientUnknown: .unknownRecipient
        case .recipientNotActive: .recipientLocked
        case .badRequest, .notFound, .tooLarge, .payloadPurged, .digestMismatch, .statusTargetUnknown,
            .statusNotRecipient, .leaseStale, .deliveryNotFound, .documentConflict, .targetUnknown,
            .targetNotYours, .targetNotRecipient, .deliveryWithdrawn:
            .badDocument
        case .tooManyRequests, .overloaded, .stopping, .revocationUnknown: .processing
        case .malformedXML, .encodingNotUTF8, .doctypeForbidden, .xmlTooDeep, .xmlTooLarge, .unknownNamespace,
            .notEdXML, .elementMissing, .elementRepeated, .elementMisplaced, .valueInvalid, .valueTooLong,
            .markupInIdentifier, .recipientRepeated, .tooManyRecipients, .secretLetter, .attachmentMissing,
            .attachmentUnreferenced, .attachmentRepeated, .attachmentEncoding, .attachmentArchive,
            .attachmentTooLarge, .attachmentName, .tooManyAttachments, .signatureMissing, .signatureInvalid,
            .signatureIndeterminate, .signerNotRegistered, .statusCodeUnknown:
            .badEdXML
        default: .system
        }
    }
}
