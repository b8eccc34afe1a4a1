package import Exchange

/// Keeps events for a second reading: a document's beginning until the signature has named its canonical
/// form, or an element such as a Signature. Bounded; about 56 bytes for an element besides its text.
package final class XMLEventRecorder: XMLEventHandler {
    // Unchecked at run time: no event and no question here runs anybody else's code while it lasts.
    @exclusivity(unchecked) private var events: RecordedEvents

    /// - Parameters:
    ///   - bytesMax: at most 4 GiB.
    ///   - elementsMax: elements begun.
    package init(bytesMax: Int, elementsMax: Int = .max) {
        unsafe events = RecordedEvents(bytesMax: bytesMax, elementsMax: elementsMax)
    }

    package var bytesMax: Int { unsafe events.bytesMax }
    /// True once something did not fit; from then on nothing is kept and `replay` must not be called.
    package var isOverflowing: Bool { unsafe events.isOverflowing }
    package var isEmpty: Bool { unsafe events.isEmpty }
    /// What is held, roughly.
    package var byteCount: Int { unsafe events.byteCount }

    package func startElement(_ element: XMLStartElement) { unsafe events.startElement(element) }

    package func endElement(_ name: XMLName, at position: XMLPosition) {
        unsafe events.endElement(at: position)
    }

    package func text(_ run: Span<UInt8>, at position: XMLPosition) { unsafe events.text(run, at: position) }

    package func comment(_ text: Span<UInt8>, at position: XMLPosition) {
        unsafe events.comment(text, at: position)
    }

    package func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        unsafe events.processingInstruction(target: target, data: data, at: position)
    }

    /// Lets go of what was recorded.
    package func discard() { unsafe events.discard() }

    /// Tells `handler` what was recorded, in its order. Can be repeated.
    package func replay(to handler: any XMLEventHandler) {
        // A copy, so that a handler which records here, too, changes another one.
        let events = unsafe events
        events.replay(to: handler)
    }

    /// What was recorded, where that is one whole element; nil where it is not, or did not fit.
    ///
    /// - Parameter context: what surrounds the element in its document.
    package func element(inside context: XMLNamespaceContext) -> XMLElement? {
        let events = unsafe events
        return events.isOneElement ? XMLElement(events, inside: context) : nil
    }
}
