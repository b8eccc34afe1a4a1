internal import Exchange
internal import XML

/// Writes a status message as edXML: the envelope and header of a letter, without trace, signature and body.
package enum StatusWriter {
    /// - Throws: `DraftError.invalid` alone.
    package static func write(_ draft: StatusDraft) throws(DraftError) -> [UInt8] {
        try DraftChecks.organization(draft.sender, "From")
        try DraftChecks.responseFor(draft.responseFor)
        try DraftChecks.staff(draft.staff)
        try DraftChecks.required(draft.description, "Description")
        let bytes = MessageBytes()
        let output = EdXMLOutput(bytes)
        output.openHeader()
        output.group("edXML:MessageHeader") {
            output.organization("edXML:From", draft.sender)
            output.responseFor(draft.responseFor)
            output.staff(draft.staff)
            output.element("edXML:StatusCode", draft.status.rawValue)
            output.element("edXML:Description", draft.description)
            output.element("edXML:Timestamp", draft.timestamp.edXMLTimestamp)
        }
        output.close("edXML:edXMLHeader")
        output.close("edXML:edXMLEnvelope")
        output.close("edXML")
        output.flush()
        return bytes.all
    }
}

/// A message is a few hundred bytes, so it is kept whole.
private final class MessageBytes: ByteSink {
    private(set) var all: [UInt8] = []

    func write(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe all.append(contentsOf: $0) }
    }
}
