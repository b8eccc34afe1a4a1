package import Exchange
package import XML

/// Reads one edXML file from its events: texts are kept, attachments are decoded and hashed as they pass.
///
/// Elements count by namespace and local name, in any order. What is not edXML's is passed over, signatures
/// among it: they have a reader of their own.
package final class EdXMLReader: XMLEventHandler {
    package static let namespace: ExactString = "http://www.mic.gov.vn/TBT/QCVN_102_2016"

    // Unchecked at run time: an event calls nobody but the consumer of attachments, which must not ask back.
    @exclusivity(unchecked) private var pass: EdXMLPass

    /// - Parameter hashesAttachments: false where nobody asks for the files' own SHA-256; the hub does not,
    ///   since the signature's digest covers them.
    package init(
        limits: EdXMLLimits, attachments consumer: (any AttachmentConsumer)? = nil,
        hashesAttachments: Bool = true
    ) {
        unsafe pass = EdXMLPass(limits: limits, attachments: consumer, hashesAttachments: hashesAttachments)
    }

    /// Set where reading on is pointless: no edXML at all, or a limit passed. To be asked after each chunk.
    package var fatal: Finding? { unsafe pass.fatal }

    /// What is held in memory of the file, roughly.
    package var heldBytes: Int { unsafe pass.heldBytes }

    /// What the file says. To be called after the document's end.
    ///
    /// - Parameter check: asked for what else is wrong with a message that has mistakes, so that its sender
    ///   hears of all of them at once. What is missing is empty in it.
    /// - Throws: everything found wrong at once, in `findings`.
    package func message(
        alsoFinding check: (EdXMLMessage) -> [Finding] = { _ in [] }
    ) throws(Rejection) -> EdXMLMessage {
        // A copy: `check` may ask this reader.
        var pass = unsafe pass
        return try pass.message(check)
    }

    package func startElement(_ element: XMLStartElement) {
        unsafe pass.startElement(element)
    }

    package func endElement(_ name: XMLName, at position: XMLPosition) {
        unsafe pass.endElement(at: position)
    }

    package func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        unsafe pass.text(bytes)
    }

    package func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {
        unsafe pass.markup(at: position)
    }

    package func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        unsafe pass.markup(at: position)
    }
}
