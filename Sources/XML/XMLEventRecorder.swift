package import Exchange

/// Keeps events for a second reading: a document's beginning until the signature has named its canonical
/// form, or a subtree such as SignedInfo. Bounded; about 24 bytes for an element besides its text.
package final class XMLEventRecorder: XMLEventHandler {
    private var events: RecordedEvents

    package init(bytesMax: Int) {
        events = RecordedEvents(bytesMax: bytesMax)
    }

    package var bytesMax: Int { events.bytesMax }
    /// True once something did not fit; from then on nothing is kept and `replay` must not be called.
    package var isOverflowing: Bool { events.isOverflowing }
    package var isEmpty: Bool { events.isEmpty }
    /// What is held, roughly.
    package var byteCount: Int { events.byteCount }

    package func removeAll() { events.removeAll() }

    package func startElement(_ element: XMLStartElement) { events.startElement(element) }

    package func endElement(_ name: XMLName, at position: XMLPosition) {
        events.endElement(name, at: position)
    }

    package func text(_ run: Span<UInt8>, at position: XMLPosition) { events.text(run, at: position) }

    package func comment(_ text: Span<UInt8>, at position: XMLPosition) {
        events.comment(text, at: position)
    }

    package func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        events.processingInstruction(target: target, data: data, at: position)
    }

    /// Tells `handler` what was recorded, in its order. Can be repeated.
    package func replay(to handler: any XMLEventHandler) { events.replay(to: handler) }
}
