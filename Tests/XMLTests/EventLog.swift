import CLibXML2
import Glibc
import Exchange
import XML

/// Writes events down as text, runs of characters joined, so that two readings can be compared.
final class EventLog: XMLEventHandler {
    private(set) var lines: [String] = []
    private var run: [UInt8] = []
    private(set) var textRuns = 0

    func finish() -> [String] {
        flush()
        return lines
    }

    private func flush() {
        if run.isEmpty { return }
        lines.append("text " + String(decoding: run, as: UTF8.self))
        run = []
    }

    func startElement(_ element: XMLStartElement) {
        flush()
        var line = "start \(element.name.prefix)|\(element.name.local)|\(element.name.namespace)"
        for declaration in element.declarations { line += " ns(\(declaration.prefix)=\(declaration.uri))" }
        for attribute in element.attributes {
            let value = String(decoding: attribute.value, as: UTF8.self)
            line += " @\(attribute.name.prefix)|\(attribute.name.local)|\(attribute.name.namespace)=\(value)"
        }
        lines.append(line)
    }

    func endElement(_ name: XMLName, at position: XMLPosition) {
        flush()
        lines.append("end \(name.prefix)|\(name.local)|\(name.namespace)")
    }

    func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        textRuns += 1
        for index in bytes.indices { run.append(bytes[index]) }
    }

    func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {
        flush()
        lines.append("comment " + string(bytes))
    }

    func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        flush()
        lines.append("pi \(target) \(string(data))")
    }

    private func string(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}

/// Reads `document` in pieces of the lengths that `pieces` gives in turn.
func read(
    _ document: [UInt8], pieces: () -> Int, limits: XMLLimits = XMLLimits(), into handler: any XMLEventHandler
) throws(XMLError) {
    let reader = XMLEventReader(limits: limits, handler: handler)
    var start = 0
    while start < document.count {
        let end = min(document.count, start + max(1, pieces()))
        try reader.feed(document.span.extracting(start..<end))
        start = end
    }
    try reader.finish()
}

func read(_ document: [UInt8], into handler: any XMLEventHandler) throws(XMLError) {
    try read(document, pieces: { Int.max / 2 }, into: handler)
}

/// The same as an `EventLog` says, from libxml2's tree.
func eventsOfTree(_ document: [UInt8]) -> [String]? {
    guard let tree = parseTree(document) else { return nil }
    defer { xmlFreeDoc(tree) }
    let log = EventLog()
    var node = tree.pointee.children
    while let current = node {
        walk(current, log)
        node = current.pointee.next
    }
    return log.finish()
}

func parseTree(_ document: [UInt8]) -> xmlDocPtr? {
    let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
    return document.withUnsafeBytes { raw in
        xmlReadMemory(raw.bindMemory(to: CChar.self).baseAddress, CInt(raw.count), nil, nil, CInt(options))
    }
}

private func exact(_ text: UnsafePointer<xmlChar>?) -> ExactString {
    guard let text else { return "" }
    return ExactString(String(cString: text))
}

private func bytes(_ text: UnsafePointer<xmlChar>?) -> [UInt8] {
    text.map { Array(UnsafeBufferPointer(start: $0, count: Int(xmlStrlen($0)))) } ?? []
}

private func name(_ local: UnsafePointer<xmlChar>?, _ namespace: xmlNsPtr?) -> XMLName {
    XMLName(
        prefixNumber: 0, prefix: exact(namespace?.pointee.prefix), local: exact(local),
        namespace: exact(namespace?.pointee.href))
}

private func walk(_ node: xmlNodePtr, _ log: EventLog) {
    let nowhere = XMLPosition(line: 0, column: 0)
    switch node.pointee.type {
    case XML_TEXT_NODE, XML_CDATA_SECTION_NODE: log.text(bytes(node.pointee.content).span, at: nowhere)
    case XML_COMMENT_NODE: log.comment(bytes(node.pointee.content).span, at: nowhere)
    case XML_PI_NODE:
        log.processingInstruction(
            target: exact(node.pointee.name), data: bytes(node.pointee.content).span, at: nowhere)
    default:
        var declarations: [XMLNamespaceDeclaration] = []
        var declaration = node.pointee.nsDef
        while let current = declaration {
            declarations.append(
                XMLNamespaceDeclaration(
                    prefix: exact(current.pointee.prefix), uri: exact(current.pointee.href)))
            declaration = current.pointee.next
        }
        var attributes: [XMLAttribute] = []
        var attribute = node.pointee.properties
        while let current = attribute {
            let value = xmlNodeListGetString(node.pointee.doc, current.pointee.children, 1)
            attributes.append(
                XMLAttribute(name: name(current.pointee.name, current.pointee.ns), value: bytes(value)))
            free(value)
            attribute = current.pointee.next
        }
        let ownName = name(node.pointee.name, node.pointee.ns)
        log.startElement(
            XMLStartElement(
                name: ownName, attributes: attributes, declarations: declarations, position: nowhere))
        var child = node.pointee.children
        while let current = child {
            walk(current, log)
            child = current.pointee.next
        }
        log.endElement(ownName, at: nowhere)
    }
}
