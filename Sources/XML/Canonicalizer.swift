package import Exchange

/// Turns events into canonical XML as they come: a whole document, or one element with all inside it.
///
/// What is left out is simply not forwarded: for the enveloped-signature transform the caller keeps the
/// Signature element's events to itself. Comments are dropped. Names must come from one reader.
package final class Canonicalizer: XMLEventHandler {
    // Unchecked at run time: an event runs nothing but the sink, which does not know this object.
    @exclusivity(unchecked) private var writer: CanonicalWriter

    /// - Parameters:
    ///   - inclusivePrefixes: PrefixList of InclusiveNamespaces, `#default` for the default namespace;
    ///     means something to exclusive canonicalisation only.
    ///   - context: nil for a whole document; for an element, what surrounds it: the first event must then
    ///     be that element's start.
    package init(
        _ method: CanonicalizationMethod, inclusivePrefixes: [ExactString] = [],
        context: XMLNamespaceContext? = nil, sink: any ByteSink
    ) {
        unsafe writer = CanonicalWriter(
            method, inclusivePrefixes: inclusivePrefixes, context: context, sink: sink)
    }

    /// Passes on what is still gathered. To be called once, after the last event.
    package func finish() {
        unsafe writer.finish()
    }

    package func startElement(_ element: XMLStartElement) {
        unsafe writer.startElement(element)
    }

    package func endElement(_ name: XMLName, at position: XMLPosition) {
        unsafe writer.endElement(name)
    }

    package func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        unsafe writer.text(bytes)
    }

    package func plainText(_ bytes: Span<UInt8>, at position: XMLPosition) {
        unsafe writer.plainText(bytes)
    }

    package func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {}

    package func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        unsafe writer.processingInstruction(target: target, data: data)
    }
}
