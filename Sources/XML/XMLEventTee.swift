package import Exchange

/// Hands every event to two handlers, so that a letter is read and its signature checked in one pass.
package final class XMLEventTee: XMLEventHandler {
    private let first: any XMLEventHandler
    private let second: any XMLEventHandler

    package init(_ first: any XMLEventHandler, _ second: any XMLEventHandler) {
        self.first = first
        self.second = second
    }

    package func startElement(_ element: XMLStartElement) {
        first.startElement(element)
        second.startElement(element)
    }

    package func endElement(_ name: XMLName, at position: XMLPosition) {
        first.endElement(name, at: position)
        second.endElement(name, at: position)
    }

    package func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        first.text(bytes, at: position)
        second.text(bytes, at: position)
    }

    package func plainText(_ bytes: Span<UInt8>, at position: XMLPosition) {
        first.plainText(bytes, at: position)
        second.plainText(bytes, at: position)
    }

    package func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {
        first.comment(bytes, at: position)
        second.comment(bytes, at: position)
    }

    package func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        first.processingInstruction(target: target, data: data, at: position)
        second.processingInstruction(target: target, data: data, at: position)
    }
}
