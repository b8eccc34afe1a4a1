package import EdXML
package import Exchange
internal import OpenSSL
package import Signature
package import Storage
internal import XML

/// A letter or status message that was read whole: its values, its bytes, and what its signature says it
/// covers. Only `MessageReading` makes one.
package struct ReadMessage: Sendable {
    package let message: EdXMLMessage
    package let payload: Payload
    package let byteCount: Int64
    /// Of the bytes as they came, which is what a recipient will download.
    package let sha256: Digest256
    package let evidence: XMLSignatureEvidence
    /// DER of the detached CMS; nil where none was sent.
    package let detachedSignature: [UInt8]?
    /// PDFs among the attachments that may be signed.
    package let documents: [AttachedPDF]

    var kind: DocumentKind {
        switch message {
        case .letter: .letter
        case .status: .status
        }
    }

    fileprivate init(
        message: EdXMLMessage, payload: Payload, byteCount: Int64, sha256: Digest256,
        evidence: XMLSignatureEvidence, detachedSignature: [UInt8]?, documents: [AttachedPDF]
    ) {
        self.message = message
        self.payload = payload
        self.byteCount = byteCount
        self.sha256 = sha256
        self.evidence = evidence
        self.detachedSignature = detachedSignature
        self.documents = documents
    }
}

/// One pass over an arriving message: hashed, parsed, canonicalised, decoded and spooled at once.
///
/// Everything downstream comes from the events of this one parse, and the signature's digest is made of the
/// same events: there is no second parse by other rules that an attacker could make see another letter.
package final class MessageReading {
    /// Bytes fed to the parser at once, so that a fatal finding stops a large letter early.
    private static let pieceBytesMax = 64 << 10
    private static let signatureBytesMax = 64 << 10
    /// What the parser and its tables hold, whatever comes.
    private static let ownByteCount = 64 << 10

    private let letter: EdXMLReader
    private let signed: XMLSignatureReader
    private let parser: XMLEventReader
    private var digest = SHA256()
    private var spool: Spool
    private var signature: [UInt8]?
    private let attachments: PDFCollector
    private let bytesMax: Int64
    /// Nil for a letter that is stored already.
    let share: MemoryBudget.Share?
    /// Nil once the letter is large.
    private(set) var turn: LetterTurns.Turn?

    /// - Parameters:
    ///   - expectedByteCount: the announced length, where there is one: a hint for memory only.
    ///   - share: pays for what is held.
    package init(
        into store: SpoolDirectory, bytesMax: Int64, expectedByteCount: Int64?, share: MemoryBudget.Share,
        turn: LetterTurns.Turn?
    ) {
        self.share = share
        self.turn = turn
        attachments = PDFCollector(folder: store.folder)
        letter = EdXMLReader(limits: EdXMLLimits(), attachments: attachments, hashesAttachments: false)
        signed = XMLSignatureReader()
        parser = XMLEventReader(limits: XMLLimits(), handler: XMLEventTee(letter, signed))
        spool = Spool(store: store, expectedByteCount: expectedByteCount)
        self.bytesMax = bytesMax
    }

    /// For a letter that is stored already: everything but storing it.
    ///
    /// - Parameter folder: where a file may be made for its PDFs.
    init(readingAgain byteCount: Int64, folder: String) {
        attachments = PDFCollector(folder: folder)
        letter = EdXMLReader(limits: EdXMLLimits(), attachments: attachments, hashesAttachments: false)
        signed = XMLSignatureReader()
        parser = XMLEventReader(limits: XMLLimits(), handler: XMLEventTee(letter, signed))
        spool = Spool(store: nil, expectedByteCount: nil)
        bytesMax = byteCount
        share = nil
        turn = nil
    }

    package func receive(_ bytes: Span<UInt8>) throws(Rejection) {
        guard spool.byteCount + Int64(bytes.count) <= bytesMax else {
            throw Rejection(.tooLarge, "Văn bản lớn hơn giới hạn \(bytesMax) byte của trục.")
        }
        if spool.byteCount + Int64(bytes.count) > LetterTurns.byteCountMax { turn = nil }
        digest.update(bytes)
        do {
            try spool.append(bytes)
        } catch {
            throw Rejection(storage: error)
        }
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Self.pieceBytesMax)
            do {
                try parser.feed(bytes.extracting(start..<end))
            } catch {
                // What came first in the letter counts, however its bytes were cut on their way.
                throw letter.fatal.map { Rejection(fatal: $0) } ?? Rejection(xml: error)
            }
            if let fatal = letter.fatal { throw Rejection(fatal: fatal) }
            try share?.hold(
                Self.ownByteCount + spool.memoryByteCount + letter.heldBytes + signed.heldBytes
                    + attachments.heldByteCount)
            start = end
        }
    }

    package func receiveSignature(_ bytes: Span<UInt8>) throws(Rejection) {
        guard (signature?.count ?? 0) + bytes.count <= Self.signatureBytesMax else {
            throw Rejection(.tooLarge, "Chữ ký tách rời lớn hơn \(Self.signatureBytesMax) byte.")
        }
        unsafe bytes.withUnsafeBufferPointer { unsafe signature = (signature ?? []) + $0 }
    }

    /// SHA-256 of the whole message for the log entry of a refusal; nil where it did not come whole.
    package private(set) var sha256: Digest256?

    /// Ends the pass: the message as a value, or everything that is wrong with it.
    ///
    /// - Parameter check: finds what else is wrong with a message that has mistakes.
    package func finish(
        alsoFinding check: (EdXMLMessage) -> [Finding] = { _ in [] }
    ) throws(Rejection) -> ReadMessage {
        let sha256 = digest.finalize()
        self.sha256 = sha256
        do {
            try parser.finish()
        } catch {
            throw Rejection(xml: error)
        }
        let message = try letter.message(alsoFinding: check)
        if let failure = attachments.failure { throw Rejection(storage: StorageError(failure)) }
        return ReadMessage(
            message: message, payload: spool.payload, byteCount: spool.byteCount, sha256: sha256,
            evidence: signed.evidence(), detachedSignature: signature,
            documents: attachments.documents().filter(\.mayBeSigned))
    }
}

extension Rejection {
    fileprivate init(fatal finding: Finding) {
        self.init(finding.code, finding.detail, findings: [finding])
    }

    fileprivate init(xml error: XMLError) {
        let finding = Finding(
            path: "", line: error.line, column: error.column, code: error.code, detail: error.detail)
        self.init(error.code, error.detail, findings: [finding])
    }
}
